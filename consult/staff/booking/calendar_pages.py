"""Providers' calendars, which admins set up; and the bookings that no lead is known of."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.test import Client
from wtforms import Form
from wtforms.validators import Length, Optional

from consult.crypto import Purpose, decrypt, derive, encrypt, new_token
from consult.settings.setting_types import is_this_machine
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, blueprint, first_errors, for_admins, for_staff
from consult.staff.times import agency_time, exactly
from consult.storage.booking import calendar_setup
from consult.storage.booking.calendar_events import Outcome
from consult.storage.leads.changes import NotAllowedError, UnknownLeadError
from consult.storage.search import find_leads
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.tables.booking_tables import CalendarRow
from consult.web.services import secret_key, services
from consult.web.text import LineField, one_line, parse_id
from consult.workflow.calendar_reports import empty_report, signature_headers
from consult.workflow.calendars import PROVIDER_NAMES, PROVIDERS, Provider
from consult.workflow.stages import NAMES

_CALENDARS = "/settings/calendars"
_CALENDAR = f"{_CALENDARS}/<provider>"
_UNMATCHED = "/bookings"
_BOOKING = f"{_UNMATCHED}/<{ID}:booking_id>"
_MAX_SECRET = 200
_SHOWN = 20

REFUSED: Mapping[str | None, str] = {
    "signature": "The signature didn’t match. The secret here and there must be the same.",
    "old": "It was sent too long ago, or a clock is wrong.",
    "unreadable": "We couldn’t read it. Leave custom formats off there.",
    "key": "This app’s secret key has changed since. Replace the secret.",
}
"""Why a report was refused, as staff read it."""


class SecretForm(Form):
    """The secret by which a calendar signs; empty to have one made."""

    secret = LineField("Secret", [Optional(), Length(8, _MAX_SECRET, "Use 8 to 200 characters.")])


# --- Setting up ----------------------------------------------------------------------------------


@blueprint.get(_CALENDARS)
@for_admins
def calendar_list() -> ResponseReturnValue:
    """Show the providers whose calendars can report, and which do."""
    with services().database.reading() as session:
        rows = {row.provider: row for row in calendar_setup.all_calendars(session)}
    return render_template(
        "staff/booking/calendars.html",
        names=PROVIDER_NAMES,
        rows=rows,
        offer=services().booking_offer,
        refused=REFUSED,
    )


@blueprint.get(_CALENDAR)
@for_admins
def calendar(provider: str) -> ResponseReturnValue:
    return _calendar_page(_known(provider), SecretForm())


@blueprint.post(f"{_CALENDAR}/secret")
@for_admins
@recent_auth_required
def set_up_calendar(provider: str) -> ResponseReturnValue:
    """Take the secret of a calendar, or make one and show it this once."""
    provider = _known(provider)
    form = SecretForm(request.form)
    if not form.validate():
        return _calendar_page(provider, form), 422
    if provider == "savvycal" and not form.secret.data:
        form.secret.errors = ["Enter the secret that SavvyCal shows you."]
        return _calendar_page(provider, form), 422
    secret = form.secret.data or new_token()
    encrypted = encrypt(secret_key(), Purpose.CALENDAR, secret, provider)
    with services().database.writing() as session:
        calendar_setup.set_up(session, provider, _path(provider), encrypted, by=signed_in_user().id)
    if form.secret.data:
        return redirect(url_for(".calendar", provider=provider, done="saved"), 303)
    return _calendar_page(provider, SecretForm(), made=secret), 201


@blueprint.post(f"{_CALENDAR}/remove")
@for_admins
@recent_auth_required
def remove_calendar(provider: str) -> ResponseReturnValue:
    provider = _known(provider)
    with services().database.writing() as session:
        calendar_setup.remove(session, provider, by=signed_in_user().id)
    return redirect(url_for(".calendar_list", done="removed"), 303)


@blueprint.post(f"{_CALENDAR}/test")
@for_admins
def test_calendar(provider: str) -> ResponseReturnValue:
    """Report something of no use to our own address, signed as the provider does."""
    provider = _known(provider)
    row = _row_of(provider) or abort(404)
    secret = decrypt(secret_key(), Purpose.CALENDAR, row.encrypted_secret, provider)
    if secret is None:
        return _calendar_page(provider, SecretForm(), tested=REFUSED["key"])
    body = empty_report(provider)
    now = services().database.clock().astimezone(UTC)
    answer = Client(current_app.wsgi_app).post(
        f"/hooks/booking/{row.path}",
        data=body,
        headers=dict(signature_headers(provider, secret, body, now)),
        content_type="application/json",
        base_url=services().settings.base_url,
    )
    return _calendar_page(provider, SecretForm(), tested=_test_result(provider, answer.status_code))


def _known(name: str) -> Provider:
    return next((one for one in PROVIDERS if one == name), None) or abort(404)


def _test_result(provider: Provider, status: int) -> str:
    if status == 204:
        return "It works. A test with the right signature got through."
    row = _row_of(provider)
    why = REFUSED.get(row.refused_because if row else None, "")
    return f"The test was refused with status {status}. {why}".strip()


def _calendar_page(provider: Provider, form: SecretForm, **more: Any) -> str:
    row, base_url = _row_of(provider), services().settings.base_url
    return render_template(
        "staff/booking/calendar.html",
        provider=provider,
        name=PROVIDER_NAMES[provider],
        row=row,
        url=f"{base_url}/hooks/booking/{row.path if row else _path(provider)}",
        is_local=is_this_machine(base_url),
        form=form,
        errors=first_errors(form),
        refused=REFUSED,
        **more,
    )


def _row_of(provider: Provider) -> CalendarRow | None:
    with services().database.reading() as session:
        return session.get(CalendarRow, provider)


def _path(provider: Provider) -> str:
    """The last part of the address, which can be shown before there is a secret."""
    return derive(secret_key(), Purpose.CALENDAR, f"path {provider}").hex()[:32]


# --- Bookings without a lead ---------------------------------------------------------------------


@blueprint.get(_UNMATCHED)
@for_staff
def unmatched_bookings() -> ResponseReturnValue:
    with services().database.reading() as session:
        found = calendar_setup.unmatched(session)
    return render_template(
        "staff/booking/unmatched.html",
        bookings=[booking_view(one) for one in found],
    )


@blueprint.get(_BOOKING)
@for_staff
def choose_lead(booking_id: int) -> ResponseReturnValue:
    """Look for the lead of a booking, by the name that came with it or another."""
    return _choose_page(booking_id)


@blueprint.post(f"{_BOOKING}/lead")
@for_staff
def match_booking(booking_id: int) -> ResponseReturnValue:
    office, me = services().settings.office, signed_in_user()
    lead_id = request.form.get("lead", 0, type=parse_id) or abort(404)
    try:
        with services().database.writing() as session:
            done = calendar_setup.choose_lead(session, booking_id, lead_id, office, by=me.id)
    except UnknownLeadError:
        abort(404)
    except NotAllowedError as problem:
        return _choose_page(booking_id, str(problem)), 422
    if not done:
        abort(404)
    return redirect(url_for(".lead", lead_id=lead_id), 303)


@blueprint.post(f"{_BOOKING}/dismiss")
@for_staff
def dismiss_booking(booking_id: int) -> ResponseReturnValue:
    with services().database.writing() as session:
        if not calendar_setup.dismiss(session, booking_id, by=signed_in_user().id):
            abort(404)
    return redirect(url_for(".unmatched_bookings", done="dismissed"), 303)


def _choose_page(booking_id: int, problem: str = "") -> str:
    viewer = Viewer(signed_in_user().id, services().settings.office.zone)
    with services().database.reading() as session:
        booking = calendar_setup.unmatched_event(session, booking_id) or abort(404)
        view = booking_view(booking)
        text = one_line(request.args.get("text", view["name"]))[:100]
        ids: list[int] = []
        for wanted in (LeadFilter(text=text), LeadFilter(similar=text)) if text else ():
            ids = ids or find_leads.next_ids(session, wanted, viewer, _SHOWN)[0]
        leads = find_leads.by_ids(session, ids)
    return render_template(
        "staff/booking/choose_lead.html",
        booking=view,
        text=text,
        leads=leads,
        stages=NAMES,
        problem=problem,
    )


def booking_view(booking: Outcome) -> dict[str, Any]:
    """What a page shows of a booking without a lead."""
    event = next((one for one in booking.events if one.email), booking.events[-1])
    at = booking.to.starts_at if booking.to else event.at
    return {
        "id": min(one.id for one in booking.events),
        "name": event.name,
        "email": event.email,
        "calendar": PROVIDER_NAMES[event.provider],
        "when": exactly(agency_time(at)),
        "booked_at": booking.placed_at,
        "is_requested": booking.state == "requested",
    }
