"""The OpenID Connect provider, as Authlib's client knows it, with limits on what it may answer.

The code flow with PKCE, state and nonce, and nothing else. What the provider says counts only with
its signature.
"""

import io
import logging
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from flask import current_app
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import KeySet
from requests import PreparedRequest, RequestException, Response
from urllib3.exceptions import HTTPError

from consult.delivery.network import within
from consult.settings.schema import Settings
from consult.settings.setting_types import is_safe_address
from consult.web.services import services

CALLBACK_PATH = "/staff/sign-in/provider/back"
LEEWAY_SECONDS = 60

CACHE_SECONDS = 600.0
"""How long the provider's metadata and keys are used before they are requested again."""
RETRY_SECONDS = 60.0
"""How long the old ones are used after such a request failed."""
MAX_ANSWER = 256 * 1024
_TIMEOUT = 5.0
_TOTAL_TIMEOUT = 10.0
_CHUNK = 64 * 1024

WAITING = threading.BoundedSemaphore(2)
"""Who may wait for the provider: so many threads and no more, as owners need the others."""
_TURN_SECONDS = 0.5

# Signatures that only the provider can make; with HMAC, or none, others could.
_ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]

log = logging.getLogger(__name__)


class ProviderError(Exception):
    """The provider is unavailable, or its answer is not valid; the text is for the log."""


class Provider:
    """The provider of the settings, with its cached metadata and keys."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.oidc_client_secret
        self.issuer = settings.oidc_issuer or ""
        self.callback_url = settings.base_url + CALLBACK_PATH
        self.loaded_at = 0.0
        self.client = FlaskOAuth2App(
            framework=None,
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else "",
            client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
        )
        self.client.client_cls = _limited_session

    def authorization(self, *, reauthenticate: bool) -> dict[str, Any]:
        """Start a login: return the `url` to go to, and `state`, `nonce` and `code_verifier`.

        With `reauthenticate`, the provider must authenticate the user even if it knows the browser.
        Raises ProviderError.
        """
        extra = {"prompt": "login", "max_age": "0"} if reauthenticate else {}
        self._refresh()
        with _provider_errors():
            return dict(self.client.create_authorization_url(self.callback_url, **extra))

    def claims(self, code: str, code_verifier: str, nonce: str) -> dict[str, Any]:
        """Exchange a code; return the verified claims of the ID token. Raises ProviderError."""
        self._refresh()
        with _provider_errors():
            tokens = self.client.fetch_access_token(
                self.callback_url, code=code, code_verifier=code_verifier, auth=self._basic_auth()
            )
            try:
                return self._verified(tokens, nonce)
            except BadSignatureError:  # perhaps by a new key with the ID of an old one
                self.client.fetch_jwk_set(force=True)
                return self._verified(tokens, nonce)

    def _verified(self, tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of the ID token. Requests the keys again for an unknown key's ID."""
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        return dict(
            self.client.parse_id_token(
                tokens, nonce=nonce, claims_options=options, leeway=LEEWAY_SECONDS
            )
        )

    def _refresh(self) -> None:
        """Request metadata and keys that are too old; where that fails, the old ones stay in use.

        Raises ProviderError where there are none.
        """
        known = self.client.server_metadata
        if known and time.monotonic() - self.loaded_at <= CACHE_SECONDS:
            return
        try:
            with _provider_errors():
                self.client.server_metadata = self._load()
            self.loaded_at = time.monotonic()
        except ProviderError as error:
            if not known:
                raise
            log.warning("the provider's metadata is not renewed: %s", error)
            self.loaded_at = time.monotonic() - CACHE_SECONDS + RETRY_SECONDS

    def _load(self) -> dict[str, Any]:
        """Return what is needed of the metadata, and the keys; every URL must be safe to use."""
        found = _get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise ProviderError(f"{self.issuer} says it is {found.get('issuer')!r}")
        urls = {
            name: found[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        }
        for url in urls.values():
            if not is_safe_address(url):
                raise ProviderError(f"{url} is not https")
        keys: Any = _get(urls["jwks_uri"])
        KeySet.import_key_set(keys)  # raises for what is none
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        post = "client_secret_basic" not in methods
        return {
            **urls,
            "jwks": keys,
            "token_endpoint_auth_method": "client_secret_post" if post else "client_secret_basic",
            "id_token_signing_alg_values_supported": _ALGORITHMS,
        }

    def _basic_auth(self) -> tuple[str, str] | None:
        """Return ID and secret form-encoded, as RFC 6749, 2.3.1 wants and Authlib does not do."""
        if self.client.server_metadata["token_endpoint_auth_method"] == "client_secret_post":
            return None
        return quote(self.client.client_id, safe=""), quote(self.client.client_secret, safe="")


def provider() -> Provider:
    """Return the provider of this process, with what is cached of it."""
    found: Provider | None = current_app.extensions.get("oidc")
    if found is None:
        found = current_app.extensions["oidc"] = Provider(services().settings)
    return found


class _LimitedSession(OAuth2Session):  # type: ignore[misc]
    def send(self, request: PreparedRequest, **options: Any) -> Response:
        send = partial(super().send, request, **options)
        if not WAITING.acquire(timeout=_TURN_SECONDS):
            raise TimeoutError
        try:
            response: Response = within(_TOTAL_TIMEOUT, send)
        finally:
            WAITING.release()
        return response


def _limited_session(**options: Any) -> OAuth2Session:
    """Return a session without redirects, whose answers may be neither too slow nor too large."""
    session = _LimitedSession(default_timeout=_TIMEOUT, **options)
    # Compressed, a small answer could become a large one.
    session.headers["Accept-Encoding"] = "identity"
    certificates = ssl.get_default_verify_paths()  # the machine's, as everywhere else
    session.verify = certificates.cafile or certificates.capath or True
    session.stream = True
    session.hooks = {"response": [_read_limited]}  # called before a redirect is followed
    return session


def _get(url: str) -> dict[str, Any]:
    with _limited_session() as session:
        found = session.get(url, withhold_token=True).json()
    if not isinstance(found, dict):
        raise ProviderError(f"{urlsplit(url).path} is no JSON object")
    return found


def _read_limited(response: Response, **_: Any) -> None:
    path = urlsplit(response.url).path
    if response.status_code != 200:
        raise ProviderError(f"{path} answers {response.status_code}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ProviderError(f"{path} answers compressed")
    body = b""
    while chunk := response.raw.read1(_CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ProviderError(f"{path} answers with more than {MAX_ANSWER} bytes")
    response.raw = io.BytesIO(body)


@contextmanager
def _provider_errors() -> Iterator[None]:
    """Raise ProviderError for everything that a bad answer can cause."""
    try:
        yield
    except (RequestException, HTTPError, TimeoutError) as error:
        raise ProviderError(f"no answer: {type(error).__name__}") from error
    except (OAuthError, JoseError, KeyError, ValueError, TypeError) as error:
        raise ProviderError(f"the answer is not valid: {type(error).__name__}") from error
