"""The OpenID Connect provider, as Authlib's client knows it, with limits on what it may answer.

The code flow with PKCE, state and nonce, and nothing else. What the provider says counts only with
its signature.
"""

import io
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from flask import current_app
from joserfc.errors import JoseError
from requests import RequestException, Response
from urllib3.exceptions import HTTPError

from consult.settings import Settings, is_safe_address
from consult.web.services import services

CALLBACK_PATH = "/staff/sign-in/provider/back"
LEEWAY_SECONDS = 60

CACHE_SECONDS = 600.0
"""How long the provider's metadata and keys are used before they are requested again."""
MAX_ANSWER = 256 * 1024
_TIMEOUT = 5.0
_TOTAL_TIMEOUT = 10.0
_CHUNK = 64 * 1024

# Signatures that only the provider can make; with HMAC, or none, others could.
_ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]


class ProviderError(Exception):
    """The provider is unavailable, or its answer is not valid; the text is for the log."""


class LimitedSession(OAuth2Session):  # type: ignore[misc] # Authlib has no types
    """Requests without redirects, whose answers may be neither too slow nor too large."""

    def request(self, method: str, url: str, **kwargs: Any) -> Response:
        # Compressed, a small answer could become a large one.
        self.headers["Accept-Encoding"] = "identity"
        certificates = ssl.get_default_verify_paths()  # the machine's, as everywhere else
        self.verify = certificates.cafile or certificates.capath or True
        kwargs |= {"timeout": _TIMEOUT, "allow_redirects": False, "stream": True}
        response: Response = super().request(method, url, **kwargs)
        path = urlsplit(url).path
        if response.status_code != 200:
            raise ProviderError(f"{path} answers {response.status_code}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise ProviderError(f"{path} answers compressed")
        response.raw = io.BytesIO(_read(response, path))
        return response


def _read(response: Response, path: str) -> bytes:
    until, body = time.monotonic() + _TOTAL_TIMEOUT, b""
    while chunk := response.raw.read1(_CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ProviderError(f"{path} answers with more than {MAX_ANSWER} bytes")
        if time.monotonic() > until:
            raise ProviderError(f"{path} is too slow")
    return body


class ProviderClient(FlaskOAuth2App):  # type: ignore[misc] # Authlib has no types
    """Authlib's client for the provider of the settings."""

    client_cls = LimitedSession

    def __init__(self, settings: Settings) -> None:
        secret = settings.oidc_client_secret
        self.issuer = settings.oidc_issuer or ""
        super().__init__(
            framework=None,
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else "",
            client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
        )
        self.callback_url = settings.base_url + CALLBACK_PATH
        self.server_metadata: dict[str, Any] = {}
        self.loaded_at = 0.0

    def load_server_metadata(self) -> dict[str, Any]:
        """Return the provider's metadata: of Authlib's cache, if it is not too old."""
        if not self.server_metadata or time.monotonic() - self.loaded_at > CACHE_SECONDS:
            address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
            with self._get_session() as session:
                found = session.get(address, withhold_token=True).json()
            self.server_metadata = self._checked(found)
            self.loaded_at = time.monotonic()
        return self.server_metadata

    def _checked(self, found: Any) -> dict[str, Any]:
        """Return what is needed of the metadata; every URL in it must be safe to use."""
        if not isinstance(found, dict):
            raise ProviderError("the metadata is no JSON object")
        if found.get("issuer") != self.issuer:
            raise ProviderError(f"{self.issuer} says it is {found.get('issuer')!r}")
        urls = {
            name: found[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        }
        for url in urls.values():
            if not is_safe_address(url):
                raise ProviderError(f"{url} is not https")
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        post = "client_secret_basic" not in methods
        return {
            **urls,
            "token_endpoint_auth_method": "client_secret_post" if post else "client_secret_basic",
            "id_token_signing_alg_values_supported": _ALGORITHMS,
        }

    def authorization(self, *, reauthenticate: bool) -> dict[str, Any]:
        """Start a login: return the `url` to go to, and `state`, `nonce` and `code_verifier`.

        With `reauthenticate`, the provider must authenticate the user even if it knows the browser.
        Raises ProviderError.
        """
        extra = {"prompt": "login", "max_age": "0"} if reauthenticate else {}
        with _provider_errors():
            started: dict[str, Any] = self.create_authorization_url(self.callback_url, **extra)
            return started

    def claims(self, code: str, code_verifier: str, nonce: str) -> dict[str, Any]:
        """Exchange a code; return the verified claims of the ID token. Raises ProviderError."""
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        with _provider_errors():
            tokens = self.fetch_access_token(
                self.callback_url, code=code, code_verifier=code_verifier, auth=self._basic_auth()
            )
            return dict(
                self.parse_id_token(
                    tokens,
                    nonce=nonce,
                    claims_options=options,
                    leeway=LEEWAY_SECONDS,
                )
            )

    def _basic_auth(self) -> tuple[str, str] | None:
        """Return ID and secret form-encoded, as RFC 6749, 2.3.1 wants and Authlib does not do."""
        if self.load_server_metadata()["token_endpoint_auth_method"] == "client_secret_post":
            return None
        return quote(self.client_id, safe=""), quote(self.client_secret, safe="")


def provider_client() -> ProviderClient:
    """Return the client of this process, with what it has cached."""
    client: ProviderClient | None = current_app.extensions.get("oidc")
    if client is None:
        client = current_app.extensions["oidc"] = ProviderClient(services().settings)
    return client


@contextmanager
def _provider_errors() -> Iterator[None]:
    """Raise ProviderError for everything that a bad answer can cause."""
    try:
        yield
    except (RequestException, HTTPError) as error:
        raise ProviderError(f"no answer: {type(error).__name__}") from error
    except (OAuthError, JoseError, KeyError, ValueError, TypeError) as error:
        raise ProviderError(f"the answer is not valid: {type(error).__name__}") from error
