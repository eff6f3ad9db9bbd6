"""Signing in through a provider: an honest one on this machine, and a rogue one."""

import base64
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask, Response, redirect
from joserfc.jwk import RSAKey

from consult.settings.setting_sources import load_settings
from consult.settings.setting_types import SettingsError
from consult.staff.accounts import oidc
from consult.staff.accounts.oidc import CACHE_SECONDS, MAX_ANSWER, RETRY_SECONDS
from consult.storage.accounts import account_admin, accounts
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import read, write
from tests.support.dripping_server import dripping_server
from tests.support.oidc_provider import (
    BACK,
    CLIENT_ID,
    FROM_ELSEWHERE,
    NOBODY_THERE,
    SECRET,
    START,
    RogueProvider,
    approval,
    approve,
    mock_provider,
    rogue_provider,
    settings_for,
    start_login,
)
from tests.support.page import Page
from tests.support.second_factors import FACTORS, let_pass, set_up_phone
from tests.support.staff_client import (
    EMAIL,
    PASSWORD,
    age_authentication,
    audited,
    joined,
    make_lead,
    make_user,
    post,
    sign_in,
    signed_in,
    thief_of,
)

# The provider that says yes uses what its own library has called outdated in the meantime.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

LINK = "/staff/account/provider"
CONFIRM = "/staff/confirm/provider"
MALLORY: dict[str, Any] = {"sub": "mallory"}


@pytest.fixture(scope="module")
def honest() -> Iterator[str]:
    with mock_provider() as address:
        yield address


@pytest.fixture(scope="module")
def running_rogue() -> Iterator[RogueProvider]:
    with rogue_provider() as rogue:
        yield rogue


@pytest.fixture
def rogue(running_rogue: RogueProvider) -> Iterator[RogueProvider]:
    """A provider that sends wrong answers on request; honest again after each test."""
    before = vars(running_rogue).copy()
    yield running_rogue
    vars(running_rogue).update({**before, "asked": [], "fetched": []})


@pytest.fixture
def app(tmp_path: Path, honest: str) -> Flask:
    made = make_app(tmp_path / "var", **settings_for(honest))
    make_user(made)
    return made


@pytest.fixture
def rogue_app(tmp_path: Path, rogue: RogueProvider) -> Flask:
    """An app that trusts the rogue provider; Grace is linked there."""
    made = make_app(tmp_path / "rogue_app", **settings_for(rogue.address))
    log_in(joined(made), rogue, path=LINK)
    return made


@pytest.fixture(scope="module")
def other_key() -> RSAKey:
    """A key with the ID of the provider's."""
    return RSAKey.generate_key(2048, {"kid": "1"})


@pytest.fixture(scope="module")
def third_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "1"})


def with_id(key: RSAKey, key_id: str) -> RSAKey:
    return RSAKey(key.raw_value, key.raw_value, {"kid": key_id})


def finish_login(
    client: PageClient,
    rogue: RogueProvider,
    asked: dict[str, str],
    *,
    status: int = 303,
    **query: str,
) -> Page:
    """Come back from the rogue provider, as from an honest one but for `query`."""
    rogue.nonce = asked["nonce"]
    answer = {"code": "c", "state": asked["state"], **query}
    address = BACK + "?" + "&".join(f"{name}={value}" for name, value in answer.items())
    return client.get(address, status=status, headers=FROM_ELSEWHERE)


def log_in(
    client: PageClient, rogue: RogueProvider, *, path: str = START, status: int = 303, **query: str
) -> Page:
    """Go to the rogue provider and come back."""
    return finish_login(client, rogue, start_login(client, path), status=status, **query)


def assert_signs_in(app: Flask, rogue: RogueProvider) -> None:
    client = PageClient(app)
    log_in(client, rogue)
    client.get("/staff/")


def link(app: Flask) -> PageClient:
    """A browser in which Grace is signed in and has linked her account."""
    client = signed_in(app)
    assert approve(client, "grace-there", LINK).location == f"{FACTORS}?done=linked"
    return client


def age_cache(app: Flask, seconds: float = CACHE_SECONDS + 1) -> None:
    """Let so many seconds pass for what an app has cached of its provider."""
    app.extensions["oidc"].loaded_at -= seconds


def empty_cache(app: Flask) -> None:
    del app.extensions["oidc"]


