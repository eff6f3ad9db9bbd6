"""Signing in: one answer to every wrong attempt, limits before the slow hash, new sessions."""

import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import pytest
from flask import Flask

from consult.staff.accounts import passwords
from consult.storage.accounts import account_admin, sessions
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.staff_client import (
    EMAIL,
    PASSWORD,
    age_authentication,
    make_user,
    sign_in,
    signed_in,
    thief_of,
)

WRONG = "Wrong email or password. Check both and try again."


@pytest.fixture
def app(app: Flask) -> Flask:
    """An app with an account for Grace."""
    make_user(app)
    return app


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """The slow hash, which records its calls."""
    watched = Mock(wraps=passwords.hasher)
    monkeypatch.setattr(passwords, "hasher", watched)
    return watched


def test_address_and_password_may_be_written_in_any_way(app: Flask, client: PageClient) -> None:
    page = client.follow(client.get("/staff/leads/1?before=3", status=303))
    form = page.form("/staff/sign-in").fill(email=f" {EMAIL.upper()} ", password=PASSWORD)
    assert client.submit(form).location == "/staff/leads/1?before=3"
    assert client.get("/staff/").h1 == "Today"
    assert client.get("/staff/sign-in", status=303).location == "/staff/"
    invite = account_admin.invite(services_of(app).database, "", "new@example.com")
    composed, decomposed = "caf\u00e9 lantern river moth", "cafe\u0301 lantern river moth"
    new = PageClient(app)
    new.submit(new.get(invite).form().fill(name="Grace", new_password=composed))
    sign_in(PageClient(app), "new@example.com", decomposed)


def test_wrong_attempts_get_one_answer(app: Flask, client: PageClient, hasher: Mock) -> None:
    make_user(app, "disabled@example.com")
    account_admin.disable(services_of(app).database, "disabled@example.com")
    answers = set()
    for email, password in (
        (EMAIL, "not the right words"),
        ("nobody@example.com", PASSWORD),
        ("disabled@example.com", "not the right words"),
        ("disabled@example.com", PASSWORD),
        ("no address at all", PASSWORD),
    ):
        hasher.reset_mock()
        page = sign_in(client, email, password, status=422)
        answers.add(page.text.replace(email, ""))
        assert page.errors == {"email": WRONG}
        slow = [call for call in hasher.method_calls if call[0] in ("hash", "verify")]
        assert len(slow) == 1, email
    assert len(answers) == 1


NONSENSE = [
    ("", ""),
    (EMAIL, ""),
    ("", PASSWORD),
    (EMAIL, "x" * 201),
    (EMAIL, PASSWORD + "\x00"),
    ("nob\x00ody@example.com", PASSWORD),
    ("x" * 10_000, PASSWORD),
    ("<script>alert(1)</script>", PASSWORD),
    ("\u202egnp.exe@example.com", "🦔" * 60),
]


def test_nonsense_is_refused(app: Flask, client: PageClient) -> None:
    for email, password in NONSENSE:
        page = sign_in(client, email, password, status=422)
        assert page.errors == {"email": WRONG}
        assert "<script>" not in page.html


def limited(tmp_path: Path, **limits: Any) -> tuple[Flask, PageClient]:
    app = make_app(tmp_path / "var", **limits)
    make_user(app)
    return app, PageClient(app)


def test_long_passwords_and_attempts_too_many_are_not_hashed(tmp_path: Path, hasher: Mock) -> None:
    _, client = limited(tmp_path, limit_sign_in_account="2 per day")
    hasher.reset_mock()
    sign_in(client, password="x" * 50_000, status=422)
    assert hasher.method_calls == []
    sign_in(client, password="wrong", status=422)
    hasher.reset_mock()
    sign_in(client, status=429)
    assert hasher.method_calls == []


