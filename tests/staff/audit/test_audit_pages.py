"""The audit log as admins read it."""

import ast
import re
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

import consult
from consult.staff.audit import audit_pages
from consult.storage.audit import audit_log
from consult.storage.db.database import utc_now
from consult.storage.notifications.notifications import ALERT_OF_ACTION
from consult.storage.privacy import erasure
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.page import text_of
from tests.support.staff_client import ADMIN, EMAIL, NAME, make_lead, make_user, sign_in, signed_in

LOG = "/staff/settings/audit-log"


@pytest.fixture
def admin(admin: PageClient) -> PageClient:
    """A browser in which the admin, account 1, is signed in; Grace is account 2."""
    make_user(admin.app, EMAIL)
    return admin


def lines(client: PageClient, address: str = LOG) -> list[str]:
    """The entries that a page shows, each in one line of words."""
    document = client.get(address).document
    return [
        text_of(row) for body in document.all("tbody") for row in document.all("tr", within=body)
    ]


def test_it_shows_who_did_what_to_which_lead_newest_first(app: Flask, admin: PageClient) -> None:
    lead = make_lead(app)
    signed_in(app, EMAIL).get(f"/staff/leads/{lead}")
    sign_in(PageClient(app), EMAIL, "not the right password", status=422)
    failed, looked, *rest = lines(admin)
    assert "Not signed in Failed to sign in" in failed
    assert f"Account: {NAME}" in failed
    assert f"{NAME} Viewed a lead Lead {lead}" in looked
    assert "Created a one-time link" in rest[-1]
    assert admin.get(LOG).link(f"Lead {lead}") == f"/staff/leads/{lead}"


def test_a_deleted_lead_is_linked_to_the_deletion_log(app: Flask, admin: PageClient) -> None:
    deleted, other = make_lead(app), make_lead(app)
    admin.get(f"/staff/leads/{other}")
    with services_of(app).database.writing() as session:
        erasure.erase(session, [deleted], "delete", by=1, reason="requested")
    page = admin.get(LOG)
    assert page.link(f"Lead {deleted}") == f"/staff/receipts?lead={deleted}"
    assert page.link(f"Lead {other}") == f"/staff/leads/{other}"


def test_it_is_filtered_by_user_action_and_lead(app: Flask, admin: PageClient) -> None:
    grace = signed_in(app, EMAIL)
    for _ in range(2):
        grace.get(f"/staff/leads/{make_lead(app)}")
    assert len(lines(admin, f"{LOG}?by=2")) == 4
    assert len(lines(admin, f"{LOG}?by=2&action=lead.seen")) == 2
    assert len(lines(admin, f"{LOG}?lead=2")) == 1
    assert all("Command line" in line for line in lines(admin, f"{LOG}?by=0"))
    assert "Not signed in, command line" in admin.get(LOG).text
    page = admin.get(f"{LOG}?lead=77")
    assert "No matching entries." in page.text
    form = next(form for form in admin.get(f"{LOG}?by=2&lead=2").forms if form.method == "get")
    assert {name: value for name, value in form.data.items() if value != [""]} == {
        "by": ["2"],
        "lead": ["2"],
    }


@pytest.mark.parametrize(
    "query",
    [
        *("by=x", "lead=-1", "before=99999999999999", "action=%00&by="),
        *("since=yesterday", "until=9999-12-31", "since=0001-01-01&until=2026-02-30"),
    ],
)
def test_nonsense_in_the_query_is_no_error(admin: PageClient, query: str) -> None:
    admin.get(f"{LOG}?{query}")


def test_older_entries(app: Flask, admin: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_pages, "PAGE_SIZE", 2)
    with services_of(app).database.writing() as session:
        for number in range(5):
            audit_log.record(session, "lead.seen", by=2, lead_id=number + 1)
            audit_log.record(session, "lead.exported", by=1, lead_id=number + 1)
    address, seen = f"{LOG}?action=lead.seen", []
    while address:
        page = admin.get(address)
        seen += [line for line in page.links if line.startswith("Lead ")]
        address = page.links.get("Older", "")
    assert seen == [f"Lead {number}" for number in (5, 4, 3, 2, 1)]
    assert page.links["Newest"] == f"{LOG}?action=lead.seen"


