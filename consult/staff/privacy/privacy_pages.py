"""What is held about a person: to take along, and to delete or make anonymous at a press.

A person is all leads that were left the same mail address. No page has that address in its own
address: pages go by the id of one of the leads.
"""

from contextlib import closing
from typing import Literal

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from consult.delivery.mail.transport import FileTransport
from consult.delivery.privacy.erase_leads import erase
from consult.report.pdf.renderer import Renderer, RenderError
from consult.report.person_record import record_html
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.access_log import record_access
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, RoleRequired, blueprint, for_admins, for_staff
from consult.staff.privacy import privacy_presenter
from consult.staff.privacy.privacy_presenter import REASONS, About
from consult.staff.times import agency_time
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.drafts import reminder_consent
from consult.storage.privacy import data_export, deletion_log, erasure
from consult.storage.privacy.erasure import How
from consult.storage.tables.lead_tables import LeadRow
from consult.web.services import services
from consult.web.text import one_line, parse_id

_JSON = "application/json"


@blueprint.get("/person")
@for_admins
def person() -> ResponseReturnValue:
    """Ask for the mail address of somebody who wants to know, or to be forgotten."""
    return render_template("staff/privacy/person.html", error="", typed="")


@blueprint.post("/person")
@for_admins
def find_person() -> ResponseReturnValue:
    """Go to what is held about the person with this mail address."""
    typed = one_line(request.form.get("address", ""))[:254]
    with services().database.reading() as session:
        found = erasure.find_person(session, typed)
        unfinished = reminder_consent.has_address(session, typed)
    if found is None and unfinished:
        return redirect(url_for(".unfinished"), 303)
    if found is None:
        error = "No lead has this address. Check it, or look for the business in the list of leads."
        return render_template("staff/privacy/person.html", error=error, typed=typed), 422
    return redirect(url_for(".lead_data", lead_id=found, whose="person"), 303)


@blueprint.get(f"/leads/<{ID}:lead_id>/data")
@for_staff
@recent_auth_required
def lead_data(lead_id: int) -> ResponseReturnValue:
    """Say what is held about the owner of a lead, and offer to take it along or to erase it."""
    with services().database.reading() as session:
        about = _about(session, lead_id)
    record_access(lead_id, "lead.seen")
    return render_template(
        "staff/privacy/lead_data.html",
        about=about,
        is_admin=signed_in_user().is_admin,
        whose=_whose(),
    )


@blueprint.get(f"/leads/<{ID}:lead_id>/record.json")
@for_staff
@recent_auth_required
def record_json(lead_id: int) -> ResponseReturnValue:
    """Send everything that is held about the owner of a lead, for programs to read."""
    with services().database.writing() as session:
        about = _about(session, lead_id)
        found = data_export.record_of(session, about.lead_ids)
        _record_export(session, lead_id, "json", about)
    response = Response(data_export.as_json(found), mimetype=_JSON)
    response.headers["Content-Disposition"] = f'attachment; filename="record-{lead_id}.json"'
    return response


@blueprint.post(f"/leads/<{ID}:lead_id>/record.pdf")
@for_staff
@recent_auth_required
def record_pdf(lead_id: int) -> ResponseReturnValue:
    """Send everything that is held about the owner of a lead, for people to read."""
    made = services()
    settings = made.settings
    with made.database.reading() as session:
        found = data_export.record_of(session, _about(session, lead_id).lead_ids)
        now = agency_time(session.now())
    page = record_html(found, now, made.brand, settings.paper)
    with closing(Renderer(settings.pdf_timeout_seconds, settings.pdf_memory_mb)) as renderer:
        try:
            content = renderer.render(page)
        except RenderError as error:
            raise ServiceUnavailable from error
    with made.database.writing() as session:
        _record_export(session, lead_id, "pdf", _about(session, lead_id))
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="record-{lead_id}.pdf"'
    return response


@blueprint.get(f"/leads/<{ID}:lead_id>/delete")
@for_admins
@recent_auth_required
def confirm_delete(lead_id: int) -> ResponseReturnValue:
    """Say what goes when a lead is deleted, and ask whether it is to go."""
    return _confirm(lead_id, "delete")


@blueprint.post(f"/leads/<{ID}:lead_id>/delete")
@for_admins
@recent_auth_required
def delete_lead(lead_id: int) -> ResponseReturnValue:
    """Delete a lead, or all of the same person."""
    return _erase(lead_id, "delete")


@blueprint.get(f"/leads/<{ID}:lead_id>/anonymise")
@for_admins
@recent_auth_required
def confirm_anonymise(lead_id: int) -> ResponseReturnValue:
    """Say what goes and what stays when a lead is made anonymous, and ask whether it is to be."""
    return _confirm(lead_id, "anonymise")


@blueprint.post(f"/leads/<{ID}:lead_id>/anonymise")
@for_admins
@recent_auth_required
def anonymise_lead(lead_id: int) -> ResponseReturnValue:
    """Make a lead anonymous, or all of the same person."""
    return _erase(lead_id, "anonymise")


@blueprint.get("/receipts")
@for_admins
def erasure_receipts() -> ResponseReturnValue:
    """Show what the audit log says of leads that went: to answer whoever asked for it."""
    ids = request.args.getlist("lead", type=parse_id)[:100]
    with services().database.reading() as session:
        found = deletion_log.receipts_of(session, ids)
        now = agency_time(session.now())
    shown = [privacy_presenter.receipt_view(receipt, now) for receipt in found]
    return render_template("staff/privacy/deletion_log.html", receipts=shown)


def may_see_data(lead_holder: int | None) -> bool:
    """Whether who is signed in may take along what is held about the owner of a lead."""
    return signed_in_user().is_admin or lead_holder == signed_in_user().id


def _about(session: Session, lead_id: int) -> About:
    """What is held about the owner of a lead, for an admin or the lead's assignee."""
    desk = session.get(LeadRow, lead_id) or abort(404)
    if not may_see_data(desk.assignee_id):
        raise RoleRequired
    ids = erasure.leads_of_person(session, lead_id)
    if not signed_in_user().is_admin:
        # Whoever holds one lead of a person need not be told of those of colleagues.
        ids = [lead_id]
    return privacy_presenter.about(session, lead_id, ids)


def _confirm(lead_id: int, how: How, error: str = "") -> ResponseReturnValue:
    with services().database.reading() as session:
        about = _about(session, lead_id)
    record_access(lead_id, "lead.seen")
    page = render_template(
        "staff/privacy/erase.html",
        about=about,
        how=how,
        reasons=REASONS,
        error=error,
        whose=_whose(),
    )
    return page, 422 if error else 200


def _whose() -> Literal["person"] | None:
    """Whether all leads of the person are meant, as when somebody asked for it, or one alone."""
    return "person" if request.values.get("whose") == "person" else None


def _erase(lead_id: int, how: How) -> ResponseReturnValue:
    why = request.form.get("why", "")
    if why not in REASONS:
        return _confirm(lead_id, how, error="Choose why.")
    made = services()
    with made.database.reading() as session:
        about = _about(session, lead_id)
    ids = about.lead_ids if _whose() == "person" else [lead_id]
    folder = FileTransport(made.settings.mail_dir)
    erase(made.database, folder, ids, how, by=signed_in_user().id, why=why)
    return redirect(url_for(".erasure_receipts", lead=ids), 303)


def _record_export(session: Session, lead_id: int, format: str, about: About) -> None:
    audit_log.record(
        session,
        "lead.data_exported",
        by=signed_in_user().id,
        lead_id=lead_id,
        format=format,
        leads=len(about.lead_ids),
    )
