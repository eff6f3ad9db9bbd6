"""Staff for the tests: accounts, people who are signed in, and leads for them to read."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

from flask import Flask
from sqlalchemy import select, update
from werkzeug.wrappers import Response

from consult.staff.accounts import login, passwords
from consult.storage.accounts import accounts as accounts_module
from consult.storage.leads import submission
from consult.storage.leads.submission import NewContact
from consult.storage.tables.account_tables import AuditRow, StaffSessionRow, StaffUserRow
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.personas import BATON_ON_THE_FLOOR, Persona
from tests.support.results import submit_check
from tests.support.submissions import lead_of

EMAIL = "grace@example.com"
ADMIN = "ada@example.com"
NAME = "Grace Hopper"
PASSWORD = "seven lanterns under water"

ELSEWHERE = (
    *("https://evil.example/", "https:evil.example", "http:evil.example", "javascript:alert(1)"),
    *("//evil.example", "///evil.example", "//evil.example/staff/", " //evil.example"),
    *("\\\\evil.example", "\\\\e", "/\\evil.example"),
    *("/staff\\@evil.example", "/staff/\\evil.example"),
    *("/staffevil", "/staffing", "/staff/\n//evil.example", "/staff/\r\nX-Evil: 1", ""),
)
"""Addresses that no page may redirect to, whatever a request asks for."""


def make_user(app: Flask, email: str = EMAIL, *, admin: bool = False) -> None:
    """An account, as after an invitation was accepted; the audit log knows nothing of it."""
    with services_of(app).database.writing() as session:
        user = StaffUserRow(email=email, name=NAME, role="admin" if admin else "staff")
        user.password_hash, user.active, user.created_at = _usual_hash(), True, session.now()
        session.add(user)


def user_of(app: Flask, email: str = EMAIL) -> StaffUserRow:
    with services_of(app).database.reading() as session:
        user = accounts_module.user_by_email(session, email)
    assert user is not None, f"{email} has no account"
    return user


@cache
def _usual_hash() -> str:
    """The hash of the usual password: slow to make, so once for all apps of a test run."""
    return passwords.hash_password(PASSWORD)


def sign_in(
    client: PageClient, email: str = EMAIL, password: str = PASSWORD, *, status: int = 303
) -> Page:
    form = client.get("/staff/sign-in").form("/staff/sign-in")
    return client.submit(form.fill(email=email, password=password), status=status)


def enter(client: PageClient, email: str = EMAIL) -> PageClient:
    """Have someone signed in in this browser, as after `sign_in` with the right password.

    For tests that are about what comes after: it leaves out two pages and a slow hash.
    """
    after_password(client, email, login.complete_login)
    return client


def after_password(
    client: PageClient, email: str, go_on: Callable[[StaffUserRow, str], Response]
) -> Response:
    """What follows when someone has given the right password in this browser."""
    with client.request_context("/staff/sign-in"):
        answer = go_on(user_of(client.app, email), "password")
        client.take_cookies(client.app.process_response(client.app.make_response(answer)))
    return answer


def signed_in(app: Flask, email: str = EMAIL) -> PageClient:
    """A browser of its own in which someone with an account has just signed in."""
    return enter(PageClient(app), email)


def joined(app: Flask, email: str = EMAIL, *, admin: bool = False) -> PageClient:
    """A browser of its own in which someone with a new account has just signed in."""
    make_user(app, email, admin=admin)
    return signed_in(app, email)


def is_stored(app: Flask, text: str) -> bool:
    """Whether a text is in a file of the embedded database as it is."""
    files = services_of(app).settings.var_dir.glob("consult.db*")
    return any(text.encode() in file.read_bytes() for file in files)


def thief_of(client: PageClient) -> PageClient:
    """A browser with a copy of another one's session cookie."""
    cookie, thief = client._client.get_cookie("staff"), PageClient(client.app)
    assert cookie is not None
    thief._client.set_cookie("staff", cookie.value)
    return thief


def audited(app: Flask) -> list[str]:
    """The actions in the audit log, oldest first."""
    with services_of(app).database.reading() as session:
        return list(session.scalars(select(AuditRow.action).order_by(AuditRow.id)))


def post(client: PageClient, page: str, action: str, *, status: int = 303, **fields: str) -> Page:
    """Send the form on `page` whose action contains `action`, filled in."""
    return client.submit(client.get(page).form(action).fill(**fields), status=status)


def make_lead(
    app: Flask,
    persona: Persona = BATON_ON_THE_FLOOR,
    contact: NewContact | None = None,
    source: dict[str, str] | None = None,
) -> int:
    """Have a persona submit a quick check, and leave a contact if there is one; the lead's id."""
    token = submit_check(app, persona, source=source).rsplit("/", 1)[1]
    made = services_of(app)
    if contact:
        with made.database.writing() as session:
            submission.save_contact(session, token, contact, office=made.settings.office)
    return lead_of(made.database, token).id


def age_authentication(app: Flask, minutes: int = 11) -> None:
    """Have everyone who is signed in authenticated so long ago; with 0, just now."""
    with services_of(app).database.writing() as session:
        authenticated_at = session.now() - timedelta(minutes=minutes)
        session.execute(update(StaffSessionRow).values(authenticated_at=authenticated_at))
