"""Passkeys: what a browser is asked for, and whether what it brings is good.

For each page with a passkey button a challenge is made. It lies in the signed cookie of that
browser, is good for that purpose, for ten minutes, and once. Which site a passkey is for follows
from the base URL in the settings, never from what a request says about itself.
"""

import json
import logging
from base64 import b64decode, b64encode
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from consult.staff.accounts.users import Member
from consult.storage.audit import audit_log
from consult.storage.notifications import security_alerts
from consult.storage.second_factors import factors, stored_passkeys
from consult.storage.second_factors.stored_passkeys import Passkey
from consult.web.services import services

Purpose = Literal["add", "sign-in", "second-factor", "confirm"]

CHALLENGE_FOR = timedelta(minutes=10)
_DEFAULT_PORTS = {"http": 80, "https": 443}

log = logging.getLogger(__name__)


def possible() -> bool:
    """Whether browsers make passkeys for this site at all: it needs a name, not a number."""
    try:
        ip_address(_site())
    except ValueError:
        return True
    return False


def ask_to_make(who: Member) -> str:
    """What a browser needs to make a passkey for somebody, as JSON; the challenge is kept."""
    with services().database.reading() as reading:
        handle = stored_passkeys.handle_for(reading, who.id)
        known = stored_passkeys.passkeys_of(reading, who.id)
    options = generate_registration_options(
        rp_id=_site(),
        rp_name=services().brand.product,
        user_id=handle,
        user_name=who.email,
        user_display_name=who.name,
        # One that a browser finds by itself and that checks who holds it: it is worth as much as
        # a password and a second factor together, so it can take the place of both.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    _keep("add", options.challenge, handle)
    return options_to_json(options)


def ask_for(purpose: Purpose, user_id: int | None = None) -> str:
    """What a browser needs to use a passkey (of this person, if known); the challenge is kept."""
    known: list[Passkey] = []
    if user_id is not None:
        with services().database.reading() as reading:
            known = stored_passkeys.passkeys_of(reading, user_id)
    options = generate_authentication_options(
        rp_id=_site(),
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _keep(purpose, options.challenge)
    return options_to_json(options)


def made(answer: str) -> tuple[VerifiedRegistration, bytes] | None:
    """The passkey that a browser made, and its user handle; None when something is not right."""
    kept = _take("add")
    if kept is None:
        return None
    challenge, handle = kept
    try:
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_site(),
            expected_origin=_origin(),
            require_user_verification=True,
        )
    except Exception as problem:  # what is no credential at all fails in many ways
        log.info("a new passkey was refused: %s", type(problem).__name__)
        return None
    return verified, handle


def used(purpose: Purpose, answer: str, user_id: int | None = None) -> int | None:
    """The id of the person whose passkey a browser used; None when something is not right.

    With `user_id`, only a passkey of that person will do. A refusal is written down.
    """
    whose = _used(purpose, answer, user_id)
    if whose is None:
        refused = "account.sign_in_failed" if purpose == "sign-in" else "factor.refused"
        with services().database.writing() as writing:
            audit_log.record(writing, refused, by=None, account=user_id, means="passkey")
    return whose


def _used(purpose: Purpose, answer: str, user_id: int | None) -> int | None:
    kept = _take(purpose)
    if kept is None:
        return None
    found = _passkey_in(answer)
    if found is None or user_id not in (None, found.user_id):
        return None
    verified = _verified(answer, kept[0], found)
    if verified is None:
        return None
    with services().database.writing() as writing:
        if stored_passkeys.use_passkey(writing, found.id, verified.new_sign_count):
            return found.user_id
        whose = found.user_id
        security_alerts.record(
            writing, "factor.passkey_copied", whose=whose, by=whose, passkey=found.id
        )
    return None


def _passkey_in(answer: str) -> Passkey | None:
    """The passkey of ours that an answer names, under the name that its device has for us."""
    try:
        said: dict[str, Any] = json.loads(answer)
        credential_id = base64url_to_bytes(said["rawId"])
        handle = said["response"].get("userHandle")
        with services().database.reading() as reading:
            found = stored_passkeys.by_credential(reading, credential_id)
        if found and handle and base64url_to_bytes(handle) != found.user_handle:
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return found


def _verified(answer: str, challenge: bytes, found: Passkey) -> VerifiedAuthentication | None:
    try:
        return verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_site(),
            expected_origin=_origin(),
            credential_public_key=found.public_key,
            credential_current_sign_count=0,  # `use_passkey` compares, in one statement
            require_user_verification=True,
        )
    except Exception as problem:  # what is no credential at all fails in many ways
        log.info("a passkey was refused: %s", type(problem).__name__)
        return None


def _keep(purpose: Purpose, challenge: bytes, handle: bytes = b"") -> None:
    session[_key(purpose)] = {
        "challenge": b64encode(challenge).decode(),
        "handle": b64encode(handle).decode(),
        "since": services().database.clock().timestamp(),
    }


def _take(purpose: Purpose) -> tuple[bytes, bytes] | None:
    """The challenge that this browser was given, and the user handle; it is used up by this."""
    kept = session.pop(_key(purpose), None)
    database = services().database
    if kept is None or database.clock().timestamp() - kept["since"] > CHALLENGE_FOR.total_seconds():
        return None
    with database.writing() as writing:
        if not factors.spend(writing, f"passkey {kept['challenge']}", CHALLENGE_FOR):
            return None
    return b64decode(kept["challenge"]), b64decode(kept["handle"])


def _key(purpose: Purpose) -> str:
    return f"passkey:{purpose}"


def _descriptors(known: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential_id) for one in known]


def _site() -> str:
    return (urlsplit(services().settings.base_url).hostname or "").lower()


def _origin() -> str:
    """The origin as browsers write it: without the port that everybody expects."""
    parts = urlsplit(services().settings.base_url)
    port = f":{parts.port}" if parts.port not in (None, _DEFAULT_PORTS[parts.scheme]) else ""
    return f"{parts.scheme}://{_site()}{port}"
