"""Browsers that somebody signed in with before: they keep tries of their own.

Whoever knows an address can use up what strangers may try for it, and keep its owner out. A browser
that was let in before is no stranger: it holds a signed cookie that names the account and, by a
random number, the browser. The cookie opens nothing; it only counts elsewhere.
"""

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

from flask import current_app, request
from werkzeug.wrappers import Response

from consult.crypto import Purpose, keyed_hash, sign, verify
from consult.staff.accounts.users import Member

_KEPT_FOR = timedelta(days=180)


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
        sign(_secret_key(), Purpose.TRUSTED_DEVICE, [number, account, who.id]),
        max_age=_KEPT_FOR,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Strict",
    )


def known_device() -> Device | None:
    """The known browser that sent this request; None for any other."""
    cookie = request.cookies.get(cookie_name(), "")
    fields = verify(_secret_key(), Purpose.TRUSTED_DEVICE, cookie, max_age=_KEPT_FOR)
    return Device(*fields) if fields else None


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
    return keyed_hash(_secret_key(), Purpose.TRUSTED_DEVICE, email.strip().lower())


def _secret_key() -> str:
    return str(current_app.secret_key)
