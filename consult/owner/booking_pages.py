"""Booking a consult: the page that the button on a result leads to, or the agency's calendar.

In our own calendar, owners pick a free time here, and move or cancel their consult by a link that
does nothing else. That link shows; only its buttons act, as mail scanners open every link.
"""

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.crypto import booking_key, booking_token
from consult.delivery.booking.booking_mail import booking_file
from consult.owner.contact_pages import (
    ContactForm,
    contact_in,
    contact_page,
    request_first_confirmation,
    screen_contact,
    shown_contact,
    thanks_url,
)
from consult.owner.form_guard import consume_contact, mailbox_of
from consult.owner.result_pages import open_result
from consult.owner.slot_form import (
    booked_consult,
    booking_rules,
    chosen_zone,
    picker,
    sent_slot,
)
from consult.owner.visitors import is_person, is_prefetch
from consult.storage.booking import bookings, own_calendar
from consult.storage.booking.own_calendar import BookedError, TakenError
from consult.storage.db.database import Session
from consult.storage.leads import leads, submission
from consult.storage.leads.changes import lock_if_there
from consult.storage.leads.submission import NewContact
from consult.storage.tables.booking_tables import ACTIVE, BookingRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.web.services import secret_key, services
from consult.workflow.calendars import BookingOffer, calendar_url

booking_pages = Blueprint("booking", __name__, url_prefix="/result/<token>/book")
booked_pages = Blueprint("booked", __name__, url_prefix="/book/<token>")

BOOKINGS_PER_ADDRESS = "10 per day"
"""Each is an email to an address, and so is canceling it: nobody is to be flooded by others."""

_NONE = "Pick a time"
_TAKEN = "That time isn’t free anymore. Pick another"


@booking_pages.get("")
def book_page(token: str) -> ResponseReturnValue:
    """Count the press, and show the free times, or go on to where consults are booked."""
    submitted, offer = open_result(token), services().booking_offer
    if offer.is_elsewhere:
        return _to_calendar(submitted, offer)
    if is_person() and not {"zone", "day"} & set(request.args):
        _count_press(submitted)
    if offer.how == "off":
        return redirect(url_for("contact.consult", token=token, key=request.args.get("key")), 303)
    with services().database.reading() as session:
        booked = bookings.active_booking(session, submitted.id)
    if booked and booked.calendar == "own":
        return redirect(_booked_url(booked, other=request.args.get("other")), 303)
    if booked:
        return redirect(url_for("results.result", token=token), 303)
    return _page(token, submitted, None if submitted.contact else ContactForm())


@booking_pages.post("")
def book(token: str) -> ResponseReturnValue:
    """Book a time, for a contact that is known or comes along."""
    consume_contact()
    submitted, slot = open_result(token), sent_slot()
    if services().booking_offer.how != "own":
        abort(404)
    form = None if submitted.contact else ContactForm(request.form)
    if (form and not form.validate()) or slot is None:
        return _page(token, submitted, form, "" if slot else _NONE), 422
    try:
        email = _book(token, submitted, form)
    except TakenError:
        return _page(token, submitted, form, _TAKEN), 409
    except BookedError:  # in another tab, for another time
        return redirect(url_for(".book_page", token=token, other=1), 303)
    return redirect(thanks_url(submitted, token, email), 303)


def _book(token: str, submitted: SubmissionRow, form: ContactForm | None) -> str:
    """Book the time that was sent; returns the address of a contact that may be shown.

    The contact is saved first, so that the booking finds it; neither is if the time is taken.
    """
    made, office = services(), services().settings.office
    screening = link = None
    if form:
        given = contact_in(form, submitted, wants_consult=True)
        screening, link = screen_contact(submitted, token, given.email)
    elif submitted.contact:
        given = replace(NewContact.of(submitted.contact), wants_consult=True)
    _count_booking(given.email)
    with made.database.writing() as session:
        lock_if_there(session, submitted.id)
        known = submission.locked_contact(session, token)
        if form and known not in (None, given):
            raise BookedError  # and another contact was left, in another tab or by someone else
        if known and not form:
            given = replace(known, wants_consult=True)
        submission.save_contact(session, token, given, link, office, screening)
        _book_slot(session, submitted.id, chosen_zone())
    if screening:
        request_first_confirmation(submitted, token, given.email, screening)
    if form:
        return given.email
    # Not the address of `given`: another tab may have changed it, for who has its key.
    shown = shown_contact(submitted)
    return shown.email if shown else ""


def _count_booking(email: str) -> None:
    services().limits.consume("bookings", BOOKINGS_PER_ADDRESS, mailbox_of(email))


