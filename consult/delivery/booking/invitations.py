"""Invitations to a consult, as calendars take them (RFC 5545 and 5546), and how mails bring them.

Times are in UTC. A consult takes place once, so a calendar needs no rules of a time zone to show it
at the right time; Gmail, Outlook and Apple's calendar each show it in their own zone. With the name
of a zone, Outlook goes by its own list of zones, and by the rules of the computer that it runs on.

An invitation that asks for an answer has to be METHOD:REQUEST: with PUBLISH, Outlook shows no
button to accept it. A file that someone opens themselves is PUBLISH, and then names neither an
organizer nor guests: Outlook takes those for an invitation that it can't answer.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Literal

from icalendar import Event, vCalAddress

from consult.delivery.mail.messages import calendar_content

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]

FILE_NAME = "invite.ics"
_LONGEST_NAME = 100
# Calendars differ in how they read these in a parameter: few know RFC 6868.
_IN_NAMES = str.maketrans({'"': "'", "^": None, "\\": None})


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who invites or is invited."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """What an invitation is about.

    The `uid` is the same for as long as the meeting exists; with each change, the `sequence` goes
    up, and `changed_at` is its time.
    """

    uid: str
    sequence: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    status: Status
    title: str
    place: str
    text: str


def invitation(
    meeting: Meeting, organizer: Mailbox, guest: Mailbox, *, replies: bool = True
) -> tuple[str, Method]:
    """An invitation for a guest, and its method. With `replies`, the guest is asked for an answer.

    Who invites themselves gets an entry for their calendar: Outlook ignores the invitation.
    """
    if guest.address.lower() == organizer.address.lower():
        return calendar_entry(meeting), "PUBLISH"
    method: Method = "CANCEL" if meeting.status == "CANCELLED" else "REQUEST"
    event = _event(meeting)
    event.add("ORGANIZER", _address(organizer))
    attendee = _address(guest)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "NEEDS-ACTION"
    attendee.params["RSVP"] = "TRUE" if replies else "FALSE"
    event.add("ATTENDEE", attendee)
    return calendar_content(event, "Consult", method), method


def calendar_entry(meeting: Meeting) -> str:
    """The content of a file that adds a meeting to a calendar."""
    return calendar_content(_event(meeting), "Consult", "PUBLISH")


def add_invitation(message: EmailMessage, content: str, method: Method) -> None:
    """Add an invitation to a mail that has a text: for mail programs, and as a file for people."""
    message.add_alternative(content, subtype="calendar", cte="base64", params={"method": method})
    message.add_attachment(
        content.encode(), maintype="application", subtype="ics", filename=FILE_NAME
    )


def _event(meeting: Meeting) -> Event:
    event = Event()
    event.add("UID", meeting.uid)
    event.add("SEQUENCE", meeting.sequence)
    event.add("DTSTAMP", _in_utc(meeting.changed_at))
    event.add("DTSTART", _in_utc(meeting.starts_at))
    event.add("DTEND", _in_utc(meeting.ends_at))
    event.add("STATUS", meeting.status)
    event.add("TRANSP", "OPAQUE")
    event.add("SUMMARY", _one_line(meeting.title))
    if meeting.place:
        event.add("LOCATION", _one_line(meeting.place))
    event.add("DESCRIPTION", "\n".join(map(_one_line, meeting.text.splitlines())))
    return event


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _address(mailbox: Mailbox) -> vCalAddress:
    address = vCalAddress(f"mailto:{mailbox.address}")
    name = _one_line(mailbox.name.translate(_IN_NAMES))[:_LONGEST_NAME].strip()
    if name:
        address.params["CN"] = name
    return address


def _one_line(text: str) -> str:
    """Text without line breaks and other characters that no line of a file may have."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
