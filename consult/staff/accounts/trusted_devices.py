"""Browsers that somebody signed in with before: they keep tries of their own.

Whoever knows an address can use up what strangers may try for it, and keep its owner out. A browser
that was let in before is no stranger: it holds a signed cookie that names the account and, by a
random number, the browser. The cookie opens nothing; it only counts elsewhere.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from consult.staff.accounts.users import Member

_KEPT_FOR = timedelta(days=180)
_SALT = "staff known device"


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, by its random number, and the account it is known for."""

    number: str
    account: str
    user_id: int


def remember(response: Response, who: Member) -> None:
    """Make the browser that gets a response a known one of somebody who was just let in."""
    device = known_device()
    account = _account_hash(who.email)
    number = device.number if device and device.account == account else token_hex(16)
    response.set_cookie(
        cookie_name(),
        str(_sealer().dumps([number, account, who.id])),
        max_age=_KEPT_FOR,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Strict",
    )


def known_device() -> Device | None:
    """The known browser that sent this request; None for any other."""
    try:
        kept = _sealer().loads(
            request.cookies.get(cookie_name(), ""), max_age=int(_KEPT_FOR.total_seconds())
        )
    except BadData:
        return None
    return Device(*kept)


def device_of(email: str) -> str:
    """The number of the browser of this request, where it is known for an address; else ""."""
    device = known_device()
    return device.number if device and device.account == _account_hash(email) else ""


def device_of_user(user_id: int) -> str:
    """The number of the browser of this request, where it is known for an account; else ""."""
    device = known_device()
    return device.number if device and device.user_id == user_id else ""


def cookie_name() -> str:
    """What the cookie is called: with HTTPS, a browser takes it from this very host only."""
    return "__Host-known" if current_app.config["SESSION_COOKIE_SECURE"] else "known"


def _account_hash(email: str) -> str:
    key = str(current_app.secret_key).encode()
    message = f"{_SALT}|{email.strip().lower()}".encode("utf-8", "replace")
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=_SALT)
