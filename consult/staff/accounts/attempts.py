"""Rate limits on passwords and codes, and the trusted devices that have limits of their own.

All strangers share the attempts on an account, and get new ones within minutes: nobody can lock an
owner out for long. A browser in which the owner signed in before is trusted: it has a signed cookie
that names the account and, by a random ID, the browser, and attempts that no stranger can use up.
The cookie opens nothing. Attempts are counted before the slow hash, and whether or not the account
exists, so that the limits do not reveal accounts.
"""

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

from flask import current_app, request
from werkzeug.wrappers import Response

from consult.crypto import Purpose, keyed_hash, sign, verify
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.limits import network_of
from consult.web.services import services

_EMAIL_MAX = 254
_TRUSTED_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class TrustedDevice:
    """A browser, by its random ID, and the account that signed in with it."""

    device_id: str
    account_hash: str
    user_id: int


def count_password_attempt(email: str) -> None:
    """Count a password attempt on an account.

    Raises TooManyRequests (429) when the network, account or browser has no attempts left.
    """
    made, device_id = services(), _device_of(email)
    if not device_id:
        _count_network_attempt(network_of(request.remote_addr))
    limit = made.settings.limit_sign_in_account
    made.limits.consume("sign-in-account", limit, f"{_account(email)}|{device_id}")


def reset_password_attempts(email: str) -> None:
    """Reset the attempts after a right password."""
    made = services()
    limit = made.settings.limit_sign_in_account
    made.limits.reset("sign-in-account", limit, f"{_account(email)}|{_device_of(email)}")


def count_passkey_attempt() -> None:
    """Count a passkey attempt; raises TooManyRequests (429) likewise."""
    device = trusted_device()
    _count_network_attempt(device.device_id if device else network_of(request.remote_addr))


def count_code_attempt(user_id: int) -> None:
    """Count an authenticator code; raises TooManyRequests (429) likewise."""
    made = services()
    made.limits.consume("second-factor", made.settings.limit_second_factor, _of_user(user_id))


def count_recovery_attempt(user_id: int) -> None:
    """Count a recovery code, which cannot be guessed; raises TooManyRequests (429) likewise.

    Separate from the codes of the app, so that the last resort is never locked for a day.
    """
    made = services()
    made.limits.consume("recovery-code", made.settings.limit_sign_in_account, _of_user(user_id))


def reset_code_attempts(user_id: int) -> None:
    """Reset the attempts after a right second factor."""
    made = services()
    made.limits.reset("second-factor", made.settings.limit_second_factor, _of_user(user_id))
    made.limits.reset("recovery-code", made.settings.limit_sign_in_account, _of_user(user_id))


def trust_device(response: Response, user: StaffUserRow) -> None:
    """Make this browser a trusted device of a user who has just signed in."""
    fields = [_device_of(user.email) or token_hex(16), _account_hash(user.email), user.id]
    response.set_cookie(
        _cookie_name(),
        sign(_secret_key(), Purpose.TRUSTED_DEVICE, fields),
        max_age=_TRUSTED_FOR,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Strict",
    )


def trusted_device() -> TrustedDevice | None:
    """Return the trusted device that sent this request; None for any other browser."""
    cookie = request.cookies.get(_cookie_name(), "")
    fields = verify(_secret_key(), Purpose.TRUSTED_DEVICE, cookie, max_age=_TRUSTED_FOR)
    return TrustedDevice(*fields) if fields else None


def _count_network_attempt(network: str) -> None:
    made = services()
    made.limits.consume("sign-in-address", made.settings.limit_sign_in_address, network)


def _device_of(email: str) -> str:
    """Return the ID of this browser where it is trusted for an address; else ""."""
    device = trusted_device()
    return device.device_id if device and device.account_hash == _account_hash(email) else ""


def _account(email: str) -> str:
    return email.strip().lower()[:_EMAIL_MAX]


def _of_user(user_id: int) -> str:
    device = trusted_device()
    return f"{user_id}|{device.device_id if device and device.user_id == user_id else ''}"


def _cookie_name() -> str:
    # With __Host-, a browser takes the cookie from this very host only, over HTTPS only.
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"


def _account_hash(email: str) -> str:
    return keyed_hash(_secret_key(), Purpose.TRUSTED_DEVICE, email.strip().lower())


def _secret_key() -> str:
    return str(current_app.secret_key)
