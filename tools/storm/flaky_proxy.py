"""A proxy before a server that makes the connection hang, drip, break or be refused."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Literal

State = Literal["open", "hang", "drip", "refuse", "cut"]
"""`cut` closes a connection when the server accepts a message, so its client doesn't learn of it.
The others are what they say."""

_DRIP_SECONDS = 0.5
_END_OF_MAIL = b"\r\n.\r\n"


class FlakyProxy:
    """Passes bytes on to a server at a port of this machine; `state` says how well."""

    def __init__(self, server_port: int) -> None:
        self.state: State = "open"
        self.stop = threading.Event()
        self._server_port = server_port
        proxy = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    proxy._connect(self.request)

        class Server(ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 100

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]

    def _connect(self, client: socket.socket) -> None:
        if self.state == "refuse":
            return
        with socket.create_connection(("127.0.0.1", self._server_port)) as server:
            sent = _LastBytes()
            back = threading.Thread(target=self._pass_on, args=(server, client, sent), daemon=True)
            back.start()
            self._pass_on(client, server, sent, is_request=True)
            back.join()

    def _pass_on(
        self,
        source: socket.socket,
        target: socket.socket,
        sent: "_LastBytes",
        *,
        is_request: bool = False,
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if is_request:
                    sent.end = (sent.end + data)[-len(_END_OF_MAIL) :]
                self._wait_while_it_hangs()
                if self.state == "cut" and not is_request and sent.end == _END_OF_MAIL:
                    break
                self._send(target, data, drips=not is_request)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _send(self, target: socket.socket, data: bytes, *, drips: bool) -> None:
        while drips and data and self.state == "drip":
            target.sendall(data[:1])
            data = data[1:]
            self.stop.wait(_DRIP_SECONDS)
        target.sendall(data)

    def _wait_while_it_hangs(self) -> None:
        while self.state == "hang" and not self.stop.wait(0.05):
            pass


class _LastBytes:
    end = b""


@contextmanager
def flaky_proxy(server_port: int) -> Iterator[FlakyProxy]:
    """Run a proxy before the server at this port for as long as the block lasts."""
    proxy = FlakyProxy(server_port)
    thread = threading.Thread(target=proxy.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop.set()
        proxy.server.shutdown()
        proxy.server.server_close()
