"""Ports for servers that need a port number."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """A free port of this machine.

    It is outside of the range that the system uses for connections and for servers that take any
    port: another program could take such a port before our server does.
    """
    for number in random.sample(range(20_000, 30_000), 100):
        with suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", number))
            return number
    raise RuntimeError("no port is free")
