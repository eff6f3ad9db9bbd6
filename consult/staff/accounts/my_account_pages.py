"""A user's own account: accept an invitation, change the password, notifications, sessions."""

from datetime import date, datetime, timedelta

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, PasswordField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from consult.staff.accounts import access, login
from consult.staff.accounts.access import signed_in_session, signed_in_user
from consult.staff.accounts.passwords import PASSWORD_MAX, hash_password, password_problem
from consult.staff.accounts.reauthentication import is_right_password, recent_auth_required
from consult.staff.blueprint import ID, blueprint, first_errors, for_staff
from consult.staff.times import agency_time, agency_today
from consult.storage.accounts import accounts, sessions
from consult.storage.accounts.account_admin import EMAIL_MAX, AccountError, normal_email
from consult.storage.audit import audit_log
from consult.storage.notifications import notifications
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.services import services
from consult.web.text import DayField, LineField, at_most
from consult.workflow.notification_types import EMAIL_TYPES, TYPE_INFO

NAME_MAX = 200

Posted = MultiDict[str, str]


def _email_address(form: Form, field: Field) -> None:
    try:
        normal_email(field.data)
    except AccountError:
        raise ValidationError("Enter an email address such as anna@example.com.") from None


def _new_password() -> PasswordField:
    return PasswordField(
        "New password", [InputRequired("Choose a password."), at_most(PASSWORD_MAX)]
    )


class InvitationForm(Form):
    """A user's name and new password; `invited` is the invitation's address, if it has one."""

    email = LineField(
        "Your email address",
        [DataRequired("Enter your email address."), _email_address, Length(max=EMAIL_MAX)],
    )
    name = LineField("Your name", [DataRequired("Enter your name."), at_most(NAME_MAX)])
    new_password = _new_password()

    def __init__(self, posted: Posted | None, invited: str | None, product: str, name: str) -> None:
        super().__init__(posted, data={"name": name})
        self.invited = invited
        self.product = product
        if invited:
            del self.email

    @property
    def address(self) -> str:
        return self.invited or normal_email(self.email.data)

    def validate_new_password(self, field: Field) -> None:
        email = self.invited or self.email.data
        _refuse_weak(field, self.name.data, email, self.product)


class AwayForm(Form):
    """The day on which someone is back; empty while they are here."""

    back_on = DayField("Back on", [Optional()])

    def validate_back_on(self, field: Field) -> None:
        if field.data and field.data <= agency_today():
            raise ValidationError("Choose a date in the future.")

    @property
    def away_until(self) -> datetime | None:
        day = self.back_on.data
        return services().settings.office.start_of(day) if day else None


def back_on(user: StaffUserRow) -> date | None:
    """The day on which someone is back; None if they are here."""
    if not (user.away_until and user.is_away(services().database.clock())):
        return None
    return agency_time(user.away_until).date()


class ChangePasswordForm(Form):
    current_password = PasswordField(
        "Current password",
        [InputRequired("Enter your current password."), Length(max=PASSWORD_MAX)],
    )
    new_password = _new_password()

    def validate_current_password(self, field: Field) -> None:
        if not is_right_password(field.data):
            raise ValidationError("This isn’t your current password.")

    def validate_new_password(self, field: Field) -> None:
        me = signed_in_user()
        _refuse_weak(field, me.name, me.email, services().brand.product)


def _refuse_weak(field: Field, *about: str) -> None:
    if problem := password_problem(field.data, about):
        raise ValidationError(problem)


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ResponseReturnValue:
    """Let the holder of a one-time link choose a name and a password, and sign them in."""
    made = services()
    with made.database.reading() as session:
        invited = accounts.invitation_by_token(session, token)
        known = accounts.user_by_email(session, invited.email or "") if invited else None
    if invited is None:
        return render_template("staff/accounts/invitation_expired.html"), 404
    posted = request.form if request.method == "POST" else None
    name = known.name if known else ""
    form = InvitationForm(posted, invited.email, made.brand.product, name)
    if posted is None or not form.validate():
        # A link for an active account is one for a new password.
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
    password_hash = hash_password(form.new_password.data or "")
    with made.database.writing() as session:
        user = accounts.accept_invitation(
            session,
            token,
            email=form.address,
            name=form.name.data,
            password_hash=password_hash,
            new_leads_to=made.settings.new_leads_to,
        )
    if user is None:  # used in the meantime
        return render_template("staff/accounts/invitation_expired.html"), 404
    return login.begin_login(user, "invitation")


@blueprint.get("/account")
@for_staff
def account() -> ResponseReturnValue:
    return _account_page(ChangePasswordForm())


@blueprint.post("/account/password")
@for_staff
def change_password() -> ResponseReturnValue:
    """Change the password; only this browser stays signed in, with a new session."""
    form = ChangePasswordForm(request.form)
    if not form.validate():
        return _account_page(form), 422
    password_hash = hash_password(form.new_password.data or "")
    with services().database.writing() as session:
        user = accounts.change_password(session, signed_in_user().id, password_hash)
    return login.complete_login(user, "password", url_for(".account", done="password"))


@blueprint.post("/account/away")
@for_staff
def save_away() -> ResponseReturnValue:
    form, me = AwayForm(request.form), signed_in_user().id
    if not form.validate():
        return _account_page(ChangePasswordForm(), form), 422
    with services().database.writing() as session:
        accounts.change_availability(session, me, away_until=form.away_until, by=me)
    return redirect(url_for(".account", done="away"), 303)


@blueprint.post("/account/notifications")
@for_staff
def save_notifications() -> ResponseReturnValue:
    """Store the user's own scopes; what was not sent, or cannot be chosen, stays as it is."""
    scopes = {
        kind: scope
        for kind in EMAIL_TYPES
        for scope in TYPE_INFO[kind].scopes
        if request.form.get(f"notify-{kind}") == scope
    }
    with services().database.writing() as session:
        notifications.set_preferences(session, signed_in_user().id, scopes)
    return redirect(url_for(".account", done="notifications", _anchor="notifications"), 303)


@blueprint.post(f"/account/sessions/<{ID}:session_id>/end")
@for_staff
@recent_auth_required
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of the user's sessions; another user's are not found."""
    me = signed_in_user().id
    with services().database.writing() as session:
        if not sessions.end_session(session, me, session_id):
            abort(404)
        audit_log.record(session, "account.session_ended", by=me, account=me)
    return redirect(url_for(".account", done="session"), 303)


@blueprint.post("/account/sessions/end-all")
@for_staff
@recent_auth_required
def end_all_sessions() -> ResponseReturnValue:
    me = signed_in_user().id
    with services().database.writing() as session:
        sessions.end_all_sessions(session, me)
        audit_log.record(session, "account.sessions_ended", by=me, account=me)
    access.sign_out()
    return redirect(url_for(access.SIGN_IN), 303)


def _account_page(form: ChangePasswordForm, away: AwayForm | None = None) -> str:
    me = signed_in_user()
    away = away or AwayForm(data={"back_on": back_on(me)})
    with services().database.reading() as session:
        open_sessions = sessions.live_sessions(session, me.id, access.lifetime())
        has = factors.factors_of(session, me.id)
        scopes = notifications.preferences(session, [me.id])[me.id]
    return render_template(
        "staff/accounts/my_account.html",
        form=form,
        away=away,
        tomorrow=agency_today() + timedelta(days=1),
        errors=first_errors(form) | first_errors(away),
        me=me,
        has=has,
        scopes=scopes,
        types=TYPE_INFO,
        sessions=open_sessions,
        this_session=signed_in_session(),
        network_hash=access.network_hash(),
    )
