"""What people do with their own account: accept an invitation, change the password, sign out."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import logout_user

from consult.staff import presenters
from consult.staff.accounts import access, login
from consult.staff.accounts.access import SIGN_IN, signed_in_user
from consult.staff.accounts.account_forms import ChangePasswordForm, InvitationForm, first_errors
from consult.staff.accounts.reauthentication import is_right_password, recent_auth_required
from consult.staff.accounts.users import Member
from consult.staff.agency_time import agency_time
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.notifications.notification_pages import choices_of
from consult.storage.accounts import accounts, sessions
from consult.storage.audit import audit_log
from consult.storage.second_factors import factors
from consult.web.services import services


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ResponseReturnValue:
    """Let somebody with a one-time link choose a name and a password, and sign them in."""
    made = services()
    with made.database.reading() as session:
        invited = accounts.open_invitation(session, token)
        known = (
            accounts.user_by_email(session, invited.email) if invited and invited.email else None
        )
    if invited is None:
        return render_template("staff/accounts/invitation_expired.html"), 404
    posted = request.form if request.method == "POST" else None
    name = known.name if known else ""
    form = InvitationForm(posted, invited.email, made.brand.product, name)
    if posted is None or not form.validate():
        # Whoever has an account came for a new password.
        has_provider = made.settings.oidc_issuer and not (known and known.active)
        page = render_template(
            "staff/accounts/invitation.html",
            form=form,
            invited=invited,
            errors=first_errors(form),
            token=token,
            provider=made.settings.oidc_name if has_provider else "",
        )
        return page, 200 if posted is None else 422
    password_hash = access.hash_of(form.new_password.data or "")
    with made.database.writing() as session:
        user = accounts.accept_invitation(
            session,
            token,
            email=form.address,
            name=form.name.data or "",
            password_hash=password_hash,
            new_leads_to=made.settings.new_leads_to,
        )
    if user is None:  # somebody was quicker with the same link
        return render_template("staff/accounts/invitation_expired.html"), 404
    return login.admit(Member(user), "invitation")


@blueprint.get("/account")
@for_staff
def account() -> ResponseReturnValue:
    """Show people where they are signed in, and let them change their password."""
    return _account_page(_password_form())


@blueprint.post("/account/password")
@for_staff
def change_password() -> ResponseReturnValue:
    """Change the password; only this browser stays signed in, under a new session."""
    form = _password_form()
    if not form.validate():
        return _account_page(form), 422
    password_hash = access.hash_of(form.new_password.data or "")
    with services().database.writing() as session:
        user = accounts.change_password(session, signed_in_user().id, password_hash)
    return login.let_in(Member(user), "password", url_for(".account", done="password"))


@blueprint.post(f"/account/sessions/<{ID}:session_id>/end")
@for_staff
@recent_auth_required
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign one browser of this person out; another person's sessions do not exist here."""
    with services().database.writing() as session:
        if not sessions.end_session(session, signed_in_user().id, session_id):
            abort(404)
        audit_log.record(
            session, "account.session_ended", by=signed_in_user().id, account=signed_in_user().id
        )
    return redirect(url_for(".account", done="session"), 303)


@blueprint.post("/account/sessions/end-all")
@for_staff
@recent_auth_required
def end_all_sessions() -> ResponseReturnValue:
    """Sign this person out everywhere, here too."""
    with services().database.writing() as session:
        sessions.end_all_sessions(session, signed_in_user().id)
        audit_log.record(
            session, "account.sessions_ended", by=signed_in_user().id, account=signed_in_user().id
        )
    logout_user()
    return redirect(url_for(SIGN_IN), 303)


def _password_form() -> ChangePasswordForm:
    me = signed_in_user()
    posted = request.form if request.method == "POST" else None
    about = (me.name, me.email, services().brand.product)
    return ChangePasswordForm(posted, about, is_right_password)


def _account_page(form: ChangePasswordForm) -> str:
    me = signed_in_user()
    with services().database.reading() as session:
        visits = sessions.live_sessions(session, me.id, access.lifetime())
        told = choices_of(session, me.id)
        has, now = factors.factors_of(session, me.id), agency_time(session.now())
    network = access.network_hash()
    return render_template(
        "staff/accounts/my_account.html",
        form=form,
        errors=first_errors(form),
        me=me,
        has=has,
        visits=[presenters.visit_view(visit, me.visit, network, now) for visit in visits],
        told=told,
        done=request.args.get("done"),
    )
