"""Exports in the staff area: by filter or selection, after re-authentication, and recorded."""

import csv
import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from consult.staff.exports import export_pages
from consult.storage.exports import lead_export
from consult.storage.leads.submission import NewContact
from consult.storage.tables.account_tables import AuditRow
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import rows
from tests.support.page import Page
from tests.support.staff_client import joined, make_lead
from tests.support.submissions import CONTACT

OTHER = NewContact("Zoë Ångström", "zoe@example.com", "=1+1", None, False, "Yes.")


def rows_of(page: Page) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.body.decode("utf-8-sig"), newline="")))


def leads_in(page: Page) -> list[int]:
    return [int(row["Lead"]) for row in rows_of(page)]


def recorded(app: Flask) -> list[Mapping[str, Any]]:
    exported = AuditRow.action == "leads.exported"
    return [entry.facts for entry in rows(services_of(app).database, AuditRow, exported)]


def test_a_csv_of_all_leads(app: Flask, staff: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_export, "BATCH_SIZE", 1)
    first, second = make_lead(app, contact=CONTACT), make_lead(app, contact=OTHER)
    page = staff.get("/staff/export.csv")
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert page.headers["Content-Disposition"].startswith('attachment; filename="leads-20')
    assert leads_in(page) == [second, first]
    first_row, second_row = rows_of(page)
    assert (first_row["Business"], second_row["Business"]) == ("'=1+1", "Okafor Tents")
    assert first_row["Name"] == "Zoë Ångström"


def test_a_file_is_named_after_the_day_at_the_agency(tmp_path: Path) -> None:
    app = make_app(tmp_path, time_zone="Pacific/Kiritimati")
    noon = services_of(app).database.clock().replace(hour=12)
    services_of(app).database.clock = lambda: noon
    staff = joined(app)
    tomorrow = (noon + timedelta(days=1)).date().isoformat()
    assert (
        f'"leads-{tomorrow}.csv"' in staff.get("/staff/export.csv").headers["Content-Disposition"]
    )


def test_the_filters_of_the_list_choose_what_is_exported(app: Flask, staff: PageClient) -> None:
    make_lead(app, contact=CONTACT)
    wanted = make_lead(app, contact=OTHER, source={"utm_source": "radio"})
    query = "source=radio&text=zoe&consult=no&stage=open"
    assert leads_in(staff.get(f"/staff/export.csv?{query}")) == [wanted]
    page = staff.get(f"/staff/exports/new?{query}")
    assert page.h1 == "Export 1 lead"
    assert "ConsultNot requested" in page.text
    # Neither the search text nor the source of an owner is recorded.
    filters = "text; stage: open; source; consult: no"
    assert recorded(app) == [{"format": "csv", "leads": 1, "filters": filters}]
    assert "there’s nothing to export" in staff.get("/staff/exports/new?text=nobody").text


def test_selected_leads_are_exported_alone(app: Flask, staff: PageClient) -> None:
    ids = [make_lead(app) for _ in range(3)]
    token = staff.get("/staff/").form("/sign-out").data["csrf_token"][0]
    fields = {"csrf_token": token, "lead": [str(ids[2]), str(ids[0]), "987654", "x"]}
    assert leads_in(staff.post("/staff/export.csv", fields, status=200)) == [ids[2], ids[0]]
    sheet = staff.post("/staff/export.xlsx", fields, status=200)
    assert zipfile.is_zipfile(io.BytesIO(sheet.body))
    assert (
        staff.post("/staff/export.csv", {"csrf_token": token}).location
        == "/staff/leads?selected=none"
    )
    assert zipfile.is_zipfile(io.BytesIO(staff.get("/staff/export.xlsx").body))
    assert list(services_of(app).settings.temp_dir.iterdir()) == []


def test_too_many_for_xlsx(app: Flask, staff: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_pages, "MAX_XLSX", 1)
    ids = [make_lead(app) for _ in range(2)]
    page = staff.follow(staff.get("/staff/export.xlsx?consult=no", status=303))
    assert page.h1 == "Export 2 leads"
    assert "for up to 1 leads" in page.text
    assert "consult export leads.xlsx" in page.text
    assert "Excel (XLSX)" not in page.links
    assert recorded(app) == []
    assert leads_in(staff.get(page.link("CSV"))) == ids[::-1]
