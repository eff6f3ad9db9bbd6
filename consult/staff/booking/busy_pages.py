"""Calendars whose busy times are kept free, for admins: add them by address, see if they work.

The address opens a calendar to whoever has it: it is entered once, and then not shown again.
"""

from datetime import datetime, timedelta

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field, Form
from wtforms.validators import InputRequired, ValidationError

from consult.delivery.network import ForbiddenUrlError, checked_url
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, blueprint, first_errors, for_admins
from consult.staff.notifications.notification_pages import host_of
from consult.storage.booking import busy_feeds
from consult.storage.tables.booking_tables import BusyFeedRow
from consult.web.services import secret_key, services
from consult.web.text import LineField, at_most

_ALL = "/settings/busy-times"
_ONE = f"{_ALL}/<{ID}:feed_id>"
_MAX_NAME = 80
_MAX_URL = 2000


def _as_https(url: str) -> str:
    """Calendar programs call the same address webcal, so that a click on it adds the calendar."""
    is_webcal = url[:9].lower() == "webcal://"
    return f"https://{url[9:]}" if is_webcal else url


def _can_be_read(_form: Form, field: Field) -> None:
    try:
        checked_url(field.data, allow_loopback=services().settings.webhook_loopback)
    except ForbiddenUrlError as problem:
        raise ValidationError(str(problem)) from problem


class FeedForm(Form):
    name = LineField("Name", [InputRequired("Enter a name."), at_most(_MAX_NAME)])
    url = LineField(
        "Address",
        [InputRequired("Enter the address of the calendar."), at_most(_MAX_URL), _can_be_read],
        filters=[_as_https],
    )


@blueprint.get(_ALL)
@for_admins
def busy_times() -> ResponseReturnValue:
    return _page(FeedForm())


@blueprint.post(f"{_ALL}/add")
@for_admins
@recent_auth_required
def add_busy_feed() -> ResponseReturnValue:
    """Add a calendar, which is read at once; the same one again, as by a double click, once."""
    form = FeedForm(request.form)
    if not form.validate():
        return _page(form), 422
    name, url, key = form.name.data, form.url.data, secret_key()
    with services().database.writing() as session:
        known = (busy_feeds.url_of(feed, key) for feed in busy_feeds.all_feeds(session))
        if url not in known:
            busy_feeds.add(session, name, url, key, by=signed_in_user().id)
    return redirect(url_for(".busy_times", done="added"), 303)


@blueprint.post(f"{_ONE}/read")
@for_admins
def read_busy_feed(feed_id: int) -> ResponseReturnValue:
    with services().database.writing() as session:
        if busy_feeds.by_id(session, feed_id) is None:
            abort(404)
        busy_feeds.request_read(session, feed_id)
    return redirect(url_for(".busy_times", done="read"), 303)


@blueprint.post(f"{_ONE}/remove")
@for_admins
@recent_auth_required
def remove_busy_feed(feed_id: int) -> ResponseReturnValue:
    with services().database.writing() as session:
        if busy_feeds.by_id(session, feed_id) is None:
            abort(404)
        busy_feeds.remove(session, feed_id, by=signed_in_user().id)
    return redirect(url_for(".busy_times", done="removed"), 303)


def _page(form: FeedForm) -> str:
    days, key = services().settings.booking_days_ahead, secret_key()
    with services().database.reading() as session:
        feeds, now = busy_feeds.all_feeds(session), session.now()
    until = now + timedelta(days=days)
    return render_template(
        "staff/booking/busy_times.html",
        form=form,
        errors=first_errors(form),
        feeds=[
            (feed, host_of(busy_feeds.url_of(feed, key) or ""), _count(feed, now, until))
            for feed in feeds
        ],
        fresh={feed.id: busy_feeds.is_fresh(feed, now) for feed in feeds},
        days=days,
    )


def _count(feed: BusyFeedRow, now: datetime, until: datetime) -> int:
    """How many busy times are still to come until a time."""
    return sum(start < until and end > now for start, end in busy_feeds.busy_in(feed))
