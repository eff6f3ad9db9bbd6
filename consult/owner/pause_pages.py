"""Stopping on the way: what is kept, how to go on, leave to be written to once, and deleting it."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.delivery.mail.encrypted_tokens import seal
from consult.owner.contact_form import TRAP, LeaveForm
from consult.owner.draft import open_draft, to_result
from consult.report.display import long_date
from consult.storage.db.database import Session
from consult.storage.drafts import draft_deletion, drafts, reminder_consent
from consult.storage.drafts.drafts import Draft
from consult.web.limits import network_of
from consult.web.services import services

stop_pages = Blueprint("stop", __name__, url_prefix="/check/<token>/stop")


@stop_pages.get("")
def stop(token: str) -> str:
    """Say what is kept and until when, and offer to be written to once."""
    return _page(token, LeaveForm())


@stop_pages.post("")
def give_leave(token: str) -> ResponseReturnValue:
    """Keep that the owner may be written to once, and where."""
    made = services()
    made.limits.spend("contacts", made.settings.limit_contacts, network_of(request.remote_addr))
    form = LeaveForm(request.form)
    if not _can_write() or not form.validate():
        return _page(token, form), 422
    with made.database.writing() as session:
        check = _hold(session, token)
        if not request.form.get(TRAP):  # a robot gets the same answer, and nothing is kept
            sealed = seal(made.settings.leave_key(), token, check.id)
            reminder_consent.give(session, check.id, str(form.email.data), _words(), sealed)
    return redirect(url_for(".stop", token=token), 303)


@stop_pages.post("/take-back")
def take_back(token: str) -> Response:
    """Forget the address again."""
    with services().database.writing() as session:
        reminder_consent.take_back(session, _hold(session, token).id)
    return redirect(url_for(".stop", token=token, forgotten=1), 303)


@stop_pages.post("/delete")
def delete_answers(token: str) -> str:
    """Delete the answers, and with them everything else of this check."""
    made = services()
    with made.database.writing() as session:
        draft_deletion.delete_check(session, _hold(session, token).id)
    made.database.forget_deleted()
    return render_template("owner/answers_gone.html")


def _page(token: str, form: LeaveForm) -> str:
    draft, made = open_draft(token), services()
    with made.database.reading() as session:
        check = drafts.load(session, token) or abort(404)
        leave = reminder_consent.of_check(session, check.id)
        ends_at = check.updated_at + session.draft_life
    return render_template(
        "owner/stop.html",
        token=token,
        form=form,
        problems=[(field.name, field.errors[0]) for field in form if field.errors],
        trap=TRAP,
        words=_words(),
        leave=leave,
        can_write=_can_write(),
        ends_on=long_date(ends_at.astimezone(made.settings.office.zone).date()),
        go_on=draft.url_of(draft.walk.first_open_page),
        link=made.settings.base_url + url_for("check.resume", token=token),
        forgotten="forgotten" in request.args,
    )


def _hold(session: Session, token: str) -> Draft:
    """The check behind a token, until the session ends; aborts where it is over or handed in."""
    check = drafts.load(session, token, hold=True) or abort(404)
    if check.submitted:
        abort(to_result(token))
    return check


def _can_write() -> bool:
    """Say whether a mail could be sent at all; without a server nobody is asked for an address."""
    return services().settings.smtp_url is not None


def _words() -> str:
    """Return the words beside the box: what is shown is what is kept."""
    days = services().settings.retention_days_drafts
    return render_template("owner/leave.txt", days=days).strip()
