"""Invitations: a link makes one account, once, for its address, while it is fresh."""

from datetime import timedelta

import pytest
from flask import Flask

from consult.staff.accounts import passwords
from consult.storage.accounts import account_admin, accounts
from consult.storage.db.database import Database
from tests.support.apps import REAL_HASHER
from tests.support.client import PageClient
from tests.support.databases import read
from tests.support.page import Page
from tests.support.second_factors import let_pass
from tests.support.staff_client import (
    EMAIL,
    NAME,
    PASSWORD,
    is_stored,
    joined,
    make_user,
    sign_in,
    user_of,
)

EXPIRED = "This link no longer works"


def accept(client: PageClient, link: str, *, status: int = 303, **changes: str) -> Page:
    """Open an invitation and send its form."""
    fields = {"name": NAME, "new_password": PASSWORD, **changes}
    return client.submit(client.get(link).form("/staff/invitation").fill(**fields), status=status)


@pytest.mark.parametrize("admin", [True, False])
def test_an_invitation(app: Flask, client: PageClient, database: Database, admin: bool) -> None:
    link = account_admin.invite(database, "https://check.example", EMAIL, admin=admin)
    assert link.startswith("https://check.example/staff/invitation/")
    path = link.removeprefix("https://check.example")
    assert not is_stored(app, path.rsplit("/", 1)[1])
    for _ in range(3):  # looking at it does not use it up
        assert EMAIL in client.get(path).text
    form = client.get(path).form().fill(name=NAME, new_password=PASSWORD)
    forged = {"email": "mallory@example.com", "role": "owner"}
    assert client.post(path, {**form.data, **forged}).location == "/staff/"
    assert NAME in client.get("/staff/account").text
    (made,) = read(database, accounts.all_users)
    assert (made.email, made.name, made.active) == (EMAIL, NAME, True)
    assert made.role == ("admin" if admin else "staff")
    sign_in(PageClient(app))


