"""The second factor: asked for after the password, valid once, and impossible to skip."""

import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask import Flask

from consult.staff.accounts import passwords
from consult.staff.second_factors import totp
from consult.storage.accounts import account_admin
from consult.storage.accounts import accounts as accounts_module
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import AuthenticatorRow, RecoveryCodeRow
from tests.support.apps import make_app, make_settings, services_of
from tests.support.client import PageClient
from tests.support.databases import read, rows, write
from tests.support.second_factors import (
    ASKED,
    FACTORS,
    Phone,
    give,
    let_pass,
    pending_login,
    recovery_codes,
    secret_on,
    set_up_phone,
)
from tests.support.staff_client import (
    EMAIL,
    NAME,
    PASSWORD,
    age_authentication,
    audited,
    is_stored,
    joined,
    make_user,
    post,
    sign_in,
    signed_in,
    thief_of,
)


@pytest.fixture
def app(app: Flask) -> Flask:
    """An app with an account for Grace."""
    make_user(app)
    return app


@pytest.fixture
def phone(app: Flask) -> Phone:
    """The phone of someone who has set up an authenticator app."""
    return set_up_phone(signed_in(app))[0]


def test_a_password_and_a_code_sign_in(app: Flask, phone: Phone) -> None:
    client = pending_login(app)
    for path in ("/staff/", "/staff/account", FACTORS, "/staff/leads/1"):
        assert client.get(path, status=303).location.startswith("/staff/sign-in?next=")
    with services_of(app).database.reading() as session:
        sessions = session.connection().exec_driver_sql("SELECT count(*) FROM staff_sessions")
        assert sessions.scalar_one() == 1, "a pending login is no session"
    code = phone.next_code
    assert give(client, code=f" {code[:3]} {code[3:]} ").location == "/staff/"
    assert client.get("/staff/").h1 == "Today"
    client = PageClient(app)
    form = client.follow(client.get("/staff/account?x=1", status=303)).form("/sign-in")
    client.submit(form.fill(email=EMAIL, password=PASSWORD))
    assert give(client, code=phone.next_code).location == "/staff/account?x=1"


def test_a_code_works_once_and_none_after_a_newer_one(app: Flask, phone: Phone) -> None:
    give(pending_login(app), code=phone.code, status=422)  # it was used to set the app up
    phone.wait(3)
    older, code = phone.code, phone.next_code
    first, second = pending_login(app), pending_login(app)
    give(first, code=code)
    for used in (code, older):
        page = give(second, code=used, status=422)
        assert "used before" in page.errors["code"]
        assert audited(app)[-1] == "factor.refused"
    second.get("/staff/", status=303)


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_slightly_off(app: Flask, phone: Phone, steps: int, works: bool) -> None:
    phone.wait(10)
    shown = phone.code
    phone.wait(-steps)
    give(pending_login(app), code=shown, status=303 if works else 422)


INVALID_CODES = ["", "   ", "12345", "abcdef", "\uff11" * 6, "0" * 41, "\x00"]


def test_an_invalid_code_opens_nothing(app: Flask, phone: Phone) -> None:
    for code in INVALID_CODES:
        page = give(pending_login(app), code=code, status=422)
        assert "code" in page.errors
    give(pending_login(app), code=phone.next_code)


def test_codes_are_limited_and_a_right_one_gives_the_attempts_back(tmp_path: Path) -> None:
    app = make_app(tmp_path, limit_second_factor="2 per day")
    phone, codes = set_up_phone(joined(app))
    give(pending_login(app), code="000000", status=422)
    give(pending_login(app), code=phone.next_code)
    give(pending_login(app), code="000000", status=422)
    give(pending_login(app), code="000000", status=422)
    give(pending_login(app), code=phone.next_code, status=429)
    for _ in range(5):
        give(pending_login(app), recovery_code="-".join(["AAAAA"] * 5), status=422)
    give(pending_login(app), recovery_code=codes[0], status=429)
    let_pass(app, minutes=1)
    give(pending_login(app), recovery_code=codes[0])


def test_a_pending_login_lasts_ten_minutes_and_works_once(app: Flask, phone: Phone) -> None:
    late, again = pending_login(app), pending_login(app)
    form = again.get(ASKED).forms[0]
    thief = thief_of(again)
    again.submit(form.fill(code=phone.next_code))
    page = thief.post(ASKED, {**form.data, "code": phone.next_code})
    assert page.location == "/staff/sign-in"
    thief.get("/staff/", status=303)
    let_pass(app, minutes=9)
    assert late.get(ASKED, status=303).location == "/staff/sign-in"


