"""OpenID Connect providers for the tests: an honest one, and a rogue one."""

import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.support.browser import serving
from tests.support.client import PageClient
from tests.support.page import Page

CLIENT_ID = "relay check"
SECRET = "s:e/c r%t"
START = "/staff/sign-in/provider"
BACK = "/staff/sign-in/provider/back"


def settings_for(issuer: str) -> dict[str, str]:
    return {
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": SECRET,
        "oidc_name": "Acme",
    }


NOBODY_THERE = "http://localhost:9"
"""The address of a provider that does not answer."""


@contextmanager
def mock_provider() -> Iterator[str]:
    """The provider of the package oidc-provider-mock, on a port of this machine; its address."""
    with warnings.catch_warnings():
        # It uses what its own library has called outdated in the meantime.
        warnings.simplefilter("ignore", DeprecationWarning)
        run = import_module("oidc_provider_mock").run_server_in_thread
        with run(require_nonce=True) as server:
            yield f"http://localhost:{server.server_port}"


@dataclass
class RogueProvider:
    """A provider that signs whatever a test wants; `address` is known once it runs."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    status: int = 200
    nonce: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    signs_with: RSAKey | None = None
    fetched: list[str] = field(default_factory=list)
    broken: str = ""
    """What it answers with an error: `description` or `keys`."""
    answer: ResponseReturnValue | None = None
    """What it answers instead of its metadata."""

    def app(self, address: str) -> Flask:
        self.address = address
        app = Flask("rogue")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.describe)
        app.add_url_rule("/keys", view_func=self.keys)
        app.add_url_rule("/token", view_func=self.token, methods=["POST"])
        return app

    def describe(self) -> ResponseReturnValue:
        self.fetch("description")
        if self.answer is not None:
            return self.answer
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            **self.metadata,
        }

    def fetch(self, what: str) -> None:
        """Record what is fetched, and fail with it if it is broken."""
        self.fetched.append(what)
        if self.broken == what:
            abort(500)

    def keys(self) -> ResponseReturnValue:
        self.fetch("keys")
        return jsonify(KeySet([self.key]).as_dict(private=False))

    def token(self) -> ResponseReturnValue:
        self.asked.append({**request.form, "authorization": request.headers["Authorization"]})
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": CLIENT_ID,
            "sub": "grace",
            "iat": now,
            "exp": now + 60,
            "nonce": self.nonce,
            **self.claims,
        }
        signed = {name: value for name, value in claims.items() if value is not None}
        key = self.signs_with or self.key
        header = {"alg": self.algorithm, "kid": key.kid}
        token = jwt.encode(header, signed, key, algorithms=[self.algorithm])
        return jsonify(
            {"access_token": "a", "token_type": "Bearer", "id_token": token}
        ), self.status


@contextmanager
def rogue_provider() -> Iterator[RogueProvider]:
    """A provider that sends wrong answers on request, on a port of this machine."""
    rogue = RogueProvider()
    with serving(rogue.app):
        yield rogue


def start_login(client: PageClient, path: str = START) -> dict[str, str]:
    page = client.get(path, status=303)
    return dict(parse_qsl(urlsplit(page.headers["Location"]).query))


def approve(client: PageClient, subject: str, path: str = START, *, status: int = 303) -> Page:
    """Go to the honest provider, approve there, and come back."""
    page = client.get(path, status=303)
    query = approval(page.headers["Location"], subject)
    return client.get(f"{BACK}?{query}", status=status, headers=FROM_ELSEWHERE)


def approval(address: str, subject: str) -> str:
    """Approve on a page of the honest provider; the query with which it sends one back.

    Without a client for HTTPS, which would read all certificates of the machine each time.
    """
    there = urlsplit(address)
    with closing(HTTPConnection(there.netloc)) as connection:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        path = f"{there.path}?{there.query}"
        connection.request("POST", path, urlencode({"sub": subject}), form)
        answer = connection.getresponse()
        assert answer.status == 302, answer.read()
        back = urlsplit(answer.headers["Location"])
    assert back.path == BACK
    return back.query


FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}
"""What a browser says when the provider sends it back."""
