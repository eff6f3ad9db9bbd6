"""Authenticator apps: secrets, QR codes and six-digit codes (TOTP, RFC 6238).

Secrets are encrypted before they are stored, with a key that is never in the database.
"""

import hmac
from datetime import datetime

import pyotp
import segno
from markupsafe import Markup

from consult.crypto import Purpose, decrypt, encrypt
from consult.web.services import secret_key, services

_STEP_SECONDS = 30
# A phone's clock may be this many steps off, either way.
_DRIFT = 1


def new_secret() -> str:
    return pyotp.random_base32()


def qr_code(secret: str, email: str) -> Markup:
    """Return the QR code, as SVG, from which an app learns the secret and whose it is."""
    code = segno.make(app_uri(secret, email, services().brand.product), error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, border=2))  # noqa: S704 - draws squares only


def app_uri(secret: str, email: str, product: str) -> str:
    # Apps split the label at its first colon, even an encoded one, into issuer and account.
    issuer = " ".join(product.replace(":", " ").split())
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def in_groups(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step (half minutes since 1970) of a code; None when it is not valid now."""
    digits = "".join(code.split())
    present = int(now.timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()):
            found = step
    return found


def encrypt_secret(secret: str, user_id: int) -> bytes:
    """Encrypt a secret for one user: it cannot be decrypted as another's."""
    return encrypt(secret_key(), Purpose.AUTHENTICATOR, secret, user_id)


def decrypt_secret(encrypted: bytes, user_id: int) -> str | None:
    """Decrypt a secret; None when it is another user's, or of another secret key."""
    return decrypt(secret_key(), Purpose.AUTHENTICATOR, encrypted, user_id)