def _book_slot(session: Session, lead_id: int, zone: str) -> BookingRow:
    """Book the time that was sent, or abort if it was deleted."""
    return own_calendar.book(
        session,
        lead_id,
        sent_slot() or abort(400),
        booking_rules(),
        zone=zone,
        place=services().settings.booking_place,
        secret_key=secret_key(),
    ) or abort(404)


def _page(token: str, submitted: SubmissionRow, form: ContactForm | None, problem: str = "") -> str:
    """The consult and the free times; `problem` is what is wrong with the time that was sent."""
    with services().database.reading() as session:
        times = picker(session)
    problems = [("slot", problem)] if problem and times.open else []
    return contact_page(
        token,
        form,
        submitted,
        "owner/consult.html",
        problems=problems,
        picker=times,
        problem=problem,
        place=services().settings.booking_place,
    )


def _to_calendar(submitted: SubmissionRow, offer: BookingOffer) -> Response:
    """Lead to the agency's calendar, which gets our key to say whose booking it is.

    From the link that only the owner has, it gets their name and email as well. Programs that
    follow links get the plain address.
    """
    if is_prefetch():
        return Response(status=503)  # which browsers don't keep for the press
    if not is_person():
        return redirect(offer.url, 303)
    key = _count_press(submitted)
    contact = shown_contact(submitted)
    name, email = (contact.name, contact.email) if contact else ("", "")
    return redirect(calendar_url(offer, key, name=name, email=email), 303)


def _count_press(submitted: SubmissionRow) -> str:
    """Count the first press, and return the key by which a calendar's report is recognized."""
    key, database = booking_key(secret_key(), submitted.id), services().database
    with database.reading() as session:
        is_counted = bookings.was_pressed(session, submitted.id, key)
    if not is_counted:
        database.write_if_free(
            lambda session: bookings.press(session, submitted.id, key), "a press to book"
        )
    return key


# --- The consult that was booked ------------------------------------------------------------------


@booked_pages.get("")
def booked(token: str) -> str:
    """Show a consult, with forms to move or cancel it, or to book another."""
    return _booked_page(token, _find(token))


@booked_pages.post("")
def move(token: str) -> ResponseReturnValue:
    """Move the consult; where it is canceled or over, book another."""
    consume_contact()
    booking = _find(token)
    if services().booking_offer.how != "own":
        abort(404)
    slot = sent_slot()
    if slot is None:
        return _booked_page(token, booking, _NONE), 422
    with services().database.reading() as session:
        submitted = leads.by_id(session, booking.submission_id)
    if submitted and submitted.contact:
        _count_booking(submitted.contact.email)
    try:
        with services().database.writing() as session:
            zone = chosen_zone(booking.zone)
            moved = own_calendar.move(session, booking, slot, booking_rules(), zone=zone)
            new = None if moved else _book_slot(session, booking.submission_id, zone)
    except TakenError:
        return _booked_page(token, booking, _TAKEN), 409
    except BookedError:
        return _booked_page(token, booking), 409
    return redirect(_booked_url(new or booking, done="booked" if new else "moved"), 303)


@booked_pages.post("/cancel")
def cancel(token: str) -> ResponseReturnValue:
    consume_contact()
    booking, office = _find(token), services().settings.office
    with services().database.writing() as session:
        own_calendar.cancel(session, booking, office)
    return redirect(url_for(".booked", token=token, done="canceled"), 303)


@booked_pages.get("/consult.ics")
def calendar_file(token: str) -> Response:
    """The consult, as a file that calendars read."""
    booking = _find(token)
    if booking.state not in ACTIVE:
        abort(404)
    content = booking_file(booking, services().settings, services().brand)
    response = Response(content, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="consult.ics"'
    return response


def _find(token: str) -> BookingRow:
    with services().database.reading() as session:
        return bookings.by_link(session, token) or abort(404)


def _booked_url(booking: BookingRow, **query: Any) -> str:
    """The page of a consult in our own calendar."""
    token = booking_token(secret_key(), booking.id)
    return url_for("booked.booked", token=token, **query)


def _booked_page(token: str, booking: BookingRow, problem: str = "") -> str:
    """The page of a consult, with the times to move it to, or for another one if it won't be."""
    with services().database.reading() as session:
        current = bookings.active_booking(session, booking.submission_id)
        is_current = current is not None and current.id == booking.id
        other = None if is_current else current
        times = None
        if services().booking_offer.how == "own" and other is None:
            times = picker(session, booking)
    return render_template(
        "owner/booked.html",
        token=token,
        booked=booked_consult(booking),
        state="current" if is_current else "canceled" if booking.state == "canceled" else "over",
        other=booked_consult(other) if other else None,
        other_url=_booked_url(other) if other and other.calendar == "own" else "",
        picker=times if times and times.open else None,
        problems=[("slot", problem)] if problem and times and times.open else [],
        done=request.args.get("done", ""),
        is_other="other" in request.args,
    )
