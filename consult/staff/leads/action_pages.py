"""Actions from the page of a lead: each form calls one function that changes it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from consult.crypto import Purpose, decrypt
from consult.questionnaire.editions import load
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import ID, blueprint, first_errors, for_admins, for_staff
from consult.staff.leads.action_forms import (
    ActionForm,
    AmountForm,
    BookForm,
    ConsultForm,
    ContactForm,
    DeclineForm,
    FollowUpForm,
    FormState,
    HandOverForm,
    MoveForm,
    NoteForm,
)
from consult.staff.leads.lead_pages import back_to, lead_page
from consult.storage.booking import own_calendar
from consult.storage.db.database import Session
from consult.storage.leads import actions, changes, handovers, notes, submission
from consult.storage.tables.lead_tables import ASSESSMENTS, Assessment, NoteRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from consult.web.services import secret_key, services
from consult.web.text import many_lines

_LEAD = f"/leads/<{ID}:lead_id>"
_NOTE = f"{_LEAD}/notes/<{ID}:note_id>"
_Change = Callable[..., object]
_View = Callable[[int], ResponseReturnValue]


def lead_action(
    path: str,
    form_class: Callable[[Any], ActionForm] = ActionForm,
    *,
    form_id: str = "",
    done: str = "",
    allow: Callable[[_View], _View] = for_staff,
) -> Callable[[_Change], _View]:
    """Make the view of a form on a lead's page out of a function that changes the lead.

    The function gets a writing session, the id of the lead, the valid form, `by` and `version`.
    Then the browser returns to the lead, which shows the message for `done`. A refused form is
    shown again as it was filled in, and nothing is changed: 409 with the changes since, if a
    colleague was faster; 422 with what is wrong, otherwise. The form's id on the page is `path`,
    unless given; it may contain ``{stage}``, and is what is done, unless given.
    """

    def decorate(change: _Change) -> _View:
        def view(lead_id: int) -> ResponseReturnValue:
            form = form_class(request.form)
            version, typed = form.version.data, request.form.to_dict()
            id = (form_id or path).format(stage=typed.get("stage", ""))
            if version is None:
                abort(400)
            if not form.validate():
                return lead_page(lead_id, FormState(id, typed, first_errors(form))), 422
            try:
                with services().database.writing() as session:
                    change(session, lead_id, form, by=signed_in_user().id, version=version)
            except changes.UnknownLeadError:
                abort(404)
            except changes.ConflictError:
                return lead_page(lead_id, FormState(id, typed, since=version)), 409
            except changes.NotAllowedError as refusal:
                return lead_page(lead_id, FormState(id, typed, {"": str(refusal)})), 422
            return redirect(back_to(lead_id, done or id), 303)

        endpoint = change.__name__
        blueprint.add_url_rule(f"{_LEAD}/{path}", endpoint, allow(view), methods=["POST"])
        return view

    return decorate


@lead_action("claim")
def claim(session: Session, lead_id: int, _form: ActionForm, **seen: Any) -> None:
    handovers.claim(session, lead_id, **seen)


@lead_action("not-spam")
def clear_spam(session: Session, lead_id: int, _form: ActionForm, **seen: int) -> None:
    """Clear a lead of being spam: its report goes out, or where all confirm, the link for that."""
    settings, waiting = services().settings, session.get(ContactRow, lead_id)
    encrypted = waiting.waiting_token if waiting and waiting.waiting_token else b""
    token = decrypt(secret_key(), Purpose.WAITING_REPORT, encrypted, lead_id)
    must_confirm = settings.confirm_mail == "always"
    report_link = settings.base_url + url_for("results.result", token=token) if token else None
    submission.clear_spam(
        session,
        lead_id,
        mail_link=None if must_confirm else report_link,
        office=settings.office,
        **seen,
    )
    if token and must_confirm:
        submission.request_confirmation(session, token, settings.base_url)


@lead_action("contact", ContactForm)
def log_contact(session: Session, lead_id: int, form: ContactForm, **seen: Any) -> None:
    actions.log_contact(
        session,
        lead_id,
        channel=form.channel.data,
        reached=form.reached.data == "yes",
        comment=form.comment.data,
        draft=form.draft.data if form.channel.data == "mail" else "",
        office=services().settings.office,
        next_on=form.next_on.data,
        **seen,
    )


def _move_form(fields: Any) -> MoveForm:
    return BookForm(fields) if fields.get("stage") == "consult_booked" else MoveForm(fields)


@lead_action("stage", _move_form, form_id="stage-{stage}")
def move(session: Session, lead_id: int, form: MoveForm, **seen: Any) -> None:
    office = services().settings.office
    actions.move(
        session,
        lead_id,
        form.stage.data,
        reason=form.reason.data,
        comment=form.comment.data,
        consult_at=form.consult_at(office.zone) if isinstance(form, BookForm) else None,
        amount=form.amount.data,
        currency=services().brand.currency,
        office=office,
        **seen,
    )


@lead_action("amount", AmountForm)
def correct_amount(session: Session, lead_id: int, form: AmountForm, **seen: Any) -> None:
    currency = services().brand.currency
    actions.correct_amount(session, lead_id, form.amount.data, currency, **seen)


@lead_action("undo")
def undo(session: Session, lead_id: int, _form: ActionForm, **seen: Any) -> None:
    changes.undo(session, lead_id, **seen)


@lead_action("rebook", ConsultForm)
def rebook(session: Session, lead_id: int, form: ConsultForm, **seen: Any) -> None:
    actions.rebook(session, lead_id, form.consult_at(services().settings.office.zone), **seen)


@lead_action("confirm-consult")
def confirm_consult(session: Session, lead_id: int, _form: ActionForm, **seen: Any) -> None:
    """Confirm the time that an owner asked for."""
    own_calendar.confirm(session, lead_id, **seen)


@lead_action("follow-up", FollowUpForm)
def schedule_follow_up(session: Session, lead_id: int, form: FollowUpForm, **seen: Any) -> None:
    office = services().settings.office
    actions.schedule_follow_up(session, lead_id, form.on.data, office=office, **seen)


@lead_action("hand-over", HandOverForm)
def hand_over(session: Session, lead_id: int, form: HandOverForm, **seen: Any) -> None:
    handovers.hand_over(session, lead_id, form.to.data, comment=form.comment.data, **seen)


@lead_action("assign", HandOverForm, allow=for_admins)
def assign(session: Session, lead_id: int, form: HandOverForm, **seen: Any) -> None:
    """Give the lead to a colleague, who is not asked."""
    handovers.assign(session, lead_id, form.to.data, comment=form.comment.data, **seen)


@lead_action("accept", form_id="answer", done="accept")
def accept(session: Session, lead_id: int, _form: ActionForm, **seen: Any) -> None:
    handovers.accept(session, lead_id, **seen)


@lead_action("decline", DeclineForm, form_id="answer", done="decline")
def decline(session: Session, lead_id: int, form: DeclineForm, **seen: Any) -> None:
    reason, comment = form.reason.data, form.comment.data
    handovers.decline(session, lead_id, reason=reason, comment=comment, **seen)


@lead_action("cancel-handover")
def cancel_handover(session: Session, lead_id: int, _form: ActionForm, **seen: Any) -> None:
    handovers.cancel_handover(session, lead_id, **seen)


@lead_action("assessments")
def assess(session: Session, lead_id: int, _form: ActionForm, **seen: Any) -> None:
    """Record what the call showed of each dimension of the lead's edition."""
    query = select(SubmissionRow.edition).where(SubmissionRow.id == lead_id)
    edition = session.scalar(query) or abort(404)
    given: dict[str, Assessment] = {}
    for dimension in load(edition).dimensions:
        value = request.form.get(dimension.id)
        if value in ASSESSMENTS:
            given[dimension.id] = value
    notes.assess(session, lead_id, given, **seen)


