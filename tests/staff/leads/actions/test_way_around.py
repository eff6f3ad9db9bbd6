"""From a lead to the next one, and to the part of its page that an action is about."""

from flask import Flask

from tests.support.client import PageClient
from tests.support.databases import Clock
from tests.support.lead_forms import move, send
from tests.support.page import Page
from tests.support.staff_client import make_lead


def _open_folds(page: Page) -> list[str]:
    folds = page.document.all("details")
    return [fold.attrib["id"] for fold in folds if "open" in fold.attrib and "id" in fold.attrib]


def test_an_address_or_a_refusal_opens_what_it_is_about(grace: PageClient, lead: int) -> None:
    path = f"/staff/leads/{lead}"
    page = grace.get(path)
    assert _open_folds(page) == []
    for fold in page.document.all("details"):
        if "id" in fold.attrib:
            assert _open_folds(grace.get(f"{path}?open={fold.attrib['id']}")) == [fold.attrib["id"]]
    assert _open_folds(grace.submit(page.form("/notes").fill(text=""), status=422)) == ["notes"]
    page = send(grace, page, "notes", text="Prefers mail")
    assert _open_folds(page) == ["notes"]
    assert _open_folds(move(grace, page, "not_a_fit", status=422)) == ["do-stage-not_a_fit"]


def test_next_and_previous_follow_the_list(app: Flask, grace: PageClient, clock: Clock) -> None:
    made = []
    for source in ("letter", "fair", "letter"):
        clock.go_on(seconds=1)
        made.append(make_lead(app, source={"utm_source": source}))
    first, second, third = made
    page = grace.get(f"/staff/leads/{second}")
    assert page.link("Previous") == f"/staff/leads/{third}"
    assert page.link("Next") == f"/staff/leads/{first}"
    page = grace.get(f"/staff/leads/{third}?source=letter")
    assert page.link("Next") == f"/staff/leads/{first}?source=letter"
    assert page.link("All leads") == "/staff/leads?source=letter"
    assert "Previous" not in page.links
    taken = grace.submit(page.form("/claim"))
    assert taken.location == f"/staff/leads/{third}?source=letter&done=claim"
    page = grace.follow(taken)
    assert "Assigned to you." in page.text
    assert page.link("All leads") == "/staff/leads?source=letter"
