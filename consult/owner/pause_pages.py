"""Pausing and resuming: the link to continue, by copy, QR code or email; a reminder; deletion.

The emailed link is another one than that of the check, and opens a page that shows only progress:
mail scanners open every link, and some run its scripts. What continues is a button.
"""

import segno
from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import Form

from consult.crypto import Purpose, encrypt
from consult.owner.contact_pages import ReminderForm, ResumeLinkForm
from consult.owner.form_guard import can_email, consume_contact, guard, may_mail, signs_of
from consult.owner.open_draft import OpenDraft, load_draft, lock_draft, to_result, walk_of
from consult.report.display import long_date
from consult.storage.drafts import drafts, reminder_consent, resume_links
from consult.storage.tables.submission_tables import DraftRow
from consult.web.embed import full_path
from consult.web.limits import network_of
from consult.web.services import secret_key, services
from consult.workflow.spam import is_robot

LINKS_PER_CHECK = "3 per day"

_MODULE_PIXELS = 5
_QUIET_ZONE = 4

pause_pages = Blueprint("pause", __name__, url_prefix="/check/<token>")
resume_pages = Blueprint("resume", __name__, url_prefix="/resume/<token>")


@pause_pages.get("/pause")
def pause(token: str) -> str:
    return _page(token)


@pause_pages.post("/email-link")
def email_link(token: str) -> ResponseReturnValue:
    """Have the link emailed; the same response whether it is sent, held back or a robot's."""
    form = ResumeLinkForm(request.form)
    draft = load_draft(token)
    if not can_email() or not form.validate():
        return _page(token, form), 422
    address = str(form.send_to.data)
    if not is_robot(signs_of("link", token, address)) and _may_mail_link(token, address):
        with services().database.writing() as session:
            draft = lock_draft(session, token)
            resume_links.request(session, secret_key(), draft.stored.id, token, address)
    return redirect(url_for(".pause", token=token, requested=1), 303)


def _may_mail_link(token: str, address: str) -> bool:
    limits, settings = services().limits, services().settings
    return (
        limits.allows("links of a check", LINKS_PER_CHECK, token)
        and limits.allows("contacts", settings.limit_contacts, network_of(request.remote_addr))
        and may_mail(address)
    )


@pause_pages.post("/pause")
def grant_reminder(token: str) -> ResponseReturnValue:
    consume_contact()
    form = ReminderForm(request.form)
    if not can_email() or not form.validate():
        return _page(token, form), 422
    email = str(form.email.data)
    signs = signs_of("reminder", token, email)
    with services().database.writing() as session:
        draft = lock_draft(session, token).stored
        encrypted = encrypt(secret_key(), Purpose.REMINDER, token, draft.id)
        reminder_consent.grant(session, draft.id, email, _permission_text(), encrypted, signs)
    return redirect(url_for(".pause", token=token), 303)


@pause_pages.post("/pause/revoke-reminder")
def revoke_reminder(token: str) -> Response:
    with services().database.writing() as session:
        reminder_consent.revoke(session, lock_draft(session, token).stored.id)
    return redirect(url_for(".pause", token=token, revoked=1), 303)


@pause_pages.post("/pause/delete")
def delete_answers(token: str) -> str:
    made = services()
    with made.database.writing() as session:
        drafts.delete_drafts(session, DraftRow.id == lock_draft(session, token).stored.id)
    made.database.forget_deleted()
    return render_template("owner/answers_deleted.html")


def _page(token: str, sent: Form | None = None) -> str:
    """The page; `sent` is a form that came back with something to correct."""
    draft, made = load_draft(token), services()
    with made.database.reading() as session:
        permission = reminder_consent.of_draft(session, draft.stored.id)
        expires_at = draft.stored.updated_at + session.draft_life
    link = made.settings.base_url + full_path("questionnaire.resume", token=token)
    return render_template(
        "owner/pause.html",
        token=token,
        link_form=sent if isinstance(sent, ResumeLinkForm) else ResumeLinkForm(),
        form=sent if isinstance(sent, ReminderForm) else ReminderForm(),
        problems=[(field.name, field.errors[0]) for field in sent or () if field.errors],
        link_guard=guard("link", token),
        guard=guard("reminder", token),
        permission_text=_permission_text(),
        permission=permission,
        can_email=can_email(),
        expires_on=long_date(expires_at.astimezone(made.settings.office.zone).date()),
        continue_url=draft.first_open_url,
        link=link,
        qr_code=_qr_code(link),
        requested="requested" in request.args,
        revoked="revoked" in request.args,
    )


def _qr_code(link: str) -> Markup:
    """The link as a QR code: dark on light, whatever the colors of the page."""
    code = segno.make(link, error="m", micro=False)
    return Markup(  # noqa: S704 - draws squares only
        code.svg_inline(scale=_MODULE_PIXELS, border=_QUIET_ZONE, dark="#000", light="#fff")
    )


def _permission_text() -> str:
    """The text beside the checkbox: what is shown is what is stored."""
    days = services().settings.retention_days_drafts
    return render_template("owner/reminder_permission.txt", days=days).strip()


# --- The emailed link ----------------------------------------------------------------------------


@resume_pages.get("")
def resume(token: str) -> str:
    """Show how far the answers are, and a button; no answer, and nothing changes."""
    draft = _draft_of(token)
    page = draft.walk.first_open_page
    return render_template(
        "owner/resume.html",
        token=token,
        submitted=draft.stored.submitted,
        progress=draft.walk.progress(page) if page else None,
        outdated=0 if draft.stored.submitted else draft.outdated,
    )


@resume_pages.post("")
def go_on(token: str) -> Response:
    draft = _draft_of(token)
    if draft.stored.submitted:
        return to_result(draft.token)
    return redirect(draft.first_open_url, 303)


def _draft_of(token: str) -> OpenDraft:
    """The draft that an emailed link leads to, also one that was submitted; aborts with 410."""
    with services().database.reading() as session:
        draft_token = resume_links.find_draft_token(session, secret_key(), token)
        draft = drafts.load(session, draft_token) if draft_token else None
    if draft_token is None or draft is None:
        abort(make_response(render_template("owner/link_expired.html"), 410))
    return OpenDraft(draft_token, draft, walk_of(draft))
