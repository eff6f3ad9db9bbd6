"""The page of calendars with busy times, for admins: add, see how it went, read again, remove."""

from datetime import timedelta

import pytest
from flask import Flask

from consult.storage.booking import busy_feeds
from consult.storage.tables.booking_tables import BusyFeedRow
from consult.storage.tables.delivery_tables import JobRow
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.databases import read, rows, write
from tests.support.page import Page
from tests.support.staff_client import is_stored, post

ALL = "/staff/settings/busy-times"
SECRET = "private-0123456789abcdef"
URL = f"https://calendar.example/{SECRET}/basic.ics"


def add(admin: PageClient, url: str = URL, status: int = 303) -> Page:
    page = post(admin, ALL, "/add", status=status, name="Ana’s work", url=url)
    return admin.follow(page) if status == 303 else page


def feeds(app: Flask) -> list[BusyFeedRow]:
    return rows(services_of(app).database, BusyFeedRow)


@pytest.mark.parametrize("scheme", ["https", "webcal", "WEBCAL"])
def test_a_calendar_is_added_and_its_address_never_shown_again(
    app: Flask, admin: PageClient, scheme: str
) -> None:
    url = URL.replace("https", scheme)
    page = admin.get("/staff/settings/booking")
    assert page.link("Calendars with busy times") == ALL
    assert "No calendars yet" in admin.get(ALL).text
    for _ in range(2):  # a double click adds one
        assert "We’re reading it" in add(admin, url).text
    (feed,) = feeds(app)
    assert busy_feeds.url_of(feed, services_of(app).settings.signing_key()) == URL
    page = admin.get(ALL)
    assert "Ana’s work calendar.example Not read yet" in page.text
    assert SECRET not in page.text + str(page.forms)
    assert SECRET not in admin.get("/staff/settings/audit-log").text
    assert not is_stored(app, SECRET)
    assert (
        len([job for job in rows(services_of(app).database, JobRow) if job.kind == "read_feed"])
        == 1
    )


def test_what_is_no_address_of_a_calendar_is_not_added(app: Flask, admin: PageClient) -> None:
    for url, error in (
        ("", "Enter the address"),
        ("http://calendar.example/x.ics", "start with https"),
        ("file:///etc/passwd", "start with https"),
        ("https://user:pass@calendar.example/", "can’t be used"),
        ("https://calendar.example/" + "x" * 2000, "at most 2000"),
    ):
        page = add(admin, url, status=422)
        assert error in page.errors["url"]
        assert page.form("/add").data["url"] == [url]
    assert feeds(app) == []


def test_how_reading_went_is_shown_in_words(app: Flask, admin: PageClient) -> None:
    add(admin)
    database, (feed,) = services_of(app).database, feeds(app)
    now = database.clock()
    hour = timedelta(hours=1)
    busy = [(now + days * 24 * hour, now + days * 24 * hour + hour) for days in (1, 5, 20)]
    past = (now - 2 * hour, now - hour)
    write(database, busy_feeds.record_read, feed.id, [past, *busy], now - 3 * hour / 60)
    assert "Read 3 minutes ago, 2 busy times in the next 14 days" in admin.get(ALL).text
    write(database, busy_feeds.record_error, feed.id, "There’s no calendar at this address.")
    said = admin.get(ALL).text
    assert "Can’t be read. There’s no calendar at this address. Last read 3 minutes ago." in said
    write(database, busy_feeds.record_read, feed.id, [], now - 3 * hour)
    assert (
        "Not read for too long. Is the worker running? Last read 3 hours ago."
        in admin.get(ALL).text
    )


def test_it_is_read_again_and_removed(app: Flask, admin: PageClient) -> None:
    add(admin)
    database = services_of(app).database
    with database.writing() as session:
        for job in session.query(JobRow):
            job.state, job.finished_at = "done", session.now()
    for _ in range(2):
        assert "We’re reading it" in admin.follow(post(admin, ALL, "/read")).text
    states = [job.state for job in rows(database, JobRow) if job.kind == "read_feed"]
    assert states == ["done", "ready"]
    assert "Removed." in admin.follow(post(admin, ALL, "/remove")).text
    assert feeds(app) == []
    assert read(database, busy_feeds.busy_times, database.clock()) == ([], True)
    log = admin.get("/staff/settings/audit-log").text
    assert "Added a calendar for busy times" in log
    assert "Removed a calendar for busy times" in log
