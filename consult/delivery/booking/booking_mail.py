"""Mails to owners about the consult that they booked in our own calendar, with the invitation.

What a mail says follows from the booking. One that has changed since is not sent: a later mail
says what became of it.
"""

from email.message import EmailMessage
from email.utils import parseaddr

from consult.crypto import booking_token
from consult.delivery.booking.invitations import (
    Mailbox,
    Meeting,
    Status,
    add_invitation,
    calendar_entry,
    invitation,
)
from consult.delivery.context import Context
from consult.delivery.mail.messages import render, safe_name, set_text
from consult.delivery.mail.owner_mail import LINK_FOR_STAFF, new_owner_message, record_owner_mail
from consult.delivery.worker import Commit, no_op
from consult.report.display import meeting_time, short_time
from consult.settings.brand import Brand
from consult.settings.schema import Settings
from consult.settings.setting_types import ascii_address, time_zone
from consult.storage import deliveries
from consult.storage.leads import leads
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow

_STATUS: dict[str, Status] = {"requested": "TENTATIVE", "canceled": "CANCELLED"}

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
        delivery = deliveries.for_job(session, job.id)
        if delivery is None or delivery.sent_at or delivery.submission_id is None:
            return no_op
        booking = session.get(BookingRow, job.payload["booking_id"])
        lead = leads.by_id(session, delivery.submission_id)
        is_held = leads.is_suspect(session, delivery.submission_id)
    if booking is None or booking.sequence != job.payload["sequence"] or lead is None or is_held:
        return no_op
    if lead.contact is None or lead.contact.email != delivery.address:
        return no_op
    message, body = _message(context, booking, delivery, safe_name(lead.contact.name))
    context.transport.send(message, record_owner_mail(context, delivery, message, body))
    return no_op


def _message(
    context: Context, booking: BookingRow, delivery: DeliveryRow, name: str
) -> tuple[EmailMessage, str]:
    """The mail, and its text as staff may read it. Of what the owner typed, it has the name."""
    settings, brand = context.settings, context.brand
    zone, link = time_zone(booking.zone), link_of(booking, settings)
    when = short_time(booking.starts_at.astimezone(zone))
    message = new_owner_message(
        context,
        to=delivery.address or "",
        subject=_SUBJECTS[delivery.kind].format(when=when),
        date=delivery.created_at,
        token=delivery.token,
    )
    values = {
        "kind": delivery.kind,
        "name": name,
        "brand": brand,
        "subject": str(message["Subject"]),
        "when": meeting_time(booking.starts_at, booking.ends_at, zone),
        "place": booking.place,
        "base_url": settings.base_url,
    }
    set_text(message, "booking", {**values, "link": link})
    guest = Mailbox(name, message["To"].addresses[0].addr_spec)
    organizer = Mailbox(brand.name, sender_address(settings))
    add_invitation(message, *invitation(meeting_of(booking, settings, brand), organizer, guest))
    return message, render("mail/booking.txt", link=LINK_FOR_STAFF, **values)


def booking_file(booking: BookingRow, settings: Settings, brand: Brand) -> bytes:
    """The file by which an owner adds their consult to their calendar."""
    return calendar_entry(meeting_of(booking, settings, brand)).encode()


def meeting_of(booking: BookingRow, settings: Settings, brand: Brand) -> Meeting:
    """A booking as its owner reads it in their calendar."""
    who = f"{brand.person}, {brand.name}" if brand.person else brand.name
    text = [f"Move or cancel: {link_of(booking, settings)}", brand.name, brand.phone, brand.email]
    if booking.place:
        text.insert(0, f"How we meet: {booking.place}")
    return meeting(booking, f"Consult with {who}", "\n".join(filter(None, text)))


def meeting(booking: BookingRow, title: str, text: str) -> Meeting:
    is_sure = booking.state != "requested"
    return Meeting(
        uid=booking.uid,
        sequence=booking.sequence,
        changed_at=booking.changed_at,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        status=_STATUS.get(booking.state, "CONFIRMED"),
        title=title if is_sure else f"To be confirmed: {title}",
        place=booking.place,
        text=text,
    )


def sender_address(settings: Settings) -> str:
    return ascii_address(parseaddr(settings.mail_from)[1])


def link_of(booking: BookingRow, settings: Settings) -> str:
    return f"{settings.base_url}/book/{booking_token(settings.signing_key(), booking.id)}"