def test_an_account_has_so_many_wrong_attempts_whether_it_exists_or_not(tmp_path: Path) -> None:
    app, client = limited(tmp_path, limit_sign_in_account="3 per day")
    for _ in range(2):  # the right password gives them back
        sign_in(client, password="wrong", status=422)
        sign_in(client, password="wrong", status=422)
        sign_in(client)
        client = PageClient(app)
    for email in (EMAIL, "nobody@example.com"):
        for written in (email, f" {email.upper()}", email):
            sign_in(client, written, "not the right words", status=422)
        page = sign_in(client, email, PASSWORD, status=429)
        assert int(page.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("hops", "written", "statuses"),
    [
        (0, "203.0.113.{}", (422, 422, 422, 429)),
        (1, "198.51.100.{}, 203.0.113.7", (422, 422, 422, 429)),
        (2, "198.51.100.{}, 203.0.113.7", (422, 422, 422, 422)),
        (1, "203.0.113.{}", (422, 422, 422, 422)),
    ],
)
def test_network_limit(tmp_path: Path, hops: int, written: str, statuses: tuple[int, ...]) -> None:
    """A proxy appends the address it sees; the visitor wrote all that is before it."""
    _, client = limited(tmp_path, limit_sign_in_address="3 per hour", proxy_hops=hops)
    for number, status in enumerate(statuses):
        form = client.get("/staff/sign-in").form("/staff/sign-in")
        form.fill(email=f"a{number}@example.com", password="wrong")
        headers = {
            "X-Forwarded-For": written.format(number),
            "Forwarded": f"for=10.0.0.{number}",
            "X-Real-IP": f"10.0.1.{number}",
            "X-Forwarded-Host": "evil.example",
        }
        client.post(form.action, form.data, status=status, headers=headers)


def test_a_session_given_to_someone_beforehand_is_not_theirs_afterwards(app: Flask) -> None:
    victim = PageClient(app)
    form = victim.get("/staff/sign-in").form("/staff/sign-in")
    attacker = thief_of(victim)
    victim.submit(form.fill(email=EMAIL, password=PASSWORD))
    attacker.get("/staff/", status=303)
    # Nor does the form token from before work after.
    victim.post("/staff/sign-out", {"csrf_token": form.data["csrf_token"]}, status=400)


def test_a_sign_in_that_failed_on_our_end_can_be_sent_again(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = client.get("/staff/sign-in").form("/staff/sign-in")
    form.fill(email=EMAIL, password=PASSWORD)
    with monkeypatch.context() as outage:
        outage.setattr(sessions, "start_session", Mock(side_effect=RuntimeError))
        client.submit(form, status=500)
    client.submit(form)


def test_a_session_is_valid_on_a_machine_whose_clock_is_slower(grace: PageClient) -> None:
    with patch("itsdangerous.timed.time.time", return_value=time.time() - 90):
        grace.get("/staff/")


def test_nothing_but_the_session_signs_anyone_in(app: Flask, client: PageClient) -> None:
    form = client.get("/staff/sign-in").form("/staff/sign-in")
    form.fill(email=EMAIL, password=PASSWORD)
    page = client.post(
        "/staff/sign-in?include_auth_token",
        {**form.data, "remember": "y"},
        headers={"Accept": "application/json"},
    )
    assert "token" not in page.html
    assert sorted(cookie.split("=")[0] for cookie in page.set_cookies) == ["device", "staff"]
    other, device = PageClient(app), client._client.get_cookie("device")
    assert device is not None
    other._client.set_cookie("device", device.value)
    other.get("/staff/", status=303)


def test_cookies_and_tokens_are_signed_with_sha_256(grace: PageClient) -> None:
    signed = [grace._client.get_cookie(name).value for name in ("staff", "device")]  # type: ignore[union-attr] # both are there
    signed += grace.get("/staff/account").form("/sign-out").data["csrf_token"]
    age_authentication(grace.app)
    late = {"csrf_token": signed[2]}
    page = grace.post("/staff/account/sessions/end-all", late, status=403)
    signed += page.form("/confirm").data["pending"]
    assert {len(urlsafe_b64decode(each.rpartition(".")[2] + "=")) for each in signed} == {32}


def test_passwords_are_hidden_and_password_managers_may_help(app: Flask) -> None:
    invite = account_admin.invite(services_of(app).database, "", "new@example.com")
    pages = [PageClient(app).get(path) for path in ("/staff/sign-in", invite)]
    assert "Sign in with" not in pages[0].text, "there is no provider"
    pages.append(signed_in(app).get("/staff/account"))
    fields = [
        field.attrib
        for page in pages
        for field in page.document.all("input")
        if "password" in field.attrib["name"]
    ]
    assert len(fields) == 4
    for field in fields:
        assert field["type"] == "password"
        assert field["autocomplete"] in ("current-password", "new-password")
        assert not [name for name in field if name.startswith("on")]
