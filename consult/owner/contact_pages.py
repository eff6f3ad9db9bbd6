"""Who an owner is: the contact form, the consent, and the report by email.

A report is mailed only to the address that its owner typed, and only so often: nobody can have
the site send mail to strangers.
"""

from __future__ import annotations

import re
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, Field, Form, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from consult.owner.result_pages import find_lead, is_contact_required
from consult.storage.leads import submission
from consult.storage.leads.submission import NewContact
from consult.storage.tables.submission_tables import SubmissionRow
from consult.web.limits import network_of
from consult.web.services import services
from consult.web.text import one_line

HONEYPOT = "company_website"
"""A field that people do not see and robots fill in."""

contact_pages = Blueprint("contact", __name__, url_prefix="/result/<token>/contact")


@contact_pages.get("")
def contact(token: str) -> str:
    lead = find_lead(token)
    form = ContactForm(obj=lead.contact, wants_consult="consult" in request.args)
    return _page(token, form, lead)


@contact_pages.post("")
def save_contact(token: str) -> ResponseReturnValue:
    made = services()
    made.limits.consume("contacts", made.settings.limit_contacts, network_of(request.remote_addr))
    lead = find_lead(token)
    form = ContactForm(request.form)
    if not form.validate():
        return _page(token, form, lead), 422
    if not request.form.get(HONEYPOT):  # a robot gets the same response, and nothing is stored
        fields = {name: form[name].data for name in ("name", "email", "business", "wants_consult")}
        phone = form.phone.data or None
        contact = NewContact(**fields, phone=phone, consent_text=_consent_text())
        link = _link_to_mail(lead, contact.email, token)
        with made.database.writing() as session:
            submission.save_contact(session, token, contact, link, made.settings.office)
    return redirect(url_for("results.result", token=token, thanks=1), 303)


def _page(token: str, form: ContactForm, lead: SubmissionRow) -> str:
    return render_template(
        "owner/contact.html",
        token=token,
        form=form,
        problems=[(field.name, field.errors[0]) for field in form if field.errors],
        honeypot=HONEYPOT,
        consent=_consent_text(),
        result_open=not is_contact_required(lead.contact is not None, "result"),
        by_email=can_email(),
    )


def can_email() -> bool:
    """Whether there is a mail server; without one, no page asks for an address to remind."""
    return services().settings.smtp_url is not None


def _consent_text() -> str:
    """The text beside the checkbox: what is shown is what is stored."""
    days = services().settings.retention_days_leads
    return render_template("owner/consent.txt", months=round(days / 30.4)).strip()


def _link_to_mail(lead: SubmissionRow, email: str, token: str) -> str | None:
    """The link for the email that a new or corrected address gets.

    None if the address has its email already, or if too many emails were requested lately.
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


def _mailbox(email: str) -> str:
    """One name for all spellings of an address that end up in the same mailbox."""
    # Some hosts ignore dots before the @. Where others do not, two may share one allowance.
    return re.sub(r"\+[^@]*(?=@)|\.(?=[^@]*@)", "", email).casefold()


# --- Forms ---------------------------------------------------------------------------------------


def _email(form: Form, field: Field) -> None:
    try:
        if "=?" in field.data:  # an email program would decode it and write to another address
            raise EmailNotValidError("encoded")
        # No look-up: whether mail arrives is found out by sending it.
        field.data = validate_email(field.data, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValidationError("Enter a full email address, like name@example.com") from None


def _text(label: str, missing: str, longest: int, *more: Any) -> StringField:
    too_long = f"Keep “{label.lower()}” to {longest} characters"
    checks = [DataRequired(missing), Length(max=longest, message=too_long)]
    return StringField(label, [*checks, *more], filters=[one_line])


class ReminderForm(Form):
    """The address for one reminder; permission by checking the box."""

    email = _text("Email", "Enter your email, or leave this page as it is", 254, _email)
    permission = BooleanField(validators=[InputRequired("Check the box so we can email you once")])


class ContactForm(Form):
    """Name, email and business; phone and consult are optional; consent by checking the box."""

    name = _text("Your name", "Enter your name", 200)
    email = _text("Email", "Enter your email", 254, _email)
    business = _text("Business", "Enter the name of your business", 200)
    phone = StringField(
        "Phone",
        [Optional(), Length(max=40, message="Keep “phone” to 40 characters")],
        filters=[one_line],
    )
    wants_consult = BooleanField("I’d like a free consult")
    consent = BooleanField(validators=[InputRequired("Check the box so we can send your report")])