def test_it_is_filtered_by_days_of_the_agency_and_shows_its_times(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(tmp_path_factory.mktemp("days"), time_zone="Asia/Kathmandu")  # 05:45 ahead
    database = services_of(app).database
    times = ["2026-03-01T18:14", "2026-03-01T18:16", "2026-03-02T18:14", "2026-03-02T18:16"]
    for number, time in enumerate(times):
        database.clock = lambda at=time: datetime.fromisoformat(f"{at}:00+00:00")  # type: ignore[misc]
        with database.writing() as session:
            audit_log.record(session, "lead.seen", by=1, lead_id=number + 1)
    database.clock = utc_now
    make_user(app, ADMIN, admin=True)
    admin = signed_in(app, ADMIN)

    def seen(query: str) -> list[str]:
        return [name for name in admin.get(f"{LOG}?{query}").links if name.startswith("Lead ")]

    assert seen("since=2026-03-02&until=2026-03-02") == ["Lead 3", "Lead 2"]
    assert seen("until=2026-03-01") == ["Lead 1"]
    page = admin.get(f"{LOG}?lead=4")
    assert "times in Asia/Kathmandu" in page.text
    assert text_of(page.document.all("time")[0]) == "3 Mar 2026, 00:01:00"
    assert seen("since=2026-03-03&action=lead.seen") == ["Lead 4"]
    assert seen("since=2999-01-01") == seen("until=2000-01-01") == []
    database.close()


def test_every_recorded_action_has_a_label() -> None:
    shape = re.compile(r"[a-z]+\.[a-z_]+")
    constants, kinds = set(), set()
    for file in Path(consult.__file__).parent.rglob("*.py"):
        if file.name == "audit_pages.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and shape.fullmatch(str(node.value)):
                constants.add(str(node.value))
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("audit_log.record"):
                action = node.args[1]
                assert isinstance(action, ast.Constant | ast.Name | ast.Subscript), (
                    f"{file}: {ast.unparse(action)}: an action is written out, so that it is found"
                )
                kinds |= {str(action.value)} if isinstance(action, ast.Constant) else set()
    families = {
        kind.partition(".")[0] for kind in {*kinds, *ALERT_OF_ACTION, "note.added", "webhook.added"}
    }
    recorded = {name for name in constants if name.partition(".")[0] in families}
    assert recorded == set(audit_pages.ACTIONS)
    assert len(set(audit_pages.ACTIONS.values())) == len(audit_pages.ACTIONS)


def test_the_details_of_an_entry_are_shown_in_words(app: Flask, admin: PageClient) -> None:
    with services_of(app).database.writing() as session:
        audit_log.record(session, "setting.changed", by=1, setting="brand.colours.ink", back=False)
        audit_log.record(session, "lead.moved", by=1, lead_id=1, stage="not_a_fit")
        audit_log.record(
            session, "lead.deleted", by=1, lead_id=1, reason="requested", rows_lead_words=3
        )
    deleted, moved, changed, *_ = lines(admin)
    assert "Deleted a lead Lead 1 deleted Reason: They asked for it, Search index: 3" in deleted
    assert "Changed a stage Lead 1 deleted Stage: Not a fit" in moved
    assert changed.endswith("Setting: Brand, ink")


def test_an_action_of_any_name_is_shown(app: Flask, admin: PageClient) -> None:
    with services_of(app).database.writing() as session:
        audit_log.record(session, "export.made", by=99, rows=3, anonymous=True, stage="")
    (first, *_) = lines(admin)
    assert "Account 99 Export: made" in first
    assert "Rows: 3, Anonymous: yes, Stage: –" in first
