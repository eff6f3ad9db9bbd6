"""The token of an unfinished check, encrypted: for the link in the one mail its owner allowed.

A token is stored nowhere else but as a hash. So a copy of the database opens no check here either;
only whoever has the secret key as well can make the link.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


def seal(key: bytes, token: str, draft_id: int) -> bytes:
    """The token encrypted, for this check only."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, token.encode(), _check(draft_id))


def unseal(key: bytes, sealed: bytes, draft_id: int) -> str | None:
    """The token; None when it was sealed for another check, or under another secret key."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _check(draft_id)).decode()
    except (InvalidTag, ValueError):
        return None


def _check(draft_id: int) -> bytes:
    return f"link of check {draft_id}".encode()
