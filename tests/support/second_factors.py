"""A phone with an authenticator app, for the tests."""

import re
from datetime import timedelta

import pyotp
from flask import Flask

from consult.staff.accounts import login
from consult.staff.second_factors import totp
from consult.storage.second_factors import factors
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.staff_client import EMAIL, after_password, make_user, user_of

CAREFUL = "lin@example.com"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ASKED = "/staff/sign-in/code"
FACTORS = "/staff/account/factors"


class Phone:
    """An authenticator app. Time stands still for it, and for the app under test, but in `wait`."""

    def __init__(self, app: Flask, secret: str) -> None:
        let_pass(app)
        self.app = app
        self.secret = secret

    @property
    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(services_of(self.app).database.clock())

    @property
    def next_code(self) -> str:
        """The six digits that no one has seen yet."""
        self.wait()
        return self.code

    def wait(self, steps: int = 1) -> None:
        let_pass(self.app, seconds=30 * steps)


def let_pass(app: Flask, **duration: float) -> None:
    """Let time pass for an app, `let_pass(app, minutes=5)`, and then stand still.

    If it went on, a half minute might be over in the midst of a test, and the code with it.
    """
    database = services_of(app).database
    then = database.clock() + timedelta(**duration)
    database.clock = lambda: then


def make_careful_user(app: Flask) -> None:
    """Make an account with an authenticator app, whose secret is `SECRET`, and recovery codes."""
    make_user(app, CAREFUL)
    database = services_of(app).database
    user = user_of(app, CAREFUL)
    with app.app_context():
        encrypted = totp.encrypt_secret(SECRET, user.id)
    with database.writing() as session:
        factors.set_authenticator(session, user.id, encrypted, 0)
        factors.create_recovery_codes(session, user.id)


def set_up_phone(client: PageClient) -> tuple[Phone, list[str]]:
    """Set an app up for who is signed in: the phone, and the recovery codes that were shown."""
    page = client.get(f"{FACTORS}/app")
    phone = Phone(client.app, secret_on(page))
    page = client.submit(page.form("/app").fill(code=phone.code), status=200)
    return phone, recovery_codes(page)


def secret_on(page: Page) -> str:
    """The secret that a page shows for an authenticator app."""
    return page.html.split('class="secret">')[1].split("<")[0].replace(" ", "")


def recovery_codes(page: Page) -> list[str]:
    return re.findall(r"<code>([A-Z0-9-]{29})</code>", page.html)


def pending_login(app: Flask, email: str = EMAIL) -> PageClient:
    """A browser in which someone with a second factor has given the right password."""
    client = PageClient(app)
    assert after_password(client, email, login.begin_login).location == ASKED
    return client


def give(client: PageClient, *, status: int = 303, **code: str) -> Page:
    """Enter the second factor: `code` or `recovery_code`."""
    (field,) = code
    (form,) = [form for form in client.get(ASKED).forms if field in form.fields]
    return client.submit(form.fill(**code), status=status)
