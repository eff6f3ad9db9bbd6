"""Passwords: their hashes, which ones are strong enough, and how often they may be tried.

All strangers share the attempts on an account, and get new ones within minutes: nobody can lock an
owner out for long. A browser in which the owner signed in before is trusted: it has a signed cookie
that names the account and, by a random ID, the browser, and attempts that no stranger can use up.
The cookie opens nothing. Attempts are counted before the slow hash, and whether or not the account
exists, so that the limits do not reveal accounts. Codes are limited likewise.
"""

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app, request
from werkzeug.wrappers import Response
from zxcvbn import zxcvbn

from consult.crypto import Purpose, keyed_hash, sign, verify
from consult.storage.accounts import accounts
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.limits import network_of
from consult.web.services import secret_key, services

# OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 rounds. Four threads at once must not
# need more memory than a small server has.
hasher = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)

# NIST SP 800-63B-4, 3.1.1.2: 15 where a password is the only factor, no rules of composition.
PASSWORD_MIN = 15
PASSWORD_MAX = 200
# Four everyday words take a thousand times as many guesses; a line of a song or a club's name,
# fewer.
_MIN_GUESSES = 10**13
# zxcvbn refuses more; nobody guesses what makes the first 72 characters strong.
_EXAMINED = 72
# It reads "p@55w0rd" in all ways in which these signs can be letters. Where there are many, 72
# characters take it eight seconds, and 20 are as hard to guess.
_LIKE_LETTERS = frozenset("4@8({[<3691!|70$5+%2")
_MAX_LIKE_LETTERS, _EXAMINED_WITH_MANY = 5, 20

LEAKED_FILE = Path(__file__).with_name("leaked_passwords.bin")
"""Those of the million most common of Mark Burnett's "ten million passwords" that are long enough
for us: of each the first bytes of its SHA-256, sorted. `tools/list_leaked.py` made it."""
_PREFIX = 5
"""Bytes stored of a hash: of a thousand million other passwords, ten are refused by mistake."""

_EMAIL_MAX = 254
_TRUSTED_FOR = timedelta(days=180)


def hash_password(password: str) -> str:
    """Return the argon2 hash of a new password; takes about 20 ms on purpose."""
    return hasher.hash(_normalize(password))


def is_password_of(user: StaffUserRow | None, password: str) -> bool:
    """Whether this is the user's password; it takes as long where there is no such user."""
    if user is None:
        hash_password(password)
        return False
    try:
        hasher.verify(user.password_hash, _normalize(password))
    except (VerificationError, InvalidHashError):
        return False
    if hasher.check_needs_rehash(user.password_hash):
        password_hash = hash_password(password)
        with services().database.writing() as writing:
            accounts.update_password_hash(writing, user.id, password_hash)
    return True


def _normalize(password: str) -> str:
    # An é typed on a phone is the é typed on a desktop.
    return unicodedata.normalize("NFKD", password)


def password_problem(password: str, about: Iterable[str] = ()) -> str | None:
    """Return what is wrong with a new password, as an error message; None when it is good.

    `about` are texts that others know of this user: name, address, the product. Words from them
    add nothing to a password, so it must be strong without them.
    """
    if len(password) < PASSWORD_MIN:
        return f"Use at least {PASSWORD_MIN} characters. Four words in a row are fine."
    if len(password) > PASSWORD_MAX:
        return f"Use at most {PASSWORD_MAX} characters."
    known = {word for text in about for word in re.findall(r"\w{3,}", text.casefold())}
    rest = password.casefold()
    for word in sorted(known, key=len, reverse=True):
        rest = rest.replace(word, "")
    many = len(_LIKE_LETTERS.intersection(rest)) > _MAX_LIKE_LETTERS
    examined = rest[: _EXAMINED_WITH_MANY if many else _EXAMINED]
    guesses = zxcvbn(examined)["guesses"] if examined else 0
    if guesses < _MIN_GUESSES or has_leaked(password):
        return "This is easy to guess. Try four or more unrelated words."
    return None


def has_leaked(password: str) -> bool:
    """Whether a password is in the list of leaked ones, in upper or lower case."""
    prefix, prefixes = leaked_prefix(password), _leaked_prefixes()
    found = bisect_left(range(len(prefixes) // _PREFIX), prefix, key=lambda at: _at(prefixes, at))
    return _at(prefixes, found) == prefix


def leaked_prefix(password: str) -> bytes:
    return hashlib.sha256(password.casefold().encode(errors="replace")).digest()[:_PREFIX]


@cache
def _leaked_prefixes() -> bytes:
    return LEAKED_FILE.read_bytes()


def _at(prefixes: bytes, index: int) -> bytes:
    return prefixes[index * _PREFIX : (index + 1) * _PREFIX]


class TrustedDevice(NamedTuple):
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
    made = services()
    made.limits.reset("second-factor", made.settings.limit_second_factor, _of_user(user_id))
    made.limits.reset("recovery-code", made.settings.limit_sign_in_account, _of_user(user_id))


def trust_device(response: Response, user: StaffUserRow) -> None:
    """Make this browser a trusted device of a user who has just signed in."""
    fields = [_device_of(user.email) or token_hex(16), _account_hash(user.email), user.id]
    response.set_cookie(
        _cookie_name(),
        sign(secret_key(), Purpose.TRUSTED_DEVICE, fields),
        max_age=_TRUSTED_FOR,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Strict",
    )


def trusted_device() -> TrustedDevice | None:
    """Return the trusted device that sent this request; None for any other browser."""
    cookie = request.cookies.get(_cookie_name(), "")
    fields = verify(secret_key(), Purpose.TRUSTED_DEVICE, cookie, max_age=_TRUSTED_FOR)
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
    return keyed_hash(secret_key(), Purpose.TRUSTED_DEVICE, email.strip().lower())
