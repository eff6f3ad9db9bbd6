"""The page of a lead, with its documents and mails."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any

from flask import abort, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from consult.delivery.mail.messages import safe_name
from consult.questionnaire.editions import load
from consult.questionnaire.questions import DEPTH_LABELS
from consult.report.brief import brief_of
from consult.report.display import clock_time, consult_time, long_date, short_time
from consult.report.email_drafts import ADVICE, Correspondence, EmailDraft, EmailKind, draft_email
from consult.report.explanations import reasons_of
from consult.report.report import Report, from_json
from consult.staff.accounts.access import record_access, record_access_after, signed_in_user
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.leads import action_forms, lead_presenter
from consult.staff.leads.action_forms import FormState
from consult.staff.leads.lead_presenter import People
from consult.staff.notifications.notification_pages import delivery_view
from consult.staff.privacy.privacy_pages import may_see_data
from consult.staff.times import agency_time, away_text, colleagues_of
from consult.storage import deliveries, documents, jobs
from consult.storage.accounts import accounts
from consult.storage.db.database import Session
from consult.storage.documents import BRIEF, REPORT
from consult.storage.leads import leads, notes
from consult.storage.leads.changes import can_undo
from consult.storage.leads.leads import (
    LeadDetails,
    assessments_in,
    lead_details,
    standing,
    timeline,
    was_reached,
)
from consult.storage.page_events import REVIEW
from consult.storage.search.find_leads import neighbors
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.search.same_person import firm_domain, same_person
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.storage.tables.submission_tables import ContactRow
from consult.web.services import services
from consult.workflow.office_hours import Office, follow_up_days
from consult.workflow.spam import in_words
from consult.workflow.stages import NAMES, OUTCOMES, describe_source
from consult.workflow.telephone import phone_link, time_at

_ANONYMOUS = (
    "This lead was made anonymous in the meantime. No PDF is created and nothing is sent for it."
)


@blueprint.get(f"/leads/<{ID}:lead_id>")
@for_staff
def lead(lead_id: int) -> ResponseReturnValue:
    """Show one lead on one page; the address may contain the filter of the list it is in."""
    return lead_page(lead_id)


def lead_page(lead_id: int, form_state: FormState | None = None) -> str:
    """Render the page of a lead, with a form that was refused; 404 if the lead does not exist."""
    office, me = services().settings.office, signed_in_user()
    search = LeadFilter.from_query(request.args.to_dict(flat=False))
    with services().database.reading() as session:
        found = lead_details(session, lead_id, me.id) or abort(404)
        submission, lead, contact = found.submission, found.lead, found.submission.contact
        events = timeline(session, lead_id)
        written = notes.notes_of(session, lead_id)
        people = {user.id: user for user in accounts.all_users(session)}
        before, after = neighbors(session, search, Viewer(me.id, office.zone), lead_id)
        same = same_person(session, lead, contact) if contact else []
        sent = _sent(session, found)
        now = session.now().astimezone(office.zone)
    # Here and not in the view: forms that are refused show the page as well.
    record_access_after(found.viewed_at, lead_id, "lead.seen")
    report = from_json(submission.report)
    reasons = reasons_of(submission.edition, submission.depth, submission.answers)
    pages = load(submission.edition).texts.pages
    reached = was_reached(events)
    return render_template(
        "staff/leads/lead.html",
        lead_id=lead_id,
        title=contact.business if contact else f"Lead {lead_id}",
        lead=lead,
        submission=submission,
        depth_label=DEPTH_LABELS[submission.depth],
        contact=contact,
        drafts=email_drafts(found, events, report, me.name, now),
        last_words=lead_presenter.last_words(written, events),
        same_person=same,
        source=describe_source(submission.source),
        report=report,
        advice=ADVICE[report.consult.recommended],
        reasons=reasons,
        brief=brief_of(report, reasons),
        money=lead_presenter.money_text(reasons.money, report.money),
        sees_data=may_see_data(lead.assignee_id),
        stage_names=NAMES,
        events=events,
        person=partial(lead_presenter.name_of, people),
        describe=partial(lead_presenter.describe_event, people=people),
        page_titles={REVIEW: "Check your answers"} | {id: page.title for id, page in pages.items()},
        pages=found.pages,
        notes=written,
        reached=reached,
        assessments=assessments_in(events) if reached else {},
        form_state=form_state or FormState(),
        done="" if form_state else request.args.get("done", ""),
        opened=request.args.get("open", ""),
        before=before,
        after=after,
        query=search.query(),
        choices=lead_presenter.CHOICES,
        **_ways_to_reach(contact, now),
        **_status(found, events, people, office, now),
        **sent,
    )


def _ways_to_reach(contact: ContactRow | None, now: datetime) -> Mapping[str, Any]:
    """How to reach an owner, and what their form said of a robot."""
    dial = phone_link(contact.phone or "") if contact else ""
    there = time_at(dial, now)
    return {
        "signs": in_words(contact.signs) if contact else [],
        "watched": in_words(contact.signs, counts=False) if contact else [],
        "phone_link": dial,
        "time_there": f"It’s {clock_time(there[1])} in area code {there[0]}." if there else "",
        "website": firm_domain(contact.email) if contact else "",
    }


def _status(
    found: LeadDetails,
    events: Sequence[LeadEventRow],
    people: People,
    office: Office,
    now: datetime,
) -> Mapping[str, Any]:
    """How far a lead is, what is next, and the forms that can be sent now."""
    lead, booking, me = found.lead, found.booking, signed_in_user()
    has_contact = found.submission.contact is not None
    next_form, next_text = action_forms.next_step(
        lead, me.id, now, has_contact=has_contact, booking=booking, events=events
    )
    forms = action_forms.forms_for(lead, me.id, now, is_admin=me.is_admin, booking=booking)
    # Beside the buttons to call and write, for whoever can be called.
    logs_contact = has_contact and "contact" in forms
    elsewhere = {next_form, *(["contact"] if logs_contact else [])}
    offered_to = people.get(lead.offered_to_id or 0)
    return {
        "next_form": next_form,
        "next_text": next_text,
        "logs_contact": logs_contact,
        "more_forms": [form for form in forms if form not in elsewhere],
        "can_resend": {
            *(*forms, "assessments"),
            *(f"stage-{stage}" for stage in OUTCOMES if "outcome" in forms),
        },
        "stretches": lead_presenter.stage_track(lead.stage),
        "first_reply": lead_presenter.first_reply(lead, office, now),
        "colleagues": colleagues_of(people.values(), me.id, now),
        "offered_to_away": away_text(offered_to, now) if offered_to else "",
        "days": follow_up_days(office, office.today(now)),
        "today": office.today(now),
        "zone": now.tzname(),
        "is_open_then": bool(lead.follow_up_on and office.is_open_on(lead.follow_up_on)),
        "won_amount": lead_presenter.amount_of(lead),
        "can_undo": can_undo(lead, me.id, now),
        "booking": booking,
        "consult_when": short_time(agency_time(booking.starts_at)) if booking else "",
        "consult_facts": lead_presenter.consult_facts(lead, booking) if booking else [],
        "did_not_book": found.did_not_book,
    }


def _sent(session: Session, found: LeadDetails) -> Mapping[str, Any]:
    """The PDFs about a lead, what was sent about it, and the jobs that do that."""
    lead_id = found.lead.submission_id
    pdf_jobs = jobs.pdf_jobs(session, lead_id)
    mails = [delivery_view(delivery) for delivery in deliveries.for_lead(session, lead_id)]
    kinds = () if found.lead.anonymised_at else (BRIEF, REPORT)
    return {
        "stored": found.stored,
        "pdf_jobs": pdf_jobs,
        "pdf_states": {
            kind: documents.pdf_state(found.submission, kind, found.stored[kind], pdf_jobs)
            for kind in kinds
        },
        "emails": [mail for mail in mails if mail.row.recipient == "owner"],
        "notified": [mail for mail in mails if mail.row.recipient != "owner"],
    }


def back_to(lead_id: int, done: str = "", part: str = "") -> str:
    """The address of a lead's page in the list that it was opened from.

    `done` is the name of what was done, which the page then says; `part` is the id to go to. What
    was pressed on Today leads back there.
    """
    if request.args.get("to") == "today":
        return url_for(".today_page", done=done, lead=lead_id)
    search = LeadFilter.from_query(request.args.to_dict(flat=False))
    query = search.query(done=done) if done else search.query()
    place = f"#{part}" if part else ""
    return url_for(".lead", lead_id=lead_id) + (f"?{query}" if query else "") + place


@blueprint.post(f"/leads/<{ID}:lead_id>/try-again")
@for_staff
def try_again(lead_id: int) -> ResponseReturnValue:
    """Retry the failed jobs of a lead and create its PDFs; an anonymous lead is refused."""
    with services().database.writing() as session:
        lead = session.get(LeadRow, lead_id) or abort(404)
        if not lead.anonymised_at:
            jobs.retry_failed(session, lead_id)
            leads.ask_for_documents(session, lead_id)
    if lead.anonymised_at:
        return lead_page(lead_id, FormState(errors={"": _ANONYMOUS})), 422
    return redirect(back_to(lead_id), 303)


@blueprint.get(f"/leads/<{ID}:lead_id>/report.pdf")
@for_staff
def report_pdf(lead_id: int) -> ResponseReturnValue:
    """Send the owner's PDF; without one, the lead's page shows its state."""
    return _document(lead_id, REPORT, "lead.report_read", f"lead-{lead_id}.pdf")


@blueprint.get(f"/leads/<{ID}:lead_id>/brief.pdf")
@for_staff
def brief_pdf(lead_id: int) -> ResponseReturnValue:
    """Send the call brief; without one, the lead's page shows its state."""
    return _document(lead_id, BRIEF, "lead.brief_read", f"lead-{lead_id}-brief.pdf")


