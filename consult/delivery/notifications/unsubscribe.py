"""The link in a mail to staff that ends mails of its kind, without signing in (RFC 8058).

The token names a person by number and a kind of news, and is signed. Whoever has it can stop that
one kind of mail, and nothing else; it tells nothing about anybody.
"""

import hmac
from base64 import urlsafe_b64encode

from consult.workflow.notification_types import KINDS, Kind

PATH = "/mail/stop/"


def token_of(key: bytes, user_id: int, kind: Kind) -> str:
    """The token that stops this kind of mail to this person."""
    return f"{user_id}.{kind}.{_seal(key, f'{user_id}.{kind}')}"


def read_token(key: bytes, token: str) -> tuple[int, Kind] | None:
    """Whose token this is and for which kind; None when we never made it."""
    named, _, seal = token.rpartition(".")
    if not hmac.compare_digest(seal.encode(), _seal(key, named).encode()):
        return None
    user_id, _, kind = named.partition(".")
    return (int(user_id), kind) if kind in KINDS else None


def _seal(key: bytes, named: str) -> str:
    mac = hmac.digest(key, named.encode(errors="surrogatepass"), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
