"""The forms of the staff area: sign in, accept an invitation, change the password."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_security.forms import LoginForm
from flask_security.utils import validate_redirect_url
from werkzeug.datastructures import MultiDict
from wtforms import EmailField, Field, Form, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from consult.staff.accounts.account_admin import (
    PASSWORD_MAX,
    AccountError,
    normal_email,
    password_problem,
)
from consult.staff.accounts.attempts import forgive_tries, spend_try
from consult.staff.accounts.users import Member
from consult.storage.audit import audit_log
from consult.web.services import services
from consult.web.text import one_line

EMAIL_MAX = 254
NAME_MAX = 200

Posted = MultiDict[str, str]


def _one_line(text: str | None) -> str:
    return one_line(text or "")


class SignInForm(LoginForm):
    """Flask-Security's form behind our limits; the right password costs an account nothing."""

    email = EmailField("Email", [InputRequired(), Length(max=EMAIL_MAX)], filters=[_one_line])
    password = PasswordField("Password", [InputRequired(), Length(max=PASSWORD_MAX)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Nobody stays signed in for longer than the settings say.
        del self.remember

    def validate_next(self, field: Field) -> None:
        """Forget an address of another site; Flask-Security would refuse the sign-in for it."""
        if not validate_redirect_url(field.data or ""):
            field.data = ""

    def validate(self, **kwargs: Any) -> bool:
        """Whether these are somebody's address and password.

        Raises TooManyRequests (429) once the tries are used up; see ``tries``.
        """
        account = self.email.data or ""
        spend_try(account)
        if not super().validate(**kwargs):
            self._note_failure()
            return False
        forgive_tries(account)
        return True

    def _note_failure(self) -> None:
        """Write down that somebody did not get in; an address that is no account's is no fact."""
        if not (self.email.data and self.password.data):
            return
        account = self.user.id if isinstance(self.user, Member) else None
        with services().database.writing() as session:
            audit_log.record(session, "account.sign_in_failed", by=None, account=account)


def _email_address(form: Form, field: Field) -> None:
    try:
        normal_email(field.data)
    except AccountError:
        raise ValidationError("Write an email address such as anna@example.com.") from None


class InvitationForm(Form):
    """Who somebody is, and the password they choose.

    `invited` is their address and `name` their name, as far as they are known.
    """

    email = EmailField(
        "Your email address",
        [DataRequired("Enter your email address."), _email_address],
        filters=[_one_line],
    )
    name = StringField(
        "Your name",
        [
            DataRequired("Enter your name, as your colleagues know you."),
            Length(max=NAME_MAX, message=f"Use at most {NAME_MAX} characters."),
        ],
        filters=[_one_line],
    )
    new_password = PasswordField("New password", [InputRequired("Choose a password.")])

    def __init__(self, posted: Posted | None, invited: str | None, product: str, name: str) -> None:
        super().__init__(posted, data={"name": name})
        self.invited = invited
        self.product = product
        if invited:
            del self.email

    @property
    def address(self) -> str:
        """The address that the account will have."""
        return self.invited or normal_email(self.email.data or "")

    def validate_new_password(self, field: Field) -> None:
        """Refuse what is too short, or what somebody who knows this person could guess."""
        typed = self.invited or self.email.data or ""
        _refuse_weak(field, self.name.data or "", typed, self.product)


class ChangePasswordForm(Form):
    """The old password, which `is_right` judges, and the new one."""

    current_password = PasswordField(
        "Current password",
        [InputRequired("Enter your current password."), Length(max=PASSWORD_MAX)],
    )
    new_password = PasswordField("New password", [InputRequired("Choose a password.")])

    def __init__(
        self, posted: Posted | None, about: tuple[str, ...], is_right: Callable[[str], bool]
    ) -> None:
        super().__init__(posted)
        self.about = about
        self.is_right = is_right

    def validate_current_password(self, field: Field) -> None:
        """Refuse a wrong password."""
        if not self.is_right(field.data):
            raise ValidationError("This is not your current password.")

    def validate_new_password(self, field: Field) -> None:
        """Refuse what is too short or too easy to guess."""
        _refuse_weak(field, *self.about)


def _refuse_weak(field: Field, *about: str) -> None:
    if problem := password_problem(field.data, about):
        raise ValidationError(problem)


def first_errors(form: Form) -> Mapping[str, str]:
    """The first error of each field, by the field's id; for the summary on top of a page."""
    return {field.id: str(field.errors[0]) for field in form if field.errors}
