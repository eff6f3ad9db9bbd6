"""The page of a lead, with its documents and mails."""

from io import BytesIO

from flask import abort, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from consult.report.brief import brief_of
from consult.staff import presenters
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.access_log import record_access_after, records_access
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.leads import status_presenter
from consult.staff.leads.money_presenter import money_view
from consult.staff.leads.page_times_presenter import journey_view
from consult.staff.leads.timeline_presenter import line
from consult.staff.notifications.delivery_presenter import delivery_view
from consult.staff.privacy.privacy_pages import may_see_data
from consult.staff.times import agency_time
from consult.storage import deliveries, documents, jobs
from consult.storage.accounts import accounts
from consult.storage.leads import assessments, leads, notes
from consult.storage.leads.leads import LeadDetails, lead_details
from consult.storage.leads.timeline import timeline, was_reached
from consult.storage.privacy.erasure import is_anonymous
from consult.storage.search.find_leads import neighbors
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.web.services import services

_PAPERS = (
    (documents.BRIEF, "Call brief", ".brief_pdf"),
    (documents.REPORT, "Their report", ".report_pdf"),
)


_NOTHING_TO_MAKE = (
    "This lead was made anonymous in the meantime. No PDF is created and nothing is sent for it."
)


@blueprint.get(f"/leads/<{ID}:lead_id>")
@for_staff
def lead(lead_id: int) -> ResponseReturnValue:
    """Show one lead on one page; the address may hold the search of the list it is in."""
    return lead_page(lead_id)


def lead_page(
    lead_id: int,
    form_state: status_presenter.FormState | None = None,
    since: int | None = None,
) -> str:
    """The page of a lead; 404 for one that is not there.

    `form_state` is a form that was refused; `since` is the version of the lead that its sender saw,
    if others changed it in the meantime.
    """
    made, me = services(), signed_in_user()
    office = made.settings.office
    search = LeadFilter.from_query(request.args.to_dict(flat=False))
    with made.database.reading() as session:
        whole = lead_details(session, lead_id, me.id) or abort(404)
        found, standing = whole.submission, whole.lead
        pdf_jobs = jobs.pdf_jobs(session, lead_id)
        sent = deliveries.for_lead(session, lead_id)
        events = timeline(session, lead_id)
        written = notes.notes_of(session, lead_id)
        people = {user.id: user for user in accounts.all_users(session)}
        judged = assessments.assessments_of(session, lead_id) if was_reached(events) else {}
        beside = neighbors(session, search, Viewer(me.id, office.zone), lead_id)
        now = session.now().astimezone(office.zone)
    papers = (
        []
        if standing.anonymised_at
        else [
            _paper(
                whole, documents.pdf_state(found, kind[0], whole.stored[kind[0]], pdf_jobs), *kind
            )
            for kind in _PAPERS
        ]
    )
    # Here and not with the view: the page also answers forms, such as one that came too late.
    record_access_after(whole.viewed_at, lead_id, "lead.seen")
    shown = presenters.lead_view(found, papers, pdf_jobs, now)
    views = [delivery_view(delivery, now) for delivery in sent]
    return render_template(
        "staff/leads/lead.html",
        lead=shown,
        emails=[view for view in views if view.recipient == "owner"],
        notified=[view for view in views if view.recipient != "owner"],
        anonymous=standing.anonymised_at is not None,
        sees_data=may_see_data(standing.assignee_id),
        brief=brief_of(shown.report, shown.reasons),
        money=money_view(shown.reasons.money, shown.report.money),
        desk=status_presenter.desk_view(
            *(standing, found.submitted_at, events, people, me.id, office, now),
            known=found.contact is not None,
        ),
        timeline=[line(event, people, now) for event in reversed(events)],
        journey=journey_view(found.edition, whole.pages),
        notes=[status_presenter.note_view(note, people, me.id, now) for note in written],
        colleagues=status_presenter.colleagues(people, me.id),
        assessments=judged,
        form_state=form_state or status_presenter.FormState(),
        done="" if form_state else status_presenter.DONE.get(request.args.get("done", ""), ""),
        changes=[
            line(event, people, now) for event in events if since and (event.version or 0) > since
        ],
        conflict=since is not None,
        zone=now.tzname(),
        before=beside[0],
        after=beside[1],
        query=search.query(),
        today=office.today(now),
        choices=status_presenter.CHOICES,
    )


