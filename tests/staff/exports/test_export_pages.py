"""Exports in the staff area: at once, by the worker, for their owner alone, written down."""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from consult.delivery.exports.background_export import unpacked
from consult.staff.exports import export_pages
from consult.storage.exports import exports
from consult.storage.jobs import EXPORT
from consult.storage.leads.leads import Contact
from consult.storage.tables.audit_tables import AuditRow
from consult.storage.tables.submission_tables import JobRow
from tests.support.apps import deliver, services_of
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.staff_client import let_proof_age, make_lead, make_user, post, signed_in
from tests.support.submissions import CONTACT

OTHER = Contact("Zoë Ångström", "zoe@example.com", "=1+1", None, False, "Yes.")


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """One lead more than may be had at once is two of them."""
    monkeypatch.setattr(export_pages, "MOST_AT_ONCE", 1)


def rows_of(page: Page) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.body.decode("utf-8-sig"), newline="")))


def recorded(app: Flask) -> list[Mapping[str, Any]]:
    with services_of(app).database.reading() as session:
        found = session.scalars(select(AuditRow).where(AuditRow.action == "leads.exported"))
        return [entry.facts for entry in found]


def test_all_leads_come_as_csv_newest_first(app: Flask, staff: PageClient) -> None:
    first, second = make_lead(app, contact=CONTACT), make_lead(app, contact=OTHER)
    page = staff.get("/staff/export.csv")
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert page.headers["Content-Disposition"].startswith('attachment; filename="leads-20')
    rows = rows_of(page)
    assert [row["Lead"] for row in rows] == [str(second), str(first)]
    assert [row["Business"] for row in rows] == ["'=1+1", "Okafor Tents"]
    assert rows[0]["Name"] == "Zoë Ångström"
    assert rows[0]["First reply (first_reply)"]


def test_the_filters_of_the_list_choose_what_is_exported(app: Flask, staff: PageClient) -> None:
    make_lead(app, contact=CONTACT)
    wanted = make_lead(app, contact=OTHER, source={"utm_source": "radio"})
    query = "source=radio&text=zoe&consult=no"
    assert [row["Lead"] for row in rows_of(staff.get(f"/staff/export.csv?{query}"))] == [
        str(wanted)
    ]
    assert staff.get(f"/staff/exports/new?{query}").h1 == "Export 1 lead"
    # What was looked for, and where an owner came from, is nobody's business later.
    assert recorded(app) == [
        {"format": "csv", "leads": 1, "filters": "Search; Source; Wants a consult: no"}
    ]


def test_ticked_leads_are_exported_alone(app: Flask, staff: PageClient) -> None:
    ids = [make_lead(app) for _ in range(3)]
    token = staff.get("/staff/").form("/sign-out").data["csrf_token"][0]
    fields = {"csrf_token": token, "lead": [str(ids[2]), str(ids[0]), "987654", "x"]}
    rows = rows_of(staff.post("/staff/export.csv", fields, status=200))
    assert [row["Lead"] for row in rows] == [str(ids[2]), str(ids[0])]
    sheet = staff.post("/staff/export.xlsx", fields, status=200)
    assert zipfile.is_zipfile(io.BytesIO(sheet.body))
    assert staff.post("/staff/export.csv", {"csrf_token": token}).location == "/staff/"


def test_a_workbook_comes_and_leaves_no_file_behind(app: Flask, staff: PageClient) -> None:
    make_lead(app, contact=CONTACT)
    page = staff.get("/staff/export.xlsx")
    assert zipfile.is_zipfile(io.BytesIO(page.body))
    scratch: Path = services_of(app).settings.scratch_dir
    assert list(scratch.iterdir()) == []


