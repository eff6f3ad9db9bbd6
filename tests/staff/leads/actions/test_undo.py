"""Undo, for each action on a lead."""

from datetime import date

from consult.storage.db.database import Database
from consult.workflow.stages import OUTCOMES
from tests.support.client import PageClient
from tests.support.databases import Clock
from tests.support.lead_factories import see
from tests.support.lead_forms import move, send, stage_form
from tests.support.page import Page


def test_two_presses_and_an_undo(grace: PageClient, database: Database, lead: int) -> None:
    """From the page of a new lead, each is a fold and a button, or a button alone."""
    path, before = f"/staff/leads/{lead}", see(database, lead)
    page = grace.get(path)
    for action, fields, says, stage, follow_up_on in (
        ("contact", {"next_on": "2026-03-03"}, "Saved. Next try: Mar 3, 2026.", "taken", (3, 3)),
        ("follow-up", {"on": "2026-03-09"}, "Snoozed until Mar 9, 2026.", "new", (3, 9)),
        ("won", {"amount": "CHF 1’200.50"}, "Marked as won.", "won", None),
        ("lost", {"reason": "price"}, "Marked as lost.", "lost", None),
        ("not_a_fit", {"reason": "size"}, "Marked as not a fit.", "not_a_fit", None),
    ):
        if action in OUTCOMES:
            form = stage_form(page, action)
            page = grace.follow(grace.submit(form.fill(**fields)))
        else:
            page = send(grace, page, action, **fields)
        assert says in page.text
        then = see(database, lead)
        assert then.stage == stage
        assert then.follow_up_on == (follow_up_on and date(2026, *follow_up_on))
        assert then.won_amount == (120_050 if action == "won" else None)
        page = grace.follow(grace.submit(page.form("/undo")))
        assert "Undone." in page.text
        assert not _offers_undo(page)
        now = see(database, lead)
        assert (now.stage, now.assignee_id) == ("new", before.assignee_id)
        assert (now.due_at, now.follow_up_on) == (before.due_at, None)
    assert "Undone: Won: $1,200.50" in grace.get(path).text


def test_one_more_call_that_was_undone_does_not_count(grace: PageClient, lead: int) -> None:
    """It changes nothing but the timeline, and the list and the page of the lead count calls."""
    for attempts, says in ((1, "No answer, today"), (2, "No answer 2×, today")):
        page = send(grace, lead, "contact", reached="no")
        for path in (f"/staff/leads/{lead}", "/staff/leads", "/staff/"):
            assert says in grace.get(path).text, f"after {attempts}, {path}"
    grace.follow(grace.submit(page.form("/undo")))
    for path in (f"/staff/leads/{lead}", "/staff/leads", "/staff/"):
        assert "No answer, today" in grace.get(path).text


def test_an_undo_that_comes_late_says_so(
    grace: PageClient, ben: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    page = grace.follow(move(grace, lead, "won"))
    log = grace.follow(grace.submit(page.form("/amount").fill(amount="10k")))
    assert "Amount: $10,000" in log.text
    refused = grace.submit(page.form("/undo"), status=409).text
    assert "You changed this lead in another window" in refused
    move(ben, lead, "reached")
    page = grace.follow(move(grace, lead, "won"))
    path = f"/staff/leads/{lead}"  # opened again, as after a move by an API token
    assert [_offers_undo(one.get(path)) for one in (grace, ben)] == [True, False]
    clock.go_on(minutes=2)
    assert "too late to undo" in grace.submit(page.form("/undo"), status=422).text
    assert not _offers_undo(grace.get(path))
    assert see(database, lead).stage == "won"


def _offers_undo(page: Page) -> bool:
    return any(form.action.partition("?")[0].endswith("/undo") for form in page.forms)