def test_a_password_is_slow_to_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", REAL_HASHER)
    assert passwords.hash_password(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_first_link_makes_an_admin(app: Flask, client: PageClient, database: Database) -> None:
    old = account_admin.first_invitation(database, "") or ""
    let_pass(app, minutes=1)
    link = account_admin.first_invitation(database, "") or ""
    assert client.get(old, status=404).h1 == EXPIRED
    other = PageClient(app)
    late = other.get(link).form().fill(email="b@example.com", name="B", new_password=PASSWORD)
    accept(client, link, email=" Ada@Example.com ")
    assert user_of(app, "ada@example.com").role == "admin"
    assert account_admin.first_invitation(database, "") is None
    assert other.submit(late, status=404).h1 == EXPIRED


def test_links_that_do_not_work_all_say_the_same(client: PageClient, database: Database) -> None:
    used = account_admin.invite(database, "", "used@example.com")
    accept(PageClient(client.app), used)
    replaced = account_admin.invite(database, "", EMAIL)
    account_admin.invite(database, "", EMAIL)
    old = account_admin.invite(database, "", "late@example.com")
    with database.reading() as session:
        almost = session.now() + account_admin.INVITATION_VALID - timedelta(seconds=30)
    database.clock = lambda: almost
    client.get(old)
    database.clock = lambda: almost + timedelta(minutes=1)
    links = [used, replaced, old, "/staff/invitation/nonsense", f"/staff/invitation/{'A' * 43}"]
    assert len({client.get(link, status=404).text for link in links}) == 1


INVALID = [
    ("name", "", "Enter your name"),
    ("name", "  \t ", "Enter your name"),
    ("name", "N" * 201, "at most 200"),
    ("new_password", "", "Choose a password"),
    ("new_password", "short", "at least 15"),
    ("new_password", "x" * 14, "at least 15"),
    ("new_password", "tr0mb0ne " * 23, "at most 200"),
    ("new_password", "passwordpassword", "easy to guess"),
    ("new_password", "123456789012345", "easy to guess"),
    ("new_password", "qwertyuiopasdfgh", "easy to guess"),
    ("new_password", "aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
    ("new_password", "Grace Hopper 2026", "easy to guess"),
    ("new_password", "grace@example.com1", "easy to guess"),
    ("new_password", "Relay Check Relay Check", "easy to guess"),
    ("new_password", "Liverpool Football Club", "easy to guess"),
    ("new_password", "MayTheForceBeWithYou", "easy to guess"),
    ("new_password", "Zydilovo2011polimer", "easy to guess"),  # which leaked
]


def test_an_invalid_value_is_explained_beside_its_field(
    client: PageClient, database: Database
) -> None:
    link = account_admin.invite(database, "", EMAIL)
    for field, value, says in INVALID:
        page = accept(client, link, status=422, **{field: value})
        assert says in page.errors[field]
        assert read(database, accounts.all_users) == []
        # Valid values are still there, but for the password.
        form = page.form()
        assert field == "name" or form.data["name"] == [NAME]
        assert form.data.get("new_password") in (None, [""])
    accept(client, link)


@pytest.mark.parametrize("email", ["", "no address", "a@", "@b", "two@at@signs", "x" * 260 + "@b"])
def test_the_first_address_must_be_one(client: PageClient, database: Database, email: str) -> None:
    link = account_admin.first_invitation(database, "") or ""
    assert "email" in accept(client, link, status=422, email=email).errors


@pytest.mark.parametrize(
    "password",
    [
        "seven lanterns under water",
        "пять зелёных фонарей",
        "x7!Kp2@mQ9#vL4$",
        "zðŋłþ€ æß½" + "ʒ" * 150,
    ],
)
def test_a_good_password_needs_no_special_signs(password: str) -> None:
    assert passwords.password_problem(password, (EMAIL, NAME)) is None


def test_a_password_of_nothing_but_signs_costs_no_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zxcvbn tries every way in which signs can be letters: of 72 signs, for eight seconds."""
    seen: list[str] = []

    def estimate(text: str) -> dict[str, int]:
        seen.append(text)
        return {"guesses": 10**20}

    monkeypatch.setattr(passwords, "zxcvbn", estimate)
    for password in ("4@8({[<369!1|0$5+7%2" * 5, "p@55w0rds " * 20):
        passwords.password_problem(password)
    assert [len(text) for text in seen] == [20, 72]


def test_a_reset_ends_every_session(app: Flask, client: PageClient, database: Database) -> None:
    before = joined(app, admin=True)
    late = account_admin.reset(database, "", EMAIL)
    let_pass(app, hours=25)
    client.get(late, status=404)
    link = account_admin.reset(database, "", EMAIL.upper())
    let_pass(app, hours=23)
    page = client.get(link)
    assert page.form().data["name"] == [NAME]
    accept(client, link, new_password="quiet orchard seventh kettle")
    before.get("/staff/", status=303)
    sign_in(PageClient(app), status=422)
    sign_in(PageClient(app), password="quiet orchard seventh kettle")
    assert user_of(app).role == "admin"


def test_a_link_opened_by_someone_else_signs_them_out(app: Flask, database: Database) -> None:
    client = joined(app)
    accept(client, account_admin.invite(database, "", "bo@example.com"), name="Bo Lin")
    page = client.get("/staff/account")
    assert "Bo Lin" in page.text
    assert NAME not in page.text


def test_the_operator_is_shown_what_cannot_be_done(app: Flask, database: Database) -> None:
    make_user(app)
    invite, reset, disable = account_admin.invite, account_admin.reset, account_admin.disable
    for verb, arguments, problem in (
        (invite, ("", EMAIL), "has an account already"),
        (invite, ("", "no address"), "is not an email address"),
        (reset, ("", "no address"), "is not an email address"),
        (reset, ("", "nobody@example.com"), "has no active account"),
        (disable, ("nobody@example.com",), "has no account"),
    ):
        with pytest.raises(account_admin.AccountError, match=problem):
            verb(database, *arguments)
    disable(database, EMAIL)
    with pytest.raises(account_admin.AccountError, match="has no active account"):
        reset(database, "", EMAIL)
    make_user(app, "a@example.com")
    listed = read(database, accounts.all_users)
    assert [one.email for one in listed] == ["a@example.com", EMAIL]
