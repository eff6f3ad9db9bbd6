"""A server that accepts and then says nothing, or a byte now and then, for ever."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

TLS_RECORD = b"\x16\x03\x03\x40\x00"
"""The head of a TLS record of 16 kB, most of which does not come."""


@dataclass
class DrippingServer:
    """Where it listens, and whether a client hung up on it."""

    port: int
    hung_up: threading.Event = field(default_factory=threading.Event)


@contextmanager
def dripping_server(
    replies: Sequence[bytes] = (), drops: bytes = b"", *, seconds: float = 0.05
) -> Iterator[DrippingServer]:
    """Run a server that says each reply to what it got before, then the drops, and then nothing.

    Its last drop comes again and again, every so many seconds.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server, stop = DrippingServer(listening.getsockname()[1]), threading.Event()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    serve_one(listening.accept()[0])

        def serve_one(opened: socket.socket) -> None:
            with opened, suppress(OSError):
                for reply in replies:
                    opened.sendall(reply)
                    opened.recv(100_000)
                opened.sendall(drops[:-1])
                opened.settimeout(seconds)
                while not stop.is_set():
                    opened.sendall(drops[-1:])
                    with suppress(TimeoutError):
                        if not opened.recv(100_000):
                            break
            server.hung_up.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            stop.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
