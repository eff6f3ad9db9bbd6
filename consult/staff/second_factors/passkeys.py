"""Passkeys (WebAuthn): the options for a browser, and the verification of its response.

Each page with a passkey button gets a challenge, which is valid for one purpose, for ten minutes,
and once. The site follows from the base URL in the settings, never
from what a request says about itself.
"""

import json
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from consult.staff.blueprint import begin, take
from consult.storage.audit import audit_log
from consult.storage.notifications import notifications
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import PasskeyRow, StaffUserRow
from consult.web.services import services

Purpose = Literal["sign-in", "second-factor", "confirm"]

CHALLENGE_FOR = timedelta(minutes=10)
_DEFAULT_PORTS = {"http": 80, "https": 443}

log = logging.getLogger(__name__)
T = TypeVar("T")


def supported() -> bool:
    """Whether browsers make passkeys for this site at all: it needs a domain name."""
    try:
        ip_address(_site())
    except ValueError:
        return True
    return False


def registration_options(user: StaffUserRow) -> str:
    """Return what a browser needs to make a passkey, as JSON; stores the challenge."""
    with services().database.reading() as reading:
        handle = factors.user_handle(reading, user.id)
        known = factors.passkeys_of(reading, user.id)
    options = generate_registration_options(
        rp_id=_site(),
        rp_name=services().brand.product,
        user_id=handle,
        user_name=user.email,
        user_display_name=user.name,
        # Discoverable, with user verification: worth a password and a second factor together, so
        # it can replace both.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    begin("passkey:add", challenge=options.challenge, handle=handle)
    return options_to_json(options)


def authentication_options(purpose: Purpose, user_id: int | None = None) -> str:
    """Return what a browser needs to use a passkey, as JSON; stores the challenge."""
    known: Iterable[PasskeyRow] = ()
    if user_id is not None:
        with services().database.reading() as reading:
            known = factors.passkeys_of(reading, user_id)
    options = generate_authentication_options(
        rp_id=_site(),
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    begin(f"passkey:{purpose}", challenge=options.challenge)
    return options_to_json(options)


def verify_new(response: str, user_id: int, name: str) -> PasskeyRow | None:
    """Return the passkey that a browser made, ready to store; None when the response is invalid."""
    begun = take("passkey:add", CHALLENGE_FOR)
    if begun is None:
        return None
    verified = _verified(verify_registration_response, response, begun["challenge"])
    if verified is None:
        return None
    return PasskeyRow(
        user_id=user_id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        user_handle=begun["handle"],
        sign_count=verified.sign_count,
        name=name,
    )


def verify(purpose: Purpose, response: str, user_id: int | None = None) -> int | None:
    """Return the ID of the user whose passkey a browser used; None when the response is invalid.

    With `user_id`, only a passkey of that user is valid. Failures are recorded.
    """
    verified_id = _verify(purpose, response, user_id)
    if verified_id is None:
        action = "account.sign_in_failed" if purpose == "sign-in" else "factor.refused"
        with services().database.writing() as writing:
            audit_log.record(writing, action, by=None, account=user_id, method="passkey")
    return verified_id


def _verify(purpose: Purpose, response: str, user_id: int | None) -> int | None:
    begun = take(f"passkey:{purpose}", CHALLENGE_FOR)
    passkey = _passkey_of(response) if begun else None
    if begun is None or passkey is None or user_id not in (None, passkey.user_id):
        return None
    verified = _verified(
        verify_authentication_response,
        response,
        begun["challenge"],
        credential_public_key=passkey.public_key,
        credential_current_sign_count=0,  # `use_passkey` compares, in one statement
    )
    if verified is None:
        return None
    with services().database.writing() as writing:
        if factors.use_passkey(writing, passkey.id, verified.new_sign_count):
            return passkey.user_id
        notifications.record_account_change(
            writing,
            "factor.passkey_copied",
            user_id=passkey.user_id,
            by=passkey.user_id,
            passkey=passkey.id,
        )
    return None


def _verified(verify: Callable[..., T], response: str, challenge: bytes, **known: Any) -> T | None:
    """Return what a browser's response says; None when it is not valid for this site."""
    try:
        return verify(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=_site(),
            expected_origin=_origin(),
            require_user_verification=True,
            **known,
        )
    except Exception as problem:  # what is no credential at all fails in many ways
        log.info("a passkey was refused: %s", type(problem).__name__)
        return None


def _passkey_of(response: str) -> PasskeyRow | None:
    """Return the passkey that a response names, if it has our user handle."""
    try:
        parsed = json.loads(response)
        credential_id = base64url_to_bytes(parsed["rawId"])
        handle = parsed["response"].get("userHandle")
        with services().database.reading() as reading:
            found = factors.passkey_by_credential(reading, credential_id)
        if found and handle and base64url_to_bytes(handle) != found.user_handle:
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return found


def _descriptors(passkeys: Iterable[PasskeyRow]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys]


def _site() -> str:
    return (urlsplit(services().settings.base_url).hostname or "").lower()


def _origin() -> str:
    """Return the origin as browsers write it: without a default port."""
    parts = urlsplit(services().settings.base_url)
    port = f":{parts.port}" if parts.port not in (None, _DEFAULT_PORTS[parts.scheme]) else ""
    return f"{parts.scheme}://{_site()}{port}"
