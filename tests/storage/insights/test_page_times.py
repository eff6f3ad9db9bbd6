"""The trace of a check, and the numbers that stay of it: each check counts once, here or there."""

from collections import Counter
from datetime import date

from sqlalchemy import select

from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import Draft
from consult.storage.insights import milestones
from consult.storage.insights.page_times import REVIEW, PageTrace, Shown, Step, pages_of
from consult.storage.leads import leads, submission
from consult.storage.privacy import retention
from consult.storage.tables.insight_tables import (
    FunnelDayRow,
    OutcomeRow,
    PageDayRow,
    QuestionDayRow,
)
from consult.storage.tables.submission_tables import DraftRow
from tests.support.databases import Clock
from tests.support.submissions import CONTACT, lead_of, new_submission

WHO = Shown("who", ("marketing_by", "selling_by"), ("marketing_by", "selling_by"))
WHO_DONE = Shown("who", ("marketing_by", "selling_by"))
BUYERS = Shown("buyers", ("buying_path", "buyers"), ("buying_path", "buyers"))
BUYERS_HALF = Shown("buyers", ("buying_path", "buyers"), ("buyers",), ("buying_path",))
LAST = Shown(REVIEW)


def start(database: Database, source: str = "", *, demo: bool = False) -> str:
    with database.writing() as session:
        given = {"ref": source} if source else {}
        return drafts.start(session, "2026-11", "quick", given, shown=WHO, demo=demo)


def save(
    database: Database, token: str, saved: Shown, then: Shown, *, refused: bool = False
) -> Draft:
    with database.writing() as session:
        check = drafts.save(session, token, {}, None, Step(saved, then, refused))
    assert check is not None
    return check


def pages(check: Draft) -> dict[str, PageTrace]:
    return {page.page: page for page in pages_of(check.trace, handed_in=False)}


def numbers(database: Database) -> tuple[Counter[str], dict[str, tuple[int, int, int]]]:
    """The steps that stayed as numbers, and shown and left of each page."""
    with database.reading() as session:
        steps = Counter(
            {row.step: row.count for row in session.scalars(select(FunnelDayRow)).all()}
        )
        by_page = {
            row.page: (row.shown, row.left, row.refused)
            for row in session.scalars(select(PageDayRow))
        }
    return steps, by_page


def test_a_page_remembers_its_time_its_corrections_and_what_was_left_open(
    database: Database, clock: Clock
) -> None:
    token = start(database)
    clock.go_on(seconds=20)
    save(database, token, WHO, WHO, refused=True)
    clock.go_on(seconds=10)
    save(database, token, WHO_DONE, BUYERS)
    clock.go_on(seconds=7)
    found = pages(save(database, token, BUYERS_HALF, LAST))
    assert list(found) == ["who", "buyers", "review"]
    who, buyers, review = found.values()
    assert (who.seconds, who.saves, who.refused, list(who.open)) == (30, 1, 1, [])
    assert (buyers.seconds, buyers.open, buyers.unsure) == (7, ["buyers"], ["buying_path"])
    assert (review.seconds, review.saved, review.left) == (None, None, True)
    assert not who.left
    assert not buyers.left


def test_a_break_is_no_time_on_a_page(database: Database, clock: Clock) -> None:
    token = start(database)
    clock.go_on(days=3)
    check = save(database, token, WHO_DONE, BUYERS)
    assert pages(check)["who"].seconds is None
    clock.go_on(minutes=15)
    assert pages(save(database, token, BUYERS_HALF, LAST))["buyers"].seconds == 900


def test_going_back_and_a_second_tab_leave_one_entry_a_page(
    database: Database, clock: Clock
) -> None:
    token = start(database)
    for _ in range(2):
        clock.go_on(seconds=5)
        save(database, token, WHO_DONE, BUYERS)
    clock.go_on(seconds=5)
    save(database, token, BUYERS_HALF, LAST)
    clock.go_on(seconds=5)
    found = pages(save(database, token, WHO_DONE, BUYERS_HALF))
    assert (found["who"].saves, found["who"].seconds) == (3, 15)
    assert [page for page in found if found[page].left] == ["buyers"]