class TestSigningIn:
    """Through the honest provider."""

    def test_a_linked_user_signs_in_and_is_sent_to_no_other_site(self, app: Flask) -> None:
        link(app)
        client = PageClient(app)
        assert "Sign in with Acme" in client.get("/staff/sign-in").links
        assert approve(client, "grace-there").location == "/staff/"
        assert client.get("/staff/").h1 == "Today"
        page = approve(PageClient(app), "grace-there", f"{START}?next=/staff/account")
        assert page.location == "/staff/account"
        page = approve(PageClient(app), "grace-there", f"{START}?next=//evil.example")
        assert page.location == "/staff/"
        account_admin.disable(services_of(app).database, EMAIL)
        approve(PageClient(app), "grace-there", status=400)

    def test_an_address_links_no_one(self, app: Flask) -> None:
        # The provider says: this is grace@example.com. That is no reason to let her in here.
        client = PageClient(app)
        page = approve(client, EMAIL, status=400)
        assert "No account here is linked with you" in page.text
        client.get("/staff/", status=303)

    def test_the_second_factor_is_asked_for(self, tmp_path: Path, honest: str) -> None:
        app = make_app(tmp_path, staff_second_factor="required", **settings_for(honest))
        client, again = PageClient(app), PageClient(app)
        invitation = account_admin.invite(services_of(app).database, "", EMAIL)
        approve(client, "g", f"{invitation}/provider")
        client.get("/staff/")  # the provider's own is enough where one is required
        phone, _ = set_up_phone(client)
        page = approve(again, "g")
        assert page.location == "/staff/sign-in/code"
        form = again.get(page.location).forms[0].fill(code=phone.next_code)
        assert again.submit(form).location == "/staff/"

    def test_a_denial_is_explained(self, app: Flask) -> None:
        client = PageClient(app)
        asked = start_login(client)
        query = f"error=access_denied&error_description=<b>&state={asked['state']}"
        page = client.get(f"{BACK}?{query}", status=400)
        assert "The provider denied access" in page.text
        assert "<b>" not in page.html

    def test_another_site_cannot_send_anyone_there(self, app: Flask) -> None:
        page = PageClient(app).get(START, status=303, headers=FROM_ELSEWHERE)
        assert page.location == "/staff/sign-in"
        page = link(app).get(LINK, status=303, headers=FROM_ELSEWHERE)
        assert page.location == "/staff/sign-in"


class TestInvitation:
    """An invitation may be accepted through the provider, instead of with a password."""

    def test_it_makes_an_account_that_is_linked(self, app: Flask) -> None:
        database = services_of(app).database
        invitation = account_admin.invite(database, "", "ada@example.com", admin=True)
        client = PageClient(app)
        assert "Sign in with Acme instead" in client.get(invitation).links
        approve(client, "ada-there", f"{invitation}/provider")
        assert "ada@example.com" in client.get("/staff/account").text
        approve(PageClient(app), "ada-there")
        client.get(f"{invitation}/provider", status=404)
        made = {user.email: user.role for user in read(database, accounts.all_users)}
        assert made["ada@example.com"] == "admin"
        assert "identity.linked" in audited(app)

    def test_the_first_address_comes_from_the_provider(self, tmp_path: Path, honest: str) -> None:
        app = make_app(tmp_path, **settings_for(honest))
        database = services_of(app).database
        invitation = account_admin.first_invitation(database, "")
        page = approve(PageClient(app), "no address", f"{invitation}/provider", status=400)
        assert "Set up your account with a password" in page.text
        assert read(database, accounts.all_users) == []
        let_pass(app, minutes=1)
        invitation = account_admin.first_invitation(database, "")
        approve(PageClient(app), "First@Example.com", f"{invitation}/provider")
        (only,) = read(database, accounts.all_users)
        assert (only.email, only.role) == ("first@example.com", "admin")

    def test_a_link_for_a_new_password_links_no_one(self, app: Flask) -> None:
        reset = account_admin.reset(services_of(app).database, "", EMAIL)
        assert "Acme" not in PageClient(app).get(reset).text
        approve(PageClient(app), "mallory-there", f"{reset}/provider", status=400)
        sign_in(PageClient(app))

    def test_a_used_one_opens_nothing(self, app: Flask) -> None:
        invitation = account_admin.invite(services_of(app).database, "", "ada@example.com")
        first, second = PageClient(app), PageClient(app)
        there = second.get(f"{invitation}/provider", status=303).headers["Location"]
        approve(first, "ada-there", f"{invitation}/provider")
        page = second.get(f"{BACK}?{approval(there, 'other-there')}", status=404)
        assert page.h1 == "This link no longer works"
        second.get("/staff/", status=303)


