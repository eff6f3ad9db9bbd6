"""Unfinished responses: how many were left where, and owners who may be sent one reminder."""

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from consult.questionnaire.editions import newest
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.storage.audit import audit_log
from consult.storage.drafts import reminder_consent
from consult.storage.page_events import REVIEW
from consult.web.services import services
from consult.workflow.spam import in_words, is_suspect

_OTHER = "Pages of earlier editions"


@blueprint.get("/unfinished")
@for_staff
def unfinished() -> ResponseReturnValue:
    made, names = services(), _page_names()
    with made.database.reading() as session:
        by_page = reminder_consent.unfinished_by_page(session)
        consents = reminder_consent.unused(session)
        sent = reminder_consent.sent_count(session)
    left_at = [(name, by_page[page]) for page, name in names.items() if page in by_page]
    if other := sum(count for page, count in by_page.items() if page not in names):
        left_at.append((_OTHER, other))
    return render_template(
        "staff/drafts/drafts.html",
        left_at=left_at,
        count=sum(by_page.values()),
        consents=[(consent, names.get(page, _OTHER), failed) for consent, page, failed in consents],
        sent=sent,
        days=made.settings.retention_days_drafts,
        can_email=made.settings.smtp_url is not None,
        is_suspect=is_suspect,
        in_words=in_words,
    )


@blueprint.post(f"/unfinished/<{ID}:consent_id>/send")
@for_staff
def send_reminder(consent_id: int) -> ResponseReturnValue:
    """Have the one reminder sent that the owner of an unfinished response permitted."""
    can_email = services().settings.smtp_url is not None
    with services().database.writing() as session:
        if reminder_consent.get(session, consent_id) is None:
            abort(404)
        if can_email and reminder_consent.request_send(session, consent_id):
            by = signed_in_user().id
            audit_log.record(session, "reminder.requested", by=by, consent=consent_id)
    return redirect(url_for(".unfinished", done="requested" if can_email else None), 303)


@blueprint.post(f"/unfinished/<{ID}:consent_id>/delete")
@for_staff
def delete_reminder_address(consent_id: int) -> ResponseReturnValue:
    with services().database.writing() as session:
        if not reminder_consent.delete_unused(session, consent_id):
            abort(404)
        by = signed_in_user().id
        audit_log.record(session, "reminder.address_deleted", by=by, consent=consent_id)
    services().database.forget_deleted()
    return redirect(url_for(".unfinished", done="deleted"), 303)


def _page_names() -> dict[str, str]:
    edition = newest()
    titles = {page.id: edition.texts.pages[page.id].title for page in edition.structure.pages}
    return {"": "The beginning", **titles, REVIEW: "Check your answers"}