def test_who_only_looks_is_not_given_the_trace(database: Database) -> None:
    token = start(database)
    with database.reading() as session:
        check = drafts.load(session, token)
    assert check is not None
    assert check.trace == {}


def test_a_draft_leaves_numbers_when_it_goes(database: Database, clock: Clock) -> None:
    begun_on = clock().date()
    token = start(database, "fair")
    clock.go_on(seconds=25)
    save(database, token, WHO_DONE, BUYERS)
    assert numbers(database) == (Counter(), {})
    clock.go_on(days=31)
    with database.writing() as session:
        retention.purge(session, lead_days=730)
    steps, by_page = numbers(database)
    assert steps == Counter({"started": 1, "part:business": 1})
    assert by_page == {"who": (1, 0, 0), "buyers": (1, 1, 0)}
    with database.reading() as session:
        assert session.scalars(select(DraftRow)).all() == []
        page = session.get_one(PageDayRow, (begun_on, "real", "quick", "fair", "who"))
        question = session.get_one(QuestionDayRow, (begun_on, "real", "quick", "fair", "buyers"))
    assert page.within_30 == 1
    assert (question.asked, question.answered, question.left) == (1, 0, 1)


def test_a_second_check_of_the_day_adds_to_the_first(database: Database, clock: Clock) -> None:
    for _ in range(3):
        start(database)
    clock.go_on(days=31)
    with database.writing() as session:
        retention.purge(session, lead_days=730)
    steps, by_page = numbers(database)
    assert steps["started"] == 3
    assert by_page["who"] == (3, 3, 0)


def test_a_lead_counts_its_pages_at_once_and_its_way_when_it_goes(
    database: Database, clock: Clock
) -> None:
    token = start(database)
    clock.go_on(seconds=25)
    save(database, token, WHO_DONE, LAST)
    clock.go_on(seconds=4)
    with database.writing() as session:
        result = submission.submit(session, token, new_submission())
        submission.save_contact(session, result, CONTACT)
        lead = leads.by_result_token(session, result)
        assert lead is not None
        milestones.note_stage(session, lead.id, "reached")
        milestones.note_stage(session, lead.id, "won")
    steps, by_page = numbers(database)
    assert steps == Counter()
    assert by_page == {"who": (1, 0, 0), "review": (1, 0, 0)}
    clock.go_on(days=731)
    with database.writing() as session:
        retention.purge(session, lead_days=730)
    again, same = numbers(database)
    assert same == by_page
    assert {step for step in again if again[step] != 1} == {"viewed"}, "a place kept, no view"
    assert {"started", "part:numbers", "review", "handed_in", "contact", "consult"} < set(again)
    assert {"reached", "won"} < set(again)
    assert "held" not in again


def test_the_outcome_keeps_what_was_come_to_but_not_a_yes_that_was_taken_back(
    database: Database, clock: Clock
) -> None:
    token = start(database)
    with database.writing() as session:
        result = submission.submit(session, token, new_submission())
    lead_id = lead_of(database, result).id
    for stage in ("taken", "reached", "consult_booked", "consult_held", "won", "reached"):
        with database.writing() as session:
            milestones.note_stage(session, lead_id, stage)
    with database.reading() as session:
        outcome = session.get_one(OutcomeRow, lead_id)
    assert (outcome.reached, outcome.booked, outcome.held, outcome.won) == (True,) * 3 + (False,)
    assert outcome.started_on == date(2026, 3, 2)


def test_made_up_and_tried_out_checks_are_counted_apart(database: Database, clock: Clock) -> None:
    start(database, "Test")
    start(database, "fair", demo=True)
    start(database, "fair")
    clock.go_on(days=31)
    with database.writing() as session:
        retention.purge(session, lead_days=730)
    with database.reading() as session:
        found = session.execute(
            select(FunnelDayRow.kind, FunnelDayRow.source).where(FunnelDayRow.step == "started")
        )
        kinds = {(kind, source) for kind, source in found}
    assert kinds == {("real", "fair"), ("demo", "fair"), ("test", "Test")}
