"""Booking a consult: the page that the button on a result leads to."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from consult.owner.result_pages import find_lead
from consult.owner.visitors import is_person
from consult.storage.booking import bookings
from consult.storage.tables.submission_tables import SubmissionRow
from consult.web.services import secret_key, services

booking_pages = Blueprint("booking", __name__, url_prefix="/result/<token>/book")


@booking_pages.get("")
def book_page(token: str) -> ResponseReturnValue:
    """Count the press, and go on to where consults are booked."""
    lead = find_lead(token)
    if is_person() and not request.args:
        _count_press(lead)
    return redirect(url_for("contact.consult", token=token), 303)


def _count_press(lead: SubmissionRow) -> None:
    key = bookings.booking_key(secret_key(), lead.id)
    services().database.write_if_free(
        lambda session: bookings.press(session, lead.id, key), "a press to book"
    )