class TestLinking:
    """Linking an account here with one there, and removing the link."""

    def test_it_wants_a_recent_authentication_and_ends_other_sessions(self, app: Flask) -> None:
        other, client = signed_in(app), signed_in(app)
        age_authentication(app)
        assert "/staff/confirm" in client.get(LINK, status=303).location
        age_authentication(app, 0)
        approve(client, "grace-there", LINK)
        other.get("/staff/", status=303)
        assert "The two accounts are linked" in client.get(f"{FACTORS}?done=linked").text
        assert "identity.linked" in audited(app)

    def test_accounts_are_linked_one_to_one(self, app: Flask) -> None:
        database = services_of(app).database
        invitation = account_admin.invite(database, "", "ada@example.com")
        approve(link(app), "other-there", LINK, status=400)
        page = approve(PageClient(app), "grace-there", f"{invitation}/provider", status=400)
        assert "already linked" in page.text
        assert len(read(database, accounts.all_users)) == 1
        PageClient(app).get(invitation)  # and it still works
        page = approve(joined(app, "bo@example.com"), "grace-there", LINK, status=400)
        assert "already linked" in page.text

    def test_a_form_is_held_while_the_provider_signs_in_in_a_new_tab(self, app: Flask) -> None:
        client, lead = link(app), make_lead(app)
        form = client.get(f"/staff/leads/{lead}").form("/notes").fill(text="Typed before")
        post(client, "/staff/account", "/sign-out")
        page = client.submit(form, status=403)
        back = page.forms[-1]
        page = client.submit(back, status=422)  # not signed in there yet
        assert page.forms[-1].data["pending"] == back.data["pending"]
        approve(client, "grace-there")
        page = client.submit(back, status=400)
        client.submit(page.form("/notes"))
        assert "Typed before" in client.get(f"/staff/leads/{lead}").text

    def test_after_signing_out_nothing_is_linked(self, grace: PageClient) -> None:
        asked = start_login(grace, LINK)
        post(grace, "/staff/account", "/sign-out")
        grace.get(f"{BACK}?code=c&state={asked['state']}", status=400)

    def test_removing_it_takes_the_password_that_is_left(self, app: Flask) -> None:
        client = link(app)
        page = post(client, FACTORS, "/provider/remove", password="not the right words")
        assert "so the accounts stay linked" in client.follow(page).text
        page = post(client, FACTORS, "/provider/remove", password=PASSWORD)
        assert "Accounts unlinked" in client.follow(page).text
        approve(PageClient(app), "grace-there", status=400)


