"""Staff as Flask-Security wants to see them: our rows behind its interface, and nothing more."""

from typing import Any

from flask_security import RoleMixin, UserMixin
from flask_security.datastore import UserDatastore

from consult.staff.accounts.account_admin import AccountError, normal_email
from consult.storage.accounts import accounts
from consult.storage.accounts.sessions import StaffSession, StaffUser
from consult.storage.tables.account_tables import ROLES
from consult.web.services import services


class Role(RoleMixin):
    """One of `ROLES`."""

    def __init__(self, name: str) -> None:
        self.name = name


class Member(UserMixin):
    """Somebody with an account, as Flask-Security wants to see them.

    `visit` is the session they came with; None while they are signing in. `must_set_up` says that
    a second factor is required of them and they have none.
    """

    fs_uniquifier = ""  # Flask-Security looks for it on the class as well

    def __init__(
        self, user: StaffUser, visit: StaffSession | None = None, *, must_set_up: bool = False
    ) -> None:
        self.id = user.id
        self.email = user.email
        self.name = user.name
        self.password = user.password_hash  # hashed; the name is Flask-Security's
        self.active = user.active
        self.fs_uniquifier = user.uniquifier
        self.is_admin = user.role == "admin"
        # An admin may do whatever staff may do.
        self.roles = [Role(name) for name in ROLES[: ROLES.index(user.role) + 1]]
        self.visit = visit
        self.must_set_up = must_set_up


class Members(UserDatastore):
    """Flask-Security's way to our tables: short transactions in, plain objects out."""

    def __init__(self) -> None:
        super().__init__(Member, Role)

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Member | None:
        """Find somebody by `email`, written in any way, or by `fs_uniquifier`."""
        with services().database.reading() as reading:
            if "email" in kwargs:
                try:
                    user = accounts.user_by_email(reading, normal_email(kwargs["email"]))
                except AccountError:
                    return None
            else:
                user = accounts.user_by_uniquifier(reading, kwargs["fs_uniquifier"])
        return Member(user) if user else None

    def put(self, model: Member) -> Member:
        """Keep the one thing that Flask-Security changes: a hash it made anew at sign-in."""
        with services().database.writing() as writing:
            accounts.renew_password_hash(writing, model.id, str(model.password))
        return model

    def commit(self) -> None:
        """Do nothing: each `put` has committed what it kept."""
