"""The secrets in the links: 256 random bits for a check, and what is derived from them.

Only hashes are stored, and rows are looked up by hash. So neither a copy of the database nor the
time an answer takes gives anyone a link that works.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode


def new_token() -> str:
    """A fresh token for a check: 32 random bytes as 43 characters that are safe in a URL."""
    return secrets.token_urlsafe(32)


def result_token(check_token: str) -> str:
    """The token of a check's result page.

    It follows from the check's token, so a second submit can be sent to the same result; the way
    back does not exist, so who is shown a result cannot change the answers.
    """
    mac = hmac.digest(_bytes(check_token), b"result", "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def token_hash(token: str) -> str:
    """The form in which a token is stored: its SHA-256, in hex."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def _bytes(token: str) -> bytes:
    # A URL can carry anything; whatever it is, it must be an unknown token and not an error.
    return token.encode(errors="surrogatepass")
