"""What staff do with a lead, action by action, and when two do it at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from consult.storage.accounts import accounts
from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.leads import actions, changes, handovers, submission
from consult.storage.leads.assignment import default_assignee
from consult.storage.leads.changes import ConflictError, NotAllowedError, UnknownLeadError
from consult.storage.leads.leads import timeline
from consult.storage.notifications.notifications import notify_overdue
from consult.storage.tables.account_tables import AuditRow, StaffUserRow
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.delivery_tables import NotificationRow
from consult.storage.tables.lead_tables import LeadRow, is_open, is_overdue, is_waiting, to_do
from consult.storage.tables.submission_tables import ResponseStatsRow
from consult.workflow import stages
from consult.workflow.office_hours import Office, read_hours
from consult.workflow.stages import STAGES, Stage
from tests.support.concurrency import at_once
from tests.support.databases import ON_SQLITE, Clock, read, rows, write
from tests.support.lead_factories import (
    close_account,
    colleague,
    columns,
    make_account,
    new_lead,
    see,
    set_lead,
)
from tests.support.submissions import CONTACT, lead_of, new_submission, submitted

Act = Callable[[Session], LeadRow]


@pytest.fixture
def ada(database: Database) -> int:
    """The admin, who is assigned new leads."""
    return colleague(database, "ada", admin=True)


@pytest.fixture
def ben(database: Database, ada: int) -> int:
    return colleague(database, "ben")


@pytest.fixture
def lead(database: Database, ada: int) -> int:
    return new_lead(database)


@pytest.fixture
def offered(database: Database, ada: int, ben: int, lead: int) -> int:
    """A lead that Ada handed over to Ben, who has not answered."""
    offered = write(database, handovers.hand_over, lead, ben, by=ada, comment="You know roofs.")
    assert (offered.assignee_id, offered.offered_to_id) == (ada, ben)
    return lead


def events(database: Database, lead: int) -> list[tuple[str, int | None]]:
    return [(event.kind, event.by_id) for event in read(database, timeline, lead)]


def audited(database: Database) -> list[tuple[str, int | None, int | None]]:
    return [(row.action, row.by_id, row.lead_id) for row in rows(database, AuditRow)]


def attempts(database: Database, *acts: Act) -> list[LeadRow | Exception]:
    """Do things in transactions that begin together; what each returns, or how it is refused."""

    def attempt(act: Act) -> LeadRow | Exception:
        try:
            return write(database, act)
        except (ConflictError, NotAllowedError) as refusal:
            return refusal

    return at_once(*(partial(attempt, act) for act in acts))


def test_new_leads_are_assigned_to_the_oldest_admin(database: Database, clock: Clock) -> None:
    lead = new_lead(database)
    assert see(database, lead).assignee_id is None
    early = make_account(database, "Early")
    assert see(database, lead).assignee_id == early
    assert audited(database)[-2:] == [
        ("leads.assigned", None, None),
        ("account.joined", early, None),
    ]
    assert see(database, new_lead(database)).assignee_id == early
    clock.go_on(days=1)
    admin = make_account(database, "Boss", role="admin")
    clock.go_on(days=1)
    make_account(database, "Later", role="admin")
    after = new_lead(database)
    assert (see(database, lead).assignee_id, see(database, after).assignee_id) == (early, admin)
    assert events(database, lead) == events(database, after) == [("assigned", None)]


def test_a_default_assignee_that_is_set_comes_first(database: Database, ada: int, ben: int) -> None:
    with database.reading() as session:
        address = session.get_one(StaffUserRow, ben).email
    lead = lead_from(database, Office(new_leads_to=address))
    assert see(database, lead).assignee_id == ben
    close_account(database, ben, new_leads_to=address)
    assert see(database, lead).assignee_id == ada


def lead_from(database: Database, office: Office, source: str = "") -> int:
    """A new lead from a source, as this office assigns it."""
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", {"ref": source} if source else {})
        result = submission.submit(session, token, new_submission(), office)
    return lead_of(database, result).id


def assignees(database: Database, leads: list[int]) -> list[int | None]:
    return [see(database, lead).assignee_id for lead in leads]


TURNS = Office(new_leads_by="turns")


def test_leads_that_come_at_once_take_turns(database: Database, ada: int, ben: int) -> None:
    cleo, off = make_account(database, "Cleo"), make_account(database, "Off")
    write(database, accounts.change_availability, off, takes_turns=False, by=ada)
    leads = at_once(*[partial(lead_from, database, TURNS)] * 9)
    found = assignees(database, leads)
    assert [found.count(one) for one in (ada, ben, cleo, off)] == [3, 3, 3, 0]
    in_order = assignees(database, [lead_from(database, TURNS) for _ in range(6)])
    assert in_order == [ada, ben, cleo] * 2


def test_who_is_away_gets_no_new_leads_until_they_are_back(
    database: Database, clock: Clock, ada: int, ben: int
) -> None:
    def away(user: int, days: int) -> None:
        until = clock() + timedelta(days=days)
        write(database, accounts.change_availability, user, away_until=until, by=ada)

    default = Office()
    away(ada, 2)
    leads = [lead_from(database, office) for office in (TURNS, TURNS, default)]
    assert assignees(database, leads) == [ben, ben, ben]
    away(ben, 1)
    assert assignees(database, [lead_from(database, TURNS)]) == [ada], "when everyone is away"
    clock.go_on(days=1)
    assert assignees(database, [lead_from(database, default)]) == [ben]
    clock.go_on(days=1)
    leads = [lead_from(database, office) for office in (default, TURNS, TURNS)]
    assert assignees(database, leads) == [ada, ada, ben], "back, and not with all that was missed"


def test_a_source_may_have_a_person(database: Database, ada: int, ben: int) -> None:
    with database.reading() as session:
        address = session.get_one(StaffUserRow, ben).email
    office = Office(
        new_leads_by="source", sources={"newsletter": address, "fair": "no@one.example"}
    )
    leads = [lead_from(database, office, source) for source in ("Newsletter", "fair", "", "")]
    assert assignees(database, leads) == [ben, ada, ben, ada]


def test_disabling_reassigns_its_leads(database: Database, ada: int, ben: int, lead: int) -> None:
    before = write(database, handovers.claim, lead, by=ben)
    write(database, accounts.disable, ben, by=ada)
    after = see(database, lead)
    assert (after.assignee_id, after.stage, after.version) == (ada, "taken", before.version + 1)
    assert events(database, lead)[-1] == ("assigned", ada)
    close_account(database, ada)
    assert see(database, lead).assignee_id == ada, "no account is left"
    assert make_account(database, "Dan") == see(database, lead).assignee_id


def test_a_handover_ends_with_the_account_that_it_was_offered_to(
    database: Database, ada: int, ben: int, offered: int
) -> None:
    close_account(database, ben)
    now = see(database, offered)
    assert (now.assignee_id, now.offered_to_id) == (ada, None)
    assert events(database, offered)[-1] == ("cancelled", None)


@pytest.mark.parametrize(
    ("act", "colleague", "answer"),
    [
        (handovers.accept, "Ben", "accepted"),
        (handovers.claim, "Ben", "accepted"),
        (handovers.claim, "Cleo", "cancelled"),
        (actions.log_contact, "Ben", "accepted"),
        (actions.log_contact, "Cleo", "cancelled"),
    ],
)
@ON_SQLITE
def test_a_handover_ends_when_a_colleague_accepts_claims_or_calls(
    database: Database, ben: int, offered: int, act: Any, colleague: str, answer: str
) -> None:
    """Until then it stays assigned to the user who handed it over."""
    by = ben if colleague == "Ben" else make_account(database, colleague)
    options = {"channel": "mail", "reached": False} if act == actions.log_contact else {}
    now = write(database, act, offered, by=by, **options)
    assert (now.assignee_id, now.offered_to_id, now.stage) == (by, None, "taken")
    happened = events(database, offered)
    assert happened.index((answer, by)) < happened.index(("moved", by))
    with pytest.raises(NotAllowedError, match="no longer pending"):
        write(database, handovers.accept, offered, by=ben)


def test_the_first_contact_stops_the_clock(database: Database, clock: Clock, ben: int) -> None:
    assert see(database, new_lead(database)).due_at is None
    lead = new_lead(database, contact=True)
    assert see(database, lead).due_at == clock() + timedelta(hours=1)
    assert not stages.is_overdue(see(database, lead), clock())
    clock.go_on(hours=2)
    assert stages.is_overdue(see(database, lead), clock())
    called = write(database, actions.log_contact, lead, by=ben, channel="phone", reached=False)
    assert (called.stage, called.assignee_id, called.first_contact_at) == ("taken", ben, clock())
    assert not stages.is_overdue(called, clock())
    clock.go_on(days=1)
    again = write(database, actions.log_contact, lead, by=ben, channel="mail", reached=True)
    assert (again.stage, again.first_contact_at) == ("reached", called.first_contact_at)


def test_a_contact_ends_a_follow_up(database: Database, clock: Clock, ben: int, lead: int) -> None:
    day = date(2026, 3, 12)
    planned = write(database, actions.schedule_follow_up, lead, day, by=ben)
    assert (planned.follow_up_on, planned.stage) == (day, "new")
    log = partial(actions.log_contact, lead_id=lead, by=ben, channel="mail", reached=False)
    assert write(database, log).follow_up_on == day
    clock.go_on(days=10)
    assert write(database, log).follow_up_on is None
    assert read(database, timeline, lead)[-1].data["follow_up_on"] == "2026-03-12"


def test_a_snoozed_lead_is_silent_until_its_day(database: Database, clock: Clock, ben: int) -> None:
    """Its clock starts again in the morning of that day, by the hours of the agency."""
    office = Office(zone=ZoneInfo("America/New_York"))
    lead = new_lead(database, contact=True)
    clock.go_on(hours=2)
    assert stages.is_overdue(see(database, lead), clock())
    day = date(2026, 3, 12)
    snoozed = write(database, actions.schedule_follow_up, lead, day, by=ben, office=office)
    morning = datetime(2026, 3, 12, 9, tzinfo=office.zone)
    assert (snoozed.follow_up_on, snoozed.due_at) == (day, morning + timedelta(hours=1))
    assert snoozed.clock_started_at == office.start_of(day)
    for at, is_late in ((morning, False), (morning + timedelta(hours=1), True)):
        clock.go_on(hours=(at - clock()) / timedelta(hours=1))
        assert stages.is_overdue(see(database, lead), clock()) is is_late
        overdue = select(LeadRow.submission_id).where(is_overdue(LeadRow, clock()))
        with database.reading() as session:
            assert list(session.scalars(overdue)) == [lead] * is_late
        assert write(database, notify_overdue) == is_late
    # A day that has come is no excuse, and what was answered has no clock.
    again = write(database, actions.schedule_follow_up, lead, day, by=ben, office=office)
    assert again.due_at == snoozed.due_at
    log = partial(actions.log_contact, lead_id=lead, by=ben, channel="mail", reached=False)
    write(database, log)
    later = write(database, actions.schedule_follow_up, lead, date(2026, 4, 1), by=ben)
    assert later.due_at == snoozed.due_at


def test_a_contact_wakes_a_snoozed_lead(database: Database, clock: Clock, ben: int) -> None:
    token = submitted(database)
    lead = lead_of(database, token).id
    write(database, actions.schedule_follow_up, lead, date(2026, 3, 12), by=ben)
    write(database, submission.save_contact, token, CONTACT)
    woken = see(database, lead)
    assert (woken.follow_up_on, woken.due_at) == (None, clock() + timedelta(hours=1))


def test_a_promise_keeps_the_hours_it_was_made_under(database: Database, ada: int) -> None:
    zone = ZoneInfo("Asia/Kolkata")
    closed = frozenset((date(2026, 2, 1), date(2026, 3, 3)))
    office = Office(zone, read_hours("mon-thu 08:00-12:00, mon-thu 13:00-24:00"), closed)
    token = submitted(database)
    write(database, submission.save_contact, token, CONTACT, office=office)
    hours = see(database, lead_of(database, token).id).clock_hours
    assert hours == ("Asia/Kolkata; mon-thu 08:00-12:00, mon-thu 13:00-24:00; 2026-03-03")
    under = Office(new_leads_to="ada@example.com").under(hours)
    assert under == replace(
        office, closed=closed - {date(2026, 2, 1)}, new_leads_to="ada@example.com"
    )
    assert Office().under(None) == Office()


@pytest.mark.parametrize("is_requested", [True, False])
def test_row_and_query_agree_on_what_a_lead_waits_for(
    database: Database, clock: Clock, lead: int, is_requested: bool
) -> None:
    """At each moment that makes a difference."""
    now, second, day = clock(), timedelta(seconds=1), timedelta(days=1)
    today, ends = now.date(), datetime.combine(now.date() + day, time(), UTC)
    stages_and_consults: list[tuple[Stage, datetime | None]] = [
        *((stage, None) for stage in ("new", "consult_held", "won")),
        *(("consult_booked", at) for at in (now - second, now, now + second, ends - second, ends)),
    ]
    times, days = (now - second, now, now + second), (today - day, today, today + day)
    conditions = to_do(LeadRow, now, today, ends)
    more = (is_waiting(LeadRow), is_overdue(LeadRow, now), is_open(LeadRow))
    query = select(*conditions.values(), *more)
    with database.writing() as session:
        booking = BookingRow(submission_id=lead, calendar="cal", uid="1", zone="UTC", place="")
        booking.state, booking.matched_by = "requested" if is_requested else "booked", "key"
        booking.starts_at, booking.ends_at = now, now + timedelta(hours=1)
        booking.created_at = booking.changed_at = now
        session.add(booking)
        row = session.get_one(LeadRow, lead)
        for (
            row.stage,
            row.consult_at,
        ), row.first_contact_at, row.due_at, row.follow_up_on in product(
            stages_and_consults, (None, now), (None, *times), (None, *days)
        ):
            *found, waits, is_late, is_not_closed = map(bool, session.execute(query).one())
            what = stages.to_do(row, now, is_requested=is_requested)
            assert dict(zip(conditions, found, strict=True)) == {
                one: one == what for one in conditions
            }
            assert waits == stages.is_waiting(row)
            assert is_late == stages.is_overdue(row, now)
            assert is_not_closed == (not row.is_closed)


@pytest.mark.parametrize(
    ("stage", "options", "complaint"),
    [
        ("consult_held", {}, "New can’t become consult done"),
        ("not_a_fit", {}, "reason"),
        ("not_a_fit", {"reason": "price"}, "reason"),
        ("taken", {"consult_at": Clock()()}, "date and time"),
    ],
)
@ON_SQLITE
def test_what_a_stage_does_not_allow_is_refused_with_an_explanation(
    database: Database, ben: int, lead: int, stage: Any, options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(NotAllowedError, match=complaint):
        write(database, actions.move, lead, stage, by=ben, **options)
    assert see(database, lead).version == 1


def test_a_closed_lead_is_left_alone_until_it_is_reopened(
    database: Database, ada: int, ben: int, offered: int
) -> None:
    """Closing it ends a handover that waits."""
    closed = write(database, actions.move, offered, "not_a_fit", by=ada, reason="size")
    assert (closed.offered_to_id, closed.offered_at) == (None, None)
    assert [kind for kind, _ in events(database, offered)][-2:] == ["cancelled", "moved"]
    acts: tuple[Act, ...] = (
        partial(handovers.hand_over, lead_id=offered, to=ben, by=ada),
        partial(actions.log_contact, lead_id=offered, by=ada, channel="mail", reached=True),
        partial(actions.schedule_follow_up, lead_id=offered, on=date(2026, 3, 12), by=ada),
    )
    for act in acts:
        with pytest.raises(NotAllowedError, match="Reopen it first"):
            write(database, act)
    write(database, actions.move, offered, "reached", by=ada)
    assert write(database, handovers.hand_over, offered, ben, by=ada).offered_to_id == ben


def test_a_consult_can_be_called_off(database: Database, clock: Clock, ben: int, lead: int) -> None:
    at = clock() + timedelta(days=3)
    write(database, actions.log_contact, lead, by=ben, channel="phone", reached=True)
    booked = write(database, actions.move, lead, "consult_booked", by=ben, consult_at=at)
    assert booked.consult_at == at
    later = at + timedelta(days=1)
    assert write(database, actions.rebook, lead, later, by=ben).consult_at == later
    with pytest.raises(NotAllowedError, match="hasn’t started yet"):
        write(database, actions.move, lead, "consult_held", by=ben)
    clock.go_on(days=4)
    assert write(database, actions.move, lead, "consult_held", by=ben).consult_at == later
    write(database, actions.move, lead, "lost", by=ben, reason="price")
    reopened = write(database, actions.move, lead, "reached", by=ben)
    assert (reopened.stage, reopened.consult_at) == ("reached", None)


def test_unknown_or_disabled(database: Database, ada: int, ben: int, lead: int) -> None:
    with pytest.raises(UnknownLeadError):
        write(database, handovers.claim, 77, by=ada)
    close_account(database, ben)
    with pytest.raises(NotAllowedError, match="no longer active"):
        write(database, handovers.claim, lead, by=ben)
    with pytest.raises(NotAllowedError, match="colleague"):
        write(database, handovers.hand_over, lead, ben, by=ada)


def test_of_two_changes_to_one_version_one_is_saved(database: Database, ada: int, ben: int) -> None:
    for _ in range(5):
        lead = new_lead(database)
        results = attempts(
            database,
            partial(handovers.claim, lead_id=lead, by=ben, version=1),
            partial(
                actions.move, lead_id=lead, stage="not_a_fit", by=ada, reason="outside", version=1
            ),
        )
        saved, refused = sorted(results, key=lambda result: isinstance(result, Exception))
        assert isinstance(saved, LeadRow)
        assert isinstance(refused, ConflictError)
        assert columns(saved) == columns(see(database, lead))


def test_of_two_answers_to_a_handover_one_counts(database: Database, ada: int, ben: int) -> None:
    for _ in range(5):
        lead = new_lead(database)
        write(database, handovers.hand_over, lead, ben, by=ada)
        results = attempts(
            database,
            partial(handovers.accept, lead_id=lead, by=ben),
            partial(handovers.cancel_handover, lead_id=lead, by=ada),
        )
        assert sum(isinstance(result, NotAllowedError) for result in results) == 1
        kinds = [kind for kind, _ in events(database, lead)]
        assert (kinds.count("accepted"), kinds.count("cancelled")) in {(1, 0), (0, 1)}


def test_disabling_waits_for_new_leads(database: Database, ada: int, ben: int, lead: int) -> None:
    def disable(session: Session) -> LeadRow:
        accounts.disable(session, ada)
        assert default_assignee(session) == ben
        return handovers.claim(session, lead, by=ben)

    with ThreadPoolExecutor(3) as pool:
        submitting = [pool.submit(new_lead, database) for _ in range(4)]
        disabling = pool.submit(write, database, disable)
        submitting += [pool.submit(new_lead, database) for _ in range(4)]
    assert disabling.result().assignee_id == ben
    assert {see(database, one.result()).assignee_id for one in submitting} == {ben}


def test_two_bulk_changes_of_leads_do_not_deadlock(database: Database, ada: int, ben: int) -> None:
    ids = [new_lead(database) for _ in range(6)]

    def claim_all(session: Session, by: int, order: list[int]) -> LeadRow:
        assert [one.submission_id for one in changes.lock_leads(session, order)] == ids
        return [handovers.claim(session, lead, by=by) for lead in order][-1]

    results = attempts(
        database, partial(claim_all, by=ada, order=ids), partial(claim_all, by=ben, order=ids[::-1])
    )
    assert all(isinstance(one, LeadRow) for one in results)
    assert len({see(database, lead).assignee_id for lead in ids}) == 1


OUTCOMES_OF = {"won": "", "lost": "price", "not_a_fit": "size"}


@pytest.mark.parametrize("outcome", OUTCOMES_OF)
@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in OUTCOMES_OF])
@ON_SQLITE
def test_an_open_lead_gets_an_outcome_from_any_stage(
    database: Database, clock: Clock, ben: int, stage: Stage, outcome: Stage
) -> None:
    """What must have happened before is recorded: a client was reached, and someone has them."""
    lead = new_lead(database, contact=True)
    set_lead(database, lead, stage=stage, consult_at=clock())
    reason = OUTCOMES_OF[outcome]
    closed = write(database, actions.move, lead, outcome, by=ben, reason=reason)
    moves = [e.data["to"] for e in read(database, timeline, lead) if e.kind == "moved"]
    taken = ["taken"] if stage == "new" and outcome != "not_a_fit" else []
    reached = ["reached"] if stage in ("new", "taken") and outcome == "won" else []
    assert moves == [*taken, *reached, outcome]
    assert (closed.assignee_id == ben) == bool(taken)
    assert (closed.first_contact_at is not None) == (outcome == "won")


def test_a_win_has_an_amount_until_it_is_reopened(database: Database, ben: int, lead: int) -> None:
    won = write(database, actions.move, lead, "won", by=ben, amount=120_050, currency="CHF")
    assert (won.won_amount, won.won_currency) == (120_050, "CHF")
    corrected = write(database, actions.correct_amount, lead, 99_000, "EUR", by=ben)
    assert (corrected.won_amount, corrected.won_currency) == (99_000, "EUR")
    reopened = write(database, actions.move, lead, "reached", by=ben)
    assert (reopened.won_amount, reopened.won_currency) == (None, None)
    with pytest.raises(NotAllowedError, match="won"):
        write(database, actions.correct_amount, lead, 1, "CHF", by=ben)
    amounts = [e.data["amount"] for e in read(database, timeline, lead) if "amount" in e.data]
    assert amounts == [120_050, 99_000]


def test_no_answer_plans_the_next_try(database: Database, ben: int, lead: int) -> None:
    today = see(database, lead).submitted_at.date()
    call = partial(actions.log_contact, by=ben, channel="phone", reached=False)
    tried = write(database, call, lead, next_on=today + timedelta(days=1))
    assert (tried.stage, tried.follow_up_on) == ("taken", today + timedelta(days=1))
    assert [kind for kind, _ in events(database, lead)][-2:] == ["contact", "follow_up"]
    with pytest.raises(NotAllowedError, match="today or a later date"):
        write(database, call, lead, next_on=today - timedelta(days=1))


def test_an_admin_assigns_without_asking(database: Database, ada: int, ben: int, lead: int) -> None:
    cleo = make_account(database, "Cleo")
    write(database, handovers.hand_over, lead, ben, by=ada)
    now = write(database, handovers.assign, lead, cleo, by=ada)
    assert (now.assignee_id, now.offered_to_id, now.stage) == (cleo, None, "new")
    again = write(database, handovers.assign, lead, cleo, by=ada)
    assert again.version == now.version
    sent = [(row.kind, row.recipient_id) for row in rows(database, NotificationRow)]
    assert sent[-1] == ("assigned", cleo)
    with pytest.raises(NotAllowedError, match="active account"):
        write(database, handovers.assign, lead, 999, by=ada)


def test_what_was_undone_is_neither_sent_nor_counted(
    database: Database, clock: Clock, ada: int, ben: int, lead: int
) -> None:
    offered = write(database, handovers.hand_over, lead, ben, by=ada)
    with pytest.raises(NotAllowedError, match="too late"):
        write(database, changes.undo, lead, by=ben)
    write(database, changes.undo, lead, by=ada, version=offered.version)
    clock.go_on(minutes=2)
    assert [row.kind for row in rows(database, NotificationRow)] == ["finished"]
    won = write(database, actions.move, lead, "won", by=ben, amount=5, currency="USD")
    assert stats_of(database) == (True, True)
    undone = write(database, changes.undo, lead, by=ben, version=won.version)
    assert (undone.stage, undone.assignee_id, undone.won_amount) == ("new", ada, None)
    assert stats_of(database) == (False, False)
    with pytest.raises(NotAllowedError, match="too late"):
        write(database, changes.undo, lead, by=ben)
    assert audited(database)[-1] == ("lead.undone", ben, lead)


def stats_of(database: Database) -> tuple[bool, bool]:
    (stats,) = rows(database, ResponseStatsRow)
    return stats.reached, stats.won


def test_a_change_is_undone_for_a_minute_and_by_its_author(
    database: Database, clock: Clock, ada: int, ben: int
) -> None:
    lead = new_lead(database, contact=True)
    due_at = see(database, lead).due_at
    on = clock().date() + timedelta(days=7)
    snoozed = write(database, actions.schedule_follow_up, lead, on, by=ben)
    clock.go_on(seconds=60)
    restored = write(database, changes.undo, lead, by=ben, version=snoozed.version)
    assert (restored.follow_up_on, restored.due_at) == (None, due_at)
    write(database, actions.schedule_follow_up, lead, on, by=ben)
    clock.go_on(seconds=61)
    with pytest.raises(NotAllowedError, match="too late"):
        write(database, changes.undo, lead, by=ben)
    write(database, handovers.claim, lead, by=ada)
    write(database, handovers.claim, lead, by=ben)
    close_account(database, ada)
    with pytest.raises(NotAllowedError, match="active account"):
        write(database, changes.undo, lead, by=ben)


def test_of_an_undo_and_a_change_by_a_colleague_one_counts(
    database: Database, ada: int, ben: int
) -> None:
    for _ in range(5):
        lead = new_lead(database)
        won = write(database, actions.move, lead, "won", by=ben)
        results = attempts(
            database,
            partial(changes.undo, lead_id=lead, by=ben, version=won.version),
            partial(actions.move, lead_id=lead, stage="reached", by=ada, version=won.version),
        )
        assert sum(isinstance(result, ConflictError) for result in results) == 1
        assert see(database, lead).stage in ("new", "reached")


def test_the_owner_ends_what_could_be_undone(database: Database, ben: int) -> None:
    """Else the clock that they started by leaving their contact info would stop again."""
    token = submitted(database)
    lead = lead_of(database, token).id
    write(database, actions.schedule_follow_up, lead, date(2099, 1, 1), by=ben)
    write(database, submission.save_contact, token, CONTACT)
    with pytest.raises(NotAllowedError, match="too late"):
        write(database, changes.undo, lead, by=ben)
    assert see(database, lead).due_at
