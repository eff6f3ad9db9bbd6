"""Authenticator apps: their secret, the picture that brings it to a phone, and their codes.

An app shows six digits that follow from the secret and the half minute it is (RFC 6238). The secret
is encrypted before it is stored, with a key that follows from the secret key and never lies in the
database.
"""

import hmac
from datetime import datetime

import pyotp
import segno
from markupsafe import Markup

from consult.crypto import Purpose, decrypt, encrypt
from consult.web.services import services

_STEP_SECONDS = 30
# A phone's clock may be this many steps off, either way.
_DRIFT = 1


def new_secret() -> str:
    """A fresh secret, as a person could type it: 160 random bits in base 32."""
    return pyotp.random_base32()


def picture(secret: str, email: str) -> Markup:
    """The QR code, as SVG, by which an app learns the secret and whose it is."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=services().brand.product)
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, border=2))  # noqa: S704 - draws squares only


def in_groups(secret: str) -> str:
    """The secret in groups of four, easier to type."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute, counted since 1970, whose code this is; None when it is no code of now."""
    digits = "".join(code.split())
    present = int(now.timestamp()) // _STEP_SECONDS
    made = pyotp.TOTP(secret)
    found = None
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if hmac.compare_digest(made.generate_otp(step).encode(), digits.encode()):
            found = step
    return found


def seal(secret: str, user_id: int) -> bytes:
    """The secret encrypted, for this user only."""
    return encrypt(_secret_key(), Purpose.AUTHENTICATOR, secret, user_id)


def unseal(sealed: bytes, user_id: int) -> str | None:
    """The secret; None when it was encrypted for another user or with another secret key."""
    return decrypt(_secret_key(), Purpose.AUTHENTICATOR, sealed, user_id)


def _secret_key() -> str:
    return services().settings.signing_key()
