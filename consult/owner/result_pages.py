"""The result: the page, its read-only copy, the PDF, and the step from a quick to a full check."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.crypto import booking_token, opens_contact, shared_result, shared_token
from consult.owner.open_draft import OPEN, OpenDraft, visit_of, walk_of
from consult.owner.slot_form import booked_consult
from consult.questionnaire import Answer, Depth, Walk, walk
from consult.questionnaire.editions import load, newest
from consult.questionnaire.yaml_texts import for_owner
from consult.report.display import long_date
from consult.report.report import from_json
from consult.storage import deliveries, documents
from consult.storage.booking import bookings
from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import as_answer
from consult.storage.leads import leads
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from consult.web.embed import full_path
from consult.web.limits import network_of
from consult.web.services import secret_key, services

SECONDS_TO_WAIT = 3
SECONDS_PER_ANSWER = 12
"""Our estimate for a question with four answers to read."""

result_pages = Blueprint("results", __name__, url_prefix="/result/<token>")


shared_pages = Blueprint("shared", __name__, url_prefix="/shared/<token>")


@result_pages.get("")
def result(token: str) -> ResponseReturnValue:
    lead = open_result(token)
    key = request.args.get("thanks", "")
    shared = shared_token(secret_key(), lead.result_token_hash)
    contact = lead.contact if opens_contact_of(lead, key) else None
    return _result_page(
        lead,
        token=token,
        shared_url=services().settings.base_url + full_path("shared.result", token=shared),
        full_depth=_full_depth_offer(lead),
        pdf_is_open=not is_contact_required(lead.contact is not None, "pdf", "result"),
        late="late" in request.args,
        thanks=bool(key) and lead.contact is not None,
        key=key,
        contact=contact,
        unreachable=contact.signs.get("mail_server") if contact else None,
        looked_up=contact is not None and services().settings.spam_mail_server != "off",
        wants_consult=lead.contact is not None and lead.contact.wants_consult,
        mailed=bool(key) and _is_report_mailed(lead),
        confirmation=_confirmation(lead, key),
        booked=_booked(lead),
    )


@shared_pages.get("", endpoint="result")
def shared_result_page(token: str) -> ResponseReturnValue:
    """Show a result to whom its owner showed it: no contact, no PDF, nothing to change."""
    return _result_page(find_shared(token), token=token, shared=True)


def _result_page(lead: SubmissionRow, **more: Any) -> str:
    report = from_json(lead.report)
    return render_template(
        "owner/result.html",
        report=report,
        depth=report.depth,
        check_again=long_date(report.check_again_on(lead.submitted_at.date())),
        texts=load(lead.edition).texts.findings["report"],
        base_url=services().settings.base_url,
        booking=services().booking_offer,
        **more,
    )


@result_pages.get("/report.pdf")
def pdf(token: str) -> ResponseReturnValue:
    """Show the PDF; until it is made, a page that reloads itself or says that making it failed."""
    ready = documents.current_for_token(services().database, token, documents.REPORT)
    if ready is None:
        return _no_pdf_yet(token)
    if is_contact_required(ready.has_contact, "pdf", "result"):
        return _to_contact(token)
    response = Response(ready.content, mimetype="application/pdf")
    name = f"relay-check-{ready.submitted_at:%Y-%m-%d}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _no_pdf_yet(token: str) -> ResponseReturnValue:
    lead = find_lead(token)
    if is_contact_required(lead.contact is not None, "pdf", "result"):
        return _to_contact(token)
    with services().database.reading() as session:
        state = documents.pdf_states(session, [lead.id]).get(lead.id)
    if state == "on_demand":  # no longer stored, or never requested: so it is requested now
        services().database.write_if_free(
            lambda session: leads.ask_for_documents(session, lead.id), "a request for a PDF"
        )
    failed = state == "failed"
    page = render_template("owner/waiting.html", token=token, failed=failed)
    response = make_response(page, 503 if failed else 202)
    if not failed:
        # Also if it is ready by now: the page reloads, and finds it.
        response.headers["Refresh"] = str(SECONDS_TO_WAIT)
    return response


@result_pages.post("/full-depth")
def start_full_depth(token: str) -> Response:
    """Continue a quick check as a full check, in a new draft that keeps its answers."""
    made = services()
    lead = open_result(token)
    if _full_depth_offer(lead) is None:
        return redirect(url_for(".result", token=token), 303)
    made.limits.consume("starts", made.settings.limit_starts, network_of(request.remote_addr))
    with made.database.writing() as session:
        # The time spent so far counts as well, or a full check would seem to take no time.
        elapsed = timedelta(seconds=lead.seconds_taken)
        shown = visit_of(_walk_as(lead, "full").first_open_page)
        draft_token = drafts.start(
            session, lead.edition, "full", lead.source, elapsed=elapsed, shown=shown
        )
        draft = drafts.save(session, draft_token, _given(lead))
        if draft is None:
            raise LookupError("the draft that was just started does not exist")
    opened = OpenDraft(draft_token, draft, walk_of(draft), OPEN)
    return redirect(f"{opened.first_open_url}&more=1", 303)


# --- Access --------------------------------------------------------------------------------------


def find_lead(token: str) -> SubmissionRow:
    """Return the lead of a result link; aborts with 404 if there is none."""
    with services().database.reading() as session:
        return leads.by_result_token(session, token) or abort(404)


def find_shared(token: str) -> SubmissionRow:
    """Return the lead of a read-only link; aborts with 404 if there is none."""
    result_hash = shared_result(secret_key(), token) or abort(404)
    with services().database.reading() as session:
        lead = leads.by_result_hash(session, result_hash)
    if lead is None or is_contact_required(lead.contact is not None, "result"):
        abort(404)
    return lead


def opens_contact_of(lead: SubmissionRow, key: str) -> bool:
    """Return whether the key in the query shows and changes the contact of this result."""
    return lead.contact is not None and opens_contact(
        secret_key(), lead.result_token_hash, lead.contact.email, key
    )


def open_result(token: str) -> SubmissionRow:
    """Return the lead, or redirect to the contact form where that has to come first."""
    lead = find_lead(token)
    if is_contact_required(lead.contact is not None, "result"):
        abort(_to_contact(token))
    return lead


def is_contact_required(has_contact: bool, *before: str) -> bool:
    """Return whether the agency asks for the contact before any of these, and has none yet."""
    return not has_contact and services().settings.contact_before in before


def _to_contact(token: str) -> Response:
    return redirect(url_for("contact.contact", token=token), 303)


# --- What the page shows -------------------------------------------------------------------------


def can_email() -> bool:
    """Whether there is a mail server; without one, no page asks for an address to remind."""
    return services().settings.smtp_url is not None


def is_confirmation_offered(contact: ContactRow) -> bool:
    """Whether the report waits until its owner confirms the address, and can."""
    offered = services().settings.confirm_mail != "off" and can_email()
    return offered and contact.waiting_token is not None


def _booked(lead: SubmissionRow) -> dict[str, Any] | None:
    """The consult to come, with its page if it can be moved here; None if there is none."""
    with services().database.reading() as session:
        booking = bookings.active_booking(session, lead.id)
    if booking is None:
        return None
    is_own = booking.calendar == "own"
    link = booking_token(secret_key(), booking.id) if is_own else ""
    return {"consult": booked_consult(booking), "link": link}


def _confirmation(lead: SubmissionRow, key: str) -> dict[str, Any] | None:
    """What the page needs to ask for the email to confirm the address; None if none waits."""
    if lead.contact is None or not is_confirmation_offered(lead.contact):
        return None
    asked = lead.contact.confirm_hash is not None or "asked" in request.args
    return {"asked": asked, "key": key or None}


def _is_report_mailed(lead: SubmissionRow) -> bool:
    if lead.contact is None or not can_email() or lead.contact.waiting_token:
        return False  # without a mail server it is a file until staff send it
    with services().database.reading() as session:
        emails = deliveries.report_emails(session, lead.id)
    return (
        bool(emails)
        and emails[-1].address == lead.contact.email
        and deliveries.delivery_status(emails[-1]).state != "failed"
    )


# --- From a quick check to the full check ---------------------------------------------------------


def _full_depth_offer(lead: SubmissionRow) -> dict[str, Any] | None:
    """What the full check would add to a quick check; None if nothing is left to answer.

    `answers` are those still to give, `parts` all that a full check scores for this business,
    `left_out` the names of those that the quick check did not touch.
    """
    if lead.depth != "quick":
        return None
    full = _walk_as(lead, "full")
    still_open = len(full.missing)
    if not still_open:
        return None
    parts, seen = _scored_parts(full), _scored_parts(_walk_as(lead, "quick"))
    return {
        "answers": still_open,
        "minutes": max(1, round(still_open * SECONDS_PER_ANSWER / 60)),
        "parts": len(parts),
        "left_out": [name for id, name in parts.items() if id not in seen],
    }


def _given(lead: SubmissionRow) -> dict[str, tuple[Answer, str]]:
    """Every answer with the variant of the wording that it was given under."""
    return {id: (as_answer(a), lead.wording[id]["variant"]) for id, a in lead.answers.items()}


def _walk_as(lead: SubmissionRow, depth: Depth) -> Walk:
    given = _given(lead)
    answers = {id: answer for id, (answer, _) in given.items()}
    return walk(newest(), answers, depth, {id: variant for id, (_, variant) in given.items()})


def _scored_parts(walk: Walk) -> Mapping[str, str]:
    """The names of the parts of both scores that a walk asks about, by id."""
    texts = walk.questionnaire.texts.findings["dimensions"]
    asked = {asked.id for asked in walk.asked}
    parts = walk.questionnaire.dimensions
    return {
        part.id: for_owner(texts[part.id], walk.facts)["name"]
        for part in parts
        if part.sorting or asked & set(part.items)
    }
