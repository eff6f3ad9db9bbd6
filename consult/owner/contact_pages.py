"""Who an owner is: the contact form, the consent, and the report by email.

A report is mailed only to the address that its owner typed, and only so often: nobody can have
the site send mail to strangers. A form with signs of a robot has the site send nothing at all: the
report waits until the address is confirmed, and the email to confirm it is sent when a person asks
for it on the page of the result. Its link shows a button; only the button confirms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, Field, Form, StringField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from consult.crypto import Purpose, contact_key, decrypt, encrypt
from consult.owner.form_guard import (
    can_email,
    consume_contact,
    guard,
    may_mail,
    mode_of,
    signs_of,
)
from consult.owner.result_pages import (
    find_submission,
    is_confirmation_offered,
    is_contact_required,
    opens_contact_of,
)
from consult.report.report import from_json
from consult.storage.leads import leads, submission
from consult.storage.leads.submission import NewContact, Screening
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from consult.web.embed import full_path
from consult.web.services import secret_key, services
from consult.web.text import one_line
from consult.workflow.spam import Signs, is_suspect, of_sender

contact_pages = Blueprint("contact", __name__, url_prefix="/result/<token>")
confirm_pages = Blueprint("confirm", __name__, url_prefix="/confirm/<token>")

BOOK = "book"
"""Where ``?then=`` leads once a contact is changed: back to the booking it is for."""


@contact_pages.get("/contact")
def contact(token: str) -> str:
    """Ask where to send the report; who has left a contact changes it with a key only."""
    submitted = find_submission(token)
    if not _may_change(submitted):
        return contact_page(token, None, submitted)
    form = ContactForm(obj=submitted.contact, wants_consult="consult" in request.args)
    if form.business.data == form.name.data:
        form.business.data = ""
    return contact_page(token, form, submitted)


@contact_pages.post("/contact")
def save_contact(token: str) -> ResponseReturnValue:
    return _save(token, "owner/contact.html", wants_consult=False)


@contact_pages.get("/consult")
def consult(token: str) -> str:
    """Show what the consult is, and ask who it is for; one button where that is known."""
    submitted = find_submission(token)
    return contact_page(
        token, None if submitted.contact else ContactForm(), submitted, "owner/consult.html"
    )


@contact_pages.post("/consult")
def ask_for_consult(token: str) -> ResponseReturnValue:
    submitted = find_submission(token)
    if submitted.contact is None:
        return _save(token, "owner/consult.html", wants_consult=True)
    consume_contact()
    with services().database.writing() as session:
        if known := submission.locked_contact(session, token):
            wanted = replace(known, wants_consult=True)
            submission.save_contact(session, token, wanted, None, services().settings.office)
    shown = shown_contact(submitted)
    return redirect(thanks_url(submitted, token, shown.email if shown else ""), 303)


def _save(token: str, template: str, *, wants_consult: bool) -> ResponseReturnValue:
    consume_contact()
    submitted = find_submission(token)
    form = ContactForm(request.form)
    if not form.validate():
        return contact_page(token, form, submitted, template), 422
    given = contact_in(form, submitted, wants_consult=wants_consult)
    if (
        submitted.contact
        and not _may_change(submitted)
        and NewContact.of(submitted.contact) != given
    ):
        return redirect(url_for(".contact", token=token), 303)
    screening, link = screen_contact(submitted, token, given.email)
    with services().database.writing() as session:
        is_first = submitted.contact is None
        if is_first and submission.locked_contact(session, token) not in (None, given):
            # Someone with the same link has left another one in the meantime.
            return redirect(url_for(".contact", token=token), 303)
        submission.save_contact(session, token, given, link, services().settings.office, screening)
    request_first_confirmation(submitted, token, given.email, screening)
    if request.args.get("then") == BOOK:
        key = contact_key(secret_key(), submitted.result_token_hash, given.email)
        return redirect(url_for("booking.book_page", token=token, key=key), 303)
    return redirect(thanks_url(submitted, token, given.email), 303)


def contact_in(form: ContactForm, submitted: SubmissionRow, *, wants_consult: bool) -> NewContact:
    """The contact that a valid form was sent with."""
    name = str(form.name.data)
    return NewContact(
        name=name,
        email=str(form.email.data),
        # Who has no name for the business goes by their own.
        business=form.business.data or name,
        phone=form.phone.data or None,
        wants_consult=wants_consult or form.wants_consult.data,
        consent_text=_consent_text(),
        # Only the page of the consult asks for it.
        best_time=form.best_time.data
        or (submitted.contact.best_time if submitted.contact else None),
    )


def screen_contact(
    submitted: SubmissionRow, token: str, email: str
) -> tuple[Screening, str | None]:
    """What is known of the form that was sent, and the link to mail with the report, if at once."""
    signs: Signs = signs_of("contact", token, email, seconds_taken=submitted.seconds_taken)
    with services().database.reading() as session:
        if submitted.contact and leads.is_suspect(session, submitted.id):
            signs = {**of_sender(submitted.contact.signs), **signs}
    screening = Screening(
        signs=signs,
        must_confirm=_must_confirm(signs),
        waiting_token=encrypt(secret_key(), Purpose.WAITING_REPORT, token, submitted.id),
        look_up=mode_of("mail_server") != "off",
    )
    return screening, None if screening.waits else _link_to_mail(submitted, email, token)


def request_first_confirmation(
    submitted: SubmissionRow, token: str, email: str, screening: Screening
) -> None:
    """Mail the link to confirm an address that was just saved, where everyone gets one."""
    is_new_address = submitted.contact is None or submitted.contact.email != email
    must_confirm = services().settings.confirm_mail == "always"
    if must_confirm and is_new_address and not is_suspect(screening.signs):
        _request_confirmation(token, email)


def _must_confirm(signs: Signs) -> bool:
    """Whether everyone has to, or this browser did no proof of work, which a confirmation makes up.

    Then the email to confirm is sent on a press: scripts have no JavaScript either.
    """
    confirm = services().settings.confirm_mail
    no_proof = "proof_of_work" in signs and signs["proof_of_work"]["counts"]
    return confirm == "always" or (bool(no_proof) and confirm != "off" and can_email())


def thanks_url(submitted: SubmissionRow, token: str, email: str = "") -> str:
    """The page that thanks; to who has just entered an address, it shows their contact."""
    key = contact_key(secret_key(), submitted.result_token_hash, email) if email else 1
    return url_for("results.result", token=token, thanks=key)


@contact_pages.post("/confirm-email")
def request_confirmation(token: str) -> ResponseReturnValue:
    """Email the link to confirm the address; the same response whether it's sent or held back."""
    consume_contact()
    submitted = find_submission(token)
    if submitted.contact and is_confirmation_offered(submitted.contact):
        _request_confirmation(token, submitted.contact.email)
    key = request.args.get("key")
    return redirect(url_for("results.result", token=token, thanks=key, asked=1), 303)


