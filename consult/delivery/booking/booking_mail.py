"""Mails to owners about the consult that they booked in our own calendar, with the invitation.

What a mail says follows from the booking. One that has changed since is not sent: a later mail
says what became of it.

Invitations are as calendars take them (RFC 5545 and 5546). Times are in UTC: a consult takes place
once, so a calendar needs no rules of a time zone to show it at the right time; Gmail, Outlook and
Apple's calendar each show it in their own zone. With the name of a zone, Outlook goes by its own
list of zones, and by the rules of the computer that it runs on.

An invitation that asks for an answer has to be METHOD:REQUEST: with PUBLISH, Outlook shows no
button to accept it. A file that someone opens themselves is PUBLISH, and then names neither an
organizer nor guests: Outlook takes those for an invitation that it can't answer.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Literal

from icalendar import Event, vCalAddress

from consult.crypto import booking_token
from consult.delivery.context import Context
from consult.delivery.mail.messages import (
    calendar_content,
    on_one_line,
    safe_name,
)
from consult.delivery.mail.owner_mail import (
    OwnerMail,
    message_for_owner,
    owner_mail_of,
)
from consult.delivery.worker import Commit, no_op
from consult.report.display import meeting_time, short_time
from consult.settings.brand import Brand
from consult.settings.schema import Settings
from consult.settings.setting_types import ascii_address, time_zone
from consult.storage.leads import leads
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.delivery_tables import JobRow

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]

FILE_NAME = "invite.ics"
_LONGEST_NAME = 100
# Calendars differ in how they read these in a parameter: few know RFC 6868.
_IN_NAMES = str.maketrans({'"': "'", "^": None, "\\": None})
_STATUS = {"requested": "TENTATIVE", "canceled": "CANCELLED"}

_SUBJECTS = {
    "booked": "Your consult: {when}",
    "confirmed": "Confirmed: your consult on {when}",
    "moved": "Your consult moved to {when}",
    "requested": "We’ll confirm your consult: {when}",
    "canceled": "Canceled: your consult on {when}",
}


def email_booking(context: Context, job: JobRow) -> Commit:
    """Tell an owner what became of their booking, at the address that they left."""
    with context.database.reading() as session:
        mail = owner_mail_of(session, job)
        booking = session.get(BookingRow, job.payload["booking_id"])
        is_held = mail is not None and leads.is_suspect(session, mail.submitted.id)
    if mail is None or is_held or booking is None or booking.sequence != job.payload["sequence"]:
        return no_op
    message, body = _message(context, booking, mail)
    context.send(mail.delivery, message, body)
    return no_op


def _message(context: Context, booking: BookingRow, mail: OwnerMail) -> tuple[EmailMessage, str]:
    """The mail, and its text as staff may read it. Of what the owner typed, it has the name."""
    kind, name = mail.delivery.kind, safe_name(mail.contact.name)
    settings, brand, zone = context.settings, context.brand, time_zone(booking.zone)
    values = {
        "kind": kind,
        "name": name,
        "when": meeting_time(booking.starts_at, booking.ends_at, zone),
        "place": booking.place,
        "base_url": settings.base_url,
    }
    subject = _SUBJECTS[kind].format(when=short_time(booking.starts_at.astimezone(zone)))
    links = {"link": link_of(booking, settings)}
    message, body = message_for_owner(context, mail, "booking", values, links, subject=subject)
    guest = Mailbox(name, message["To"].addresses[0].addr_spec)
    organizer = Mailbox(brand.name, sender_address(settings))
    add_invitation(
        message, *invitation(event_for_owner(booking, settings, brand), organizer, guest)
    )
    return message, body


def booking_file(booking: BookingRow, settings: Settings, brand: Brand) -> bytes:
    """The file by which an owner adds their consult to their calendar."""
    return calendar_entry(event_for_owner(booking, settings, brand)).encode()


def event_for_owner(booking: BookingRow, settings: Settings, brand: Brand) -> Event:
    """A booking as its owner reads it in their calendar."""
    who = f"{brand.person}, {brand.name}" if brand.person else brand.name
    text = [f"Move or cancel: {link_of(booking, settings)}", brand.name, brand.phone, brand.email]
    if booking.place:
        text.insert(0, f"How we meet: {booking.place}")
    return calendar_event(booking, f"Consult with {who}", "\n".join(filter(None, text)))


def sender_address(settings: Settings) -> str:
    return ascii_address(parseaddr(settings.mail_from)[1])


def link_of(booking: BookingRow, settings: Settings) -> str:
    return f"{settings.base_url}/book/{booking_token(settings.signing_key(), booking.id)}"


# --- Invitations ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who invites or is invited."""

    name: str
    address: str


def calendar_event(booking: BookingRow, title: str, text: str) -> Event:
    """A consult in a calendar: the same one for as long as the booking has its `uid`."""
    is_sure = booking.state != "requested"
    event = Event()
    event.add("UID", booking.uid)
    event.add("SEQUENCE", booking.sequence)
    event.add("DTSTAMP", _in_utc(booking.changed_at))
    event.add("DTSTART", _in_utc(booking.starts_at))
    event.add("DTEND", _in_utc(booking.ends_at))
    event.add("STATUS", _STATUS.get(booking.state, "CONFIRMED"))
    event.add("TRANSP", "OPAQUE")
    event.add("SUMMARY", on_one_line(title if is_sure else f"To be confirmed: {title}"))
    if booking.place:
        event.add("LOCATION", on_one_line(booking.place))
    event.add("DESCRIPTION", "\n".join(map(on_one_line, text.splitlines())))
    return event


def invitation(
    event: Event, organizer: Mailbox, guest: Mailbox, *, replies: bool = True
) -> tuple[str, Method]:
    """An invitation for a guest, and its method. With `replies`, the guest is asked for an answer.

    Who invites themselves gets an entry for their calendar: Outlook ignores the invitation.
    """
    if guest.address.lower() == organizer.address.lower():
        return calendar_entry(event), "PUBLISH"
    method: Method = "CANCEL" if event["STATUS"] == "CANCELLED" else "REQUEST"
    event.add("ORGANIZER", _address(organizer))
    attendee = _address(guest)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "NEEDS-ACTION"
    attendee.params["RSVP"] = "TRUE" if replies else "FALSE"
    event.add("ATTENDEE", attendee)
    return calendar_content(event, "Consult", method), method


def calendar_entry(event: Event) -> str:
    """The content of a file that adds an event to a calendar."""
    return calendar_content(event, "Consult", "PUBLISH")


def add_invitation(message: EmailMessage, content: str, method: Method) -> None:
    """Add an invitation to a mail that has a text: for mail programs, and as a file for people."""
    message.add_alternative(content, subtype="calendar", cte="base64", params={"method": method})
    message.add_attachment(
        content.encode(), maintype="application", subtype="ics", filename=FILE_NAME
    )


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _address(mailbox: Mailbox) -> vCalAddress:
    address = vCalAddress(f"mailto:{mailbox.address}")
    name = on_one_line(mailbox.name.translate(_IN_NAMES))[:_LONGEST_NAME].strip()
    if name:
        address.params["CN"] = name
    return address