@blueprint.post(f"{_LEAD}/notes")
@for_staff
def add_note(lead_id: int) -> ResponseReturnValue:
    me = signed_in_user().id
    return _save_note(
        lead_id, "note", lambda session, text: notes.add(session, lead_id, text, by=me)
    )


@blueprint.post(_NOTE)
@for_staff
def edit_note(lead_id: int, note_id: int) -> ResponseReturnValue:
    """Change one's own note; another user's is not found.

    If its author changed it in another window, both texts are shown (409).
    """
    seen, form_id, me = _seen(request.form.get("seen")), f"note-{note_id}", signed_in_user().id
    try:
        return _save_note(
            lead_id,
            form_id,
            lambda session, text: notes.edit(session, lead_id, note_id, text, by=me, seen=seen),
        )
    except notes.NoteChangedError as changed:
        typed = {"text": many_lines(request.form.get("text", ""))}
        return lead_page(lead_id, FormState(form_id, typed, newer_text=changed.text)), 409


@blueprint.post(f"{_NOTE}/resolve", endpoint="resolve_note", defaults={"action": "resolve"})
@blueprint.post(f"{_NOTE}/reopen", endpoint="reopen_note", defaults={"action": "reopen"})
@for_staff
def change_note_state(lead_id: int, note_id: int, action: str) -> ResponseReturnValue:
    by, resolved = signed_in_user().id, action == "resolve"
    with services().database.writing() as session:
        if notes.set_resolved(session, lead_id, note_id, resolved, by=by) is None:
            abort(404)
    return redirect(back_to(lead_id, action, "notes"), 303)


def _seen(text: str | None) -> datetime | None:
    """When the text that an author started from was edited; None if it never was."""
    if text == "":
        return None
    try:
        return datetime.fromisoformat(text or "missing")
    except ValueError:
        abort(400)


def _save_note(
    lead_id: int, form_id: str, store: Callable[[Session, str], NoteRow | None]
) -> ResponseReturnValue:
    form = NoteForm(request.form)
    text = form.text.data or ""
    if not form.validate():
        return lead_page(lead_id, FormState(form_id, {"text": text}, first_errors(form))), 422
    with services().database.writing() as session:
        if store(session, text) is None:
            abort(404)
    return redirect(back_to(lead_id, "note", "notes"), 303)
