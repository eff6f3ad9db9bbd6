"""The audit log: what users do is in it, never an owner's personal data, and admins read it."""

import ast
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from consult.commands import consult
from consult.staff.audit import audit_pages
from consult.storage import deliveries, documents
from consult.storage.accounts import account_admin, accounts
from consult.storage.audit import audit_log
from consult.storage.db.database import utc_now
from consult.storage.notifications.notifications import ALERT_OF_ACTION
from consult.storage.privacy import erasure
from consult.storage.tables.account_tables import AuditRow
from tests.support.apps import deliver, make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import read, write
from tests.support.page import text_of
from tests.support.second_factors import let_pass
from tests.support.staff_client import (
    ADMIN,
    EMAIL,
    NAME,
    PASSWORD,
    age_authentication,
    audited,
    enter,
    joined,
    make_lead,
    make_user,
    post,
    sign_in,
    signed_in,
)
from tests.support.submissions import CONTACT

LOG = "/staff/settings/audit-log"


@pytest.fixture
def admin(admin: PageClient) -> PageClient:
    """A browser in which the admin, account 1, is signed in; Grace is account 2."""
    join(admin.app)
    return admin


def join(app: Flask) -> None:
    """Have Grace accept an invitation that the command line made."""
    with services_of(app).database.writing() as session:
        token = accounts.invite(session, EMAIL, "staff", timedelta(days=1))
        accounts.accept_invitation(session, token, email=EMAIL, name=NAME, password_hash="x")


def lines(client: PageClient, address: str = LOG) -> list[str]:
    """The entries that a page shows, each in one line."""
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
    assert any("Created a one-time link" in line for line in rest)
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
    assert ["Command line" in line for line in lines(admin, f"{LOG}?by=0")] == [True]
    assert "Not signed in, command line" in admin.get(LOG).text
    page = admin.get(f"{LOG}?lead=77")
    assert "No matching entries." in page.text
    (form,) = [form for form in admin.get(f"{LOG}?by=2&lead=2").forms if form.action == LOG]
    assert {name: value for name, value in form.data.items() if value != [""]} == {
        "by": ["2"],
        "lead": ["2"],
    }


NONSENSE = [
    ("by=x", "by “x”."),
    ("by=99&lead=7&action=", "by “99”."),
    ("lead=-1", "lead “-1”."),
    ("before=99999999999999", ""),
    ("action=%00&by=", "action “”."),
    ("by=0&lead=0&action=lead.seen&since=2026-03-02", "action “lead.seen”."),
    ("since=yesterday", "since “yesterday”."),
    ("until=9999-12-31", "until “9999-12-31”."),
    ("since=0001-01-01&until=2026-02-30", "since “0001-01-01”, until “2026-02-30”."),
]


def test_nonsense_in_the_query_is_left_out_and_named(admin: PageClient) -> None:
    for query, left_out in NONSENSE:
        says = "This link has filters that don’t exist here, so they were left out: "
        text = admin.get(f"{LOG}?{query}").text
        assert says + left_out in text if left_out else says not in text


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


def test_it_is_filtered_by_days_of_the_agency_and_shows_its_times(tmp_path: Path) -> None:
    app = make_app(tmp_path, time_zone="Asia/Kathmandu")  # 05:45 ahead
    database = services_of(app).database
    times = ["2026-03-01T18:14", "2026-03-01T18:16", "2026-03-02T18:14", "2026-03-02T18:16"]
    for number, time in enumerate(times):
        database.clock = lambda at=time: datetime.fromisoformat(f"{at}:00+00:00")  # type: ignore[misc]
        with database.writing() as session:
            audit_log.record(session, "lead.seen", by=1, lead_id=number + 1)
    database.clock = utc_now
    admin = joined(app, ADMIN, admin=True)

    def seen(query: str) -> list[str]:
        return [name for name in admin.get(f"{LOG}?{query}").links if name.startswith("Lead ")]

    assert seen("since=2026-03-02&until=2026-03-02") == ["Lead 3", "Lead 2"]
    assert seen("until=2026-03-01") == ["Lead 1"]
    page = admin.get(f"{LOG}?lead=4")
    assert "times in Asia/Kathmandu" in page.text
    assert text_of(page.document.all("time")[0]) == "Mar 3, 2026, 12:01:00 AM"
    assert seen("since=2026-03-03&action=lead.seen") == ["Lead 4"]
    assert seen("since=2999-01-01") == seen("until=2000-01-01") == []
    database.close()


