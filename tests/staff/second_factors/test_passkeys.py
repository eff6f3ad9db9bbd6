"""Passkeys, by a device in software: good for this site, this browser, this page, and once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from consult.staff.accounts import account_admin
from consult.storage.tables.account_tables import AuditRow, PasskeyRow, RecoveryCodeRow
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
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


class TestSigningIn:
    """With a passkey alone, and with one after the password."""

    def test_a_passkey_alone_signs_in(self, app: Flask, device: Device) -> None:
        client = PageClient(app)
        assert use(client, device).location == "/staff/"
        assert client.get("/staff/").h1 == "Leads"

    def test_it_leads_where_one_wanted_to_go(self, app: Flask, device: Device) -> None:
        client = PageClient(app)
        page = use(client, device, "/staff/sign-in?next=/staff/account")
        assert page.location == "/staff/account"
        page = use(PageClient(app), device, "/staff/sign-in?next=//evil.example/")
        assert page.location == "/staff/"

    def test_after_a_password_it_is_the_second_factor(self, app: Flask, device: Device) -> None:
        client = pending_login(app)
        client.get("/staff/", status=303)
        assert use(client, device, ASKED).location == "/staff/"
        client.get("/staff/")

    def test_it_is_a_recent_authentication(self, app: Flask, device: Device) -> None:
        client = PageClient(app)
        use(client, device)
        age_authentication(app)
        page = use(client, device, f"/staff/confirm?next={FACTORS}")
        assert page.location == FACTORS
        client.get(NEW)

    def test_the_page_asks_for_a_persons_own_after_a_password(
        self, app: Flask, device: Device
    ) -> None:
        _, options = asked(pending_login(app).get(ASKED))
        assert len(options["allowCredentials"]) == 1
        _, options = asked(PageClient(app).get(SIGN_IN))
        assert options["allowCredentials"] == [], "nobody learns who has one"
        assert options["userVerification"] == "required"

    def test_a_closed_account_has_no_passkey(self, app: Flask, device: Device) -> None:
        account_admin.disable(services_of(app).database, EMAIL)
        use(PageClient(app), device, status=422)

    def test_a_new_link_removes_it_where_that_is_wanted(self, app: Flask, device: Device) -> None:
        account_admin.reset(services_of(app).database, "", EMAIL)
        use(PageClient(app), device)
        account_admin.reset(services_of(app).database, "", EMAIL, second_factor=True)
        use(PageClient(app), device, status=422)

    def test_attempts_are_limited_by_network(self, tmp_path: Path) -> None:
        app = make_app(tmp_path, base_url=ORIGIN, limit_sign_in_address="2 per hour")
        client = PageClient(app)
        for status in (422, 422, 429):
            use(client, Device(), status=status)


def lies(**changes: Any) -> Answer:
    """A device that says something else than it should."""

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


def strange_parts(device: Device, options: dict[str, Any]) -> str:
    answer = json.loads(device.use(options))
    answer["response"]["authenticatorData"] = 5
    return json.dumps(answer)


def new_key_instead(device: Device, options: dict[str, Any]) -> str:
    return Device(credential_id=device.credential_id, handle=device.handle).use(options)


@pytest.mark.parametrize("path", [SIGN_IN, ASKED, "/staff/confirm"])
@pytest.mark.parametrize(
    "answer",
    [
        lies(origin="https://evil.example"),
        lies(origin="http://localhost.evil.example"),
        lies(origin="http://localhost:1"),
        lies(site="evil.example"),
        lies(verified=False),
        lies(handle=b"somebody else"),
        lies(credential_id=b"unknown key here"),
        replaces(signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"),
        replaces(authenticatorData=b"\x00" * 10),
        *(other_challenge, new_key_instead, strange_parts),
        *(sends("{"), sends(""), sends("[]")),
    ],
)
def test_what_is_not_right_opens_nothing(
    app: Flask, device: Device, path: str, answer: Answer
) -> None:
    if path == "/staff/confirm":
        client = PageClient(app)
        use(client, device)
        age_authentication(app)
    else:
        client = pending_login(app) if path == ASKED else PageClient(app)
    page = use(client, device, path, answer=answer, status=422)
    assert "didn’t work" in page.errors["passkey"]
    client.get(NEW, status=303)


def test_the_name_of_the_host_in_a_request_changes_nothing(app: Flask, device: Device) -> None:
    client = PageClient(app, base_url="http://127.0.0.1")
    form, options = asked(client.get(SIGN_IN))
    assert options["rpId"] == "localhost"
    device.origin = "http://127.0.0.1"
    client.submit(form.fill(credential=device.use(options)), status=422)


def test_a_challenge_is_good_once(app: Flask, device: Device) -> None:
    client = PageClient(app)
    form, options = asked(client.get(SIGN_IN))
    thief = thief_of(client)
    device.step = 0  # a device that does not count, so nothing else stands in the way
    form.fill(credential=device.use(options))
    client.submit(form)
    thief.submit(form, status=422)
    thief.get("/staff/", status=303)


def test_a_challenge_is_one_browsers_only(app: Flask, device: Device) -> None:
    _, options = asked(PageClient(app).get(SIGN_IN))
    mine = PageClient(app)
    form, _ = asked(mine.get(SIGN_IN))
    mine.submit(form.fill(credential=device.use(options)), status=422)


def test_a_challenge_is_for_one_purpose_only(app: Flask, device: Device) -> None:
    client = pending_login(app)
    _, for_signing_in = asked(client.get(SIGN_IN))
    form, _ = asked(client.get(ASKED))
    _, another = asked(client.get(SIGN_IN))
    for options in (another, for_signing_in):
        client.submit(form.fill(credential=device.use(options)), status=422)


def test_a_challenge_lasts_ten_minutes(app: Flask, device: Device) -> None:
    client = PageClient(app)
    form, options = asked(client.get(SIGN_IN))
    let_pass(app, minutes=10, seconds=1)
    client.submit(form.fill(credential=device.use(options)), status=422)


def test_another_users_passkey_is_no_second_factor_of_mine(app: Flask, device: Device) -> None:
    make_user(app, "bo@example.com")
    other = add_passkey(signed_in(app, "bo@example.com"))
    use(pending_login(app), other, ASKED, status=422)


def test_a_passkey_that_is_refused_is_recorded(app: Flask, device: Device) -> None:
    unknown = Device()
    use(PageClient(app), unknown, status=422)
    client = PageClient(app)
    use(client, device)
    age_authentication(app)
    use(client, unknown, "/staff/confirm", status=422)
    with services_of(app).database.reading() as session:
        noted = {row.action: row.facts for row in session.scalars(select(AuditRow))}
    assert noted["account.sign_in_failed"] == {"account": None, "method": "passkey"}
    assert noted["factor.refused"] == {"account": 1, "method": "passkey"}


def test_a_counter_that_stands_still_gives_a_copy_away(app: Flask, device: Device) -> None:
    use(PageClient(app), device)
    device.step = 0
    use(PageClient(app), device, status=422)
    device.step = -1
    use(PageClient(app), device, status=422)
    assert audited(app)[-4:] == ["factor.passkey_copied", "account.sign_in_failed"] * 2
    device.step = 5
    use(PageClient(app), device)


def test_a_device_that_does_not_count_is_fine(app: Flask) -> None:
    device = add_passkey(signed_in(app), Device(step=0))
    use(PageClient(app), device)
    use(PageClient(app), device)


class TestAdding:
    """Making a passkey, and taking it away."""

    def test_the_first_one_brings_recovery_codes(self, grace: PageClient) -> None:
        form, options = asked(grace.get(NEW))
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["rp"] == {"name": "Relay Check", "id": "localhost"}
        page = grace.submit(form.fill(credential=Device().make(options)), status=200)
        codes = recovery_codes(page)
        assert len(codes) == 10
        give(pending_login(grace.app), recovery_code=codes[0])
        assert "factor.passkey_added" in audited(grace.app)

    def test_it_has_the_name_it_was_given(self, grace: PageClient) -> None:
        add_passkey(grace, name="  My <b>key</b>  ")
        page = grace.get(FACTORS)
        assert "My <b>key</b>" in page.text
        assert "not yet" in page.text

    def test_it_needs_a_name(self, grace: PageClient) -> None:
        form, options = asked(grace.get(NEW))
        form.fill(name=" ", credential=Device().make(options))
        assert "name" in grace.submit(form, status=422).errors

    def test_it_ends_the_other_sessions(self, app: Flask) -> None:
        other, mine = signed_in(app), signed_in(app)
        add_passkey(mine)
        other.get("/staff/", status=303)
        mine.get("/staff/")

    def test_it_wants_a_recent_authentication(self, grace: PageClient) -> None:
        age_authentication(grace.app)
        assert "/staff/confirm" in grace.get(NEW, status=303).location

    @pytest.mark.parametrize(
        "device",
        [
            Device(origin="https://evil.example"),
            Device(site="evil.example"),
            Device(verified=False),
        ],
    )
    def test_one_that_is_not_right_is_not_taken(self, device: Device, grace: PageClient) -> None:
        form, options = asked(grace.get(NEW))
        page = grace.submit(form.fill(credential=device.make(options)), status=422)
        assert "passkey" in page.errors
        sign_in(PageClient(grace.app))

    @pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"id": "x"}', "\x00"])
    def test_nor_is_what_is_none(self, grace: PageClient, credential: str) -> None:
        form, _ = asked(grace.get(NEW))
        grace.submit(form.fill(credential=credential), status=422)

    def test_an_answer_is_taken_once(self, grace: PageClient) -> None:
        form, options = asked(grace.get(NEW))
        form.fill(credential=Device().make(options))
        grace.submit(form, status=200)
        grace.submit(form, status=422)

    def test_the_same_device_is_shown_and_anothers_key_is_not_taken(
        self, app: Flask, device: Device
    ) -> None:
        make_user(app, "bo@example.com")
        bo, kept = signed_in(app, "bo@example.com"), vars(device).copy()
        form, options = asked(bo.get(NEW))
        assert options["excludeCredentials"] == []
        bo.submit(form.fill(credential=device.make(options)), status=422)
        sign_in(PageClient(app), "bo@example.com")
        grace = PageClient(app)
        use(grace, Device(**kept))
        _, options = asked(grace.get(NEW))
        assert len(options["excludeCredentials"]) == 1

    def test_all_of_a_person_carry_one_handle(self, grace: PageClient) -> None:
        assert add_passkey(grace).handle == add_passkey(grace).handle

    def test_it_can_be_removed_and_the_codes_go_with_the_last(
        self, app: Flask, grace: PageClient
    ) -> None:
        device = add_passkey(grace)
        page = post(grace, FACTORS, "/remove")
        assert "passkey no longer works" in grace.follow(page).text
        use(PageClient(app), device, status=422)
        sign_in(PageClient(app))
        with services_of(app).database.reading() as session:
            assert session.scalars(select(PasskeyRow)).all() == []
            assert session.scalars(select(RecoveryCodeRow)).all() == []

    def test_without_a_name_for_the_site_there_are_none(self, tmp_path: Path) -> None:
        app = make_app(tmp_path / "by-number", base_url="http://127.0.0.1:8000")
        make_user(app)
        client = PageClient(app)
        assert "passkey" not in client.get(SIGN_IN).html
        sign_in(client)
        assert "Passkeys need a domain name" in client.get(FACTORS).text
