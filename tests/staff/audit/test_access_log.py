"""What users do is in the audit log, and never personal data of an owner."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from consult.commands import consult
from consult.staff.accounts import account_admin
from consult.storage import deliveries, documents
from consult.storage.audit import audit_log
from consult.storage.tables.account_tables import AuditRow
from tests.support.apps import deliver, services_of
from tests.support.client import PageClient
from tests.support.databases import read, write
from tests.support.second_factors import let_pass
from tests.support.staff_client import (
    EMAIL,
    NAME,
    PASSWORD,
    age_authentication,
    audited,
    enter,
    make_lead,
    make_user,
    post,
    sign_in,
)
from tests.support.staff_client import signed_in as signed_in_as
from tests.support.submissions import CONTACT

NEW = "eleven kettles over meadow"


def log_of(app: Flask) -> Sequence[AuditRow]:
    return read(services_of(app).database, audit_log.newest, limit=100)[::-1]


def test_signing_in_and_out_is_recorded(app: Flask) -> None:
    make_user(app)
    client = signed_in_as(app)
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
    client = signed_in_as(app)
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
    write(database, deliveries.enqueue_report_email, lead, CONTACT.email, "https://x.example/x")
    client = signed_in_as(app)
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
    client = signed_in_as(app)
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
    for nonsense in ("yesterday", "-1", "9" * 30):
        (line,) = run("audit", "export", f"--since={nonsense}", code=2)
        assert "must be an ID or a date" in line
