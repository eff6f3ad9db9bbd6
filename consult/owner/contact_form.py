"""The form in which an owner says who they are, and what they agree to by sending it."""

from __future__ import annotations

from typing import Any

from email_validator import EmailNotValidError, validate_email
from wtforms import BooleanField, Field, Form, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from consult.storage.leads.leads import Contact
from consult.web.text import one_line

TRAP = "company_website"
"""A field that people do not see and robots fill in."""


def _clean(text: str | None) -> str:
    return one_line(text or "")


def _email(form: Form, field: Field) -> None:
    try:
        if "=?" in field.data:  # a program for mail would decode it, and write to somebody else
            raise EmailNotValidError("encoded")
        # No look-up: whether mail gets there is found out by sending it.
        field.data = validate_email(field.data, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValidationError("Write an email address in full, such as name@example.com") from None


def _text(label: str, missing: str, longest: int, **options: Any) -> StringField:
    too_long = f"Use at most {longest} characters for “{label.lower()}”"
    checks = [DataRequired(missing), Length(max=longest, message=too_long)]
    return StringField(label, [*checks, *options.pop("checks", [])], filters=[_clean])


class LeaveForm(Form):
    """Where somebody who stops may be written to once; leave by ticking it."""

    email = _text(
        "Email", "Write your email address, or leave this page as it is", 254, checks=[_email]
    )
    leave = BooleanField(validators=[InputRequired("Tick the box if we may write to you once")])


class ContactForm(Form):
    """Name, email and business; phone and consult by choice; consent by ticking it."""

    name = _text("Your name", "Write your name", 200)
    email = _text("Email", "Write your email address", 254, checks=[_email])
    business = _text("Business", "Write the name of your business", 200)
    phone = StringField(
        "Phone",
        [Optional(), Length(max=40, message="Use at most 40 characters for “phone”")],
        filters=[_clean],
    )
    wants_consult = BooleanField("I would like a free consult")
    consent = BooleanField(
        validators=[InputRequired("Tick the box if you agree, so that we may keep your details")]
    )

    def contact(self, consent_text: str) -> Contact:
        """Return the contact of a form that validates, with the words agreed to."""
        return Contact(
            name=str(self.name.data),
            email=str(self.email.data),
            business=str(self.business.data),
            phone=self.phone.data or None,
            wants_consult=bool(self.wants_consult.data),
            consent_text=consent_text,
        )
