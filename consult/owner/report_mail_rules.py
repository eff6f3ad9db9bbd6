"""When a report may be mailed: to whoever left the address, and not to a crowd of strangers."""

from __future__ import annotations

import re

from flask import url_for

from consult.storage.leads.leads import Lead
from consult.storage.notifications import report_mails
from consult.web.services import services


def mail_link(lead: Lead, email: str, token: str) -> str | None:
    """Return the link for the mail that a new or corrected address gets.

    None when the address has its mail already, or when too many mails were asked for lately.
    """
    if lead.contact and lead.contact.email == email:
        return None
    made = services()
    limits, settings = made.limits, made.settings
    if not limits.allows("mails to an address", settings.limit_mails_address, _mailbox(email)):
        return None
    if not limits.allows("mails", settings.limit_mails, "everybody"):
        return None
    return settings.base_url + url_for("results.result", token=token)


def is_on_its_way(lead: Lead) -> bool:
    """Whether the report was sent to the owner's address, or is about to be."""
    if lead.contact is None or services().settings.smtp_url is None:
        return False  # without a mail server it lies in a folder until staff send it
    with services().database.reading() as session:
        sent = report_mails.mails_of(session, lead.id)
    return bool(sent) and sent[-1].mail.address == lead.contact.email and sent[-1].state != "dead"


def _mailbox(email: str) -> str:
    """One name for all spellings of an address that end up in the same mailbox."""
    # Some hosts see no dots before the @. Where others do, two may share one allowance.
    return re.sub(r"\+[^@]*(?=@)|\.(?=[^@]*@)", "", email).casefold()
