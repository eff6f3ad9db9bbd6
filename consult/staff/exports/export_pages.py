"""Leads as a table to take away: at once when there are few, by the worker when there are many."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Literal, cast
from urllib.parse import parse_qs

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.delivery.exports import csv_file, xlsx_file
from consult.delivery.exports.background_export import unpacked
from consult.delivery.exports.columns import columns
from consult.delivery.exports.temp_folder import scratch_folder
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.agency_time import agency_time
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.exports import export_presenter
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.exports import exports
from consult.storage.exports.export_rows import ExportedLead, found_in_turn, picked_in_turn
from consult.storage.exports.exports import Export
from consult.storage.search.find_leads import how_many
from consult.storage.search.lead_filter import LeadSearch, Viewer
from consult.web.services import services
from consult.web.text import parse_id

MOST_AT_ONCE = 2_000
"""Leads that a person waits for: about four seconds as XLSX. More are made by the worker."""

SECONDS_BETWEEN_LOOKS = 3
_CHUNK = 64 * 1024

Table = Literal["csv", "xlsx"]
Bundles = Iterable[Sequence[ExportedLead]]
_MIMETYPES = {
    "csv": csv_file.MIMETYPE,
    "xlsx": xlsx_file.MIMETYPE,
    "pdf": "application/pdf",
}


@blueprint.get("/exports/new")
@for_staff
@recent_auth_required
def new_export() -> ResponseReturnValue:
    """Say how many leads the address selects, and offer them as CSV and XLSX."""
    search = _search()
    with services().database.reading() as session:
        count = how_many(session, search, _viewer())
    return render_template(
        "staff/exports/export_new.html",
        count=count,
        is_long=count > MOST_AT_ONCE,
        too_long=count > xlsx_file.MOST_LEADS,
        filters=export_presenter.filters_shown(search),
        query=search.query(),
        columns=[column.head for column in columns(services().settings.office.zone)],
    )


@blueprint.get("/export.csv")
@for_staff
@recent_auth_required
def export_csv() -> ResponseReturnValue:
    """Send the leads that the address selects, as CSV."""
    return _send_found("csv")


@blueprint.get("/export.xlsx")
@for_staff
@recent_auth_required
def export_xlsx() -> ResponseReturnValue:
    """Send the leads that the address selects, as XLSX."""
    return _send_found("xlsx")


@blueprint.post("/export.csv")
@for_staff
@recent_auth_required
def export_picked_csv() -> ResponseReturnValue:
    """Send the leads whose ids are ticked, as CSV."""
    return _send_picked("csv")


@blueprint.post("/export.xlsx")
@for_staff
@recent_auth_required
def export_picked_xlsx() -> ResponseReturnValue:
    """Send the leads whose ids are ticked, as XLSX."""
    return _send_picked("xlsx")


@blueprint.post("/exports")
@for_staff
@recent_auth_required
def ask_for_export() -> ResponseReturnValue:
    """Have the worker make a table of everything that a search selects."""
    table = request.form.get("format", "")
    if table not in ("csv", "xlsx"):
        abort(400)
    search = LeadSearch.from_query(parse_qs(request.form.get("query", "")))
    with services().database.writing() as session:
        if not exports.may_ask(session, signed_in_user().id):
            return redirect(url_for(".export_list", full=1), 303)
        count = how_many(session, search, _viewer())
        export_id = exports.ask(
            session, signed_in_user().id, cast(Table, table), query=search.query(), total=count
        )
        _record(session, table, count, export_presenter.filters_recorded(search))
    return redirect(url_for(".export", export_id=export_id), 303)


@blueprint.get("/exports")
@for_staff
def export_list() -> ResponseReturnValue:
    """Show somebody the exports they asked for."""
    with services().database.reading() as session:
        found = exports.asked_by(session, signed_in_user().id)
        now = agency_time(session.now())
    return render_template(
        "staff/exports/exports.html",
        exports=[export_presenter.view(export, now) for export in found],
        is_full="full" in request.args,
    )


@blueprint.get(f"/exports/<{ID}:export_id>")
@for_staff
def export(export_id: int) -> ResponseReturnValue:
    """Show how far an export is; the page looks again by itself until it is done."""
    found = _own(export_id)
    shown = export_presenter.view(found, agency_time(services().database.clock()))
    page = make_response(render_template("staff/exports/export.html", export=shown))
    if found.state == "making":
        page.headers["Refresh"] = str(SECONDS_BETWEEN_LOOKS)
    return page


@blueprint.get(f"/exports/<{ID}:export_id>/file")
@for_staff
@recent_auth_required
def export_file(export_id: int) -> ResponseReturnValue:
    """Send the file of an export; while there is none, its page says how it stands."""
    found = _own(export_id)
    if found.state != "ready":
        return redirect(url_for(".export", export_id=export_id), 303)
    pieces = unpacked(services().database, export_id)
    name = f"record-{found.lead_id}" if found.lead_id else _name(found.asked_at.date().isoformat())
    return _file(pieces, _MIMETYPES[found.format], f"{name}.{found.format}")


@blueprint.post(f"/exports/<{ID}:export_id>/delete")
@for_staff
def delete_export(export_id: int) -> ResponseReturnValue:
    """Delete an export before its day is over."""
    _own(export_id)
    with services().database.writing() as session:
        exports.forget(session, export_id)
    return redirect(url_for(".export_list"), 303)


def _send_found(table: Table) -> ResponseReturnValue:
    search = _search()
    with services().database.reading() as session:
        count = how_many(session, search, _viewer())
    if count > MOST_AT_ONCE:
        return redirect(f"{url_for('.new_export')}?{search.query()}", 303)
    bundles = found_in_turn(services().database, search, _viewer())
    with services().database.writing() as session:
        _record(session, table, count, export_presenter.filters_recorded(search))
    return _send(table, bundles)


def _send_picked(table: Table) -> ResponseReturnValue:
    ids = list(dict.fromkeys(request.form.getlist("lead", type=parse_id)))
    if not ids:
        return redirect(url_for(".lead_list"), 303)
    with services().database.writing() as session:
        _record(session, table, len(ids), "ticked in the list")
    return _send(table, picked_in_turn(services().database, ids))


def _send(table: Table, bundles: Bundles) -> Response:
    name = f"{_name(services().database.clock().date().isoformat())}.{table}"
    if table == "csv":
        return _file(
            csv_file.csv_pieces(columns(services().settings.office.zone), bundles),
            csv_file.MIMETYPE,
            name,
        )
    whole = _workbook(bundles)
    response = _file(_pieces(whole), xlsx_file.MIMETYPE, name)
    response.call_on_close(whole.close)  # also where nobody reads it, as after a HEAD
    return response


def _pieces(whole: IO[bytes]) -> Iterator[bytes]:
    with whole:
        yield from iter(partial(whole.read, _CHUNK), b"")


def _workbook(bundles: Bundles) -> IO[bytes]:
    """An XLSX file, whole before its first piece goes out, and without a name on the disk."""
    with scratch_folder(services().settings.scratch_dir) as folder:
        whole = TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the response
        xlsx_file.write_xlsx(whole, folder, columns(services().settings.office.zone), bundles)
    whole.seek(0)
    return whole


def _file(pieces: Iterator[bytes], mimetype: str, name: str) -> Response:
    response = Response(pieces, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _name(day: str) -> str:
    return f"leads-{day}"


def _own(export_id: int) -> Export:
    """An export that this person asked for; 404 for another's."""
    with services().database.reading() as session:
        found = exports.get(session, export_id)
    if found is None or found.by_id != signed_in_user().id:
        abort(404)
    return found


def _search() -> LeadSearch:
    return LeadSearch.from_query(request.args.to_dict(flat=False))


def _viewer() -> Viewer:
    return Viewer(signed_in_user().id, services().settings.office.zone)


def _record(session: Session, table: str, count: int, filters: str) -> None:
    audit_log.record(
        session,
        "leads.exported",
        by=signed_in_user().id,
        format=table,
        leads=count,
        filters=filters,
    )