OTHER_CLAIMS: list[dict[str, Any]] = [
    {"nonce": "another"},
    {"nonce": None},
    {"iss": "https://evil.example"},
    {"iss": None},
    {"aud": "another app"},
    {"aud": "another app", "azp": CLIENT_ID},
    {"aud": [CLIENT_ID, "another app"]},
    {"aud": [CLIENT_ID, "another app"], "azp": "another app"},
    {"exp": 1},
    {"exp": None},
    {"iat": 9_999_999_999},
    {"sub": None},
    {"sub": "mallory", "email": EMAIL, "email_verified": True},
    {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
]


UNSAFE: list[tuple[dict[str, Any], str]] = [
    ({"metadata": {"issuer": "https://evil.example"}}, "says it is"),
    ({"metadata": {"token_endpoint": "http://evil.example/token"}}, "not https"),
    ({"metadata": {"authorization_endpoint": "javascript:alert(1)"}}, "not https"),
    ({"metadata": {"jwks_uri": "file:///etc/passwd"}}, "not https"),
    ({"answer": redirect("https://evil.example/")}, "answers 302"),
    ({"answer": Response("[1]")}, "no JSON object"),
    ({"answer": Response(" " * (MAX_ANSWER + 1))}, f"more than {MAX_ANSWER} bytes"),
    ({"answer": Response("{}", headers={"Content-Encoding": "gzip"})}, "compressed"),
]


class TestAttacks:
    """What a provider, or someone in between, could try."""

    def test_an_honest_answer_signs_in(self, rogue_app: Flask, rogue: RogueProvider) -> None:
        client = PageClient(rogue_app)
        asked = start_login(client)
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"].split()[0] == "openid"
        assert asked["redirect_uri"] == f"http://127.0.0.1:8000{BACK}"
        finish_login(client, rogue, asked)
        client.get("/staff/")
        sent = rogue.asked[-1]
        assert len(sent["code_verifier"]) >= 43
        basic = base64.b64decode(sent["authorization"].removeprefix("Basic ")).decode()
        assert basic == "relay%20check:s%3Ae%2Fc%20r%25t"

    def test_an_id_token_with_other_claims_opens_nothing(
        self, rogue_app: Flask, rogue: RogueProvider
    ) -> None:
        for claims in OTHER_CLAIMS:
            client = PageClient(rogue_app)
            rogue.claims = claims
            log_in(client, rogue, status=400)
            client.get("/staff/", status=303)
        rogue.claims = {}
        assert_signs_in(rogue_app, rogue)

    def test_a_wrong_key(self, rogue_app: Flask, rogue: RogueProvider, other_key: RSAKey) -> None:
        for broken in ("", "keys"):  # also where the keys cannot be requested again
            rogue.signs_with, rogue.broken = other_key, broken
            log_in(PageClient(rogue_app), rogue, status=400)
        rogue.signs_with = None
        assert_signs_in(rogue_app, rogue)

    def test_the_state_is_of_one_browser_flow(self, rogue_app: Flask, rogue: RogueProvider) -> None:
        mine, theirs = PageClient(rogue_app), PageClient(rogue_app)
        asked = start_login(mine)
        start_login(theirs)
        finish_login(theirs, rogue, asked, status=400)
        finish_login(PageClient(rogue_app), rogue, asked, status=400)
        finish_login(mine, rogue, asked)
        for state in ("another", ""):  # which a valid token does not make up for
            client = PageClient(rogue_app)
            log_in(client, rogue, status=400, state=state)
            client.get("/staff/", status=303)

    def test_the_callback_works_once_and_soon(self, rogue_app: Flask, rogue: RogueProvider) -> None:
        client = PageClient(rogue_app)
        asked = start_login(client)
        thief = thief_of(client)
        finish_login(client, rogue, asked)
        finish_login(client, rogue, asked, status=400)
        finish_login(thief, rogue, asked, status=400)
        thief.get("/staff/", status=303)
        late = PageClient(rogue_app)
        asked = start_login(late)
        let_pass(rogue_app, minutes=15, seconds=1)
        finish_login(late, rogue, asked, status=400)

    def test_another_provider_may_not_answer(self, rogue_app: Flask, rogue: RogueProvider) -> None:
        log_in(PageClient(rogue_app), rogue, status=400, iss="https://evil.example")
        log_in(PageClient(rogue_app), rogue, iss=rogue.address)

    def test_metadata_that_is_unsafe_or_too_much_is_not_used(
        self, rogue_app: Flask, rogue: RogueProvider, caplog: pytest.LogCaptureFixture
    ) -> None:
        for attack, problem in UNSAFE:
            empty_cache(rogue_app)
            caplog.clear()
            vars(rogue).update(attack)
            page = PageClient(rogue_app).get(START, status=503)
            assert "isn’t responding" in page.text
            assert problem in caplog.text
            rogue.metadata, rogue.answer = {}, None
            start_login(PageClient(rogue_app))  # the mistake is not cached

    def test_an_outage_or_a_response_that_never_ends_is_explained(
        self,
        rogue_app: Flask,
        rogue: RogueProvider,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        app = make_app(services_of(rogue_app).settings.var_dir, **settings_for(NOBODY_THERE))
        PageClient(app).get(START, status=503)
        rogue.status = 500
        log_in(PageClient(rogue_app), rogue, status=400)
        monkeypatch.setattr(oidc, "_TOTAL_TIMEOUT", 0.1)
        empty_cache(rogue_app)
        ended = Event()
        rogue.answer = Response(drops(ended))
        PageClient(rogue_app).get(START, status=503)
        ended.set()  # no thread of the provider is left with it
        assert caplog.text.count("no answer: TimeoutError") == 1
        with dripping_server([b"HTTP/1.1 200 OK\r\n"], b"X", seconds=0.02) as server:
            issuer = f"http://127.0.0.1:{server.port}"
            app = make_app(services_of(rogue_app).settings.var_dir, **settings_for(issuer))
            PageClient(app).get(START, status=503)
        assert caplog.text.count("no answer: TimeoutError") == 2

    def test_a_provider_that_hangs_leaves_threads_to_owners(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(oidc, "_TURN_SECONDS", 0.01)
        with oidc.WAITING, oidc.WAITING:  # as many as may wait for an answer
            page = PageClient(app).get(START, status=503)
            assert "isn’t responding" in page.text
        start_login(PageClient(app))


def drops(ended: Event) -> Iterator[str]:
    """A response that comes drop by drop, until it's ended, or for ten seconds."""
    for _ in range(500):
        if ended.wait(0.02):
            return
        yield " "


class TestCache:
    """The provider's metadata and keys are requested rarely, and never without end."""

    def test_they_are_cached_for_ten_minutes(self, rogue_app: Flask, rogue: RogueProvider) -> None:
        for _ in range(2):
            assert_signs_in(rogue_app, rogue)
        assert rogue.fetched == ["description", "keys"]
        age_cache(rogue_app, CACHE_SECONDS - 30)
        assert_signs_in(rogue_app, rogue)
        assert len(rogue.fetched) == 2
        age_cache(rogue_app)
        assert_signs_in(rogue_app, rogue)
        assert rogue.fetched == ["description", "keys"] * 2

    @pytest.mark.parametrize("key_id", ["1", "2"])
    def test_a_new_key_is_found(
        self,
        rogue_app: Flask,
        rogue: RogueProvider,
        other_key: RSAKey,
        third_key: RSAKey,
        key_id: str,
    ) -> None:
        """Also one with the ID of the old key."""
        rogue.key = with_id(other_key, key_id)
        for _ in range(2):
            assert_signs_in(rogue_app, rogue)
        assert rogue.fetched == ["description", "keys", "keys"]
        rogue.signs_with = with_id(third_key, key_id)
        log_in(PageClient(rogue_app), rogue, status=400)
        assert rogue.fetched == ["description", "keys", "keys", "keys"]

    @pytest.mark.parametrize("path", ["description", "keys"])
    def test_a_failed_refresh_leaves_the_old_metadata_and_keys_in_use(
        self, rogue_app: Flask, rogue: RogueProvider, path: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        rogue.broken = path
        age_cache(rogue_app)
        for _ in range(2):
            assert_signs_in(rogue_app, rogue)
            assert rogue.fetched.count(path) == 2
        assert "the provider's metadata is not renewed" in caplog.text
        rogue.broken = ""
        age_cache(rogue_app, RETRY_SECONDS + 1)
        assert_signs_in(rogue_app, rogue)
        assert rogue.fetched.count(path) == 3


class TestReauthentication:
    """The provider may re-authenticate, if it really asks the user to sign in."""

    @pytest.fixture
    def client(self, rogue_app: Flask) -> PageClient:
        client = signed_in(rogue_app)
        age_authentication(rogue_app)
        return client

    def test_it_is_a_recent_authentication(self, client: PageClient, rogue: RogueProvider) -> None:
        assert "Confirm with Acme" in client.get("/staff/confirm").links
        asked = start_login(client, f"{CONFIRM}?next={FACTORS}")
        assert (asked["prompt"], asked["max_age"]) == ("login", "0")
        rogue.claims = {"auth_time": now(client.app)}
        assert finish_login(client, rogue, asked).location == FACTORS
        client.get(f"{FACTORS}/app")

    def test_without_asking_this_user_it_confirms_nothing(
        self, client: PageClient, rogue: RogueProvider
    ) -> None:
        def assert_none_confirms() -> None:
            for claims in ({"auth_time": None}, {"auth_time": 1}, {"auth_time": "now"}, MALLORY):
                rogue.claims = {"auth_time": now(client.app), **claims}
                log_in(client, rogue, path=CONFIRM, status=400)
                client.get(f"{FACTORS}/app", status=303)

        assert_none_confirms()
        make_user(client.app, "mallory@example.com")
        database = services_of(client.app).database
        assert write(database, accounts.link_identity, 2, rogue.address, "mallory")
        assert_none_confirms()

    def test_a_pending_form_waits_for_it(self, client: PageClient, rogue: RogueProvider) -> None:
        age_authentication(client.app, 0)
        set_up_phone(client)
        page = client.get(FACTORS)
        age_authentication(client.app)
        page = client.submit(page.form("/recovery-codes"), status=403)
        waiting = page.forms[-1]
        assert "password" not in waiting.fields
        client.submit(waiting, status=422)
        rogue.claims = {"auth_time": now(client.app)}
        log_in(client, rogue, path=CONFIRM)
        page = client.submit(waiting, status=200)
        assert page.h1 == "Confirmed"
        assert page.form("/recovery-codes")


def now(app: Flask) -> int:
    return int(services_of(app).database.clock().timestamp())


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        *(
            ({"oidc_issuer": issuer}, "OIDC_ISSUER")
            for issuer in (
                "http://id.example.com",
                "ftp://id.example.com",
                "https://id.example.com?x=1",
                "https://u:p@id.example.com",
                "id.example.com",
            )
        ),
        ({"oidc_issuer": None}, "must be set together"),
        ({"oidc_client_id": None}, "must be set together"),
        ({"oidc_client_secret": None}, "must be set together"),
    ],
)
def test_settings_are_checked(changed: dict[str, str | None], problem: str) -> None:
    given: dict[str, Any] = settings_for("https://id.example.com")
    assert SECRET not in repr(load_settings(None, **given))
    with pytest.raises(SettingsError, match=problem):
        load_settings(None, **{**given, **changed})
