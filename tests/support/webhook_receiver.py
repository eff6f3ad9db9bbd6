"""A real HTTPS server for the tests that takes webhooks, and a small internet to reach it by."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpcore

from consult.delivery.network import HttpClient
from tests.support.mail_server import make_certificate

HOST = "hooks.example"
URL = f"https://{HOST}/relay?for=us"
IP = "93.184.215.14"  # public, and never really reached


Reply = tuple[int, Mapping[str, str], bytes]
"""A status, headers and a body."""


@dataclass
class Received:
    """A request as it came in; the names of `headers` are in small letters."""

    path: str
    headers: Mapping[str, str]
    body: str


@dataclass
class Internet(httpcore.NetworkBackend):
    """Leads every IP address to the one server of the tests, and keeps a list of what was asked.

    Attributes:
        port: of the server on this machine.
        names: the addresses of each host; one that is not here is not known.
        asked: each name that was looked up.
        connected: each address and port that was connected to.
    """

    port: int
    names: dict[str, Sequence[str]] = field(default_factory=lambda: {HOST: [IP]})
    asked: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def resolve(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]

    def connect_tcp(  # type: ignore[override]  # no caller of ours passes more
        self, host: str, port: int, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout)


@dataclass
class Receiver:
    """What a server received, and how it should answer.

    Attributes:
        internet: how it is reached.
        tls: trusts its certificate, and no other; None if it has none.
        received: each request, in order.
        status: what it answers; ``answer`` and ``headers`` likewise.
        pages: what can be read from it: of each path, the status, where it redirects to, and what
            it has.
        drip: seconds between two bytes of its answer.
        respond: makes the answer to each request, instead of these.
    """

    internet: Internet
    tls: ssl.SSLContext | None
    received: list[Received] = field(default_factory=list)
    status: int = 200
    answer: bytes = b"thank you"
    headers: dict[str, str] = field(default_factory=dict)
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    drip: float = 0
    respond: "Callable[[Received], Reply] | None" = None
    stop: threading.Event = field(default_factory=threading.Event)

    def client(self, total_seconds: float = 10) -> HttpClient:
        return HttpClient(
            resolve=self.internet.resolve,
            network=self.internet,
            tls=self.tls,
            total_seconds=total_seconds,
        )


@contextmanager
def receiver(folder: Path, name: str = HOST, *, tls: bool = True) -> Iterator[Receiver]:
    """Run a server, whose certificate is for `name`, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            made.received.append(Received(self.path, headers, self.rfile.read(length).decode()))
            reply = made.status, made.headers, made.answer
            status, more, body = made.respond(made.received[-1]) if made.respond else reply
            lines = [f"{key}: {value}" for key, value in more.items()]
            head = "\r\n".join([f"HTTP/1.1 {status} X", *lines, "Connection: close", "", ""])
            for byte in head.encode() if made.drip else ():
                if made.stop.wait(made.drip):
                    return
                self.wfile.write(bytes([byte]))
            if not made.drip:
                self.wfile.write(head.encode() + body)
            self.close_connection = True

        def do_GET(self) -> None:
            status, location, content = made.pages.get(self.path, (404, "", b""))
            made.received.append(Received(self.path, dict(self.headers.items()), ""))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: object) -> None:
            """A client that hangs up early is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    trusted = None
    if tls:
        certificate = make_certificate(folder, name)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        trusted = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    made = Receiver(Internet(server.server_address[1]), trusted)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