def test_a_new_password_or_disabling_voids_a_pending_login(app: Flask, phone: Phone) -> None:
    database = services_of(app).database
    renewed = pending_login(app)
    write(database, accounts_module.change_password, 1, passwords.hash_password(PASSWORD))
    assert renewed.get(ASKED, status=303).location == "/staff/sign-in"
    disabled = pending_login(app)
    account_admin.disable(database, EMAIL)
    assert disabled.get(ASKED, status=303).location == "/staff/sign-in"


def test_a_new_password_does_not_skip_the_second_factor(app: Flask, phone: Phone) -> None:
    link = account_admin.reset(services_of(app).database, "", EMAIL)
    client = PageClient(app)
    form = client.get(link).form().fill(name=NAME, new_password=PASSWORD)
    assert client.submit(form).location == ASKED
    give(client, code=phone.next_code)


@pytest.mark.parametrize("product", ["Relay Check", "Relay: Check", ":Relay:", "Müller & Söhne?"])
def test_the_label_in_the_app_names_the_account(product: str) -> None:
    """Apps take what is before the first colon for the issuer, which must be the parameter's."""
    uri = urlsplit(totp.app_uri(totp.new_secret(), EMAIL, product))
    issuer, account = unquote(uri.path).lstrip("/").split(":")
    assert (issuer, account) == (" ".join(product.replace(":", " ").split()), EMAIL)
    assert parse_qs(uri.query)["issuer"] == [issuer]


def test_a_secret_is_one_users_and_not_in_the_database(app: Flask, phone: Phone) -> None:
    assert not is_stored(app, phone.secret)
    with app.app_context():
        encrypted = totp.encrypt_secret("SECRET", 1)
        assert totp.decrypt_secret(encrypted, 1) == "SECRET"
        for other, user_id in ((encrypted, 2), (encrypted[:-1], 1), (b"", 1)):
            assert totp.decrypt_secret(other, user_id) is None


