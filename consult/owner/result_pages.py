"""The result: the page, its read-only copy, the PDF, and the step from a quick to a full check."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.crypto import booking_token, opens_contact, shared_result, shared_token
from consult.owner.form_guard import can_email
from consult.owner.open_draft import OPEN, visit_of
from consult.owner.slot_form import booked_consult
from consult.questionnaire.editions import load, newest
from consult.questionnaire.journey import Walk, walk
from consult.questionnaire.questions import Answer
from consult.report.display import long_date
from consult.report.html_document import STATE_TEXTS
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
    submitted = open_result(token)
    key = request.args.get("thanks", "")
    shared = shared_token(secret_key(), submitted.result_token_hash)
    contact = submitted.contact if opens_contact_of(submitted, key) else None
    return _result_page(
        submitted,
        token=token,
        shared_url=services().settings.base_url + full_path("shared.result", token=shared),
        full_depth=_full_depth_offer(submitted),
        pdf_is_open=not is_contact_required(submitted.contact is not None, "pdf", "result"),
        late="late" in request.args,
        thanks=bool(key) and submitted.contact is not None,
        key=key if contact else None,
        contact=contact,
        unreachable=contact.signs.get("mail_server") if contact else None,
        looked_up=contact is not None and services().settings.spam_mail_server != "off",
        wants_consult=submitted.contact is not None and submitted.contact.wants_consult,
        mailed=bool(key) and _is_report_mailed(submitted),
        confirmation=_confirmation(submitted, key),
        booked=_booked(submitted),
    )


@shared_pages.get("", endpoint="result")
def shared_result_page(token: str) -> ResponseReturnValue:
    """Show a result to those its owner shared it with: no contact, no PDF, nothing to change."""
    return _result_page(find_shared(token), token=token, shared=True)


def _result_page(submitted: SubmissionRow, **more: Any) -> str:
    report = from_json(submitted.report)
    return render_template(
        "owner/result.html",
        report=report,
        depth=report.depth,
        check_again=long_date(report.check_again_on(submitted.submitted_at.date())),
        texts=load(submitted.edition).texts.findings["report"],
        states=STATE_TEXTS,
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
    submitted = find_submission(token)
    if is_contact_required(submitted.contact is not None, "pdf", "result"):
        return _to_contact(token)
    with services().database.reading() as session:
        state = documents.report_state(session, submitted.id)
    if state == "on_demand":  # no longer stored, or never requested: so it is requested now
        services().database.write_if_free(
            lambda session: leads.ask_for_documents(session, submitted.id), "a request for a PDF"
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
    submitted = open_result(token)
    first = _full_walk(submitted).first_open_page if submitted.depth == "quick" else None
    if first is None:
        return redirect(url_for(".result", token=token), 303)
    made.limits.consume("starts", made.settings.limit_starts, network_of(request.remote_addr))
    with made.database.writing() as session:
        # The time spent so far counts as well, or a full check would seem to take no time.
        elapsed = timedelta(seconds=submitted.seconds_taken)
        shown, source = visit_of(first), submitted.source
        started = drafts.start(
            session, submitted.edition, "full", source, elapsed=elapsed, shown=shown
        )
        drafts.save(session, started, _given(submitted))
    url = url_for("questionnaire.questions", token=started, page_id=first.id, then=OPEN, more=1)
    return redirect(url, 303)


# --- Access --------------------------------------------------------------------------------------


def find_submission(token: str) -> SubmissionRow:
    """Return what was submitted, by its result link; aborts with 404 if there is none."""
    with services().database.reading() as session:
        return leads.by_result_token(session, token) or abort(404)


def find_shared(token: str) -> SubmissionRow:
    """Return what was submitted, by its read-only link; aborts with 404 if there is none."""
    result_hash = shared_result(secret_key(), token) or abort(404)
    with services().database.reading() as session:
        submitted = leads.by_result_hash(session, result_hash)
    if submitted is None or is_contact_required(submitted.contact is not None, "result"):
        abort(404)
    return submitted


def opens_contact_of(submitted: SubmissionRow, key: str) -> bool:
    """Return whether the key in the query shows and changes the contact of this result."""
    return submitted.contact is not None and opens_contact(
        secret_key(), submitted.result_token_hash, submitted.contact.email, key
    )


def open_result(token: str) -> SubmissionRow:
    """Return what was submitted, or redirect to the contact form where that has to come first."""
    submitted = find_submission(token)
    if is_contact_required(submitted.contact is not None, "result"):
        abort(_to_contact(token))
    return submitted


def is_contact_required(has_contact: bool, *before: str) -> bool:
    """Return whether the agency asks for the contact before any of these, and has none yet."""
    return not has_contact and services().settings.contact_before in before


def _to_contact(token: str) -> Response:
    return redirect(url_for("contact.contact", token=token), 303)


# --- What the page shows -------------------------------------------------------------------------


def is_confirmation_offered(contact: ContactRow) -> bool:
    """Whether the report waits until its owner confirms the address, and can."""
    offered = services().settings.confirm_mail != "off" and can_email()
    return offered and contact.waiting_token is not None


def _booked(submitted: SubmissionRow) -> dict[str, Any] | None:
    """The consult to come, with its page if it can be moved here; None if there is none."""
    with services().database.reading() as session:
        booking = bookings.active_booking(session, submitted.id)
    if booking is None:
        return None
    is_own = booking.calendar == "own"
    link = booking_token(secret_key(), booking.id) if is_own else ""
    return {"consult": booked_consult(booking), "link": link}


def _confirmation(submitted: SubmissionRow, key: str) -> dict[str, Any] | None:
    """What the page needs to ask for the email to confirm the address; None if none waits."""
    if submitted.contact is None or not is_confirmation_offered(submitted.contact):
        return None
    asked = submitted.contact.confirm_hash is not None or "asked" in request.args
    return {"asked": asked, "key": key or None}


def _is_report_mailed(submitted: SubmissionRow) -> bool:
    if submitted.contact is None or not can_email() or submitted.contact.waiting_token:
        return False  # without a mail server it is a file until staff send it
    with services().database.reading() as session:
        emails = deliveries.report_emails(session, submitted.id)
    return (
        bool(emails)
        and emails[-1].address == submitted.contact.email
        and deliveries.delivery_status(emails[-1]).state != "failed"
    )


# --- From a quick check to the full check ---------------------------------------------------------


def _full_depth_offer(submitted: SubmissionRow) -> dict[str, Any] | None:
    """What the full check would add to a quick check; None if nothing is left to answer.

    `answers` are those still to give, `parts` all that a full check scores for this business.
    """
    full = _full_walk(submitted)
    if submitted.depth != "quick" or full.complete:
        return None
    asked = full.by_id.keys()
    dimensions = full.questionnaire.dimensions
    return {
        "answers": len(full.missing),
        "minutes": max(1, round(len(full.missing) * SECONDS_PER_ANSWER / 60)),
        "parts": sum(part.sorting or not asked.isdisjoint(part.items) for part in dimensions),
    }


def _given(submitted: SubmissionRow) -> dict[str, tuple[Answer, str]]:
    """Every answer with the variant of the wording that it was given under."""
    return {
        id: (as_answer(a), submitted.wording[id]["variant"]) for id, a in submitted.answers.items()
    }


def _full_walk(submitted: SubmissionRow) -> Walk:
    given = _given(submitted)
    answers = {id: answer for id, (answer, _) in given.items()}
    return walk(newest(), answers, "full", {id: variant for id, (_, variant) in given.items()})
