"""Mails to members of staff: what each says, and that it is sent once.

A mail names the business and links to the lead's page. It says more about an owner only if the
agency chose that (`staff_mails`): mailboxes are read on lock screens and forwarded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consult.crypto import Purpose, sign, verify
from consult.delivery.booking.booking_mail import (
    Mailbox,
    Method,
    add_invitation,
    calendar_event,
    invitation,
    sender_address,
)
from consult.delivery.context import Context
from consult.delivery.mail.messages import (
    format_time,
    name_for_staff,
    new_message,
    set_text,
)
from consult.delivery.notifications.digest_mail import sections_of, since_of, subject_of, time_of
from consult.delivery.worker import Commit, no_op
from consult.questionnaire.yaml_texts import read_yaml
from consult.report.display import long_date, meeting_time
from consult.settings.schema import Settings
from consult.storage import deliveries
from consult.storage.booking import bookings
from consult.storage.db.database import Session
from consult.storage.leads import leads
from consult.storage.notifications.digest import digest_for
from consult.storage.privacy import retention
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from consult.workflow.notification_types import EMAIL_TYPES, TYPE_INFO, NotificationType
from consult.workflow.stages import DECLINE_REASONS, OTHER
from consult.workflow.telephone import phone_link

UNSUBSCRIBE_PATH = "/mail/stop/"

ALERT_TEXTS: Mapping[str, Mapping[str, str]] = read_yaml(
    Path(__file__).with_name("security_alerts.yaml")
)
"""What each security alert says."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says: its subject, the name of its templates, and their values.

    `reason` says why a user gets it who cannot unsubscribe. With an `invitation`, what it is about
    gets into their calendar.
    """

    subject: str
    template: str
    values: Mapping[str, Any]
    reason: str = ""
    invitation: tuple[str, Method] | None = None


def email_staff(context: Context, job: JobRow) -> Commit:
    """Write a mail to a member of staff and send it, if there still is something to say.

    The job may run again after its worker died. Until the mail was accepted, it then goes out under
    the same Message-ID; after that, not at all.
    """
    with context.database.reading() as session:
        delivery = deliveries.for_job(session, job.id)
        if delivery is None or delivery.sent_at or delivery.user is None:
            return no_op
        user = delivery.user
        content = _content(session, delivery, user, context) if user.active else None
    if content is None:
        return lambda session: deliveries.discard(session, delivery)
    context.send(delivery, _message(delivery, user, content, context))
    return no_op


def _content(
    session: Session, delivery: DeliveryRow, user: StaffUserRow, context: Context
) -> Content | None:
    """What a mail says; None when what it is about was deleted, or there is nothing to say."""
    if delivery.kind in ALERT_TEXTS:
        return _security_alert(session, delivery, user, context)
    if delivery.kind == deliveries.WEBHOOK_DISABLED:
        return _webhook_disabled(delivery, context)
    if delivery.kind == deliveries.PURGE_STOPPED:
        return _purge_stopped(session, context)
    if delivery.kind == "digest":
        return _digest(session, delivery, user, context)
    return _notification(session, delivery, user, context)


def _notification(
    session: Session, delivery: DeliveryRow, user: StaffUserRow, context: Context
) -> Content | None:
    notification = delivery.notification
    submitted = leads.by_id(session, notification.submission_id) if notification else None
    if notification is None or submitted is None:
        return None
    if notification.kind == "handed_over" and notification.lead.offered_to_id != user.id:
        return None  # it was answered already, or canceled
    lead = notification.lead
    booking = bookings.of_notification(session, notification)
    if booking and (booking.state == "canceled") != (notification.kind == "consult_canceled"):
        return None  # a later one says that it was canceled
    # No one is named where it's probably spam, or robots could write to staff by our mail.
    contact = None if lead.suspect else submitted.contact
    who = (name_for_staff(contact.business) if contact else "") or f"Lead {submitted.id}"
    actor = name_for_staff(notification.actor.name if notification.actor else "") or "A colleague"
    info = TYPE_INFO[notification.kind]
    subject, happened = info.subject, info.sentence
    if booking and booking.state == "requested":
        subject = "Confirm a consult: {who}"
        happened = "{who} picked a time for a consult. Confirm it, or suggest another one."
    elif booking and booking.sequence and notification.kind == "consult_booked":
        subject, happened = "Consult confirmed: {who}", "The consult with {who} is confirmed."
    link = f"{context.settings.base_url}/staff/leads/{submitted.id}"
    return Content(
        subject=subject.format(who=who, actor=actor),
        template="notification",
        values={
            "happened": happened.format(who=who, actor=actor),
            "because": _why_returned(session, lead) if notification.kind == "handed_back" else "",
            "due": _due(notification.kind, lead, context.office.zone),
            "facts": [
                *(_facts_of(booking, context) if booking else ()),
                *_facts(session, submitted, contact, lead, user, context.settings),
            ],
            "link": link,
        },
        invitation=_invitation(booking, who, link, user, context) if booking else None,
    )


def _facts_of(booking: BookingRow, context: Context) -> list[tuple[str, str, str]]:
    """When and how a consult takes place. What a provider says may be what an owner typed."""
    when = meeting_time(booking.starts_at, booking.ends_at, context.office.zone)
    place = booking.place if booking.calendar == "own" else name_for_staff(booking.place)
    facts = [("When", when, ""), ("Where the owner is", booking.zone, "")]
    return [*facts, ("How you meet", place, "")] if place else facts


def _invitation(
    booking: BookingRow, who: str, link: str, user: StaffUserRow, context: Context
) -> tuple[str, Method] | None:
    """The invitation for a member of staff; a provider's calendar has the consult already.

    It is from the address that owners are invited by, and no answer is asked for: it'd get there.
    """
    if booking.calendar != "own":
        return None
    organizer = Mailbox(context.brand.name, sender_address(context.settings))
    about = calendar_event(booking, f"Consult: {who}", link)
    guest = Mailbox(name_for_staff(user.name), user.email)
    return invitation(about, organizer, guest, replies=False)


def _why_returned(session: Session, lead: LeadRow) -> str:
    """The reason for which a handover was returned last, as a colleague chose it."""
    events = leads.timeline(session, lead.submission_id)
    reasons = [event.data["reason"] for event in events if event.kind == "declined"]
    return DECLINE_REASONS[reasons[-1]] if reasons and reasons[-1] != OTHER else ""


def _facts(
    session: Session,
    submitted: SubmissionRow,
    contact: ContactRow | None,
    lead: LeadRow,
    user: StaffUserRow,
    settings: Settings,
) -> list[tuple[str, str, str]]:
    """What a mail says of a lead: a label, a text, and the link of the text if it has one."""
    assignee = session.get(StaffUserRow, lead.assignee_id) if lead.assignee_id else None
    who = name_for_staff(assignee.name) if assignee else "No one yet"
    facts = [("Assigned to", "You" if lead.assignee_id == user.id else who, "")]
    if contact:
        facts.append(("Wants", "A consult" if contact.wants_consult else "The report by email", ""))
    if settings.staff_mails == "business" or contact is None:
        return facts
    call = phone_link(contact.phone or "")
    troubles = "; ".join(trouble["name"] for trouble in submitted.report.get("troubles", ()))
    return facts + [
        fact
        for fact in (
            ("Name", name_for_staff(contact.name), ""),
            ("Phone", (contact.phone or "") if call else "", call),
            ("Email", contact.email, f"mailto:{contact.email}"),
            ("What’s bothering them", troubles, ""),
            ("Wanted in three months", name_for_staff(submitted.report.get("own_words", "")), ""),
        )
        if fact[1]
    ]


def _due(kind: str, lead: LeadRow, zone: tzinfo) -> str:
    """When a first reply is or was due; empty if none is."""
    if lead.due_at is None or lead.first_contact_at or kind in ("finished", "handed_back"):
        return ""
    was = "was" if kind == "overdue" else "is"
    return f"A first reply {was} due {format_time(lead.due_at, zone)}."


def _digest(
    session: Session, delivery: DeliveryRow, user: StaffUserRow, context: Context
) -> Content | None:
    day, office, base_url = delivery.day, context.office, context.settings.base_url
    if day is None:
        return None
    since = since_of(day, office)
    digest = digest_for(session, user.id, since, day, office)
    if digest.is_empty:
        return None
    return Content(
        subject=subject_of(digest, day),
        template="digest",
        values={
            "today": f"{day:%A}, {long_date(day)}",
            "sections": sections_of(digest, since, office),
            "time_of": partial(time_of, zone=office.zone),
            "zone": office.zone,
            "with_contact": context.settings.staff_mails == "contact",
            "link": f"{base_url}/staff/",
        },
    )


def _security_alert(
    session: Session, delivery: DeliveryRow, user: StaffUserRow, context: Context
) -> Content:
    """It has no link: mails that ask people to sign in by a link are how accounts are stolen."""
    texts, zone = ALERT_TEXTS[delivery.kind], context.office.zone
    left = factors.factors_of(session, user.id).codes_left
    codes = "None are" if not left else "One is" if left == 1 else f"{left} are"
    role = "an admin" if user.is_admin else "a member of staff"
    return Content(
        subject=f"Your account: {texts['title']}",
        template="security_alert",
        values={
            **texts,
            "now": texts["now"].format(codes=codes, role=role),
            "when": format_time(delivery.created_at, zone),
        },
        reason=f"it’s about your own account at {context.brand.product}. "
        "You always get security alerts",
    )


def _webhook_disabled(delivery: DeliveryRow, context: Context) -> Content | None:
    endpoint = delivery.endpoint
    if endpoint is None or endpoint.active:
        return None
    return Content(
        subject="A webhook was disabled",
        template="webhook_disabled",
        values={
            "host": urlsplit(endpoint.url).hostname,
            "is_gone": endpoint.disabled_reason == "gone",
            "link": f"{context.settings.base_url}/staff/settings/webhooks/{endpoint.id}",
        },
        reason=f"you’re an admin of {context.brand.product}",
    )


def _purge_stopped(session: Session, context: Context) -> Content | None:
    days, method = context.settings.retention_days_leads, context.settings.retention_leads
    expired = retention.count_expired(session, lead_days=days, method=method)
    if not expired.is_unusual:
        return None
    return Content(
        subject="Nothing was deleted last night",
        template="purge_stopped",
        values={
            "expired": expired,
            "days": days,
            "deleted": "deleted" if method == "delete" else "anonymized",
            "link": f"{context.settings.base_url}/staff/settings/retention",
        },
        reason=f"you’re an admin of {context.brand.product}",
    )


def _message(
    delivery: DeliveryRow, user: StaffUserRow, content: Content, context: Context
) -> EmailMessage:
    base_url = context.settings.base_url
    message = new_message(
        context.settings,
        to=user.email,
        subject=content.subject,
        date=delivery.created_at,
        token=delivery.token,
    )
    values = {
        **content.values,
        "brand": context.brand,
        "name": name_for_staff(user.name),
        "reason": content.reason,
        "settings_link": f"{base_url}/staff/account#notifications",
        "unsubscribe_link": "",
    }
    if delivery.kind in EMAIL_TYPES:
        token = unsubscribe_token(context.settings.signing_key(), user.id, delivery.kind)
        values["unsubscribe_link"] = link = f"{base_url}{UNSUBSCRIBE_PATH}{token}"
        message["List-Unsubscribe"] = f"<{link}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    set_text(message, content.template, values)
    if content.invitation:
        add_invitation(message, *content.invitation)
    return message


def unsubscribe_token(secret_key: str, user_id: int, kind: str) -> str:
    """The token that ends one kind of mail to a user without signing in (RFC 8058)."""
    return sign(secret_key, Purpose.UNSUBSCRIBE, [user_id, kind])


def read_unsubscribe_token(secret_key: str, token: str) -> tuple[int, NotificationType] | None:
    user_id, kind = verify(secret_key, Purpose.UNSUBSCRIBE, token) or (0, "")
    return (user_id, kind) if kind in EMAIL_TYPES else None