def test_under_another_secret_key_a_recovery_code_still_works(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    phone, codes = set_up_phone(joined(app))
    phone.app = later = make_app(tmp_path, secret_key="another" * 6)
    give(pending_login(later), code=phone.next_code, status=422)
    give(pending_login(later), recovery_code=codes[0])


class TestSettingUp:
    """Setting up an authenticator app, moving it and removing it."""

    def test_the_secret_stays_until_the_app_is_in_use(self, grace: PageClient) -> None:
        other, thief = signed_in(grace.app), thief_of(grace)
        page = grace.get(f"{FACTORS}/app")
        assert "<svg" in page.html
        form = page.form("/app").fill(code="000000")
        again = grace.submit(form, status=422)
        assert "isn’t valid right now" in again.errors["code"]
        secrets = {secret_on(shown) for shown in (page, again, grace.get(f"{FACTORS}/app"))}
        assert len(secrets) == 1
        assert "Enter the six digits" in grace.submit(form.fill(code=""), status=422).errors["code"]
        sign_in(PageClient(grace.app))  # nothing is asked for yet
        set_up_phone(grace)
        assert secret_on(grace.get(f"{FACTORS}/app")) not in secrets
        for ended in (other, thief):  # this browser got a new token
            ended.get("/staff/", status=303)
        assert "factor.app_added" in audited(grace.app)

    def test_an_app_can_be_moved_and_removed_with_the_codes(self, app: Flask, phone: Phone) -> None:
        client = pending_login(app)
        give(client, code=phone.next_code)
        page = client.get(f"{FACTORS}/app")
        new = Phone(app, secret_on(page))
        link = page.link("Open your app on this phone")
        assert link.startswith("otpauth://totp/")
        assert f"secret={new.secret}" in link
        # There are codes already, so none are shown.
        page = client.submit(page.form("/app").fill(code=new.code))
        assert "Your app is set up" in client.follow(page).text
        give(pending_login(app), code=phone.next_code, status=422)
        give(pending_login(app), code=new.next_code)
        page = post(client, FACTORS, "/app/remove")
        assert "App removed" in client.follow(page).text
        sign_in(PageClient(app))
        assert "factor.app_removed" in audited(app)
        for table in (AuthenticatorRow, RecoveryCodeRow):
            assert rows(services_of(app).database, table) == []


class TestRecoveryCodes:
    """The ten codes for users who lost their phone."""

    def test_ten_are_shown_once_and_each_works_once(self, app: Flask, grace: PageClient) -> None:
        token = grace.get(FACTORS).form().data["csrf_token"]
        grace.post(f"{FACTORS}/recovery-codes", {"csrf_token": token})  # no second factor, no codes
        assert read(services_of(app).database, factors.factors_of, 1).codes_left == 0
        _, codes = set_up_phone(grace)
        assert len(set(codes)) == 10
        assert not any(is_stored(app, code) for code in codes)
        assert all(code not in grace.get(FACTORS).html for code in codes)
        assert "10 of 10 left" in grace.get(FACTORS).text
        sloppy = f" {codes[0].lower().replace('-', ' ')} "
        give(pending_login(app), recovery_code=sloppy)
        give(pending_login(app), recovery_code=codes[0], status=422)
        assert "9 of 10 left" in grace.get(FACTORS).text
        assert "factor.recovery_code_used" in audited(app)

    def test_the_example_beside_the_field_looks_like_one(self, app: Flask, phone: Phone) -> None:
        page = pending_login(app).get(ASKED)
        example = re.search(r"such as ([A-Z0-9-]+)\.", page.text)
        real = write(services_of(app).database, factors.create_recovery_codes, 1)[0]
        assert example
        assert [len(group) for group in example[1].split("-")] == list(map(len, real.split("-")))

    def test_new_ones_replace_the_old_and_can_be_downloaded(self, grace: PageClient) -> None:
        _, old = set_up_phone(grace)
        page = post(grace, FACTORS, "/recovery-codes", status=200)
        new, text = recovery_codes(page), page.links["Download as text"]
        assert len(new) == 10
        assert text.startswith("data:text/plain")
        assert all(code in text for code in new)
        give(pending_login(grace.app), recovery_code=old[0], status=422)
        give(pending_login(grace.app), recovery_code=new[0])


@pytest.mark.parametrize("disabled", [False, True])
def test_an_operator_can_reset_the_second_factor(app: Flask, phone: Phone, disabled: bool) -> None:
    database, client = services_of(app).database, pending_login(app)
    give(client, code=phone.next_code)
    if disabled:
        account_admin.disable(database, EMAIL)
        link = account_admin.invite(database, "", EMAIL)
    else:
        link = account_admin.reset(database, "", EMAIL, second_factor=True)
        assert "factor.all_removed" in audited(app)
    client.get("/staff/", status=303)
    client = PageClient(app)
    form = client.get(link).form().fill(name=NAME, new_password=PASSWORD)
    assert client.submit(form).location == "/staff/"


class TestRequired:
    """Where the agency requires a second factor."""

    @pytest.fixture
    def strict(self, tmp_path: Path) -> Flask:
        app = make_app(tmp_path / "strict", staff_second_factor="required")
        make_user(app)
        return app

    def test_without_one_users_can_only_set_one_up_and_sign_out(self, strict: Flask) -> None:
        assert post(signed_in(strict), FACTORS, "/sign-out").location == "/staff/sign-in"
        client = signed_in(strict)
        page = client.get(FACTORS)
        assert "Two-step verification is required here" in page.text
        for path in ("/staff/", "/staff/account", "/staff/leads/1", "/staff/nothing-here"):
            assert client.get(path, status=303).location == FACTORS
        token = page.form("/sign-out").data["csrf_token"]
        client.post("/staff/account/password", {"csrf_token": token})
        set_up_phone(client)
        client.get("/staff/account")
        post(client, FACTORS, "/app/remove")
        assert client.get("/staff/", status=303).location == FACTORS

    def test_a_real_address_requires_it_unless_set_otherwise(self, tmp_path: Path) -> None:
        real = "https://check.example"
        for base_url, chosen, wanted in (
            ("http://127.0.0.1:8000", {}, "optional"),
            (real, {}, "required"),
            (real, {"staff_second_factor": "optional"}, "optional"),
        ):
            settings = make_settings(tmp_path, base_url=base_url, **chosen)
            assert settings.staff_second_factor == wanted


def test_a_code_reauthenticates_and_a_password_no_longer(app: Flask, phone: Phone) -> None:
    client = pending_login(app)
    give(client, code=phone.next_code)
    age_authentication(app)
    page = client.follow(client.get(f"{FACTORS}/app", status=303))
    assert not any("password" in form.fields for form in page.forms)
    (form,) = [form for form in page.forms if "code" in form.fields]
    sent = {**form.data, "password": PASSWORD}
    del sent["code"]
    assert "isn’t enough" in client.post(form.action, sent, status=422).errors["code"]
    client.get(f"{FACTORS}/app", status=303)
    assert "code" in client.submit(form.fill(code=phone.code), status=422).errors
    assert client.submit(form.fill(code=phone.next_code)).location == f"{FACTORS}/app"
    client.get(f"{FACTORS}/app")
