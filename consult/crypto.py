"""Encryption, signatures and keyed hashes, each for one purpose with a key of its own.

All keys are derived from the secret key of the application, so something made for one purpose is
never valid for another. Random tokens for links are created here, too: only their hashes are
stored, so a copy of the database contains no working link.
"""

import hashlib
import hmac
import os
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

_NONCE_BYTES = 12
_HASH_BYTES = 32
_SALT = re.compile(r"[0-9a-f]{32}")


class Purpose(StrEnum):
    """What something is encrypted, signed or hashed for."""

    API_TOKEN = "API token"
    AUTHENTICATOR = "authenticator secret"
    BOOKING = "booking"
    BUSY_FEED = "address of a calendar"
    CALENDAR = "calendar secret"
    CONTACT = "contact of a result"
    FORM_STAMP = "form stamp"
    NETWORK = "staff network"
    PENDING_FORM = "pending form"
    PROOF_OF_WORK = "proof of work"
    RATE_LIMIT = "rate limit"
    REMINDER = "reminder link"
    RESUME = "resume link"
    SHARED_RESULT = "shared result"
    TRUSTED_DEVICE = "trusted device"
    UNSUBSCRIBE = "unsubscribe link"
    WAITING_REPORT = "report that waits"
    WEBHOOK = "webhook secret"


class SkewTolerantSigner(TimestampSigner):
    """Also accepts what seems to be from the future.

    Only we sign with our keys: it was another of our machines, whose clock is a little faster.
    """

    def unsign(
        self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False
    ) -> Any:
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        if max_age is not None and self.get_timestamp() - signed_at.timestamp() > max_age:
            raise SignatureExpired("too old", payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


def encrypt(secret_key: str, purpose: Purpose, text: str, context: object) -> bytes:
    """The text encrypted (AES-256-GCM); only `decrypt` with the same context can read it."""
    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(_key(secret_key, purpose))
    return nonce + cipher.encrypt(nonce, text.encode(), str(context).encode())


def decrypt(secret_key: str, purpose: Purpose, encrypted: bytes, context: object) -> str | None:
    """The text; None when it was encrypted with another key, purpose or context, or changed."""
    nonce, content = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
    try:
        cipher = AESGCM(_key(secret_key, purpose))
        return cipher.decrypt(nonce, content, str(context).encode()).decode()
    except (InvalidTag, ValueError):
        return None


def sign(secret_key: str, purpose: Purpose, value: object) -> str:
    """A JSON value as text that is safe in a URL, with a time and a signature. It is readable."""
    return str(_serializer(secret_key, purpose).dumps(value))


def verify(secret_key: str, purpose: Purpose, signed: str, max_age: timedelta | None = None) -> Any:
    """The value that was signed; None when the signature is wrong or older than `max_age`."""
    seconds = None if max_age is None else int(max_age.total_seconds())
    try:
        return _serializer(secret_key, purpose).loads(signed.encode(errors="replace"), seconds)
    except BadData:
        return None


def derive(secret_key: str, purpose: Purpose, text: str) -> bytes:
    """32 bytes that follow from the text; without the key they reveal nothing about it."""
    return hmac.digest(_key(secret_key, purpose), text.encode(errors="replace"), "sha256")


def keyed_hash(secret_key: str, purpose: Purpose, text: str) -> str:
    """The hash by which something is recognized without being stored, in hex."""
    return derive(secret_key, purpose, text).hex()


def new_token() -> str:
    """A random token: 32 bytes as 43 characters that are safe in a URL."""
    return secrets.token_urlsafe(32)


def new_salt() -> str:
    """What a page with a form chooses, and a secret is derived from: 16 bytes, in hex.

    So a form that is sent twice makes one secret and not two.
    """
    return secrets.token_hex(16)


def salt_or_new(sent: str | None) -> str:
    """The salt that a form was sent with; a new one for anything else."""
    return sent if sent and _SALT.fullmatch(sent) else new_salt()


def token_hash(token: str) -> str:
    """The form in which a token is stored: its SHA-256, in hex."""
    return hashlib.sha256(_token_bytes(token)).hexdigest()


def result_token(draft_token: str) -> str:
    """The token of the result page that belongs to a draft.

    It is derived from the token of the draft, so submitting twice leads to the same result. The
    reverse is impossible: who has the link to a result cannot change the answers.
    """
    mac = hmac.digest(_token_bytes(draft_token), b"result", "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def shared_token(secret_key: str, result_hash: str) -> str:
    """The token of the read-only page of a result: its stored hash, and a signature."""
    signature = derive(secret_key, Purpose.SHARED_RESULT, result_hash)[:16]
    return urlsafe_b64encode(bytes.fromhex(result_hash) + signature).decode()


def shared_result(secret_key: str, token: str) -> str | None:
    """The hash of the result's token that a shared token is for; None for any other text."""
    try:
        result_hash = urlsafe_b64decode(_token_bytes(token))[:_HASH_BYTES].hex()
    except ValueError:
        return None
    made = shared_token(secret_key, result_hash)
    return result_hash if hmac.compare_digest(made.encode(), _token_bytes(token)) else None


def contact_key(secret_key: str, result_hash: str, email: str, *, mailed: bool = False) -> str:
    """A key to the contact of a result while it has this address.

    It goes to who has just entered the contact, or by email to who gets the result.
    """
    of = derive(secret_key, Purpose.CONTACT, f"{result_hash} {email}").hex()
    return sign(secret_key, Purpose.CONTACT, [of, mailed])


def opens_contact(secret_key: str, result_hash: str, email: str, key: str) -> bool:
    """Whether this is the key: one from an email, or from a page within `CONTACT_SHOWN`."""
    of = derive(secret_key, Purpose.CONTACT, f"{result_hash} {email}").hex()
    mailed: bool = verify(secret_key, Purpose.CONTACT, key) == [of, True]
    shown: bool = verify(secret_key, Purpose.CONTACT, key, CONTACT_SHOWN) == [of, False]
    return mailed or shown


CONTACT_SHOWN = timedelta(minutes=15)
"""How long a contact is shown to who has just entered it."""


def booking_key(secret_key: str, lead_id: int) -> str:
    """The key that goes to a provider's calendar with an owner, and comes back with the booking.

    16 bytes, in hex, that say nothing and open nothing.
    """
    return derive(secret_key, Purpose.BOOKING, f"lead {lead_id}")[:16].hex()


def booking_token(secret_key: str, booking_id: int) -> str:
    """The token of the link to move or cancel a booking."""
    token = derive(secret_key, Purpose.BOOKING, f"booking {booking_id}")
    return urlsafe_b64encode(token).rstrip(b"=").decode()


def _key(secret_key: str, purpose: Purpose) -> bytes:
    return hmac.digest(secret_key.encode(), purpose.encode(), "sha256")


def _serializer(secret_key: str, purpose: Purpose) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        secret_key,
        salt=purpose.value,
        signer=SkewTolerantSigner,
        signer_kwargs={"digest_method": hashlib.sha256},
    )


def _token_bytes(token: str) -> bytes:
    # A URL may contain anything, and that must be an unknown token and not an error.
    return token.encode(errors="surrogatepass")
