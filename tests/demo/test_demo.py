"""A year of made-up leads: marked as such, the same by seed, and as staff could have left them."""

from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from sqlalchemy import func, select, update

from consult.demo import make_leads
from consult.questionnaire.editions import newest
from consult.settings.brand import load_brand
from consult.staff.accounts.account_admin import first_invitation
from consult.storage.accounts import accounts as accounts_module
from consult.storage.db.database import Database, Session
from consult.storage.documents import pdf_states
from consult.storage.leads import actions, leads
from consult.storage.leads.timeline import timeline
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.audit_tables import AuditRow
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.insight_tables import ResponseStatsRow, StartPageViewRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.storage.tables.submission_tables import ContactRow, DraftRow, SubmissionRow
from consult.workflow.office_hours import Office
from consult.workflow.stages import Stage

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MADE = 90


def add_account(session: Session, name: str, *, active: bool = True) -> int:
    row = StaffUserRow(
        email=f"{name}@example.com",
        name=name,
        role="admin",
        password_hash="x",
        active=active,
        created_at=session.now(),
    )
    session.add(row)
    session.flush()
    return row.id


def make(
    file: Path, template: Path, *, seed: int = 1, accounts: int = 2, count: int = 15
) -> Database:
    database = Database(f"sqlite:///{copy(template, file)}", synchronous="NORMAL")
    database.clock = lambda: NOW
    with database.writing() as session:
        for number in range(accounts):
            add_account(session, f"person{number}")
    list(make_leads(database, newest(), load_brand(None), Office(), count, seed))
    return database


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Any:
    file = tmp_path_factory.mktemp("demo") / "demo.db"
    with closing(make(file, sqlite_template, count=MADE)) as database:
        yield database


def test_all_of_it_is_marked_and_counted_apart(made: Database) -> None:
    with made.reading() as session:
        assert leads.count(session) == MADE
        for table in (DraftRow, SubmissionRow, LeadRow):
            assert session.scalars(select(table.demo).distinct()).all() == [True]
        for kind in (ResponseStatsRow.kind, StartPageViewRow.kind):
            assert session.scalars(select(kind).distinct()).all() == ["demo"]
        assert leads.usual_seconds(session, "quick") is None
        for contact in session.scalars(select(ContactRow)):
            assert contact.email.endswith("@demo.example")
            assert "(demo)" in contact.name


def test_it_is_spread_over_the_year_before(made: Database) -> None:
    with made.reading() as session:
        moments = session.scalars(select(SubmissionRow.submitted_at)).all()
    assert NOW - timedelta(days=366) < min(moments) < NOW - timedelta(days=240)
    assert NOW - timedelta(days=60) < max(moments) <= NOW


def test_some_stop_on_the_way_and_only_the_last_of_them_are_still_there(made: Database) -> None:
    with made.reading() as session:
        drafts = session.scalars(
            select(DraftRow).where(DraftRow.id.not_in(select(SubmissionRow.draft_id)))
        ).all()
        begun = session.scalar(select(func.count()).select_from(ResponseStatsRow))
        views = session.scalar(select(func.sum(StartPageViewRow.count)))
    assert begun == MADE + round(MADE * 0.85)
    assert 0 < len(drafts) < MADE * 0.85
    assert all(draft.updated_at >= NOW - timedelta(days=30) for draft in drafts)
    assert views
    assert views > MADE * 1.85


def test_no_pdf_holds_up_those_of_owners(made: Database) -> None:
    with made.writing() as session:
        assert session.scalar(select(func.count()).select_from(JobRow)) == 0
        assert pdf_states(session, [1]) == {1: "on_demand"}
        leads.ask_for_documents(session, 1)
        assert pdf_states(session, [1]) == {1: "waiting"}
        session.rollback()


def test_nobody_is_said_to_have_done_it_in_the_audit_log(made: Database) -> None:
    with made.reading() as session:
        assert session.scalars(select(AuditRow)).all() == []


def test_each_lead_is_held_by_an_account_in_use(made: Database) -> None:
    with made.reading() as session:
        assignees = set(session.scalars(select(LeadRow.assignee_id)))
        active = set(session.scalars(select(StaffUserRow.id).where(StaffUserRow.active)))
        colleagues = session.scalars(select(StaffUserRow).where(~StaffUserRow.active)).all()
    assert assignees <= active
    assert all("(demo)" in colleague.name for colleague in colleagues)


def test_without_accounts_nobody_holds_a_lead(tmp_path: Path, sqlite_template: Path) -> None:
    with (
        closing(make(tmp_path / "a.db", sqlite_template, accounts=0)) as database,
        database.reading() as session,
    ):
        assert session.scalars(select(LeadRow.assignee_id).distinct()).all() == [None]
        assert session.scalar(select(func.count()).where(LeadRow.stage != "new"))


def test_the_first_person_can_still_sign_up_after_it(tmp_path: Path, sqlite_template: Path) -> None:
    with closing(make(tmp_path / "demo.db", sqlite_template, accounts=0)) as database:
        link = first_invitation(database, "")
        assert link
        with database.reading() as session:
            assert accounts_module.invitation_by_token(session, link.rsplit("/", 1)[1])


def test_the_same_seed_makes_the_same_leads(tmp_path: Path, sqlite_template: Path) -> None:
    def told(seed: int, name: str) -> list[Any]:
        events = select(LeadEventRow.kind, LeadEventRow.at).order_by(LeadEventRow.id)
        scores = select(LeadRow.separation, LeadRow.stage).order_by(LeadRow.submission_id)
        with (
            closing(make(tmp_path / name, sqlite_template, seed=seed)) as database,
            database.reading() as session,
        ):
            return [*session.execute(events), *session.execute(scores)]

    assert told(3, "a.db") == told(3, "b.db") != told(4, "c.db")


def test_the_desk_says_the_same_when_its_verbs_are_played(
    made: Database, tmp_path: Path, sqlite_template: Path
) -> None:
    """Every story is one that staff can have lived: no move that the desk refuses."""
    kinds: Counter[str] = Counter()
    with made.reading() as session:
        stories = {
            lead.submission_id: (lead, timeline(session, lead.submission_id))
            for lead in session.scalars(select(LeadRow))
        }
    with made.writing() as session:
        # Made-up colleagues cannot act through the verbs while their accounts are closed.
        session.execute(update(StaffUserRow).values(active=True))
        for lead_id, (lead, events) in stories.items():
            wanted = {key: getattr(lead, key) for key in FIELDS}
            _as_it_came_in(session, lead_id)
            for version in range(2, lead.version + 1):
                step = [event for event in events if event.version == version]
                kinds.update(event.kind for event in step)
                session.clock = lambda step=step: step[0].at  # type: ignore[misc]
                play(session, lead_id, step)
            row = session.get_one(LeadRow, lead_id)
            assert {key: getattr(row, key) for key in FIELDS} == wanted
        session.rollback()
    assert {"contact", "moved", "claimed", "declined", "accepted", "assessed", "follow_up"} <= set(
        kinds
    )


FIELDS = (
    *("version", "stage", "assignee_id", "offered_to_id", "first_contact_at", "consult_at"),
    *("follow_up_on", "stage_since"),
)


def _as_it_came_in(session: Session, lead_id: int) -> None:
    row = session.get_one(LeadRow, lead_id)
    row.version, row.stage, row.stage_since = 1, "new", row.submitted_at
    row.assignee_id = session.scalar(select(StaffUserRow.id).where(StaffUserRow.name == "person0"))
    row.offered_to_id = row.offered_at = row.first_contact_at = None
    row.consult_at = row.follow_up_on = None
    session.flush()


def play(session: Session, lead_id: int, step: list[LeadEventRow]) -> None:
    """Do by a verb of the desk what these events tell."""
    by = step[0].by_id
    assert by is not None
    told = {event.kind: event.data for event in step}
    if contact := told.get("contact"):
        actions.log_contact(
            session, lead_id, by=by, channel=contact["channel"], reached=contact["reached"]
        )
    elif "assessed" in told:
        session.get_one(LeadRow, lead_id).version += 1
    elif "follow_up" in told:
        actions.schedule_follow_up(
            session, lead_id, date.fromisoformat(told["follow_up"]["on"]), by=by
        )
    elif "offered" in told:
        actions.hand_over(session, lead_id, told["offered"]["to"], by=by)
    elif "accepted" in told:
        actions.accept(session, lead_id, by=by)
    elif "declined" in told:
        actions.decline(session, lead_id, by=by, reason=told["declined"]["reason"])
    elif "cancelled" in told:
        actions.cancel_handover(session, lead_id, by=by)
    else:
        moved = told["moved"]
        stage: Stage = moved["to"]
        when = moved.get("consult_at")
        actions.move(
            session,
            lead_id,
            stage,
            by=by,
            reason=moved.get("reason", ""),
            comment=moved.get("comment", ""),
            consult_at=datetime.fromisoformat(when) if when else None,
        )
