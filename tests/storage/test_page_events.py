"""The pages of a response: each once, with its time, and stored as numbers when it is deleted."""

from typing import Any

import pytest

from consult.questionnaire.editions import newest
from consult.storage import page_events
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import Draft
from consult.storage.leads import submission
from consult.storage.page_events import REVIEW, PageVisit, SaveEvent
from consult.storage.privacy import erasure
from consult.storage.tables.submission_tables import (
    DraftRow,
    PageVisitRow,
    ResponseStatsRow,
    StartPageViewRow,
)
from consult.workflow.stages import PERSONAL_LINK, Stage
from tests.support.databases import ON_SQLITE, Clock, rows, write
from tests.support.lead_factories import new_lead, see
from tests.support.submissions import CONTACT, lead_of, new_submission, submitted

WHO = PageVisit("who", ("marketing_by", "selling_by"), ("marketing_by", "selling_by"))
WHO_DONE = PageVisit("who", ("marketing_by", "selling_by"))
BUYERS = PageVisit("buyers", ("buying_path", "buyers"), ("buying_path", "buyers"))
BUYERS_HALF = PageVisit("buyers", ("buying_path", "buyers"), ("buyers",), ("buying_path",))
LAST = PageVisit(REVIEW)


def start(database: Database) -> str:
    return write(database, drafts.start, "2026-12", "quick", {"ref": "fair"}, shown=WHO)


def save(
    database: Database, token: str, saved: PageVisit, then: PageVisit, *, refused: bool = False
) -> Draft:
    draft = write(database, drafts.save, token, {}, None, SaveEvent(saved, then, refused))
    assert draft is not None
    return draft


def pages(database: Database, draft_id: int | None = None) -> dict[str, PageVisitRow]:
    """The pages of the only response there is; with its id, only while they are linked to it."""
    linked = [PageVisitRow.draft_id == draft_id] if draft_id else []
    return {row.page: row for row in rows(database, PageVisitRow, *linked)}


def the_stats(database: Database) -> ResponseStatsRow:
    (only,) = rows(database, ResponseStatsRow)
    return only


def test_a_page_keeps_its_time_refusals_and_answers(database: Database, clock: Clock) -> None:
    token = start(database)
    clock.go_on(seconds=20)
    save(database, token, WHO, WHO, refused=True)
    clock.go_on(seconds=10)
    save(database, token, WHO_DONE, BUYERS)
    clock.go_on(seconds=7)
    save(database, token, BUYERS_HALF, LAST)
    assert list(pages(database)) == ["who", "buyers", "review"]
    who, buyers, review = pages(database).values()
    assert (who.seconds, who.saves, who.refused) == (30, 1, 1)
    assert who.questions == "marketing_by selling_by"
    assert (buyers.seconds, buyers.questions) == (7, "buying_path? buyers-")
    assert (review.seconds, review.saves, review.is_last) == (None, 0, True)
    assert not who.is_last
    assert not buyers.is_last


def test_a_break_is_not_time_on_a_page(database: Database, clock: Clock) -> None:
    token = start(database)
    clock.go_on(days=3)
    save(database, token, WHO_DONE, BUYERS)
    assert pages(database)["who"].seconds is None
    clock.go_on(minutes=15)
    save(database, token, BUYERS_HALF, LAST)
    assert pages(database)["buyers"].seconds == 900


def test_going_back_or_a_second_tab_adds_no_row(database: Database, clock: Clock) -> None:
    token = start(database)
    for _ in range(2):
        clock.go_on(seconds=5)
        save(database, token, WHO_DONE, BUYERS)
    clock.go_on(seconds=5)
    save(database, token, BUYERS_HALF, LAST)
    clock.go_on(seconds=5)
    save(database, token, WHO_DONE, BUYERS_HALF)
    found = pages(database)
    assert (found["who"].saves, found["who"].seconds) == (3, 15)
    assert [page for page, row in found.items() if row.is_last] == ["buyers"]
    assert found["buyers"].questions == "buying_path? buyers-"
    review = len(newest().structure.parts) + 1
    assert the_stats(database).furthest == review, "the review was seen"


