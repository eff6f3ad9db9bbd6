"""Invitations: any text comes back as it was, on short lines, and never as a line of its own."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from consult.delivery.booking.booking_mail import (
    Mailbox,
    calendar_entry,
    calendar_event,
    invitation,
)
from consult.storage.tables.booking_tables import BookingRow, BookingState

STARTS_AT = datetime(2026, 12, 1, 15, tzinfo=UTC)
UID = "3f0c@check.example"
TEXT = "How we meet: We’ll call you.\nMove or cancel: https://check.example/book/x"


def consult(
    zone: str = "UTC",
    state: BookingState = "booked",
    title: str = "Consult with Ana Ruiz, Marketing Maven",
    place: str = "We’ll call you.",
    text: str = TEXT,
) -> Event:
    """A consult in the calendar, whose times came in a zone."""
    booking = BookingRow(uid=UID, sequence=2, state=state, place=place)
    booking.changed_at = datetime(2026, 11, 28, 9, 30, 1, 999, tzinfo=UTC)
    booking.starts_at = STARTS_AT.astimezone(ZoneInfo(zone))
    booking.ends_at = booking.starts_at + timedelta(minutes=30)
    return calendar_event(booking, title, text)


ORGANIZER = Mailbox("Marketing Maven", "relay@check.example")
GUEST = Mailbox("Ada Okafor", "ada@example.com")

HOSTILE = [
    'Okafor, "Ada"; Tents: \\n \\, ^n',
    "Ada\r\nATTENDEE:mailto:eve@evil.example\r\nX-EVIL:1",
    "Ada\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Pay here",
    "Ada\x00\x0b\x0c\x1c\x85\u2028\u2029Okafor",
    "👩🏽‍🚀" * 60,
    "مرحبا \u202e בית",
    "W" * 200,
    "",
]


def read(content: str) -> Any:
    """The one event of a file, which has nothing else."""
    assert content.endswith("\r\n")
    assert "\n" not in content.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in content.split("\r\n"))
    (calendar,) = Calendar.from_ical(content, multiple=True)
    (event,) = calendar.subcomponents
    assert not event.errors
    assert list(calendar) == ["VERSION", "PRODID", "METHOD"]
    assert (event.name, event.subcomponents) == ("VEVENT", [])
    return event


def on_one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def check(title: str, name: str) -> None:
    about = consult(title=title, place=title, text=f"{on_one_line(title)}\nMore")
    content, _ = invitation(about, Mailbox(name, ORGANIZER.address), Mailbox(name, GUEST.address))
    event = read(content)
    line = on_one_line(title).replace(r"\N", "\\\u2060N")
    assert event["SUMMARY"] == line
    assert event.get("LOCATION", "") == line
    assert event["DESCRIPTION"] == f"{line}\nMore"
    expected = {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "STATUS", "TRANSP", "SUMMARY"}
    expected |= {"DESCRIPTION", "ORGANIZER", "ATTENDEE"} | ({"LOCATION"} if title else set())
    assert set(event) == expected
    shown = on_one_line(re.sub(r"[\\^]", "", name.replace('"', "'")))[:100].strip()
    for key, address in (("ORGANIZER", ORGANIZER.address), ("ATTENDEE", GUEST.address)):
        assert event[key] == f"mailto:{address}"
        assert event[key].params.get("CN", "") == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_text(text: str) -> None:
    check(text, text)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=120))
@example(r"C:\New", "")
def test_any_text_comes_back(title: str, name: str) -> None:
    check(title, name)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
def test_times_are_in_utc_whatever_zone_they_came_in(zone: str) -> None:
    content, method = invitation(consult(zone), ORGANIZER, GUEST)
    assert (content, method) == invitation(consult(), ORGANIZER, GUEST)
    assert re.search(r"^DTSTART:20261201T150000Z\r$", content, re.M)
    assert re.search(r"^DTEND:20261201T153000Z\r$", content, re.M)
    assert re.search(r"^DTSTAMP:20261128T093001Z\r$", content, re.M)
    assert "VTIMEZONE" not in content


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("booked", "CONFIRMED", "REQUEST"),
        ("requested", "TENTATIVE", "REQUEST"),
        ("canceled", "CANCELLED", "CANCEL"),
    ],
)
@pytest.mark.parametrize("replies", [True, False])
def test_a_guest_is_asked_or_told(
    state: BookingState, status: str, expected: str, replies: bool
) -> None:
    content, method = invitation(consult(state=state), ORGANIZER, GUEST, replies=replies)
    event = read(content)
    assert method == expected
    assert f"METHOD:{expected}\r\n" in content
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (UID, 2, status)
    asked = event["ATTENDEE"].params
    assert (asked["PARTSTAT"], asked["RSVP"]) == ("NEEDS-ACTION", "TRUE" if replies else "FALSE")


@pytest.mark.parametrize("address", ["relay@check.example", "Relay@Check.Example"])
def test_a_file_for_oneself_names_nobody(address: str) -> None:
    content, method = invitation(consult(), ORGANIZER, Mailbox("Relay", address))
    assert (content, method) == (calendar_entry(consult()), "PUBLISH")
    event = read(content)
    assert "METHOD:PUBLISH\r\n" in content
    assert not {"ORGANIZER", "ATTENDEE"} & set(event)
    assert event["UID"] == UID
