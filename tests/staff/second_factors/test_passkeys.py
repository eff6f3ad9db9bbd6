"""Passkeys, by a device in software: good for this site, this browser, this page, and once."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from consult.storage.accounts import account_admin
from consult.storage.tables.account_tables import AuditRow, PasskeyRow, RecoveryCodeRow
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import rows
from tests.support.page import Page
from tests.support.passkeys import NEW, ORIGIN, Device, add_passkey, asked
from tests.support.second_factors import (
    ASKED,
    FACTORS,
    give,
    let_pass,
    pending_login,
    recovery_codes,
)
from tests.support.staff_client import (
    EMAIL,
    age_authentication,
    audited,
    joined,
    make_user,
    post,
    sign_in,
    signed_in,
    thief_of,
)

SIGN_IN = "/staff/sign-in"
Answer = Callable[[Device, dict[str, Any]], str]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    made = make_app(tmp_path / "var", base_url=ORIGIN)
    make_user(made)
    return made


@pytest.fixture
def device(app: Flask) -> Device:
    """The device of someone who has a passkey on it."""
    return add_passkey(signed_in(app))


def use(
    client: PageClient,
    device: Device,
    path: str = SIGN_IN,
    *,
    answer: Answer = Device.use,
    status: int = 303,
) -> Page:
    """Open a page that takes a passkey, and give one."""
    form, options = asked(client.get(path))
    return client.submit(form.fill(credential=answer(device, options)), status=status)


def test_a_passkey_alone_signs_in(app: Flask, device: Device) -> None:
    client = PageClient(app)
    assert use(client, device).location == "/staff/"
    assert client.get("/staff/").h1 == "Today"
    page = use(PageClient(app), device, "/staff/sign-in?next=/staff/account")
    assert page.location == "/staff/account"
    page = use(PageClient(app), device, "/staff/sign-in?next=//evil.example/")
    assert page.location == "/staff/"
    age_authentication(app)
    page = use(client, device, f"/staff/confirm?next={FACTORS}")
    assert page.location == FACTORS
    client.get(NEW)


def test_after_a_password_it_is_the_second_factor(app: Flask, device: Device) -> None:
    client = pending_login(app)
    client.get("/staff/", status=303)
    _, options = asked(client.get(ASKED))
    assert len(options["allowCredentials"]) == 1
    assert use(client, device, ASKED).location == "/staff/"
    client.get("/staff/")
    _, options = asked(PageClient(app).get(SIGN_IN))
    assert options["allowCredentials"] == [], "nobody learns who has one"
    assert options["userVerification"] == "required"


def test_a_reset_or_a_disabled_account_removes_it(app: Flask, device: Device) -> None:
    database = services_of(app).database
    account_admin.reset(database, "", EMAIL)
    use(PageClient(app), device)
    account_admin.reset(database, "", EMAIL, second_factor=True)
    use(PageClient(app), device, status=422)
    other = add_passkey(signed_in(app))
    account_admin.disable(database, EMAIL)
    use(PageClient(app), other, status=422)


def test_attempts_are_limited_by_network(tmp_path: Path) -> None:
    client = PageClient(make_app(tmp_path, base_url=ORIGIN, limit_sign_in_address="2 per hour"))
    for status in (422, 422, 429):
        use(client, Device(), status=status)


def changed(**changes: Any) -> Answer:
    """A device that answers with something else than it should."""

    def answer(device: Device, options: dict[str, Any]) -> str:
        for name, value in changes.items():
            setattr(device, name, value)
        return device.use(options)

    return answer


def other_challenge(device: Device, options: dict[str, Any]) -> str:
    return device.use({**options, "challenge": "AAAA" * 16})


def sends(text: str) -> Answer:
    return lambda device, options: text


def replaces(**parts: bytes) -> Answer:
    return lambda device, options: device.use(options, **parts)


def malformed(device: Device, options: dict[str, Any]) -> str:
    answer = json.loads(device.use(options))
    answer["response"]["authenticatorData"] = 5
    return json.dumps(answer)


def new_key_instead(device: Device, options: dict[str, Any]) -> str:
    return Device(credential_id=device.credential_id, handle=device.handle).use(options)


INVALID: dict[str, Answer] = {
    "of another site": changed(origin="https://evil.example"),
    "of a site with a longer name": changed(origin="http://localhost.evil.example"),
    "of another port": changed(origin="http://localhost:1"),
    "for another site": changed(site="evil.example"),
    "without a check of who it is": changed(verified=False),
    "of someone else": changed(handle=b"someone else"),
    "by an unknown key": changed(credential_id=b"unknown key here"),
    "with a wrong signature": replaces(signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"),
    "cut short": replaces(authenticatorData=b"\x00" * 10),
    "to another challenge": other_challenge,
    "by a new key of that name": new_key_instead,
    "malformed": malformed,
    **{text: sends(text) for text in ("{", "", "[]", "null", '{"rawId":"YQ"}')},
    **{f"long {text}": sends(text) for text in ("[" * 15_000, "9" * 5000)},
}


@pytest.mark.parametrize("path", [SIGN_IN, ASKED, "/staff/confirm"])
def test_invalid_answers_are_refused(app: Flask, device: Device, path: str) -> None:
    client = PageClient(app)
    if path == "/staff/confirm":
        use(client, device)
        age_authentication(app)
    for name, answer in INVALID.items():
        if path == ASKED:
            client = pending_login(app)
        page = use(client, replace(device), path, answer=answer, status=422)
        assert "didn’t work" in page.errors["passkey"], name
        client.get(NEW, status=303)
    use(client, device, path)
    client.get(NEW)


def test_the_name_of_the_host_in_a_request_changes_nothing(app: Flask, device: Device) -> None:
    client = PageClient(app, base_url="http://127.0.0.1")
    form, options = asked(client.get(SIGN_IN))
    assert options["rpId"] == "localhost"
    device.origin = "http://127.0.0.1"
    client.submit(form.fill(credential=device.use(options)), status=422)


def test_a_challenge_works_once_and_for_ten_minutes(app: Flask, device: Device) -> None:
    client, late = PageClient(app), PageClient(app)
    form, options = asked(client.get(SIGN_IN))
    late_form, late_options = asked(late.get(SIGN_IN))
    thief = thief_of(client)
    device.step = 0  # a device that does not count, so nothing else is in the way
    form.fill(credential=device.use(options))
    client.submit(form)
    thief.submit(form, status=422)
    thief.get("/staff/", status=303)
    let_pass(app, minutes=10, seconds=1)
    late.submit(late_form.fill(credential=device.use(late_options)), status=422)


def test_a_challenge_is_for_one_browser_and_one_purpose(app: Flask, device: Device) -> None:
    client = pending_login(app)
    _, of_another = asked(PageClient(app).get(SIGN_IN))
    _, for_signing_in = asked(client.get(SIGN_IN))
    form, _ = asked(client.get(ASKED))
    _, later = asked(client.get(SIGN_IN))
    for options in (later, for_signing_in):
        client.submit(form.fill(credential=device.use(options)), status=422)
    form, _ = asked(client.get(SIGN_IN))
    client.submit(form.fill(credential=device.use(of_another)), status=422)
    another = add_passkey(joined(app, "bo@example.com"))
    use(client, another, ASKED, status=422)


def test_a_refused_passkey_is_recorded(app: Flask, device: Device) -> None:
    unknown = Device()
    use(PageClient(app), unknown, status=422)
    client = PageClient(app)
    use(client, device)
    age_authentication(app)
    use(client, unknown, "/staff/confirm", status=422)
    recorded = {row.action: row.facts for row in rows(services_of(app).database, AuditRow)}
    assert recorded["account.sign_in_failed"] == {"account": None, "method": "passkey"}
    assert recorded["factor.refused"] == {"account": 1, "method": "passkey"}


def test_a_counter_that_does_not_grow_reveals_a_copy(app: Flask, device: Device) -> None:
    use(PageClient(app), device)
    for step in (0, -1):
        device.step = step
        use(PageClient(app), device, status=422)
    assert audited(app)[-4:] == ["factor.passkey_copied", "account.sign_in_failed"] * 2
    device.step = 5
    use(PageClient(app), device)
    never_counts = add_passkey(signed_in(app), Device(step=0))
    for _ in range(2):
        use(PageClient(app), never_counts)


class TestAdding:
    """Adding and removing a passkey."""

    def test_the_first_one_brings_recovery_codes(self, grace: PageClient) -> None:
        other = signed_in(grace.app)
        form, options = asked(grace.get(NEW))
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["rp"] == {"name": "Relay Check", "id": "localhost"}
        assert "name" in grace.submit(form.fill(name=" "), status=422).errors
        form, options = asked(grace.get(NEW))
        form.fill(name="  My <b>key</b>  ", credential=Device().make(options))
        page = grace.submit(form, status=200)
        codes = recovery_codes(page)
        assert len(codes) == 10
        other.get("/staff/", status=303)
        assert "My <b>key</b>" in grace.get(FACTORS).text
        assert "not yet" in grace.get(FACTORS).text
        give(pending_login(grace.app), recovery_code=codes[0])
        assert "factor.passkey_added" in audited(grace.app)
        grace.submit(form, status=422)  # an answer works once

    def test_an_invalid_one_is_not_added(self, grace: PageClient) -> None:
        for device in (
            Device(origin="https://evil.example"),
            Device(site="evil.example"),
            Device(verified=False),
        ):
            form, options = asked(grace.get(NEW))
            page = grace.submit(form.fill(credential=device.make(options)), status=422)
            assert "passkey" in page.errors
        for nonsense in ("", "{}", "[]", "null", '{"id": "x"}', "\x00"):
            form, _ = asked(grace.get(NEW))
            grace.submit(form.fill(credential=nonsense), status=422)
        sign_in(PageClient(grace.app))

    def test_a_device_belongs_to_one_user(self, app: Flask, device: Device) -> None:
        bo, before = joined(app, "bo@example.com"), vars(device).copy()
        form, options = asked(bo.get(NEW))
        assert options["excludeCredentials"] == []
        bo.submit(form.fill(credential=device.make(options)), status=422)
        sign_in(PageClient(app), "bo@example.com")
        grace = PageClient(app)
        use(grace, Device(**before))
        _, options = asked(grace.get(NEW))
        assert len(options["excludeCredentials"]) == 1
        assert add_passkey(grace).handle == before["handle"], "all of a user have one handle"

    def test_removing_the_last_removes_the_codes(self, app: Flask, grace: PageClient) -> None:
        device = add_passkey(grace)
        page = post(grace, FACTORS, "/remove")
        assert "passkey no longer works" in grace.follow(page).text
        use(PageClient(app), device, status=422)
        sign_in(PageClient(app))
        for table in (PasskeyRow, RecoveryCodeRow):
            assert rows(services_of(app).database, table) == []

    def test_a_site_without_a_domain_name_has_none(self, tmp_path: Path) -> None:
        app = make_app(tmp_path / "by-number", base_url="http://127.0.0.1:8000")
        make_user(app)
        client = PageClient(app)
        assert "passkey" not in client.get(SIGN_IN).html
        sign_in(client)
        assert "Passkeys need a domain name" in client.get(FACTORS).text