def back_to(lead_id: int, done: str = "", part: str = "") -> str:
    """The page of a lead, in the list that it was opened from.

    `done` is the name of what was done, which the page then says; `part` is where to look on it.
    """
    search = LeadFilter.from_query(request.args.to_dict(flat=False))
    query = search.query(done=done) if done else search.query()
    place = f"#{part}" if part else ""
    return url_for(".lead", lead_id=lead_id) + (f"?{query}" if query else "") + place


@blueprint.post(f"/leads/<{ID}:lead_id>/try-again")
@for_staff
def try_again(lead_id: int) -> ResponseReturnValue:
    """Give what was given up for a lead, a PDF or a mail, all its tries once more.

    Of a demo lead, this makes the PDFs, which nobody has asked for before. Of an anonymous one
    nothing is made any more, which is told.
    """
    with services().database.writing() as session:
        if leads.by_id(session, lead_id) is None:
            abort(404)
        anonymous = is_anonymous(session, lead_id)
        if not anonymous:
            jobs.retry_failed(session, lead_id)
            leads.ask_for_documents(session, lead_id)
    if anonymous:
        return lead_page(lead_id, status_presenter.FormState(errors={"": _NOTHING_TO_MAKE})), 422
    return redirect(back_to(lead_id), 303)


@blueprint.get(f"/leads/<{ID}:lead_id>/report.pdf")
@for_staff
@records_access("lead.report_read")
def report_pdf(lead_id: int) -> ResponseReturnValue:
    """Send the owner's PDF; while there is none, the lead's page says how it stands."""
    return _document(lead_id, documents.REPORT, f"lead-{lead_id}.pdf")


@blueprint.get(f"/leads/<{ID}:lead_id>/brief.pdf")
@for_staff
@records_access("lead.brief_read")
def brief_pdf(lead_id: int) -> ResponseReturnValue:
    """Send the brief for the call; while there is none, the lead's page says how it stands."""
    return _document(lead_id, documents.BRIEF, f"lead-{lead_id}-brief.pdf")


@blueprint.get(f"/leads/<{ID}:lead_id>/mails/<{ID}:mail_id>")
@for_staff
@records_access("lead.mail_read")
def mail(lead_id: int, mail_id: int) -> ResponseReturnValue:
    """Show the text of a mail that was sent to a lead's owner."""
    with services().database.reading() as session:
        sent = [
            email
            for email in deliveries.report_emails(session, lead_id)
            if email.id == mail_id and email.sent_at
        ]
        now = agency_time(session.now())
    if not sent:
        abort(404)
    return render_template(
        "staff/leads/mail.html", mail=delivery_view(sent[0], now), lead_id=lead_id
    )


def _paper(
    whole: LeadDetails, state: documents.PdfState, kind: str, name: str, endpoint: str
) -> presenters.Paper:
    lead, stored = whole.submission, whole.stored[kind]
    return presenters.Paper(
        name=name,
        url=url_for(endpoint, lead_id=lead.id),
        state=state,
        is_there=stored > 0,
    )


def _document(lead_id: int, kind: str, name: str) -> ResponseReturnValue:
    with services().database.reading() as session:
        if leads.by_id(session, lead_id) is None:
            abort(404)
        document = documents.get(session, lead_id, kind)
    if document is None:
        return redirect(url_for(".lead", lead_id=lead_id), 303)
    return send_file(BytesIO(document.content), mimetype="application/pdf", download_name=name)
