"""A calendar file with one whole-day entry (RFC 5545), for any calendar to take in."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_LINE_BYTES = 75


@dataclass(frozen=True, slots=True)
class Entry:
    """A day to remember.

    Attributes:
        uid: the same for the same entry: a calendar that takes it in twice shows it once.
        made_at: when it was written, with its time zone.
        on: the day, wherever the calendar is.
        title: what the calendar shows; ``text`` is what it shows when opened.
    """

    uid: str
    made_at: datetime
    on: date
    title: str
    text: str


def calendar_file(entry: Entry) -> str:
    """The content of an .ics file, with CR LF at the end of each line."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Relay Check//Look again//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_escaped(entry.uid)}",
        f"DTSTAMP:{entry.made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{entry.on + timedelta(days=1):%Y%m%d}",
        # Nobody is busy all day because of it.
        "TRANSP:TRANSPARENT",
        f"SUMMARY:{_escaped(entry.title)}",
        f"DESCRIPTION:{_escaped(entry.text)}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> str:
    """A line in pieces of at most 75 bytes, each but the first after a space, no letter split."""
    pieces, size = [""], 0
    for letter in line:
        bytes_of_letter = len(letter.encode())
        if size + bytes_of_letter > _LINE_BYTES:
            pieces.append(" ")
            size = 1
        pieces[-1] += letter
        size += bytes_of_letter
    return "\r\n".join(pieces)
