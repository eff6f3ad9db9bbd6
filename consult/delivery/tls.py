"""Whose certificates are believed over HTTPS: those that this machine believes."""

import ssl
from functools import cache


@cache
def believed() -> ssl.SSLContext:
    """The machine's own, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.

    Read once: to read them takes longer than most answers. Not for mail: what goes over HTTP writes
    into it which protocol it speaks.
    """
    return ssl.create_default_context()
