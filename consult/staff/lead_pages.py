"""The page of a lead, with its documents and mails."""

from io import BytesIO

from flask import abort, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from consult.delivery import outbox
from consult.staff import views
from consult.staff.blueprint import ID, blueprint
from consult.staff.person_pages import may_see_data
from consult.staff.rights import for_staff
from consult.staff.trail import noted
from consult.staff.webhook_views import told_of_lead
from consult.storage import documents, leads, mails, staff_mails, webhooks
from consult.storage.database import Session
from consult.storage.deliveries import deliveries, pdf_states
from consult.storage.desk import desk_of
from consult.web.services import services

_PAPERS = (
    (documents.BRIEF, "Call brief", ".brief_pdf"),
    (documents.REPORT, "Their report", ".report_pdf"),
)


@blueprint.get(f"/leads/<{ID}:lead_id>")
@for_staff
@noted("lead.seen")
def lead(lead_id: int) -> ResponseReturnValue:
    """Show one lead on one page."""
    with services().database.reading() as session:
        found = leads.by_id(session, lead_id) or abort(404)
        papers = [_paper(session, lead_id, *kind) for kind in _PAPERS]
        steps = deliveries(session, lead_id)
        letters = mails.mails_of(session, lead_id)
        to_staff = staff_mails.of_lead(session, lead_id)
        to_programs = webhooks.log_of_lead(session, lead_id)
        desk = desk_of(session, lead_id)
        now = session.now()
    return render_template(
        "staff/lead.html",
        lead=views.lead_view(found, papers, steps, letters, now),
        told=told_of_lead(to_staff, to_programs, now),
        sees_data=may_see_data(desk.holder_id if desk else None),
    )


@blueprint.post(f"/leads/<{ID}:lead_id>/try-again")
@for_staff
def try_again(lead_id: int) -> ResponseReturnValue:
    """Give what was given up for a lead, a PDF or a mail, all its tries once more.

    Of a demo lead, this makes the PDFs, which nobody has asked for before.
    """
    with services().database.writing() as session:
        if leads.by_id(session, lead_id) is None:
            abort(404)
        outbox.run_again(session, lead_id)
        leads.ask_for_documents(session, lead_id)
    return redirect(url_for(".lead", lead_id=lead_id), 303)


@blueprint.get(f"/leads/<{ID}:lead_id>/report.pdf")
@for_staff
@noted("lead.report_read")
def report_pdf(lead_id: int) -> ResponseReturnValue:
    """Send the owner's PDF; while there is none, the lead's page says how it stands."""
    return _document(lead_id, documents.REPORT, f"lead-{lead_id}.pdf")


@blueprint.get(f"/leads/<{ID}:lead_id>/brief.pdf")
@for_staff
@noted("lead.brief_read")
def brief_pdf(lead_id: int) -> ResponseReturnValue:
    """Send the brief for the call; while there is none, the lead's page says how it stands."""
    return _document(lead_id, documents.BRIEF, f"lead-{lead_id}-brief.pdf")


@blueprint.get(f"/leads/<{ID}:lead_id>/mails/<{ID}:mail_id>")
@for_staff
@noted("lead.mail_read")
def mail(lead_id: int, mail_id: int) -> ResponseReturnValue:
    """Show the text of a mail that was sent to a lead's owner."""
    with services().database.reading() as session:
        sent = [
            letter
            for letter in mails.mails_of(session, lead_id)
            if letter.mail.id == mail_id and letter.mail.sent_at
        ]
        now = session.now()
    if not sent:
        abort(404)
    return render_template("staff/mail.html", mail=views.mail_view(sent[0], now), lead_id=lead_id)


def _paper(session: Session, lead_id: int, kind: str, name: str, endpoint: str) -> views.Paper:
    return views.Paper(
        name=name,
        url=url_for(endpoint, lead_id=lead_id),
        state=pdf_states(session, [lead_id], kind)[lead_id],
        is_there=documents.stored_revision(session, lead_id, kind) > 0,
    )


def _document(lead_id: int, kind: str, name: str) -> ResponseReturnValue:
    with services().database.reading() as session:
        if leads.by_id(session, lead_id) is None:
            abort(404)
        document = documents.get(session, lead_id, kind)
    if document is None:
        return redirect(url_for(".lead", lead_id=lead_id), 303)
    return send_file(BytesIO(document.content), mimetype="application/pdf", download_name=name)
