"""Ports to listen on, for servers that have to be told theirs."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """A port of this machine that is free.

    It is none of those that the system gives whoever asks for any, and to each connection that is
    made: such a one may be gone before our server has taken it.
    """
    for number in random.sample(range(20_000, 30_000), 100):
        with suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", number))
            return number
    raise RuntimeError("no port is free")
