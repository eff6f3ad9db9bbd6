"""Pausing: what is saved, how to continue, permission for one reminder, and deleting it all."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.crypto import Purpose, encrypt
from consult.owner.contact_pages import HONEYPOT, ReminderForm, can_email
from consult.owner.open_draft import load_draft, lock_draft
from consult.report.display import long_date
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.tables.submission_tables import DraftRow
from consult.web.limits import network_of
from consult.web.services import services

pause_pages = Blueprint("pause", __name__, url_prefix="/check/<token>/pause")


@pause_pages.get("")
def pause(token: str) -> str:
    return _page(token, ReminderForm())


@pause_pages.post("")
def grant_reminder(token: str) -> ResponseReturnValue:
    made = services()
    made.limits.consume("contacts", made.settings.limit_contacts, network_of(request.remote_addr))
    form = ReminderForm(request.form)
    if not can_email() or not form.validate():
        return _page(token, form), 422
    with made.database.writing() as session:
        draft = lock_draft(session, token).stored
        if not request.form.get(HONEYPOT):  # a robot gets the same response, nothing is stored
            key = made.settings.signing_key()
            encrypted = encrypt(key, Purpose.REMINDER, token, draft.id)
            email = str(form.email.data)
            reminder_consent.grant(session, draft.id, email, _permission_text(), encrypted)
    return redirect(url_for(".pause", token=token), 303)


@pause_pages.post("/revoke-reminder")
def revoke_reminder(token: str) -> Response:
    with services().database.writing() as session:
        reminder_consent.revoke(session, lock_draft(session, token).stored.id)
    return redirect(url_for(".pause", token=token, revoked=1), 303)


@pause_pages.post("/delete")
def delete_answers(token: str) -> str:
    made = services()
    with made.database.writing() as session:
        drafts.delete_drafts(session, DraftRow.id == lock_draft(session, token).stored.id)
    made.database.forget_deleted()
    return render_template("owner/answers_deleted.html")


def _page(token: str, form: ReminderForm) -> str:
    draft, made = load_draft(token), services()
    with made.database.reading() as session:
        permission = reminder_consent.of_draft(session, draft.stored.id)
        expires_at = draft.stored.updated_at + session.draft_life
    return render_template(
        "owner/pause.html",
        token=token,
        form=form,
        problems=[(field.name, field.errors[0]) for field in form if field.errors],
        honeypot=HONEYPOT,
        permission_text=_permission_text(),
        permission=permission,
        can_email=can_email(),
        expires_on=long_date(expires_at.astimezone(made.settings.office.zone).date()),
        continue_url=draft.first_open_url,
        link=made.settings.base_url + draft.root,
        revoked="revoked" in request.args,
    )


def _permission_text() -> str:
    """The text beside the checkbox: what is shown is what is stored."""
    days = services().settings.retention_days_drafts
    return render_template("owner/reminder_permission.txt", days=days).strip()