def _request_confirmation(token: str, email: str) -> None:
    if may_mail(email):
        with services().database.writing() as session:
            submission.request_confirmation(session, token, services().settings.base_url)


# --- The emailed link ----------------------------------------------------------------------------


@confirm_pages.get("")
def confirm(token: str) -> str:
    """Show the button, or that it was pressed; nothing changes, however often it is opened."""
    stored = _to_confirm(token)
    return render_template("owner/confirm.html", token=token, done=stored.waiting_token is None)


@confirm_pages.post("")
def save_confirmation(token: str) -> ResponseReturnValue:
    made, stored = services(), _to_confirm(token)
    waiting, lead_id = stored.waiting_token or b"", stored.submission_id
    result = decrypt(secret_key(), Purpose.WAITING_REPORT, waiting, lead_id)
    link = made.settings.base_url + full_path("results.result", token=result) if result else None
    with made.database.writing() as session:
        submission.confirm(session, token, link, made.settings.office)
    if result is None:  # it was confirmed before, or the secret key is a new one
        return redirect(url_for(".confirm", token=token), 303)
    return redirect(thanks_url(find_submission(result), result, stored.email), 303)


def _to_confirm(token: str) -> ContactRow:
    with services().database.reading() as session:
        stored = submission.to_confirm(session, token)
    if stored is None:  # most likely there is a newer one
        abort(make_response(render_template("owner/link_expired.html", confirms=True), 410))
    return stored


