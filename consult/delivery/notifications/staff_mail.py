"""Mails to members of staff: what each says, and that it is sent once.

A mail names the business and the lead's page, and nothing else about an owner: mailboxes are read
on lock screens and passed on. All the rest is behind the sign-in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from email.message import EmailMessage
from typing import Any, cast
from urllib.parse import urlsplit

from consult.delivery.mail.messages import (
    House,
    harmless,
    moment_in_words,
    new_message,
    page,
    set_text,
)
from consult.delivery.mail.transport import Post
from consult.delivery.notifications import security_alert_mail, unsubscribe
from consult.delivery.notifications.digest_mail import sections_of, subject_of, times_of
from consult.delivery.outbox import Job
from consult.delivery.worker import Effect, nothing
from consult.report.display import long_date
from consult.storage.db.database import Database, Session
from consult.storage.leads import leads
from consult.storage.notifications import notifications, staff_mails
from consult.storage.notifications.digest import digest_for
from consult.storage.notifications.notifications import Standing
from consult.storage.notifications.security_alerts import ACCOUNT_NEWS, AccountNews
from consult.storage.notifications.staff_mails import WEBHOOK_OFF, StaffMail
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import NEWS, Kind
from consult.workflow.office_hours import Office

_SAYS: Mapping[Kind, str] = {
    "finished": "{who} finished the check.",
    "contact_given": "{who} left a contact and may be written to.",
    "consult_wanted": "{who} asks for a consult.",
    "overdue": "{who} waits for an answer. The time for it is over, and nobody got in touch.",
    "handed_over": "A colleague hands {who} to you. Accept it, or return it with a reason.",
    "handed_back": "{who} was not taken over and stays with you. The reason is on its page.",
}


@dataclass(frozen=True, slots=True)
class StaffPost:
    """What it takes to write to staff.

    Attributes:
        house: whose mails they are.
        secret_key: signs unsubscribe links.
        post: takes the mails.
        office: when the agency is open, and where.
    """

    house: House
    secret_key: str
    post: Post
    office: Office


@dataclass(frozen=True, slots=True)
class Draft:
    """What a mail says: its subject, its templates, and what these are told.

    `why` it comes to somebody who cannot choose not to get it; else it can be stopped.
    """

    subject: str
    text: str
    html: str
    told: Mapping[str, Any]
    why: str = ""


def mail_staff(database: Database, staff_post: StaffPost, job: Job) -> Effect:
    """Write a mail to a member of staff and send it, if there is still something to say.

    The job may run again after its worker died. Until the mail was taken, it then goes out under
    the same Message-ID; after that, not at all.
    """
    mail_id: int = job.payload["mail_id"]

    def drop(session: Session) -> None:
        staff_mails.drop(session, mail_id)

    with database.reading() as session:
        mail = staff_mails.get(session, mail_id)
        if mail is None or mail.sent_at:
            return nothing
        draft = draft_of(session, mail, staff_post) if mail.may_go else None
    if draft is None:
        return drop

    def write_down() -> None:
        with database.writing() as session:
            staff_mails.record_sent(session, mail_id, handed_to=staff_post.post.name)

    staff_post.post.send(_message(mail, draft, staff_post), accepted=write_down)
    return nothing


def draft_of(session: Session, mail: StaffMail, staff_post: StaffPost) -> Draft | None:
    """What a mail says; None when what it is about is gone, or there is nothing to say."""
    if mail.kind in ACCOUNT_NEWS:
        return _account(session, mail, mail.kind, staff_post)
    if mail.kind == WEBHOOK_OFF:
        return _webhook_off(session, mail, staff_post)
    if mail.day:
        return _digest(session, mail, mail.day, staff_post)
    return _news(session, mail, staff_post)


def _news(session: Session, mail: StaffMail, staff_post: StaffPost) -> Draft | None:
    notice = notifications.get(session, mail.notice_id) if mail.notice_id else None
    lead = leads.by_id(session, notice.lead_id) if notice else None
    desk = notifications.standing(session, lead.id) if lead else None
    if notice is None or lead is None or desk is None:
        return None
    if notice.kind == "handed_over" and desk.offered_to_id != mail.user_id:
        return None  # it was answered already, or taken back
    who = harmless(lead.contact.business if lead.contact else "") or f"Lead {lead.id}"
    return Draft(
        subject=f"{NEWS[notice.kind].name}: {who}",
        text="mail/news.txt",
        html="mail/news.html",
        told={
            "says": _SAYS[notice.kind].format(who=who),
            "due": _due(notice.kind, desk, staff_post.office.zone),
            "link": f"{staff_post.house.base_url}/staff/leads/{lead.id}",
        },
    )


def _due(kind: Kind, desk: Standing, zone: tzinfo) -> str:
    """By when somebody is owed a first reply, or was; empty where nobody waits for one."""
    if desk.due_at is None or desk.first_contact_at or kind in ("finished", "handed_back"):
        return ""
    was = "was" if kind == "overdue" else "is"
    return f"A first reply {was} due on {moment_in_words(desk.due_at, zone)}."


def _digest(session: Session, mail: StaffMail, day: date, staff_post: StaffPost) -> Draft | None:
    times = times_of(day, session.now(), staff_post.office)
    found = digest_for(session, mail.user_id, times)
    if found.is_empty:
        return None
    base_url = staff_post.house.base_url
    return Draft(
        subject=subject_of(found, day),
        text="mail/digest.txt",
        html="mail/digest.html",
        told={
            "today": f"{day:%A}, {long_date(day)}",
            "sections": sections_of(found, times.since, staff_post.office, base_url),
            "link": f"{base_url}/staff/",
        },
    )


def _account(session: Session, mail: StaffMail, news: AccountNews, staff_post: StaffPost) -> Draft:
    told = security_alert_mail.told_of(session, mail, news, staff_post.office.zone)
    return Draft(
        subject=f"Your account: {told['title'].lower()}",
        text="mail/account.txt",
        html="mail/account.html",
        told=told,
        why=f"it is about your own account at {staff_post.house.brand.product}. "
        "It always comes, whatever else you chose",
    )


def _webhook_off(session: Session, mail: StaffMail, staff_post: StaffPost) -> Draft | None:
    endpoint = endpoints.by_id(session, mail.endpoint_id) if mail.endpoint_id else None
    if endpoint is None or endpoint.active:
        return None
    return Draft(
        subject="A webhook was switched off",
        text="mail/webhook_off.txt",
        html="mail/webhook_off.html",
        told={
            "host": urlsplit(endpoint.address).hostname,
            "gone": endpoint.off_reason == "gone",
            "link": f"{staff_post.house.base_url}/staff/settings/webhooks/{endpoint.id}",
        },
        why=f"you are an admin of {staff_post.house.brand.product}",
    )


def _message(mail: StaffMail, draft: Draft, staff_post: StaffPost) -> EmailMessage:
    house, base_url = staff_post.house, staff_post.house.base_url
    message = new_message(
        house,
        to=mail.address,
        subject=draft.subject,
        date=mail.created_at,
        secret=f"staff {mail.id} {mail.token}",
    )
    told = {
        **draft.told,
        "name": harmless(mail.name),
        "brand": house.brand,
        "base_url": base_url,
        "choices": f"{base_url}/staff/account#told",
        "subject": draft.subject,
        "why": draft.why,
        "news": None,
        "stop": "",
    }
    if mail.kind in NEWS:
        kind = cast(Kind, mail.kind)
        told["news"] = NEWS[kind].name
        token = unsubscribe.token_of(staff_post.secret_key, mail.user_id, kind)
        told["stop"] = f"{base_url}{unsubscribe.PATH}{token}"
        message["List-Unsubscribe"] = f"<{told['stop']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    set_text(message, page(draft.text, **told), page(draft.html, **told))
    return message
