"""The secrets that sign webhooks, as Standard Webhooks has them (standardwebhooks.com).

A secret is stored nowhere: it follows from the application's secret key and a random salt. So a
copy of the database signs nothing, and whoever gives the application a new key sees that the check
no longer fits.
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
    """A fresh salt for a secret."""
    return token_hex(16)


def secret_of(secret_key: str, salt: str) -> str:
    """The secret that follows from a salt, as receivers write it down."""
    return _PREFIX + b64encode(derive(secret_key, Purpose.WEBHOOK, salt)).decode()


def check_of(secret: str) -> str:
    """By what a secret is recognised; it tells nothing about the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def headers(secrets: Sequence[str], webhook_id: str, moment: datetime, body: str) -> dict[str, str]:
    """The headers by which a receiver knows a message, signed with each secret that is in use."""
    signed = [Webhook(secret).sign(webhook_id, moment, body) for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signed),
    }