def _may_change(submitted: SubmissionRow) -> bool:
    return submitted.contact is None or shown_contact(submitted) is not None


def shown_contact(submitted: SubmissionRow) -> ContactRow | None:
    """The contact, if the key in the query is one that shows and changes it."""
    return submitted.contact if opens_contact_of(submitted, request.args.get("key", "")) else None


def contact_page(
    token: str,
    form: ContactForm | None,
    submitted: SubmissionRow,
    template: str = "owner/contact.html",
    *,
    problems: Sequence[tuple[str, str]] = (),
    **more: Any,
) -> str:
    """The page with this form, or without one where there is a contact already."""
    known = shown_contact(submitted)
    wrong = [(field.name, field.errors[0]) for field in form or () if field.errors]
    return render_template(
        template,
        depth=submitted.depth,
        token=token,
        key=request.args.get("key"),
        then=request.args.get("then"),
        known=known,
        unreachable=known.signs.get("mail_server") if known else None,
        form=form,
        problems=[*problems, *wrong],
        guard=guard("contact", token),
        consent=_consent_text(),
        consult=from_json(submitted.report).consult,
        result_open=not is_contact_required(submitted.contact is not None, "result"),
        by_email=can_email(),
        **more,
    )


def _consent_text() -> str:
    """The text beside the checkbox: what is shown is what is stored."""
    days = services().settings.retention_days_leads
    return render_template("owner/consent.txt", months=round(days / 30.4)).strip()


def _link_to_mail(submitted: SubmissionRow, email: str, token: str) -> str | None:
    """The link for the email that a new or corrected address gets.

    None if the address has its email already, or if too many emails were requested lately.
    """
    if submitted.contact and submitted.contact.email == email:
        return None
    if not may_mail(email):
        return None
    return services().settings.base_url + full_path("results.result", token=token)


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
    """A line of text; `missing` is the message where it is required."""
    too_long = f"Keep “{label.lower()}” to {longest} characters"
    needed = DataRequired(missing) if missing else Optional()
    checks = [needed, Length(max=longest, message=too_long)]
    return StringField(label, [*checks, *more], filters=[one_line])


def _box(label: str, missing: str = "") -> BooleanField:
    """A box to check; `missing` is the message where it has to be. A "no" checks none."""
    needed = [DataRequired(missing)] if missing else []
    return BooleanField(label, needed, false_values=(False, "", "false", "no", "off", "0"))


class ReminderForm(Form):
    """The address for one reminder; permission by checking the box."""

    email = _text("Email", "Enter your email, or leave this page as it is", 254, _email)
    permission = _box("", "Check the box so we can email you once")


class ResumeLinkForm(Form):
    """The address that the link to continue is emailed to."""

    send_to = _text("Email", "Enter your email", 254, _email)


class ContactForm(Form):
    """Name and email; the rest is optional; consent by checking the box."""

    name = _text("Your name", "Enter your name", 200)
    email = _text("Email", "Enter your email", 254, _email)
    business = _text("Business", "", 200)
    phone = _text("Phone", "", 40)
    best_time = _text("Best time to reach you", "", 80)
    wants_consult = _box("I’d like a free consult")
    consent = _box("", "Check the box so we can write to you")
