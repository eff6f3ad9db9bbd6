"""What staff do with a lead, verb by verb, and when two do it at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import product
from threading import Barrier

import pytest
from sqlalchemy import select

from consult.storage.accounts import accounts
from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.leads import actions, leads, submission
from consult.storage.leads.actions import ConflictError, NotAllowedError, UnknownLeadError
from consult.storage.leads.assignment import default_assignee
from consult.storage.leads.leads import timeline
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.lead_tables import LeadRow, is_open, is_overdue
from consult.workflow.office_hours import Office
from consult.workflow.stages import STAGES
from tests.support.databases import Clock
from tests.support.lead_factories import close_account, columns, make_account, new_lead, see
from tests.support.submissions import new_submission

Act = Callable[[Session], LeadRow]


@pytest.fixture
def ada(database: Database) -> int:
    """The admin, who catches new leads."""
    return make_account(database, "Ada", role="admin")


@pytest.fixture
def ben(database: Database, ada: int) -> int:
    return make_account(database, "Ben")


def do(database: Database, act: Act) -> LeadRow:
    with database.writing() as session:
        return act(session)


def told(database: Database, lead: int) -> list[tuple[str, int | None]]:
    with database.reading() as session:
        return [(event.kind, event.by_id) for event in timeline(session, lead)]


def audited(database: Database) -> list[tuple[str, int | None, int | None]]:
    with database.reading() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id))
        return [(row.action, row.by_id, row.lead_id) for row in rows]


def at_once(database: Database, *acts: Act) -> list[LeadRow | Exception]:
    """Do things in transactions of their own that begin together; what comes of each."""
    start = Barrier(len(acts))

    def run(act: Act) -> LeadRow | Exception:
        start.wait()
        try:
            return do(database, act)
        except (ConflictError, NotAllowedError) as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_new_lead_is_held_by_the_longest_standing_admin(database: Database, clock: Clock) -> None:
    early = make_account(database, "Early")
    assert see(database, new_lead(database)).assignee_id == early
    clock.go_on(days=1)
    admin = make_account(database, "Boss", role="admin")
    clock.go_on(days=1)
    make_account(database, "Later", role="admin")
    lead = new_lead(database)
    assert see(database, lead).assignee_id == admin
    assert told(database, lead) == [("assigned", None)]


def test_the_account_that_is_set_to_catch_new_leads_holds_them(
    database: Database, ada: int, ben: int
) -> None:
    with database.writing() as session:
        address = next(user.email for user in accounts.all_users(session) if user.id == ben)
        token = drafts.start(session, "2026-12", "quick", {})
        result = submission.submit(session, token, new_submission(), Office(new_leads_to=address))
        lead = leads.by_result_token(session, result)
    assert lead is not None
    assert see(database, lead.id).assignee_id == ben
    close_account(database, ben, new_leads_to=address)
    assert see(database, lead.id).assignee_id == ada


def test_leads_that_came_before_anybody_go_to_the_first_account(database: Database) -> None:
    lead = new_lead(database)
    assert see(database, lead).assignee_id is None
    ada = make_account(database, "Ada")
    assert see(database, lead).assignee_id == ada
    assert told(database, lead) == [("assigned", None)]
    assert audited(database)[-2:] == [("leads.assigned", None, None), ("account.joined", ada, None)]


def test_leads_of_somebody_who_leaves_go_to_who_catches_new_ones(
    database: Database, ada: int, ben: int
) -> None:
    lead = new_lead(database)
    before = do(database, lambda s: actions.claim(s, lead, by=ben))
    with database.writing() as session:
        accounts.disable(session, ben, by=ada)
    after = see(database, lead)
    assert (after.assignee_id, after.stage, after.version) == (ada, "taken", before.version + 1)
    assert told(database, lead)[-1] == ("assigned", ada)


@pytest.mark.parametrize("leaves", ["who was asked", "who asked"])
def test_an_offer_ends_when_either_of_the_two_leaves(
    database: Database, ada: int, ben: int, leaves: str
) -> None:
    lead = new_lead(database)
    do(database, lambda s: actions.claim(s, lead, by=ben))
    do(database, lambda s: actions.hand_over(s, lead, ada, by=ben))
    if leaves == "who asked":
        close_account(database, ben)
        assert see(database, lead).assignee_id == ada
    else:
        close_account(database, ada)
        assert see(database, lead).assignee_id == ben
    assert see(database, lead).offered_to_id is None
    assert ("cancelled", None) in told(database, lead)


def test_when_the_last_account_closes_its_leads_wait_for_the_next(
    database: Database, ada: int
) -> None:
    lead = new_lead(database)
    close_account(database, ada)
    assert see(database, lead).assignee_id == ada
    dan = make_account(database, "Dan")
    assert see(database, lead).assignee_id == dan


def test_taking_makes_one_the_holder_and_doing_it_again_changes_nothing(
    database: Database, ben: int
) -> None:
    lead = new_lead(database)
    taken = do(database, lambda s: actions.claim(s, lead, by=ben, version=1))
    assert (taken.assignee_id, taken.stage, taken.version) == (ben, "taken", 2)
    again = do(database, lambda s: actions.claim(s, lead, by=ben, version=2))
    assert columns(again) == columns(taken)
    assert audited(database)[-1] == ("lead.claimed", ben, lead)


def test_taking_ends_the_offer_to_another(database: Database, ada: int, ben: int) -> None:
    lead, cleo = new_lead(database), make_account(database, "Cleo")
    do(database, lambda s: actions.hand_over(s, lead, ben, by=ada))
    taken = do(database, lambda s: actions.claim(s, lead, by=cleo))
    assert (taken.assignee_id, taken.offered_to_id) == (cleo, None)
    with pytest.raises(NotAllowedError, match="no longer pending"):
        do(database, lambda s: actions.accept(s, lead, by=ben))


def test_taking_what_is_offered_to_one_is_a_yes(database: Database, ada: int, ben: int) -> None:
    lead = new_lead(database)
    do(database, lambda s: actions.hand_over(s, lead, ben, by=ada, comment="You know roofs."))
    do(database, lambda s: actions.claim(s, lead, by=ben))
    assert told(database, lead)[-2:] == [("accepted", ben), ("moved", ben)]


@pytest.mark.parametrize("caller", ["who was asked", "a third"])
def test_whoever_calls_a_new_lead_holds_it_and_no_offer_is_left(
    database: Database, ada: int, ben: int, caller: str
) -> None:
    lead, cleo = new_lead(database), make_account(database, "Cleo")
    do(database, lambda s: actions.hand_over(s, lead, ben, by=ada))
    by, answer = (ben, "accepted") if caller == "who was asked" else (cleo, "cancelled")
    called = do(
        database, lambda s: actions.log_contact(s, lead, by=by, channel="mail", reached=False)
    )
    assert (called.assignee_id, called.offered_to_id, called.stage) == (by, None, "taken")
    assert (answer, by) in told(database, lead)


def test_the_holder_stays_the_holder_until_the_other_accepts(
    database: Database, ada: int, ben: int
) -> None:
    lead = new_lead(database)
    offered = do(database, lambda s: actions.hand_over(s, lead, ben, by=ada))
    assert (offered.assignee_id, offered.offered_to_id) == (ada, ben)
    accepted = do(database, lambda s: actions.accept(s, lead, by=ben))
    assert (accepted.assignee_id, accepted.offered_to_id, accepted.stage) == (ben, None, "taken")


def test_a_lead_that_is_returned_stays_where_it_was_and_says_why(
    database: Database, ada: int, ben: int
) -> None:
    lead = new_lead(database)
    do(database, lambda s: actions.hand_over(s, lead, ben, by=ada))
    with pytest.raises(NotAllowedError, match="reason"):
        do(database, lambda s: actions.decline(s, lead, by=ben, reason="because"))
    returned = do(
        database, lambda s: actions.decline(s, lead, by=ben, reason="no_time", comment="Ill")
    )
    assert (returned.assignee_id, returned.offered_to_id) == (ada, None)
    with database.reading() as session:
        last = timeline(session, lead)[-1]
    assert (last.kind, last.data) == ("declined", {"reason": "no_time", "comment": "Ill"})


def test_the_first_contact_takes_a_new_lead_and_ends_the_clock(
    database: Database, clock: Clock, ben: int
) -> None:
    lead = new_lead(database)
    clock.go_on(minutes=20)
    tried = do(
        database, lambda s: actions.log_contact(s, lead, by=ben, channel="phone", reached=False)
    )
    assert (tried.stage, tried.assignee_id, tried.first_contact_at) == ("taken", ben, clock())
    clock.go_on(days=1)
    again = do(
        database, lambda s: actions.log_contact(s, lead, by=ben, channel="mail", reached=True)
    )
    assert (again.stage, again.first_contact_at) == ("reached", tried.first_contact_at)


def test_a_day_to_ask_again_is_over_once_it_was_kept(
    database: Database, clock: Clock, ben: int
) -> None:
    lead = new_lead(database)
    day = date(2026, 3, 12)
    asked = do(database, lambda s: actions.schedule_follow_up(s, lead, day, by=ben))
    assert (asked.follow_up_on, asked.stage) == (day, "new")

    def write(session: Session) -> LeadRow:
        return actions.log_contact(session, lead, by=ben, channel="mail", reached=False)

    assert do(database, write).follow_up_on == day
    clock.go_on(days=10)
    assert do(database, write).follow_up_on is None
    with database.reading() as session:
        assert timeline(session, lead)[-1].data["follow_up_on"] == "2026-03-12"


def test_overdue_is_who_was_promised_an_answer_and_heard_nothing(
    database: Database, clock: Clock, ben: int
) -> None:
    assert see(database, new_lead(database)).due_at is None
    lead = new_lead(database, contact=True)
    due = see(database, lead).due_at
    assert due == clock() + timedelta(hours=1)
    assert not see(database, lead).is_overdue(clock())
    clock.go_on(hours=2)
    assert see(database, lead).is_overdue(clock())
    answered = do(
        database, lambda s: actions.log_contact(s, lead, by=ben, channel="phone", reached=False)
    )
    assert not answered.is_overdue(clock())


def test_the_row_and_the_query_agree_on_what_is_overdue(
    database: Database, clock: Clock, ben: int
) -> None:
    lead, second = new_lead(database, contact=True), timedelta(seconds=1)
    dates = (None, clock() - second, clock(), clock() + second)
    with database.writing() as session:
        row = session.get_one(LeadRow, lead)
        for row.stage, row.first_contact_at, row.due_at in product(STAGES, dates[:2], dates):
            asked = session.scalar(select(is_overdue(LeadRow, clock())))
            assert bool(asked) == row.is_overdue(clock())
            closed = session.scalar(select(~is_open(LeadRow)))
            assert closed == row.is_closed


@pytest.mark.parametrize(
    ("stage", "more", "complaint"),
    [
        ("won", {}, "New cannot become won"),
        ("not_a_fit", {}, "reason"),
        ("not_a_fit", {"reason": "price"}, "reason"),
        ("taken", {"consult_at": Clock()()}, "date and time"),
    ],
)
def test_what_a_stage_does_not_allow_is_refused_in_words(
    database: Database, ben: int, stage: str, more: dict[str, object], complaint: str
) -> None:
    lead = new_lead(database)
    with pytest.raises(NotAllowedError, match=complaint):
        do(database, lambda s: actions.move(s, lead, stage, by=ben, **more))  # type: ignore[arg-type]
    assert see(database, lead).version == 1


def test_a_consult_has_a_date_that_goes_when_it_is_called_off(
    database: Database, clock: Clock, ben: int
) -> None:
    lead, at = new_lead(database), clock() + timedelta(days=3)
    do(database, lambda s: actions.log_contact(s, lead, by=ben, channel="phone", reached=True))
    booked = do(database, lambda s: actions.move(s, lead, "consult_booked", by=ben, consult_at=at))
    assert booked.consult_at == at
    later = at + timedelta(days=1)
    assert do(database, lambda s: actions.rebook(s, lead, later, by=ben)).consult_at == later
    held = do(database, lambda s: actions.move(s, lead, "consult_held", by=ben))
    assert held.consult_at == later
    do(database, lambda s: actions.move(s, lead, "lost", by=ben, reason="price"))
    reopened = do(database, lambda s: actions.move(s, lead, "reached", by=ben))
    assert (reopened.stage, reopened.consult_at) == ("reached", None)


def test_nobody_acts_on_a_lead_that_is_not_there_or_without_an_account(
    database: Database, ada: int, ben: int
) -> None:
    with pytest.raises(UnknownLeadError):
        do(database, lambda s: actions.claim(s, 77, by=ada))
    lead = new_lead(database)
    close_account(database, ben)
    with pytest.raises(NotAllowedError, match="no longer active"):
        do(database, lambda s: actions.claim(s, lead, by=ben))
    with pytest.raises(NotAllowedError, match="colleague"):
        do(database, lambda s: actions.hand_over(s, lead, ben, by=ada))


def test_of_two_who_save_at_once_one_wins_and_the_other_is_refused(
    database: Database, ada: int, ben: int
) -> None:
    for _ in range(5):
        lead = new_lead(database)
        came = at_once(
            database,
            lambda s, lead=lead: actions.claim(s, lead, by=ben, version=1),  # type: ignore[misc]
            lambda s, lead=lead: actions.move(  # type: ignore[misc]
                s, lead, "not_a_fit", by=ada, reason="outside", version=1
            ),
        )
        won, lost = sorted(came, key=lambda one: isinstance(one, Exception))
        assert isinstance(won, LeadRow)
        assert isinstance(lost, ConflictError)
        assert columns(won) == columns(see(database, lead))


def test_of_two_answers_to_an_offer_one_counts(database: Database, ada: int, ben: int) -> None:
    for _ in range(5):
        lead = new_lead(database)
        do(database, lambda s, lead=lead: actions.hand_over(s, lead, ben, by=ada))  # type: ignore[misc]
        came = at_once(
            database,
            lambda s, lead=lead: actions.accept(s, lead, by=ben),  # type: ignore[misc]
            lambda s, lead=lead: actions.cancel_handover(s, lead, by=ada),  # type: ignore[misc]
        )
        assert sum(isinstance(one, NotAllowedError) for one in came) == 1
        kinds = [kind for kind, _ in told(database, lead)]
        assert (kinds.count("accepted"), kinds.count("cancelled")) in {(1, 0), (0, 1)}


def test_a_lead_that_comes_in_while_its_catcher_leaves_is_held_by_who_stays(
    database: Database, ada: int, ben: int
) -> None:
    def leave(session: Session) -> LeadRow:
        accounts.disable(session, ada)
        assert default_assignee(session) == ben
        return actions.claim(session, lead, by=ben)

    lead = new_lead(database)
    with ThreadPoolExecutor(3) as pool:
        coming = [pool.submit(new_lead, database) for _ in range(4)]
        leaving = pool.submit(do, database, leave)
        coming += [pool.submit(new_lead, database) for _ in range(4)]
    assert leaving.result().assignee_id == ben
    assert {see(database, one.result()).assignee_id for one in coming} == {ben}


def test_two_who_act_on_the_same_many_leads_wait_for_each_other_and_not_for_ever(
    database: Database, ada: int, ben: int
) -> None:
    ids = [new_lead(database) for _ in range(6)]

    def take_all(by: int, order: list[int]) -> Act:
        def act(session: Session) -> LeadRow:
            assert [one.submission_id for one in actions.lock_leads(session, order)] == ids
            return [actions.claim(session, lead, by=by) for lead in order][-1]

        return act

    came = at_once(database, take_all(ada, ids), take_all(ben, ids[::-1]))
    assert all(isinstance(one, LeadRow) for one in came)
    assert len({see(database, lead).assignee_id for lead in ids}) == 1