@blueprint.get(f"/leads/<{ID}:lead_id>/mails/<{ID}:mail_id>")
@for_staff
def mail(lead_id: int, mail_id: int) -> ResponseReturnValue:
    with services().database.reading() as session:
        emails = deliveries.report_emails(session, lead_id)
    sent = [email for email in emails if email.id == mail_id and email.sent_at] or abort(404)
    record_access(lead_id, "lead.mail_read")
    return render_template("staff/leads/mail.html", mail=delivery_view(sent[0]), lead_id=lead_id)


def _document(lead_id: int, kind: str, action: str, name: str) -> ResponseReturnValue:
    with services().database.reading() as session:
        if session.get(LeadRow, lead_id) is None:
            abort(404)
        document = documents.get(session, lead_id, kind)
    if document is None:
        return redirect(url_for(".lead", lead_id=lead_id), 303)
    record_access(lead_id, action)
    return send_file(BytesIO(document.content), mimetype="application/pdf", download_name=name)


# --- Emails to the owner --------------------------------------------------------------------------


def email_drafts(
    found: LeadDetails,
    events: Iterable[LeadEventRow],
    report: Report,
    writer: str,
    now: datetime,
) -> Mapping[EmailKind, EmailDraft]:
    """The emails that a user named `writer` may send to an owner; the one to offer comes first.

    None without a contact. `now` is a time in the agency's zone.
    """
    lead, booking, contact = found.lead, found.booking, found.submission.contact
    if contact is None:
        return {}
    offer, again = services().booking_offer, lead.follow_up_on
    consult_at = lead.consult_at if lead.stage == "consult_booked" else None
    if booking and booking.starts_at != consult_at:  # staff changed the time, or called it off
        booking = None
    zone = booking.zone if booking else str(now.tzinfo)
    moves = [event.data["to"] for event in standing(events) if event.kind == "moved"]
    case = Correspondence(
        name=safe_name(contact.name),
        email=contact.email,
        wants_consult=contact.wants_consult,
        writer=writer,
        brand=services().brand,
        # An owner's own pages can't be linked: of their links, only hashes are stored.
        booking_link=offer.url,
        books_on_result=offer.how == "own",
        consult_at=consult_time(consult_at, zone) if consult_at and consult_at > now else "",
        is_requested=booking is not None and booking.state == "requested",
        follow_up_on=long_date(again) if again and again > now.date() else "",
        held="consult_held" in moves or (consult_at is not None and consult_at <= now),
    )
    kinds: tuple[EmailKind, ...] = ("first", "after_call")
    if was_reached(events):
        kinds = kinds[::-1]
    return {kind: draft_email(kind, report, case) for kind in kinds}
