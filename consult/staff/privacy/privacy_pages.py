"""A person's data: export it, delete it or anonymize it.

A person is all leads with the same email address. That address is in no page's URL: pages are
addressed by the id of one of the leads.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from consult.delivery.mail.transport import FileTransport
from consult.delivery.privacy.erase_leads import erase
from consult.report.pdf.renderer import Renderer, RenderError
from consult.report.person_record import TABLE_LABELS, record_html
from consult.staff.accounts.access import record_access, recording, signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, RoleRequired, blueprint, for_admins, for_staff
from consult.staff.times import agency_time
from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.booking import calendar_setup
from consult.storage.db.database import Session
from consult.storage.drafts import reminder_consent
from consult.storage.leads import leads
from consult.storage.privacy import data_export, erasure
from consult.storage.privacy.erasure import ROWS, Method
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.lead_tables import LeadRow
from consult.web.services import services
from consult.web.text import one_line, parse_id

REASONS: Mapping[str, str] = {
    "requested": "They asked for it",
    "not_needed": "It’s no longer needed",
    "test": "It was a test or a mistake",
}
"""Why staff delete or anonymize a lead, by the word in the audit log."""

_NO_LEAD = "No lead has this address. Check it, or look for the business in the list of leads."
_PAST_BOOKING = (
    "No lead has this address. A calendar reported a booking that is over or was canceled, with "
    "this address. That’s deleted 30 days after the report."
)

REASON_LABELS = {**REASONS, "retention": "Retention period ended"}


@blueprint.get("/person")
@for_admins
def person() -> ResponseReturnValue:
    return render_template("staff/privacy/person.html", error="", typed="")


@blueprint.post("/person")
@for_admins
def find_person() -> ResponseReturnValue:
    typed = one_line(request.form.get("address", ""))[:254]
    with services().database.reading() as session:
        found = erasure.find_person(session, typed)
        unfinished = reminder_consent.has_address(session, typed)
        reported = calendar_setup.of_addresses(session, [typed.lower()])
        to_come = {event.id for one in calendar_setup.unmatched(session) for event in one.events}
    if found is None and unfinished:
        return redirect(url_for(".unfinished"), 303)
    if found is None and to_come & {event.id for event in reported}:
        return redirect(url_for(".unmatched_bookings"), 303)
    if found is None:
        error = _PAST_BOOKING if reported else _NO_LEAD
        return render_template("staff/privacy/person.html", error=error, typed=typed), 422
    return redirect(url_for(".lead_data", lead_id=found, scope="person"), 303)


@blueprint.get(f"/leads/<{ID}:lead_id>/data")
@for_staff
@recent_auth_required
def lead_data(lead_id: int) -> ResponseReturnValue:
    return _page("staff/privacy/lead_data.html", lead_id)


@blueprint.get(f"/leads/<{ID}:lead_id>/record.json")
@for_staff
@recent_auth_required
def data_json(lead_id: int) -> ResponseReturnValue:
    with recording() as session:
        lead_ids = _ids_of_person(session, lead_id)
        exported = data_export.export(session, lead_ids)
        _record_export(session, lead_id, "json", len(lead_ids))
    return _attachment(data_export.to_json(exported), "application/json", f"{lead_id}.json")


@blueprint.post(f"/leads/<{ID}:lead_id>/record.pdf")
@for_staff
@recent_auth_required
def data_pdf(lead_id: int) -> ResponseReturnValue:
    made = services()
    settings = made.settings
    with made.database.reading() as session:
        lead_ids = _ids_of_person(session, lead_id)
        exported = data_export.export(session, lead_ids)
        now = agency_time(session.now())
    page = record_html(exported, now, made.brand, settings.paper)
    with closing(Renderer(settings.pdf_timeout_seconds, settings.pdf_memory_mb)) as renderer:
        try:
            content = renderer.render(page)
        except RenderError as error:
            raise ServiceUnavailable from error
    with recording() as session:
        _record_export(session, lead_id, "pdf", len(lead_ids))
    return _attachment(content, "application/pdf", f"{lead_id}.pdf")


@blueprint.route(f"/leads/<{ID}:lead_id>/delete", methods=["GET", "POST"])
@for_admins
@recent_auth_required
def delete_lead(lead_id: int) -> ResponseReturnValue:
    return _erase(lead_id, "delete")


@blueprint.route(f"/leads/<{ID}:lead_id>/anonymise", methods=["GET", "POST"])
@for_admins
@recent_auth_required
def anonymise_lead(lead_id: int) -> ResponseReturnValue:
    return _erase(lead_id, "anonymise")


@blueprint.get("/receipts")
@for_admins
def deletion_log() -> ResponseReturnValue:
    """Show what the audit log says about deleted leads, as proof for the person who asked."""
    ids = request.args.getlist("lead", type=parse_id)[:100]
    with services().database.reading() as session:
        entries = erasure.deletion_log(session, ids)
    return render_template(
        "staff/privacy/deletion_log.html",
        entries=entries,
        deleted=erasure.ACTIONS["delete"],
        reasons=REASON_LABELS,
        rows_deleted=_rows_deleted,
    )


def may_see_data(assignee_id: int | None) -> bool:
    """Whether the signed-in user may see and export the data of a lead with this assignee."""
    return signed_in_user().is_admin or assignee_id == signed_in_user().id


def table_label(table: str) -> str:
    return TABLE_LABELS.get(table, table.replace("_", " ").capitalize())


def _ids_of_person(session: Session, lead_id: int) -> list[int]:
    """The leads of the same person as this one, newest first, as far as the user may see them."""
    lead = session.get(LeadRow, lead_id) or abort(404)
    if not may_see_data(lead.assignee_id):
        raise RoleRequired
    return erasure.leads_of_person(session, lead_id) if signed_in_user().is_admin else [lead_id]


def _page(template: str, lead_id: int, **context: Any) -> str:
    with services().database.reading() as session:
        ids = _ids_of_person(session, lead_id)
        found = {id: lead for id in ids if (lead := leads.by_id(session, id))}
        rows = erasure.count_rows(session, ids)
        is_anonymous = session.get_one(LeadRow, lead_id).anonymised_at is not None
    record_access(lead_id, "lead.seen")
    contact = found[lead_id].contact
    return render_template(
        template,
        lead_id=lead_id,
        title=contact.business if contact else f"Lead {lead_id}",
        address=contact.email if contact else "",
        leads=found.values(),
        counts=sum((Counter(one) for one in rows.values()), Counter()),
        counts_here=rows[lead_id],
        table_label=table_label,
        is_anonymous=is_anonymous,
        scope=_scope(),
        **context,
    )


def _rows_deleted(entry: AuditRow) -> Mapping[str, Fact]:
    """The number of rows that were deleted, by the label of their table."""
    rows = {key.removeprefix(ROWS): n for key, n in entry.facts.items() if key.startswith(ROWS)}
    return {table_label(table): count for table, count in rows.items()}


def _scope() -> str | None:
    """``person`` if all leads of the person are meant; None for one lead."""
    return "person" if request.values.get("scope") == "person" else None


def _erase(lead_id: int, method: Method) -> ResponseReturnValue:
    """Show what is deleted and what is kept, and ask for a reason; with a reason, do it."""
    reason = request.form.get("reason", "")
    if reason not in REASONS:
        error = "Choose a reason." if request.method == "POST" else ""
        page = _page(
            "staff/privacy/erase.html", lead_id, method=method, reasons=REASONS, error=error
        )
        return page, 422 if error else 200
    made = services()
    with made.database.reading() as session:
        ids = _ids_of_person(session, lead_id)
    ids = ids if _scope() else [lead_id]
    folder = FileTransport(made.settings.mail_dir)
    erase(made.database, folder, ids, method, by=signed_in_user().id, reason=reason)
    return redirect(url_for(".deletion_log", lead=ids), 303)


def _attachment(content: str | bytes, mimetype: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="record-{name}"'}
    return Response(content, mimetype=mimetype, headers=headers)


def _record_export(session: Session, lead_id: int, format: str, leads: int) -> None:
    by = signed_in_user().id
    audit_log.record(
        session, "lead.data_exported", by=by, lead_id=lead_id, format=format, leads=leads
    )
