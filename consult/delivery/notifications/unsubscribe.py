"""The link in an email to staff that stops emails of its type, without signing in (RFC 8058).

The token names a user by number and a type of notification, and is signed. It can stop that one
type of email, and nothing else.
"""

from consult.crypto import Purpose, sign, verify
from consult.workflow.notification_types import KINDS, Kind

PATH = "/mail/stop/"


def token_of(secret_key: str, user_id: int, kind: Kind) -> str:
    """The token that stops this type of email to this user."""
    return sign(secret_key, Purpose.UNSUBSCRIBE, [user_id, kind])


def read_token(secret_key: str, token: str) -> tuple[int, Kind] | None:
    """The user and the type that a token is for; None when it is not valid."""
    value = verify(secret_key, Purpose.UNSUBSCRIBE, token)
    if value is None:
        return None
    user_id, kind = value
    return (user_id, kind) if kind in KINDS else None
