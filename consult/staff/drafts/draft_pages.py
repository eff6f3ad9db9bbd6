"""Unfinished checks: how many stand where, and those whose owners may be written to once."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.questionnaire.editions import newest
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.drafts.draft_presenter import leave_views, standing
from consult.storage.audit import audit_log
from consult.storage.drafts import reminder_consent
from consult.web.services import services


@blueprint.get("/unfinished")
@for_staff
def unfinished() -> ResponseReturnValue:
    """Show in numbers where checks were left, and by address only who gave leave."""
    made = services()
    with made.database.reading() as session:
        by_page = reminder_consent.unfinished_by_page(session)
        found = reminder_consent.open_leaves(session)
        written = reminder_consent.written(session)
        now = session.now()
    return render_template(
        "staff/drafts/drafts.html",
        standing=standing(by_page, newest()),
        count=sum(by_page.values()),
        leaves=leave_views(found, newest(), now),
        written=written,
        days=made.settings.retention_days_drafts,
        can_write=made.settings.smtp_url is not None,
        done=request.args.get("done", ""),
    )


@blueprint.post(f"/unfinished/<{ID}:leave_id>/write")
@for_staff
def write_once(leave_id: int) -> ResponseReturnValue:
    """Have the one mail sent that the owner of an unfinished check allowed."""
    if services().settings.smtp_url is None:
        _known_or_404(leave_id)
        return redirect(url_for(".unfinished"), 303)
    with services().database.writing() as session:
        if reminder_consent.get(session, leave_id) is None:
            abort(404)
        if reminder_consent.ask(session, leave_id):
            audit_log.record(
                session, "unfinished.mail_asked", by=signed_in_user().id, leave=leave_id
            )
    return redirect(url_for(".unfinished", done="asked"), 303)


@blueprint.post(f"/unfinished/<{ID}:leave_id>/forget")
@for_staff
def forget_leave(leave_id: int) -> ResponseReturnValue:
    """Delete the address that came with an unfinished check; its answers stay its owner's."""
    with services().database.writing() as session:
        if not reminder_consent.forget(session, leave_id):
            abort(404)
        audit_log.record(
            session, "unfinished.address_deleted", by=signed_in_user().id, leave=leave_id
        )
    services().database.forget_deleted()
    return redirect(url_for(".unfinished", done="forgotten"), 303)


def _known_or_404(leave_id: int) -> None:
    with services().database.reading() as session:
        if reminder_consent.get(session, leave_id) is None:
            abort(404)
