"""The secrets that sign webhooks, per Standard Webhooks (standardwebhooks.com).

A secret is not stored: it is derived from the application's secret key and a random salt. So a copy
of the database signs nothing; and with another secret key, the hash of the secret no longer fits.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex

from standardwebhooks import Webhook

from consult.crypto import Purpose, derive

_PREFIX = "whsec_"


def new_salt() -> str:
    return token_hex(16)


def secret_of(secret_key: str, salt: str) -> str:
    """The secret derived from a salt, as receivers store it."""
    return _PREFIX + b64encode(derive(secret_key, Purpose.WEBHOOK, salt)).decode()


def hash_of(secret: str) -> str:
    """What a secret is recognized by; it reveals nothing about the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def headers(secrets: Sequence[str], webhook_id: str, at: datetime, body: str) -> dict[str, str]:
    """The headers that prove a message to its receiver, signed with each secret in use."""
    signed = [Webhook(secret).sign(webhook_id, at, body) for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }
