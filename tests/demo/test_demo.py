"""A year of demo leads: marked as such, the same by seed, and never in the audit log."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from consult.commands import consult
from consult.demo.generator import make_leads, remove_leads
from consult.questionnaire.editions import newest
from consult.settings.brand import load_brand
from consult.storage.accounts import accounts as accounts_module
from consult.storage.accounts.account_admin import first_invitation
from consult.storage.booking.calendar_setup import unmatched
from consult.storage.db.database import Database
from consult.storage.documents import report_state
from consult.storage.insights.agency_numbers import consult_steps
from consult.storage.insights.insights import ResponseFilter
from consult.storage.leads import leads
from consult.storage.leads.assignment import reassign_leads
from consult.storage.tables import ALL_TABLES
from consult.storage.tables.account_tables import AuditRow, StaffUserRow
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow, NoteRow, did_not_book
from consult.storage.tables.submission_tables import (
    ContactRow,
    DraftRow,
    ResponseStatsRow,
    StartPageViewRow,
    SubmissionRow,
)
from consult.workflow.office_hours import Office
from consult.workflow.stages import is_overdue
from tests.support.databases import rows
from tests.support.submissions import submitted

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MADE = 36


def admin_row(number: int) -> dict[str, Any]:
    row = {"email": f"{number}@example.com", "name": f"Person {number}", "role": "admin"}
    return {**row, "password_hash": "x", "active": True, "created_at": NOW}


def make(
    file: Path, template: Path, *, seed: int = 1, accounts: int = 2, count: int = 8
) -> Database:
    database = Database(f"sqlite:///{copy(template, file)}", synchronous="NORMAL")
    database.clock = lambda: NOW
    with database.writing() as session:
        session.add_all(StaffUserRow(**admin_row(number)) for number in range(accounts))
    list(make_leads(database, newest(), load_brand(None), Office(), count, seed))
    return database


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Database]:
    """A year of leads, which tests only read."""
    file = tmp_path_factory.mktemp("demo") / "demo.db"
    with closing(make(file, sqlite_template, count=MADE)) as database:
        yield database


def test_a_year_of_leads_is_marked_counted_separately_and_not_audited(made: Database) -> None:
    with made.reading() as session:
        assert leads.count(session) == MADE
        for table in (DraftRow, SubmissionRow, LeadRow):
            assert session.scalars(select(table.demo).distinct()).all() == [True]
        for kind in (ResponseStatsRow.kind, StartPageViewRow.kind):
            assert session.scalars(select(kind).distinct()).all() == ["demo"]
        assert leads.usual_seconds(session, "quick") is None
        assert session.scalars(select(AuditRow)).all() == []
        times = session.scalars(select(SubmissionRow.submitted_at)).all()
        for contact in session.scalars(select(ContactRow)):
            assert contact.email.endswith(".demo.example")
            assert "(demo)" in contact.name
    assert NOW - timedelta(days=366) < min(times) < NOW - timedelta(days=240)
    assert NOW - timedelta(days=60) < max(times) <= NOW


def test_some_stop_early_and_only_the_newest_of_them_are_kept(made: Database) -> None:
    with made.reading() as session:
        drafts = session.scalars(
            select(DraftRow).where(DraftRow.id.not_in(select(SubmissionRow.draft_id)))
        ).all()
        started = session.scalar(select(func.count()).select_from(ResponseStatsRow))
        views = session.scalar(select(func.sum(StartPageViewRow.count)))
    assert started == MADE + round(MADE * 0.85)
    assert 0 < len(drafts) < MADE * 0.85
    assert all(draft.updated_at >= NOW - timedelta(days=30) for draft in drafts)
    assert views
    assert views > MADE * 1.85


def test_no_pdf_is_made_until_it_is_requested(made: Database) -> None:
    with made.writing() as session:
        assert session.scalar(select(func.count()).select_from(JobRow)) == 0
        assert report_state(session, 1) == "on_demand"
        leads.ask_for_documents(session, 1)
        assert report_state(session, 1) == "pending"
        session.rollback()


def test_each_lead_is_assigned_to_an_account_or_a_colleague_who_cannot_sign_in(
    made: Database,
) -> None:
    with made.reading() as session:
        assignees = set(session.scalars(select(LeadRow.assignee_id)))
        accounts = {user.id: user for user in session.scalars(select(StaffUserRow))}
        offered = set(session.scalars(select(LeadRow.offered_to_id).distinct()))
    assert assignees == set(accounts)
    colleagues = [user for user in accounts.values() if not user.active]
    assert len(colleagues) == 2
    assert all("(demo)" in colleague.name for colleague in colleagues)
    assert offered.isdisjoint(colleague.id for colleague in colleagues)


def test_there_is_something_of_each_kind_to_do_this_morning(made: Database) -> None:
    with made.reading() as session:
        leads = session.scalars(select(LeadRow)).all()
        active = set(session.scalars(select(StaffUserRow.id).where(StaffUserRow.active)))
    waiting = [lead for lead in leads if lead.stage == "new" and lead.due_at]
    assert any(is_overdue(lead, NOW) for lead in waiting)
    assert any(not is_overdue(lead, NOW) for lead in waiting)
    assert {lead.assignee_id for lead in waiting} <= active
    assert [lead.follow_up_on for lead in leads if lead.assignee_id in active].count(NOW.date())
    assert any(lead.offered_to_id in active for lead in leads)
    booked = [lead.consult_at for lead in leads if lead.stage == "consult_booked"]
    assert NOW + timedelta(hours=22) in booked
    assert NOW - timedelta(hours=26) in booked


def test_owners_book_in_every_way_and_some_only_look(made: Database) -> None:
    with made.reading() as session:
        found = session.execute(select(BookingRow.calendar, BookingRow.state).distinct()).all()
        moved = session.scalars(select(BookingRow.sequence).where(BookingRow.state == "booked"))
        assert 1 in set(moved)
        assert len(unmatched(session)) == 2
        assert not session.scalar(select(func.count(BookingRow.slot_at)))
        looked = select(func.count()).select_from(LeadRow).where(did_not_book(LeadRow, NOW))
        assert session.scalar(looked)
        of = ResponseFilter("demo", NOW.date() - timedelta(days=366), NOW.date())
        steps = consult_steps(session, of, MADE)
    assert {tuple(row) for row in found} >= {
        *(("own", "requested"), ("own", "booked"), ("own", "canceled")),
        *(("cal", "booked"), ("cal", "no_show")),
    }
    assert all(step.count and step.seconds for step in steps.values())


def test_removing_them_leaves_no_trace(tmp_path: Path, sqlite_template: Path) -> None:
    with closing(make(tmp_path / "demo.db", sqlite_template, accounts=1)) as database:
        before = {table: len(rows(database, table)) for table in (AuditRow, SubmissionRow)}
        token = submitted(database)
        assert remove_leads(database) == 8
        with database.reading() as session:
            left = {
                table.name: session.scalar(select(func.count()).select_from(table))
                for table in ALL_TABLES.sorted_tables
            }
            assert leads.by_result_token(session, token)
        assert left["submissions"] == left["leads"] == left["response_stats"] == 1
        assert left["staff_users"] == 1
        assert left["audit_log"] == before[AuditRow]
        assert not any(left[name] for name in ("contacts", "notes", "start_page_views", "bookings"))
        assert not left["calendar_events"]
        assert remove_leads(database) == 0


def test_the_command_adds_and_removes_them(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULT_DATABASE_URL", f"sqlite:///{copy(sqlite_template, tmp_path)}")
    run = partial(CliRunner().invoke, consult)
    assert "Added 4 demo leads." in run(["demo", "--leads", "4"]).output
    assert run(["demo", "--remove"]).output == "Removed 4 demo leads.\n"
    assert "Added 1 demo lead." in run(["demo", "--leads", "1"]).output
    assert run(["demo", "--remove"]).output == "Removed 1 demo lead.\n"


def test_without_accounts_colleagues_do_the_work_and_who_signs_up_first_gets_the_rest(
    tmp_path: Path, sqlite_template: Path
) -> None:
    file = tmp_path / "demo.db"
    with closing(make(file, sqlite_template, accounts=0, count=8)) as database:
        link = first_invitation(database, "")
        assert link
        with database.reading() as session:
            worked = select(LeadRow.assignee_id).where(LeadRow.stage != "new").distinct()
            unworked = select(LeadRow.assignee_id).where(LeadRow.stage == "new").distinct()
            assert {1, 2} <= set(session.scalars(worked)) <= {1, 2, None}
            assert session.scalars(unworked).all() == [None]
            assert session.scalar(select(func.count()).where(LeadRow.stage != "new"))
            assert accounts_module.invitation_by_token(session, link.rsplit("/", 1)[1])
        with database.writing() as session:
            session.add(StaffUserRow(**admin_row(0)))
            session.flush()
            reassign_leads(session)
        with database.reading() as session:
            mine = session.scalars(select(LeadRow.stage).where(LeadRow.assignee_id > 2)).all()
            assert session.scalar(select(func.count()).where(LeadRow.assignee_id.is_(None))) == 0
    assert 0 < len(mine) < 10


def test_the_same_seed_makes_the_same_leads(tmp_path: Path, sqlite_template: Path) -> None:
    def made_by(seed: int, name: str) -> list[Any]:
        events = select(LeadEventRow.kind, LeadEventRow.at).order_by(LeadEventRow.id)
        scores = select(LeadRow.separation, LeadRow.stage).order_by(LeadRow.submission_id)
        with (
            closing(make(tmp_path / name, sqlite_template, seed=seed, count=3)) as database,
            database.reading() as session,
        ):
            return [*session.execute(events), *session.execute(scores)]

    assert made_by(3, "a.db") == made_by(3, "b.db") != made_by(4, "c.db")


def test_staff_do_all_kinds_of_things_in_order_and_none_after_now(made: Database) -> None:
    with made.reading() as session:
        events = list(session.scalars(select(LeadEventRow).order_by(LeadEventRow.id)))
        leads_by_id = {lead.submission_id: lead for lead in session.scalars(select(LeadRow))}
        note_times = session.scalars(select(NoteRow.created_at)).all()
    assert {
        *("contact", "moved", "claimed", "offered", "declined", "accepted", "assessed"),
        "follow_up",
    } <= {event.kind for event in events}
    assert {"won", "lost", "not_a_fit"} <= {lead.stage for lead in leads_by_id.values()}
    for id, lead in leads_by_id.items():
        times = [lead.submitted_at, *(e.at for e in events if e.submission_id == id), NOW]
        assert times == sorted(times)
    assert note_times
    assert max(note_times) <= NOW
