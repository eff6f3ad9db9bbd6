"""The receiver of what providers' calendars report.

It stores a report and answers at once; a job works on it. Each report is signed with a secret that
only the provider and we know, over the bytes that were sent. Whoever knows no secret learns nothing
from the answers, and can't repeat a report that they have seen.
"""

from functools import partial
from typing import NoReturn

from flask import Blueprint, Response, abort, request

from consult.crypto import Purpose, decrypt
from consult.storage.booking import calendar_events, calendar_setup
from consult.storage.tables.booking_tables import CalendarRow
from consult.web.limits import network_of
from consult.web.services import secret_key, services
from consult.workflow.calendar_reports import (
    OLDEST_REPORT,
    Report,
    UnreadableReportError,
    read_report,
    why_refused,
)

RATE = "300 per minute"
"""Reports from one network: providers send those of all their customers from a few."""

hooks = Blueprint("hooks", __name__)


@hooks.post("/hooks/booking/<token>")
def receive(token: str) -> Response:
    """Store a report: 204, or 202 if it's not known whose booking it is.

    204 as well for what was stored before, and for what we have no use for, so that no calendar
    tries again. An unknown address is 404, and a wrong signature 401.
    """
    made = services()
    made.limits.consume("calendar hooks", RATE, network_of(request.remote_addr))
    with made.database.reading() as session:
        calendar, now = calendar_setup.by_path(session, token), session.now()
    if calendar is None:
        abort(404)
    body = request.get_data(cache=False)
    secret = decrypt(secret_key(), Purpose.CALENDAR, calendar.encrypted_secret, calendar.provider)
    if secret is None:  # the secret key of the app is a new one
        _refuse(calendar, "key", 401)
    sent = request.headers
    if why := why_refused(calendar.provider, secret, lambda name: sent.get(name, ""), body, now):
        _refuse(calendar, why, 401)
    if request.mimetype != "application/json":
        _refuse(calendar, "unreadable", 415)
    report: Report | None = None
    try:
        report = read_report(calendar.provider, body, now)
    except UnreadableReportError:
        _refuse(calendar, "unreadable", 400)
    if report and now - report.at > OLDEST_REPORT:
        _refuse(calendar, "old", 401)
    with made.database.writing() as session:
        is_known = report is None or calendar_events.receive(session, report)
        calendar_setup.record_received(session, calendar.provider)
    return Response(status=204 if is_known else 202)


def _refuse(calendar: CalendarRow, because: str, status: int) -> NoReturn:
    """Refuse a report, and note why, for staff who set the calendar up."""
    refused = partial(calendar_setup.record_refused, provider=calendar.provider, because=because)
    services().database.write_if_free(refused, "why a report was refused")
    abort(status)