def test_an_export_wants_a_fresh_proof(app: Flask, staff: PageClient) -> None:
    make_lead(app)
    let_proof_age(app)
    page = staff.get("/staff/export.csv", status=303)
    assert page.location.startswith("/staff/confirm")
    assert recorded(app) == []


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_long_export_is_made_by_the_worker(app: Flask, staff: PageClient, format: str) -> None:
    ids = [make_lead(app, contact=CONTACT) for _ in range(3)]
    deliver(app)
    page = staff.follow(staff.get(f"/staff/export.{format}?consult=yes", status=303))
    assert page.h1 == "Export 3 leads"
    form = page.form("/staff/exports")
    waiting = staff.follow(staff.post(form.action, {**form.data, "format": format}))
    assert waiting.headers["Refresh"]
    assert "0 of 3 are in the file" in waiting.text
    assert staff.get(f"{waiting.path}/file", status=303).location == waiting.path
    deliver(app)
    ready = staff.get(waiting.path)
    assert "Refresh" not in ready.headers
    assert "It is ready" in ready.text
    made = staff.get(f"{waiting.path}/file")
    if format == "csv":
        assert [row["Lead"] for row in rows_of(made)] == [str(id) for id in reversed(ids)]
    else:
        assert zipfile.is_zipfile(io.BytesIO(made.body))
    assert recorded(app) == [{"format": format, "leads": 3, "filters": "Wants a consult: yes"}]
    with services_of(app).database.reading() as session:
        kept = exports.get(session, 1)
    assert kept is not None
    assert kept.query == ""
    assert "3 leads" in staff.get("/staff/exports").text
    post(staff, waiting.path, "/delete")
    staff.get(waiting.path, status=404)


@pytest.mark.usefixtures("few_are_many")
def test_an_export_is_its_owners_alone(app: Flask, staff: PageClient) -> None:
    for _ in range(2):
        make_lead(app)
    form = staff.get("/staff/exports/new").form("/staff/exports")
    mine = staff.post(form.action, {**form.data, "format": "csv"}).location
    deliver(app)
    make_user(app, "admin@example.com", admin=True)
    admin = signed_in(app, "admin@example.com")
    for path in (mine, f"{mine}/file"):
        admin.get(path, status=404)
    assert "None." in admin.get("/staff/exports").text


@pytest.mark.usefixtures("few_are_many")
def test_nobody_has_the_worker_make_exports_without_end(app: Flask, staff: PageClient) -> None:
    for _ in range(2):
        make_lead(app)
    form = staff.get("/staff/exports/new").form("/staff/exports")
    token = {"csrf_token": form.data["csrf_token"]}
    asked = [
        staff.post("/staff/exports", {**token, "format": "csv"}).location
        for _ in range(exports.MOST_IN_THE_MAKING + 1)
    ]
    assert asked[-2:] == ["/staff/exports/5", "/staff/exports?full=1"]
    assert "Enough is being made for you" in staff.get(asked[-1]).text
    make_user(app, "admin@example.com", admin=True)
    admin = signed_in(app, "admin@example.com")
    assert post(admin, "/staff/leads/1/data", "/record").location == "/staff/exports/6"


def test_an_export_is_withdrawn_also_while_it_is_made(app: Flask, staff: PageClient) -> None:
    make_lead(app, contact=CONTACT)
    database = services_of(app).database
    with database.writing() as session:
        done, open_ = (exports.ask(session, 1, "csv", query="text=ada") for _ in range(2))
        exports.finish(session, done, 1)
        exports.add_part(session, open_, 0, b"half")
        assert exports.withdraw_all(session) == 2
    deliver(app)
    for export_id in (done, open_):
        assert "It was withdrawn" in staff.get(f"/staff/exports/{export_id}").text
        assert list(exports.parts(database, export_id)) == []
        staff.get(f"/staff/exports/{export_id}/file", status=303)


def made_export(app: Flask) -> int:
    """The id of an export that the worker has made."""
    make_lead(app, contact=CONTACT)
    with services_of(app).database.writing() as session:
        export_id = exports.ask(session, 1, "csv", query="")
    deliver(app)
    return export_id


def test_half_a_table_is_never_taken_for_a_whole_one(app: Flask, staff: PageClient) -> None:
    database = services_of(app).database
    export_id = made_export(app)
    assert b"".join(unpacked(database, export_id))
    with database.writing() as session:
        assert exports.withdraw_all(session) == 1
    with pytest.raises(EOFError, match="withdrawn"):
        list(unpacked(database, export_id))


def test_a_worker_that_was_held_up_does_not_empty_what_another_made(
    app: Flask, staff: PageClient
) -> None:
    database = services_of(app).database
    export_id = made_export(app)
    whole = b"".join(unpacked(database, export_id))
    with database.writing() as session:
        again = update(JobRow).where(JobRow.kind == EXPORT)
        session.execute(again.values(state="ready", run_at=session.now(), finished_at=None))
    assert deliver(app) >= 1
    assert b"".join(unpacked(database, export_id)) == whole