def test_a_lead_was_left_nowhere_and_stays_as_numbers(database: Database, clock: Clock) -> None:
    token = start(database)
    clock.go_on(seconds=25)
    save(database, token, WHO_DONE, LAST)
    clock.go_on(seconds=4)
    result = write(database, submission.submit, token, new_submission())
    write(database, submission.save_contact, result, CONTACT)
    lead_id = lead_of(database, result).id
    write(database, page_events.record_stage, lead_id, "reached")
    write(database, page_events.record_stage, lead_id, "won")
    found = pages(database)
    assert [(row.saves, row.seconds, row.is_last) for row in found.values()] == [
        (1, 25, False),
        (1, 4, False),
    ]
    write(database, erasure.erase, [lead_id], "delete", by=None, reason="requested")
    assert list(pages(database)) == list(found)
    stats = the_stats(database)
    assert (stats.draft_id, stats.submission_id) == (None, None)
    assert (stats.submitted, stats.contact, stats.consult) == (True,) * 3
    assert (stats.reached, stats.booked, stats.held, stats.won) == (True, False, False, True)


def test_an_anonymous_lead_still_moves_without_its_pages(database: Database) -> None:
    token = start(database)
    draft = save(database, token, WHO_DONE, LAST)
    result = write(database, submission.submit, token, new_submission())
    lead_id = lead_of(database, result).id
    write(database, erasure.erase, [lead_id], "anonymise", by=None, reason="requested")
    write(database, page_events.record_stage, lead_id, "reached")
    assert pages(database, draft.id) == {}
    assert len(pages(database)) == 2
    assert the_stats(database).reached


def test_a_stage_once_reached_stays_except_won(database: Database) -> None:
    lead_id = new_lead(database)
    stages: tuple[Stage, ...] = ("taken", "reached", "consult_booked", "consult_held", "won")
    for stage in (*stages, "reached"):
        write(database, page_events.record_stage, lead_id, stage)
    stats = the_stats(database)
    assert (stats.reached, stats.booked, stats.held, stats.won) == (True,) * 3 + (False,)


def test_without_a_first_page_nothing_but_the_start_is_counted(database: Database) -> None:
    submitted(database)
    assert pages(database) == {}
    assert (the_stats(database).furthest, the_stats(database).submitted) == (0, True)


@pytest.mark.parametrize(
    ("link", "counted"),
    [
        ("jane@client.com", PERSONAL_LINK),
        ("jane%40client.com", PERSONAL_LINK),
        ("Jane Doe <jane@client.com>", PERSONAL_LINK),
        ("+1 555 123-4567", PERSONAL_LINK),
        ("5551234567", PERSONAL_LINK),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", PERSONAL_LINK),
        ("IwAR2xYt7Qp0Zk9LmNs4", PERSONAL_LINK),
        ("newsletter", "newsletter"),
        ("autumn-2026", "autumn-2026"),
        ("chamberofcommerceofspringfield", "chamberofcommerceofspringfield"),
        ("fair 2026", "fair 2026"),
        ("360", "360"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("tag", ["ref", "utm_source"])
@ON_SQLITE
def test_a_personal_link_is_kept_with_the_lead_only(
    database: Database, link: str, counted: str, tag: str
) -> None:
    source = {tag: link} if link else {}
    with database.writing() as session:
        page_events.record_view(session, "quick", source, framed=False)
        token = drafts.start(session, "2026-12", "quick", source, shown=WHO)
        result = submission.submit(session, token, new_submission())
    lead_id = lead_of(database, result).id
    assert see(database, lead_id).source == link
    tables: tuple[Any, ...] = (StartPageViewRow, ResponseStatsRow, PageVisitRow)
    assert {row.source for table in tables for row in rows(database, table)} == {counted}
    write(database, erasure.erase, [lead_id], "anonymise", by=None, reason="requested")
    assert see(database, lead_id).source == counted
    (draft,) = rows(database, DraftRow)
    assert draft.source == ({tag: counted} if link else {})
