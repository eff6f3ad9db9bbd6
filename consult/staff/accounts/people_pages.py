"""People, for admins: users, their roles, and the one-time links that let them sign in."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, Form, StringField
from wtforms.validators import AnyOf, Length

from consult.delivery.notifications.dispatch import send_account_link
from consult.staff.accounts import access
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.my_account_pages import AwayForm, back_on
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, blueprint, first_errors, for_admins
from consult.staff.times import agency_today
from consult.storage.accounts import account_admin, accounts, sessions
from consult.storage.accounts.account_admin import AccountError, AccountExistsError
from consult.storage.accounts.accounts import LastAdminError
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.services import services
from consult.web.text import LineField

NO_ADDRESS = "Enter an email address."
LAST_ADMIN = "This is the last admin. Make someone else an admin first."
ROLE_LABELS = {"staff": "Staff", "admin": "Admin"}


class InviteForm(Form):
    email = LineField(
        "Their email address", [Length(max=account_admin.EMAIL_MAX, message=NO_ADDRESS)]
    )
    role = StringField(validators=[AnyOf(ROLE_LABELS, "Choose a role.")])
    mail = BooleanField(default=True)


class AvailabilityForm(AwayForm):
    takes_turns = BooleanField()


@blueprint.get("/settings/people")
@for_admins
@recent_auth_required
def people() -> ResponseReturnValue:
    return _people_page(InviteForm())


@blueprint.post("/settings/people/invite")
@for_admins
@recent_auth_required
def invite() -> ResponseReturnValue:
    """Make a one-time link for a new user, or a disabled one."""
    made, form = services(), InviteForm(request.form)
    if not form.validate():
        return _people_page(form), 422
    try:
        email = account_admin.normal_email(form.email.data)
        admin, me = form.role.data == "admin", signed_in_user().id
        link = account_admin.invite(
            made.database, made.settings.base_url, email, admin=admin, by=me
        )
    except AccountExistsError:
        form.email.errors = ["They already have an account."]
        return _people_page(form), 422
    except AccountError:
        form.email.errors = [NO_ADDRESS]
        return _people_page(form), 422
    return _link_page(email, link, is_reset=False)


@blueprint.post(f"/settings/people/invitations/<{ID}:invitation_id>/revoke")
@for_admins
@recent_auth_required
def revoke_invitation(invitation_id: int) -> ResponseReturnValue:
    with services().database.writing() as session:
        if not accounts.revoke_invitation(session, invitation_id, by=signed_in_user().id):
            abort(404)
    return redirect(url_for(".people", done="revoked"), 303)


@blueprint.get(f"/settings/people/<{ID}:user_id>")
@for_admins
@recent_auth_required
def colleague(user_id: int) -> ResponseReturnValue:
    return _person_page(user_id)


@blueprint.post(f"/settings/people/<{ID}:user_id>/role")
@for_admins
@recent_auth_required
def change_role(user_id: int) -> ResponseReturnValue:
    role = request.form.get("role", "")
    if role not in ROLE_LABELS:
        abort(400)
    change = partial(accounts.change_role, user_id=user_id, role=role, by=signed_in_user().id)
    return _change(user_id, "role", change)


@blueprint.post(f"/settings/people/<{ID}:user_id>/availability")
@for_admins
@recent_auth_required
def change_availability(user_id: int) -> ResponseReturnValue:
    """Say until when someone gets no new leads, and whether they take turns."""
    form = AvailabilityForm(request.form)
    if not form.validate():
        return _person_page(user_id, form=form), 422
    change = partial(
        accounts.change_availability,
        user_id=user_id,
        away_until=form.away_until,
        takes_turns=form.takes_turns.data,
        by=signed_in_user().id,
    )
    return _change(user_id, "availability", change)


@blueprint.post(f"/settings/people/<{ID}:user_id>/disable")
@for_admins
@recent_auth_required
def disable(user_id: int) -> ResponseReturnValue:
    """Disable an account: signed out at once, links void, leads reassigned."""
    to, me = services().settings.new_leads_to, signed_in_user().id
    change = partial(accounts.disable, user_id=user_id, new_leads_to=to, by=me)
    return _change(user_id, "disabled", change)


@blueprint.post(f"/settings/people/<{ID}:user_id>/end-sessions")
@for_admins
@recent_auth_required
def end_sessions_of(user_id: int) -> ResponseReturnValue:
    def end(session: Session) -> None:
        sessions.end_all_sessions(session, user_id)
        audit_log.record(session, "account.sessions_ended", by=signed_in_user().id, account=user_id)

    return _change(user_id, "sessions", end)


@blueprint.post(f"/settings/people/<{ID}:user_id>/link")
@for_admins
@recent_auth_required
def make_link(user_id: int) -> ResponseReturnValue:
    """Make the link with which a user chooses a new password, or is reactivated."""
    made, me = services(), signed_in_user().id
    with made.database.reading() as session:
        user = accounts.user_by_id(session, user_id) or abort(404)
    base_url = made.settings.base_url
    if user.active:
        lost = "second_factor" in request.form
        link = account_admin.reset(made.database, base_url, user.email, second_factor=lost, by=me)
        return _link_page(user.email, link, is_reset=True)
    link = account_admin.invite(made.database, base_url, user.email, admin=user.is_admin, by=me)
    return _link_page(user.email, link, is_reset=False)


def _change(user_id: int, done: str, change: Callable[[Session], None]) -> ResponseReturnValue:
    try:
        with services().database.writing() as session:
            if accounts.user_by_id(session, user_id) is None:
                abort(404)
            change(session)
    except LastAdminError:
        return _person_page(user_id, LAST_ADMIN), 422
    return redirect(url_for(".colleague", user_id=user_id, done=done), 303)


def _people_page(form: InviteForm) -> str:
    with services().database.reading() as session:
        users = accounts.all_users(session)
        with_factor = factors.users_with_factors(session)
        seen = sessions.last_seen(session, access.lifetime())
        invitations = accounts.pending_invitations(session)
    return render_template(
        "staff/accounts/people.html",
        users=sorted(users, key=lambda user: (not user.active, user.name.casefold())),
        now=services().database.clock(),
        active_emails={user.email for user in users if user.active},
        with_factor=with_factor,
        seen=seen,
        invitations=invitations,
        roles=ROLE_LABELS,
        form=form,
        errors=first_errors(form),
        can_mail=services().settings.smtp_url is not None,
    )


def _person_page(user_id: int, problem: str = "", form: AvailabilityForm | None = None) -> str:
    with services().database.reading() as session:
        user: StaffUserRow = accounts.user_by_id(session, user_id) or abort(404)
        has = factors.factors_of(session, user_id)
        open_sessions = sessions.live_sessions(session, user_id, access.lifetime())
    form = form or AvailabilityForm(
        data={"back_on": back_on(user), "takes_turns": user.takes_turns}
    )
    return render_template(
        "staff/accounts/colleague.html",
        user=user,
        form=form,
        tomorrow=agency_today() + timedelta(days=1),
        has=has,
        sessions=open_sessions,
        roles=ROLE_LABELS,
        errors=({"role": problem} if problem else {}) | first_errors(form),
        can_mail=services().settings.smtp_url is not None,
    )


def _link_page(email: str, link: str, *, is_reset: bool) -> str:
    """Show a link, once: it is not stored."""
    made = services()
    valid = account_admin.RESET_VALID if is_reset else account_admin.INVITATION_VALID
    within = "a day" if valid.days == 1 else f"{valid.days} days"
    mailed, problem = "mail" in request.form, ""
    if mailed:
        problem = send_account_link(
            made.settings,
            made.brand,
            email,
            link,
            valid_for=within,
            is_new=not is_reset,
            now=made.database.clock(),
        )
    return render_template(
        "staff/accounts/one_time_link.html",
        email=email,
        link=link,
        within=within,
        mailed=mailed,
        problem=problem,
    )
