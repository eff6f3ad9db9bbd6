"""Leads as a table to download: CSV of any length, and XLSX while it can be made in a request."""

from collections.abc import Iterable, Sequence
from tempfile import TemporaryFile
from typing import Literal

from flask import Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from consult.delivery.exports import export_files
from consult.staff.accounts.access import recording, signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.search.list_filters import (
    active_filters,
    choices_for,
    current_viewer,
    filter_in_address,
    unknown_filters,
)
from consult.staff.times import agency_today
from consult.storage.audit import audit_log
from consult.storage.exports.lead_export import Lead, matching_batches, selected_batches
from consult.storage.search.find_leads import how_many
from consult.web.services import services
from consult.web.text import parse_id

MAX_XLSX = 20_000
"""An Excel file is made before its first byte is sent: a person waits half a minute for so many."""

Format = Literal["csv", "xlsx"]
Batches = Iterable[Sequence[Lead]]


@blueprint.get("/exports/new")
@for_staff
@recent_auth_required
def new_export() -> ResponseReturnValue:
    wanted = filter_in_address()
    with services().database.reading() as session:
        count = how_many(session, wanted, current_viewer())
        choices = choices_for(session, wanted)
    return render_template(
        "staff/exports/export_new.html",
        count=count,
        max_xlsx=MAX_XLSX,
        filters=active_filters(wanted, choices),
        unknown=unknown_filters(),
        query=wanted.query(),
        columns=[column.header for column in export_files.columns(services().settings.office.zone)],
    )


@blueprint.get("/export.csv", endpoint="export_csv", defaults={"format": "csv"})
@blueprint.get("/export.xlsx", endpoint="export_xlsx", defaults={"format": "xlsx"})
@for_staff
@recent_auth_required
def export(format: Format) -> ResponseReturnValue:
    """Send the leads that the address selects; too many for XLSX, the page that says so."""
    wanted, viewer = filter_in_address(), current_viewer()
    with services().database.reading() as session:
        count = how_many(session, wanted, viewer)
    if format == "xlsx" and count > MAX_XLSX:
        return redirect(f"{url_for('.new_export')}?{wanted.query()}", 303)
    _record(format, count, wanted.recorded)
    return _send(format, matching_batches(services().database, wanted, viewer))


@blueprint.post("/export.csv", endpoint="export_selected_csv", defaults={"format": "csv"})
@blueprint.post("/export.xlsx", endpoint="export_selected_xlsx", defaults={"format": "xlsx"})
@for_staff
@recent_auth_required
def export_selected(format: Format) -> ResponseReturnValue:
    ids = list(dict.fromkeys(request.form.getlist("lead", type=parse_id)))
    if not ids:
        return redirect(url_for(".lead_list", selected="none"), 303)
    _record(format, len(ids), "selected in the list")
    return _send(format, selected_batches(services().database, ids))


def _record(format: Format, count: int, filters: str) -> None:
    with recording() as session:
        audit_log.record(
            session,
            "leads.exported",
            by=signed_in_user().id,
            format=format,
            leads=count,
            filters=filters,
        )


def _send(format: Format, batches: Batches) -> Response:
    shown = export_files.columns(services().settings.office.zone)
    if format == "csv":
        # No database connection is held between two chunks, however slowly they are fetched.
        response = Response(export_files.csv_chunks(shown, batches), mimetype=export_files.CSV)
    else:
        with export_files.temp_folder(services().settings.temp_dir) as folder:
            file = TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the response
            export_files.write_xlsx(file, folder, shown, batches)
        file.seek(0)
        response = send_file(file, export_files.XLSX, conditional=False)
    name = f"leads-{agency_today().isoformat()}.{format}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
