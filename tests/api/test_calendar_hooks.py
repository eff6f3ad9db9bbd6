"""The receiver of calendars' reports: what is accepted, by the bytes, and what answers tell."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from consult.crypto import Purpose, booking_key, encrypt
from consult.storage.booking import bookings, calendar_setup
from consult.storage.tables.booking_tables import BookingRow, CalendarEventRow, CalendarRow
from consult.workflow.calendars import PROVIDERS, Provider
from tests.support.apps import SECRET_KEY, deliver, make_app, services_of
from tests.support.calendar_payloads import SECRET, Step, payload, signed
from tests.support.client import PageClient
from tests.support.databases import read, rows, write
from tests.support.page import Page
from tests.support.staff_client import make_lead, make_user, user_of
from tests.support.submissions import CONTACT

HOOK = "/hooks/booking/" + "p" * 22


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = make_app(tmp_path / "var")
    make_user(made, admin=True)
    for provider in PROVIDERS:
        set_up(made, provider)
    yield made
    services_of(made).database.close()


def set_up(app: Flask, provider: Provider) -> None:
    encrypted = encrypt(SECRET_KEY, Purpose.CALENDAR, SECRET, provider)
    path = f"{provider}{HOOK.rpartition('/')[2]}"
    database, by = services_of(app).database, user_of(app).id
    write(database, calendar_setup.set_up, provider, path, encrypted, by=by)


def now() -> datetime:
    return datetime.now(UTC)


def step(**changed: Any) -> Step:
    booked = Step("booked", "abc", now() - timedelta(minutes=1), now() + timedelta(days=2))
    return replace(booked, **changed)


def send(
    app: Flask,
    provider: Provider,
    one: Step | Mapping[str, Any] | bytes,
    status: int,
    at: datetime | None = None,
    path: str = "",
    **headers: str,
) -> Page:
    body, signature = signed(provider, one, at or now())
    sent = {**signature, **{name.replace("_", "-"): text for name, text in headers.items()}}
    to = path or HOOK.replace("/p", f"/{provider}p")
    content_type = sent.pop("Content-Type")
    # As a calendar sends it: from no page, and without a cookie.
    client = app.test_client()
    answer = client.post(to, data=body, headers=sent, content_type=content_type)
    assert answer.status_code == status, answer.text
    assert "Set-Cookie" not in answer.headers
    if status < 300:
        assert answer.data == b""
    return Page(answer)


def calendar(app: Flask, provider: Provider) -> CalendarRow:
    return next(
        one for one in rows(services_of(app).database, CalendarRow) if one.provider == provider
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_report_with_our_key_books_the_consult_of_its_lead(
    app: Flask, provider: Provider
) -> None:
    database, lead_id = services_of(app).database, make_lead(app, contact=CONTACT)
    key = booking_key(SECRET_KEY, lead_id)
    write(database, bookings.press, lead_id, key)
    one = step(key=key)
    for _ in range(2):  # repeated, it is one
        send(app, provider, one, 204)
    assert len(rows(database, CalendarEventRow)) == 1
    deliver(app)
    (booking,) = rows(database, BookingRow)
    assert (booking.submission_id, booking.matched_by) == (lead_id, "key")
    assert abs(booking.starts_at - one.starts_at) < timedelta(milliseconds=1)
    assert calendar(app, provider).received_at is not None
    (event,) = rows(database, CalendarEventRow)
    assert (event.name, event.email, event.state) == ("", "", "done")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_report_of_an_unknown_booking_waits_for_staff(app: Flask, provider: Provider) -> None:
    send(app, provider, step(email="eve@example.com"), 202)
    (found,) = read(services_of(app).database, calendar_setup.unmatched)
    assert found.events[0].email == "eve@example.com"


def test_a_kind_that_we_have_no_use_for_is_not_stored(app: Flask) -> None:
    send(app, "cal", {"triggerEvent": "PING", "createdAt": "x"}, 204)
    assert rows(services_of(app).database, CalendarEventRow) == []
    assert calendar(app, "cal").received_at is not None


def test_what_is_not_from_the_calendar_is_refused_and_tells_nothing(app: Flask) -> None:
    other = HOOK.replace("/p", "/calendlyp")
    answers = [
        send(app, "cal", step(), 401, X_Cal_Signature_256="0" * 64),
        send(app, "cal", step(), 401, X_Cal_Signature_256=""),
        send(app, "cal", step(), 401, path=other),
        send(app, "calendly", step(), 401, at=now() - timedelta(minutes=6)),
        send(app, "cal", step(at=now() - timedelta(days=29)), 401),
        send(app, "cal", step(), 404, path=HOOK.replace("/p", "/x")),
        send(app, "cal", step(), 404, path="/hooks/booking/%00"),
        send(app, "cal", step(), 415, Content_Type="text/plain"),
        send(app, "cal", b"[" * 60_000, 400),
        send(app, "cal", b"\xff", 400),
        send(app, "cal", step(uid="x" * 10_000), 400),
        send(app, "cal", step(starts_at=datetime(9999, 12, 31, tzinfo=UTC)), 400),
        send(app, "cal", b" " * (64 * 1024 + 1), 413),
    ]
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert not {"signature", "secret", "cal"} & set(answer.body.decode().lower().split())
    assert rows(services_of(app).database, CalendarEventRow) == []
    refused = calendar(app, "cal")
    assert (refused.refused_because, refused.received_at) == ("unreadable", None)
    assert calendar(app, "calendly").refused_because == "old"


def test_a_calendar_that_was_removed_or_whose_secret_is_lost_gets_no_report_in(app: Flask) -> None:
    database, by = services_of(app).database, user_of(app).id
    wrong = encrypt("another secret key", Purpose.CALENDAR, SECRET, "cal")
    write(database, calendar_setup.set_up, "cal", "ignored", wrong, by=by)
    send(app, "cal", step(), 401)
    assert calendar(app, "cal").refused_because == "key"
    write(database, calendar_setup.remove, "cal", by=by)
    send(app, "cal", step(), 404)


def test_the_secret_can_not_be_read_in_the_database(app: Flask) -> None:
    for row in rows(services_of(app).database, CalendarRow):
        assert SECRET.encode() not in row.encrypted_secret


def test_a_browser_of_another_site_is_refused(app: Flask) -> None:
    send(app, "cal", step(), 403, Origin="https://evil.example")


def test_too_many_reports_have_to_wait(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consult.api.calendar_hooks.RATE", "2 per minute")
    statuses = [app.test_client().post(HOOK).status_code for _ in range(3)]
    assert statuses == [404, 404, 429]
    assert PageClient(app).get("/").status == 200


def test_the_raw_report_is_not_kept(app: Flask) -> None:
    sent = payload("cal", step(email="eve@example.com"))
    send(app, "cal", sent, 202)
    (event,) = rows(services_of(app).database, CalendarEventRow)
    kept = str({column.key: getattr(event, column.key) for column in event.__mapper__.column_attrs})
    assert "They told us more" not in kept
    assert "grace@northside" not in kept
