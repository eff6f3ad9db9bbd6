"""Passwords: their hashes, and which ones are strong enough."""

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from consult.storage.accounts import accounts
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.services import services

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
    """Return a password as the list has it."""
    return hashlib.sha256(password.casefold().encode(errors="replace")).digest()[:_PREFIX]


@cache
def _leaked_prefixes() -> bytes:
    return LEAKED_FILE.read_bytes()


def _at(prefixes: bytes, index: int) -> bytes:
    return prefixes[index * _PREFIX : (index + 1) * _PREFIX]
