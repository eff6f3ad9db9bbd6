"""OpenID Connect: where to send somebody, and who they are when they come back.

The code flow with PKCE, state and nonce, and nothing else. What the provider says counts only with
its signature. No email address decides anything.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlencode

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from consult.settings import Settings, is_safe_address
from consult.staff.accounts.oidc_http import Known, ProviderProblem, ask

BACK_PATH = "/staff/sign-in/provider/back"
SCOPE = "openid email profile"

LEEWAY_SECONDS = 60
# Signatures that only the provider can make; with HMAC, or none, others could.
_ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]


@dataclass(frozen=True, slots=True)
class Trip:
    """What we remember of somebody whom we send to the provider, until they come back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Who somebody is: the provider's name for them, and when it last asked them for a proof."""

    subject: str
    name: str
    email: str
    asked_at: int | None


@dataclass(frozen=True, slots=True)
class _Provider:
    authorize: str
    token: str
    keys: str
    takes_basic: bool


def set_out(settings: Settings, known: Known, *, ask_anew: bool = False) -> tuple[Trip, str]:
    """A trip to the provider, and the address to send somebody to.

    With `ask_anew`, the provider is to ask for a proof even if it knows this browser.
    Raises ProviderProblem.
    """
    provider = _discover(settings, known)
    trip = Trip(generate_token(32), generate_token(32), generate_token(64))
    wanted = {
        "response_type": "code",
        "client_id": settings.oidc_client_id or "",
        "redirect_uri": settings.base_url + BACK_PATH,
        "scope": SCOPE,
        "state": trip.state,
        "nonce": trip.nonce,
        "code_challenge": create_s256_code_challenge(trip.verifier),
        "code_challenge_method": "S256",
        **({"prompt": "login", "max_age": "0"} if ask_anew else {}),
    }
    glue = "&" if "?" in provider.authorize else "?"
    return trip, provider.authorize + glue + urlencode(wanted)


def come_back(
    settings: Settings,
    known: Known,
    trip: Trip,
    answer: Mapping[str, str],
    now: int,
    *,
    asked_anew: bool = False,
) -> Claims:
    """Who came back from a trip, by the query of the address they came to.

    `now` is in seconds since 1970. Raises ProviderProblem when anything is not as it should be.
    """
    if not hmac.compare_digest(answer.get("state", "").encode(), trip.state.encode()):
        raise ProviderProblem("the state is that of another trip")
    if answer.get("iss", settings.oidc_issuer) != settings.oidc_issuer:
        raise ProviderProblem("another provider answered")
    if "code" not in answer:
        raise ProviderProblem("there is no code")
    provider = _discover(settings, known)
    tokens = _exchange(settings, provider, answer["code"], trip.verifier)
    signed = _verified(known, provider, str(tokens.get("id_token", "")))
    return _claims(settings, trip, tokens, signed, now, asked_anew=asked_anew)


def _verified(known: Known, provider: _Provider, token: str) -> jwt.Token:
    """A token that a key of the provider's signed, be it one that we have not seen yet."""
    keys, is_new = known.fetch(provider.keys)
    try:
        return _decoded(token, keys)
    except ProviderProblem:
        if is_new:
            raise
    return _decoded(token, known.fetch(provider.keys, anew=True)[0])


def _decoded(token: str, keys: Mapping[str, Any]) -> jwt.Token:
    try:
        key_set = KeySet.import_key_set(cast("KeySetSerialization", keys))
        return jwt.decode(token, key_set, algorithms=_ALGORITHMS)
    except (JoseError, KeyError, ValueError, TypeError) as problem:
        raise ProviderProblem(f"the ID token is not good: {type(problem).__name__}") from problem


def _claims(
    settings: Settings,
    trip: Trip,
    tokens: Mapping[str, Any],
    signed: jwt.Token,
    now: int,
    *,
    asked_anew: bool,
) -> Claims:
    """Who an ID token is about, if it was made for us, now, and for this trip."""
    params = {
        "nonce": trip.nonce,
        "client_id": settings.oidc_client_id,
        "access_token": tokens.get("access_token"),
        "max_age": 1 if asked_anew else None,
    }
    options: dict[str, Any] = {
        "iss": {"essential": True, "value": settings.oidc_issuer},
        "aud": {"essential": True, "value": settings.oidc_client_id},
        "sub": {"essential": True},
        "nonce": {"essential": True, "value": trip.nonce},
    }
    try:
        claims = CodeIDToken(signed.claims, signed.header, options, params)
        claims.validate(now=now, leeway=LEEWAY_SECONDS)
    except (JoseError, KeyError, ValueError, TypeError) as problem:
        raise ProviderProblem(f"the ID token is not good: {type(problem).__name__}") from problem
    asked_at = claims.get("auth_time")
    return Claims(
        subject=str(claims["sub"]),
        name=str(claims.get("name") or ""),
        email=str(claims.get("email") or ""),
        asked_at=int(asked_at) if asked_at is not None else None,
    )


def _discover(settings: Settings, known: Known) -> _Provider:
    """What the provider says of itself; what cannot be used is not kept."""
    issuer = settings.oidc_issuer or ""
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    said, _ = known.fetch(address)
    try:
        return _provider_of(issuer, said)
    except ProviderProblem:
        known.forget(address)
        raise


def _provider_of(issuer: str, said: Mapping[str, Any]) -> _Provider:
    """A provider by its own description; every address in it has to be safe to use."""
    if said.get("issuer") != issuer:
        raise ProviderProblem(f"{issuer} says it is {said.get('issuer')!r}")
    ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    try:
        found = _Provider(
            authorize=said["authorization_endpoint"],
            token=said["token_endpoint"],
            keys=said["jwks_uri"],
            takes_basic="client_secret_basic" in ways,
        )
    except KeyError as missing:
        raise ProviderProblem(f"the provider does not say its {missing}") from missing
    for address in (found.authorize, found.token, found.keys):
        if not is_safe_address(address):
            raise ProviderProblem(f"{address} is not https")
    return found


def _exchange(
    settings: Settings, provider: _Provider, code: str, verifier: str
) -> Mapping[str, Any]:
    client_id = settings.oidc_client_id or ""
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else ""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": settings.base_url + BACK_PATH,
        "code_verifier": verifier,
    }
    if provider.takes_basic:
        # RFC 6749, 2.3.1: both parts are encoded like a form before.
        basic = httpx.BasicAuth(quote(client_id, safe=""), quote(secret, safe=""))
        return ask("POST", provider.token, form=form, auth=basic)
    return ask(
        "POST", provider.token, form={**form, "client_id": client_id, "client_secret": secret}
    )
