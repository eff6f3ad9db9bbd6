"""People, for admins: who may sign in, as what, and the one-time links that let them in."""

from collections.abc import Callable
from datetime import timedelta

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.delivery.mail.link_mail import mail_link
from consult.staff.accounts import access, account_admin, people_presenter
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.account_admin import AccountError
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, blueprint, for_admins
from consult.storage.accounts import accounts as accounts_module
from consult.storage.accounts import sessions
from consult.storage.accounts.accounts import LastAdminError
from consult.storage.accounts.sessions import StaffUser
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.tables.account_tables import ROLES
from consult.web.services import services
from consult.web.text import one_line

LAST_ADMIN = "This is the last admin. Make somebody else an admin first."


@blueprint.get("/settings/people")
@for_admins
@recent_auth_required
def people() -> ResponseReturnValue:
    """List who may sign in, and the links that are open."""
    return _people_page()


@blueprint.post("/settings/people/invite")
@for_admins
@recent_auth_required
def invite() -> ResponseReturnValue:
    """Make a one-time link for somebody new, or for somebody who was disabled."""
    email, role = one_line(request.form.get("email", "")), request.form.get("role")
    if role not in ROLES:
        return _people_page({"role": "Choose what they may do."}, email), 422
    made = services()
    try:
        email = account_admin.normal_email(email)
        link = account_admin.invite(
            made.database,
            made.settings.base_url,
            email,
            admin=role == "admin",
            by=signed_in_user().id,
        )
    except AccountError as error:
        known = "has an account already" in str(error)
        problem = "They have an account already." if known else "Write an email address."
        return _people_page({"email": problem}, email), 422
    return _link_page(email, link, account_admin.INVITATION_VALID)


@blueprint.post(f"/settings/people/invitations/<{ID}:invitation_id>/withdraw")
@for_admins
@recent_auth_required
def withdraw_invitation(invitation_id: int) -> ResponseReturnValue:
    """Let a link stop working before anybody used it."""
    with services().database.writing() as session:
        if not accounts_module.withdraw_invitation(session, invitation_id, by=signed_in_user().id):
            abort(404)
    return redirect(url_for(".people", done="withdrawn"), 303)


@blueprint.get(f"/settings/people/<{ID}:user_id>")
@for_admins
@recent_auth_required
def colleague(user_id: int) -> ResponseReturnValue:
    """Show one account and what can be done about it."""
    return _person_page(user_id)


@blueprint.post(f"/settings/people/<{ID}:user_id>/role")
@for_admins
@recent_auth_required
def change_role(user_id: int) -> ResponseReturnValue:
    """Make somebody an admin, or an admin one of the staff."""
    role = request.form.get("role", "")
    if role not in ROLES:
        abort(400)
    return _change(
        user_id,
        "role",
        lambda session: accounts_module.change_role(session, user_id, role, by=signed_in_user().id),
    )


@blueprint.post(f"/settings/people/<{ID}:user_id>/disable")
@for_admins
@recent_auth_required
def disable(user_id: int) -> ResponseReturnValue:
    """Close an account: signed out at once, links void, leads given to others."""
    to = services().settings.new_leads_to
    return _change(
        user_id,
        "disabled",
        lambda session: accounts_module.disable(
            session, user_id, new_leads_to=to, by=signed_in_user().id
        ),
    )


@blueprint.post(f"/settings/people/<{ID}:user_id>/end-sessions")
@for_admins
@recent_auth_required
def end_sessions_of(user_id: int) -> ResponseReturnValue:
    """Sign somebody out everywhere."""

    def end(session: Session) -> None:
        sessions.end_all_sessions(session, user_id)
        audit_log.record(session, "account.sessions_ended", by=signed_in_user().id, account=user_id)

    return _change(user_id, "sessions", end)


@blueprint.post(f"/settings/people/<{ID}:user_id>/link")
@for_admins
@recent_auth_required
def make_link(user_id: int) -> ResponseReturnValue:
    """Make the link by which somebody chooses a new password, or comes back."""
    made, me = services(), signed_in_user().id
    with made.database.reading() as session:
        user = accounts_module.user_by_id(session, user_id) or abort(404)
    base_url = made.settings.base_url
    if user.active:
        lost = "second_factor" in request.form
        link = account_admin.reset(made.database, base_url, user.email, second_factor=lost, by=me)
        return _link_page(user.email, link, account_admin.RESET_VALID)
    admin = user.role == "admin"
    link = account_admin.invite(made.database, base_url, user.email, admin=admin, by=me)
    return _link_page(user.email, link, account_admin.INVITATION_VALID)


def _change(user_id: int, done: str, change: Callable[[Session], None]) -> ResponseReturnValue:
    try:
        with services().database.writing() as session:
            if accounts_module.user_by_id(session, user_id) is None:
                abort(404)
            change(session)
    except LastAdminError:
        return _person_page(user_id, LAST_ADMIN), 422
    return redirect(url_for(".colleague", user_id=user_id, done=done), 303)


def _people_page(errors: dict[str, str] | None = None, email: str = "") -> str:
    with services().database.reading() as session:
        rows = people_presenter.people(session, signed_in_user().id, access.lifetime())
        links = people_presenter.invitations(session)
    return render_template(
        "staff/accounts/people.html",
        people=rows,
        invitations=links,
        errors=errors or {},
        email=email,
        can_mail=services().settings.smtp_url is not None,
        done=request.args.get("done"),
    )


def _person_page(user_id: int, problem: str = "") -> str:
    with services().database.reading() as session:
        user: StaffUser = accounts_module.user_by_id(session, user_id) or abort(404)
        shown = people_presenter.person(session, user, signed_in_user().id, access.lifetime())
    return render_template(
        "staff/accounts/colleague.html",
        person=shown,
        errors={"role": problem} if problem else {},
        done=request.args.get("done"),
        can_mail=services().settings.smtp_url is not None,
    )


def _link_page(email: str, link: str, valid: timedelta) -> str:
    """Show a link this once; it is stored nowhere and cannot be shown again."""
    made = services()
    within = "a day" if valid.days == 1 else f"{valid.days} days"
    mailed, problem = "mail" in request.form, ""
    if mailed:
        now = made.database.clock()
        problem = mail_link(made.settings, made.brand, email, link, within, now)
    return render_template(
        "staff/accounts/one_time_link.html",
        email=email,
        link=link,
        within=within,
        mailed=mailed,
        problem=problem,
    )
