"""Saved views of the list of leads: who sees them, who changes them, and what they withstand."""

import pytest
from flask import Flask

from consult.storage.search import saved_views
from consult.storage.tables.account_tables import AuditRow, SavedViewRow
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.databases import rows
from tests.support.page import Page, text_of
from tests.support.staff_client import ADMIN, joined

QUERY = "stage=new&source=fair&sort=handoff"


@pytest.fixture
def colleague(app: Flask, staff: PageClient) -> PageClient:
    return joined(app, "ben@example.com")


@pytest.fixture
def admin(app: Flask, staff: PageClient) -> PageClient:
    return joined(app, ADMIN, admin=True)


def save(client: PageClient, name: str, query: str = QUERY, status: int = 303, **more: str) -> Page:
    form = client.get(f"/staff/views/new?{query}").form("/views/new")
    return client.submit(form.fill(name=name, **more), status=status)


def current(page: Page) -> list[str]:
    links = page.document.all("a")
    return [text_of(link) for link in links if link.attrib.get("aria-current") == "page"][1:]


def test_a_view_is_saved_renamed_and_deleted(
    app: Flask, staff: PageClient, colleague: PageClient
) -> None:
    new = staff.get(staff.get(f"/staff/leads?{QUERY}").link("Save as view"))
    assert "StageNew Sourcefair OrderLowest Handoff first" in new.text
    saved = staff.submit(new.form("/views/new").fill(name=" Fresh <b>fairs</b> "))
    assert saved.location == f"/staff/leads?{QUERY}"
    page = staff.get(saved.location)
    assert current(page) == ["Fresh <b>fairs</b>"]
    assert "Save as view" not in page.links
    assert "Fresh" not in colleague.get("/staff/leads").text
    edit = staff.get(page.link("Edit view"))
    staff.submit(edit.form("/views/1").fill(name="Fairs", shared="y"))
    theirs = colleague.get(colleague.get("/staff/leads").link("Fairs"))
    assert current(theirs) == ["Fairs"]
    assert "Edit view" not in theirs.links
    deleted = staff.submit(staff.get(edit.path).form("/delete"))
    assert staff.get(deleted.location).link("Save as view").endswith(QUERY)
    assert "Fairs" not in colleague.get("/staff/leads").links
    entries = rows(services_of(app).database, AuditRow, AuditRow.action.like("view.%"))
    selects = {"view": 1, "shared": True, "filters": "stage: new; source"}
    assert [(entry.action, entry.facts) for entry in entries] == [
        ("view.added", {**selects, "shared": False}),
        ("view.changed", selects),
        ("view.deleted", {"view": 1, "shared": True}),
    ]


def test_an_admin_changes_views_of_everyone_only(staff: PageClient, admin: PageClient) -> None:
    save(staff, "Mine")
    save(staff, "Ours", "stage=won", shared="y")
    assert "Mine" not in admin.get("/staff/leads").links
    assert "Ours" in admin.get("/staff/leads").links
    admin.get("/staff/views/1", status=404)
    admin.submit(admin.get("/staff/views/2").form("/delete"))
    assert "Ours" not in staff.get("/staff/leads").links


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("  ", "Give the view a name."),
        ("x" * 41, "Use at most 40 characters."),
        ("overdue", "This name belongs to a built-in view. Choose another one."),
        ("FAIRS", "There’s already a view named “Fairs.”"),
    ],
)
def test_a_bad_name_is_refused_kindly(staff: PageClient, name: str, error: str) -> None:
    save(staff, "Fairs", "stage=lost")
    page = save(staff, name, status=422)
    assert page.errors == {"name": error}
    assert page.form("/views/new").data["name"] == [" ".join(name.split())]
    assert "Fairs" in staff.get("/staff/leads").links


def test_a_view_of_the_same_name_is_replaced_if_asked(
    staff: PageClient, colleague: PageClient
) -> None:
    save(staff, "Fairs", "stage=lost", shared="y")
    again = save(staff, "Fairs", status=422)
    staff.submit(again.form("/views/new").fill(replace="y", shared="y"))
    assert staff.get("/staff/leads").link("Fairs") == f"/staff/leads?{QUERY}"
    theirs = save(colleague, "Fairs", "stage=won", status=422)
    assert "Replace the view" not in theirs.text
    sent = {**theirs.form("/views/new").data, "replace": "y"}
    colleague.post("/staff/views/new?stage=won", sent, status=422)
    assert staff.get("/staff/leads").link("Fairs") == f"/staff/leads?{QUERY}"


def test_a_form_that_is_sent_twice_saves_one_view(app: Flask, staff: PageClient) -> None:
    save(staff, "Fairs")
    save(staff, "Fairs")
    assert len(rows(services_of(app).database, SavedViewRow)) == 1


def test_there_is_a_most(
    staff: PageClient, colleague: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 2)
    save(colleague, "Theirs")
    save(colleague, "Ours", "stage=won", shared="y")
    save(staff, "Mine")
    refused = save(staff, "More", "stage=lost", status=422)
    assert refused.errors == {"name": "You have 2 views. Delete one you don’t need first."}


def test_what_was_searched_for_is_not_saved(app: Flask, staff: PageClient) -> None:
    page = staff.get(staff.get("/staff/leads?text=dana&stage=won").link("Save as view"))
    assert "Your search words aren’t saved with it." in page.text
    staff.submit(page.form("/views/new").fill(name="Won"))
    assert [view.query for view in rows(services_of(app).database, SavedViewRow)] == ["stage=won"]
    assert "Save as view" not in staff.get("/staff/leads?text=dana").links
    assert staff.get("/staff/views/new?text=dana", status=303).location == "/staff/leads"


def test_a_view_outlives_its_filters(app: Flask, staff: PageClient) -> None:
    save(staff, "Old")
    with services_of(app).database.writing() as session:
        session.get_one(SavedViewRow, 1).query = "stage=stuck&weather=fine&source=fair"
    page = staff.get(staff.get("/staff/leads").link("Old"))
    assert "were left out: stage “stuck”" in page.text
    assert current(page) == ["Old"]
    staff.submit(staff.get("/staff/views/1").form("/views/1").fill(name="Older"))
    assert current(staff.get("/staff/leads?source=fair")) == ["Older"]


def test_me_is_whoever_opens_a_view(staff: PageClient) -> None:
    page = staff.get("/staff/views/new?assignee=me&stage=won")
    assert "“Me” means the person who opens the view." in page.text