def test_every_recorded_action_has_a_label() -> None:
    constants, kinds = set(), set()
    for file in Path("consult").rglob("*.py"):
        if file.name == "audit_pages.py":
            continue
        code = file.read_text()
        constants.update(re.findall(r'(?<!url_for\()"([a-z_]+\.[a-z_]+)"', code))
        for node in ast.walk(ast.parse(code)) if "audit_log.record" in code else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("audit_log.record"):
                action = node.args[1]
                assert isinstance(action, ast.Constant | ast.Name | ast.Subscript), (
                    f"{file}: {ast.unparse(action)}: an action is written out, so that it is found"
                )
                kinds |= {str(action.value)} if isinstance(action, ast.Constant) else set()
    families = {
        kind.partition(".")[0]
        for kind in {*kinds, *ALERT_OF_ACTION, "booking.booked", "note.added", "webhook.added"}
    }
    recorded = {name for name in constants if name.partition(".")[0] in families}
    assert recorded == set(audit_pages.ACTIONS)
    assert len(set(audit_pages.ACTIONS.values())) == len(audit_pages.ACTIONS)


def test_the_details_of_an_entry_are_shown_as_text(app: Flask, admin: PageClient) -> None:
    with services_of(app).database.writing() as session:
        audit_log.record(session, "export.made", by=99, rows=3, anonymous=True, stage="")
        audit_log.record(session, "setting.changed", by=1, setting="brand.colours.ink", back=False)
        audit_log.record(session, "lead.moved", by=1, lead_id=1, stage="not_a_fit")
        audit_log.record(
            session, "lead.deleted", by=1, lead_id=1, reason="requested", rows_lead_words=3
        )
    deleted, moved, changed, unknown, *_ = lines(admin)
    assert "Deleted a lead Lead 1 deleted Reason: They asked for it, Search index: 3" in deleted
    assert "Changed a stage Lead 1 deleted Stage: Not a fit" in moved
    assert changed.endswith("Setting: Brand, ink")
    assert "Account 99 Export: made" in unknown
    assert "Rows: 3, Anonymous: yes, Stage: –" in unknown


NEW = "eleven kettles over meadow"


def log_of(app: Flask) -> Sequence[AuditRow]:
    return read(services_of(app).database, audit_log.newest, limit=100)[::-1]


def test_signing_in_and_out_is_recorded(app: Flask) -> None:
    join(app)
    client = signed_in(app)
    post(client, "/staff/", "/staff/sign-out")
    (made, joined, came, left) = log_of(app)
    assert (made.action, made.by_id, made.facts["role"]) == ("account.invited", None, "staff")
    assert (joined.action, joined.by_id) == ("account.joined", 1)
    assert joined.facts["invitation"] == made.facts["invitation"]
    assert (came.action, came.by_id, came.facts) == ("account.signed_in", 1, {"method": "password"})
    assert (left.action, left.by_id) == ("account.signed_out", 1)


def test_failures_name_the_account_and_never_an_address(app: Flask) -> None:
    make_user(app)
    client = PageClient(app)
    sign_in(client, EMAIL, "wrong lanterns under water", status=422)
    sign_in(client, "nobody@example.com", PASSWORD, status=422)
    sign_in(client, "", PASSWORD, status=422)
    enter(client)
    wrong = {"current_password": "wrong lanterns", "new_password": NEW}
    post(client, "/staff/account", "/account/password", status=422, **wrong)
    age_authentication(app)
    post(client, "/staff/confirm", "/confirm", status=422, password="wrong lanterns")
    failed = [entry for entry in log_of(app) if "failed" in entry.action]
    assert [(entry.action, entry.by_id, entry.facts) for entry in failed] == [
        ("account.sign_in_failed", None, {"account": 1}),
        ("account.sign_in_failed", None, {"account": None}),
        ("account.reauthentication_failed", 1, {"method": "password"}),
        ("account.reauthentication_failed", 1, {"method": "password"}),
    ]


