"""The audit log as admins read it."""

import pytest
from flask import Flask

from consult.staff import audit_pages
from consult.storage import audit
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.page import text_of
from tests.support.staff import EMAIL, NAME, make_lead, make_user, sign_in, signed_in

ADMIN = "ada@example.com"
LOG = "/staff/settings/audit-log"


@pytest.fixture
def admin(app: Flask) -> PageClient:
    """A browser in which the admin, account 1, is signed in; Grace is account 2."""
    make_user(app, ADMIN, admin=True)
    make_user(app, EMAIL)
    return signed_in(app, ADMIN)


def lines(client: PageClient, address: str = LOG) -> list[str]:
    """The entries that a page shows, each in one line of words."""
    document = client.get(address).document
    return [
        text_of(row) for body in document.all("tbody") for row in document.all("tr", within=body)
    ]


def test_it_tells_who_did_what_to_which_lead_newest_first(app: Flask, admin: PageClient) -> None:
    lead = make_lead(app)
    signed_in(app, EMAIL).get(f"/staff/leads/{lead}")
    sign_in(PageClient(app), EMAIL, "not the right password", status=422)
    failed, looked, *rest = lines(admin)
    assert "Command line or application Failed to sign in" in failed
    assert f"Account: {NAME}" in failed
    assert f"{NAME} Looked at a lead Lead {lead}" in looked
    assert "Made a one-time link" in rest[-1]
    assert admin.get(LOG).link(f"Lead {lead}") == f"/staff/leads/{lead}"


def test_it_is_narrowed_down_by_person_action_and_lead(app: Flask, admin: PageClient) -> None:
    grace = signed_in(app, EMAIL)
    for _ in range(2):
        grace.get(f"/staff/leads/{make_lead(app)}")
    assert len(lines(admin, f"{LOG}?by=2")) == 4
    assert len(lines(admin, f"{LOG}?by=2&action=lead.seen")) == 2
    assert len(lines(admin, f"{LOG}?lead=2")) == 1
    assert all("Command line" in line for line in lines(admin, f"{LOG}?by=0"))
    page = admin.get(f"{LOG}?lead=77")
    assert "Nothing like this is in the log." in page.text
    form = next(form for form in admin.get(f"{LOG}?by=2&lead=2").forms if form.method == "get")
    assert form.data == {"by": ["2"], "action": [""], "lead": ["2"]}


@pytest.mark.parametrize("query", ["by=x", "lead=-1", "before=99999999999999", "action=%00&by="])
def test_nonsense_in_the_address_is_no_error(admin: PageClient, query: str) -> None:
    admin.get(f"{LOG}?{query}")


def test_older_entries_come_page_by_page_under_the_same_filters(
    app: Flask, admin: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_pages, "PAGE_SIZE", 2)
    with services_of(app).database.writing() as session:
        for number in range(5):
            audit.record(session, "lead.seen", by=2, lead_id=number + 1)
            audit.record(session, "lead.exported", by=1, lead_id=number + 1)
    address, seen = f"{LOG}?action=lead.seen", []
    while address:
        page = admin.get(address)
        seen += [line for line in page.links if line.startswith("Lead ")]
        address = page.links.get("Older", "")
    assert seen == [f"Lead {number}" for number in (5, 4, 3, 2, 1)]
    assert page.links["Newest"] == f"{LOG}?action=lead.seen"


def test_times_are_those_of_the_agency(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = make_app(tmp_path_factory.mktemp("zone"), time_zone="Asia/Kathmandu")
    make_user(app, ADMIN, admin=True)
    client = signed_in(app, ADMIN)
    page = client.get(LOG)
    assert "times in Asia/Kathmandu" in page.text
    (first, *_) = page.document.all("time")
    with services_of(app).database.reading() as session:
        at = audit.newest(session, limit=1)[0].at
    minutes = (at.hour * 60 + at.minute + 5 * 60 + 45) % (24 * 60)
    assert f"{minutes // 60:02}:{minutes % 60:02}:" in text_of(first)
    services_of(app).database.close()


def test_an_action_of_any_name_is_told(app: Flask, admin: PageClient) -> None:
    with services_of(app).database.writing() as session:
        audit.record(session, "export.made", by=99, rows=3, anonymous=True, stage="")
    (first, *_) = lines(admin)
    assert "Account 99 Export: made" in first
    assert "Rows: 3, Anonymous: Yes, Stage: –" in first
