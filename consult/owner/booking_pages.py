"""Booking a consult: the page that the button on a result leads to, or the agency's calendar."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.owner.result_pages import open_result, opens_contact_of
from consult.owner.visitors import is_person, is_prefetch
from consult.storage.booking import bookings
from consult.storage.tables.submission_tables import SubmissionRow
from consult.web.services import secret_key, services
from consult.workflow.calendars import BookingOffer, calendar_url

booking_pages = Blueprint("booking", __name__, url_prefix="/result/<token>/book")


@booking_pages.get("")
def book_page(token: str) -> ResponseReturnValue:
    """Count the press, and go on to where consults are booked."""
    lead, offer = open_result(token), services().booking_offer
    if offer.is_elsewhere:
        return _to_calendar(lead, offer)
    if is_person() and not request.args:
        _count_press(lead)
    return redirect(url_for("contact.consult", token=token), 303)


def _to_calendar(lead: SubmissionRow, offer: BookingOffer) -> Response:
    """Lead to the agency's calendar, which gets our key to say whose booking it is.

    From the link that only the owner has, it gets their name and email as well. Programs that
    follow links get the plain address.
    """
    if is_prefetch():
        return Response(status=503)  # which browsers don't keep for the press
    if not is_person():
        return redirect(offer.url, 303)
    key = _count_press(lead)
    contact = lead.contact if opens_contact_of(lead, request.args.get("key", "")) else None
    name, email = (contact.name, contact.email) if contact else ("", "")
    return redirect(calendar_url(offer, key, name=name, email=email), 303)


def _count_press(lead: SubmissionRow) -> str:
    """Count the first press, and return the key by which a calendar's report is recognized."""
    key, database = bookings.booking_key(secret_key(), lead.id), services().database
    with database.reading() as session:
        is_counted = bookings.was_pressed(session, lead.id, key)
    if not is_counted:
        database.write_if_free(
            lambda session: bookings.press(session, lead.id, key), "a press to book"
        )
    return key