def test_no_one_views_a_lead_unrecorded(app: Flask) -> None:
    """Not by a form that is refused, by a PDF in parts, or on the way to deleting it."""
    make_user(app, admin=True)
    refused, read_in_parts, confirmed = make_lead(app), make_lead(app), make_lead(app)
    write(services_of(app).database, documents.put, read_in_parts, documents.REPORT, 1, b"%PDF-1.7")
    client = signed_in(app)
    token = client.get("/staff/").form("/sign-out").data["csrf_token"]
    late = {"csrf_token": token, "version": "0", "channel": "mail", "reached": "no"}
    client.post(f"/staff/leads/{refused}/contact", late, status=409)
    pdf = f"/staff/leads/{read_in_parts}/report.pdf"
    part = client._client.get(pdf, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"%PDF")
    client.get(f"/staff/leads/{confirmed}/delete")
    seen = [(entry.action, entry.lead_id) for entry in log_of(app)[-3:]]
    assert seen == [
        ("lead.seen", refused),
        ("lead.report_read", read_in_parts),
        ("lead.seen", confirmed),
    ]


def test_repeat_views_of_a_lead_are_recorded_once(app: Flask) -> None:
    make_user(app)
    lead = make_lead(app, contact=CONTACT)
    database = services_of(app).database
    write(
        database,
        deliveries.email_owner,
        deliveries.REPORT,
        lead,
        CONTACT.email,
        "https://x.example/x",
    )
    client = signed_in(app)
    client.get(f"/staff/leads/{lead}/report.pdf", status=303)  # there is none yet
    deliver(app)
    let_pass(app)
    for _ in range(2):
        client.get(f"/staff/leads/{lead}")
        client.get(f"/staff/leads/{lead}/report.pdf")
        client.get(f"/staff/leads/{lead}/brief.pdf")
        client.get(f"/staff/leads/{lead}/mails/1")
    client.get("/staff/leads/999", status=404)
    seen = [entry for entry in log_of(app) if entry.action.startswith("lead.")]
    opened = ["lead.seen", "lead.report_read", "lead.brief_read", "lead.mail_read"]
    assert [entry.action for entry in seen] == opened
    assert {(entry.by_id, entry.lead_id) for entry in seen} == {(1, lead)}
    let_pass(app, minutes=10)
    client.get(f"/staff/leads/{lead}")
    assert audited(app)[-1] == "lead.seen"
    assert len([action for action in audited(app) if action.startswith("lead.")]) == 5


def test_no_entry_contains_an_address_or_a_name(app: Flask) -> None:
    make_user(app)
    lead = make_lead(app, contact=CONTACT)
    client = signed_in(app)
    client.get(f"/staff/leads/{lead}")
    account_admin.disable(services_of(app).database, EMAIL)
    with services_of(app).database.reading() as session:
        rows = [str(dict(row._mapping)) for row in session.execute(select(*AuditRow.__table__.c))]
    assert "account.disabled" in "".join(rows)
    for personal in (EMAIL, NAME, CONTACT.name, CONTACT.email, CONTACT.business):
        assert personal not in "".join(rows)


def test_the_log_is_exported_as_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULT_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("CONSULT_TIME_ZONE", "Asia/Kathmandu")

    def run(*arguments: str, code: int = 0) -> list[str]:
        result = CliRunner().invoke(consult, arguments)
        assert result.exit_code == code, result.output
        return (result.stderr if code else result.stdout).splitlines()

    assert run("audit", "export") == []
    run("staff", "invite", EMAIL)
    run("staff", "invite", "zoë@example.com", "--admin")
    first, second = map(json.loads, run("audit", "export"))
    assert first.pop("at").endswith("+00:00")
    assert first == {
        "id": 1,
        "by": None,
        "email": None,
        "action": "account.invited",
        "lead": None,
        "facts": {"invitation": 1, "role": "staff"},
    }
    assert (second["id"], second["facts"]["role"]) == (2, "admin")
    assert run("audit", "export", "--since", "1") == run("audit", "export")[1:]
    assert len(run("audit", "export", "--since", "2020-02-29")) == 2
    assert run("audit", "export", "--since", "2999-12-31") == run("audit", "export", "--since", "2")
    assert run("audit", "export", str(tmp_path / "log.jsonl")) == []
    assert (tmp_path / "log.jsonl").read_text("utf-8").splitlines() == run("audit", "export")
    assert run("audit", "export", str(tmp_path / "none" / "log"), code=1) == [
        f"consult: {tmp_path}/none/log: No such file or directory"
    ]
    for nonsense in ("yesterday", "-1", "9" * 30):
        (line,) = run("audit", "export", f"--since={nonsense}", code=2)
        assert "must be an ID or a date" in line
