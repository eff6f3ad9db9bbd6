"""Posts JSON to an address on the internet that staff typed, and reads a little of the answer.

Nothing here can be talked into anything else: the name is resolved once, every address must be
public, the connection goes to the address that was checked (with the name in TLS and Host), no
redirect is followed, no proxy of the environment is used, nothing is unpacked, and all of it is
over after ten seconds however slowly the name is found or the other side writes.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlsplit

import httpcore

from consult.delivery.tls import believed
from consult.delivery.webhooks.public_addresses import is_public

SECONDS_TO_ANSWER = 5.0
SECONDS_IN_ALL = 10.0
MOST_BYTES = 64 * 1024
_ADDRESSES_TRIED = 3
_LOOPBACK = frozenset({"127.0.0.1", "::1"})

Resolve = Callable[[str, int], Sequence[str]]
"""From a host and a port to the IP addresses of the host; raises OSError."""


class NoAnswer(Exception):
    """No answer came; the message says why, in words for staff."""


class Refused(Exception):
    """We do not talk to this address at all; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the beginning of the rest as text."""

    status: int
    text: str


def resolve(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host, as this machine knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class WebPost:
    """Posts to addresses.

    Attributes:
        resolve: finds the IP addresses of a host.
        network: makes the connections, to IP addresses alone.
        trusted: whose certificates count; None: those that this machine trusts.
        loopback: this very machine may be posted to, also without TLS; for development.
        seconds_in_all: after this, it is over.
    """

    resolve: Resolve = resolve
    network: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)
    trusted: ssl.SSLContext | None = None
    loopback: bool = False
    seconds_in_all: float = SECONDS_IN_ALL

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body to an address.

        Raises NoAnswer when none came, Refused when the address is none that we talk to.
        """
        address = address_of(url, loopback=self.loopback)
        network = _Guarded(self, deadline=time.monotonic() + self.seconds_in_all)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS_TO_ANSWER)
        trusted = self.trusted or believed()
        try:
            with (
                httpcore.ConnectionPool(ssl_context=trusted, network_backend=network) as pool,
                pool.stream(
                    "POST",
                    address,
                    headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                    content=body,
                    extensions={"timeout": limits},
                ) as answer,
            ):
                return Answer(answer.status, _beginning(answer.iter_stream()))
        except httpcore.TimeoutException as fault:
            raise NoAnswer("No answer came in time.") from fault
        except (httpcore.NetworkError, httpcore.ProtocolError) as fault:
            raise NoAnswer(_in_words(fault)) from fault


def address_of(url: str, *, loopback: bool = False) -> httpcore.URL:
    """An address that a webhook may have.

    Raises Refused when it is not https, names no host, or holds what does not belong there.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        named = host if ":" in host else host.encode("idna").decode()
    except ValueError as fault:
        raise Refused("This is not an address.") from fault
    on_this_machine = loopback and host in _LOOPBACK | {"localhost"}
    if parts.scheme != "https" and not (parts.scheme == "http" and on_this_machine):
        raise Refused("The address has to start with https://")
    if not named or parts.username is not None or parts.fragment or not url.isprintable():
        raise Refused("This is not an address that something can be posted to.")
    if any(letter.isspace() or not letter.isascii() for letter in parts.path + parts.query):
        raise Refused("Write signs other than plain letters as %XX, and no spaces.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=named, port=port, target=target)


class _Guarded(httpcore.NetworkBackend):
    """Connects to public addresses only, and to no name: each is resolved here, once."""

    def __init__(self, post: WebPost, deadline: float) -> None:
        self._post = post
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """See `httpcore.NetworkBackend`."""
        found = _looked_up(self._post.resolve, host, port, _left(self._deadline, timeout))
        for ip in found:
            if not is_public(ip) and not (self._post.loopback and ip in _LOOPBACK):
                raise Refused(
                    "The address leads into a private network. Webhooks go to public addresses."
                )
        for ip in found[:_ADDRESSES_TRIED]:
            try:
                stream = self._post.network.connect_tcp(ip, port, _left(self._deadline, timeout))
            except httpcore.ConnectError:
                continue
            return _Hurried(stream, self._deadline)
        raise httpcore.ConnectError("The host could not be reached.")


class _Hurried(httpcore.NetworkStream):
    """A connection that ends at a moment, however slowly the other side writes or reads."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout)
        inner = self._stream.start_tls(ssl_context, server_hostname, left)
        return _Hurried(inner, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _looked_up(resolve: Resolve, host: str, port: int, seconds: float) -> Sequence[str]:
    """The IP addresses of a host, if they are found in time.

    A system's look-up takes no limit. One that hangs is left behind in a thread that ends with it,
    or with the process; the worker goes on.
    """
    found = Future[Sequence[str]]()

    def look_up() -> None:
        try:
            found.set_result(resolve(host, port))
        except Exception as fault:
            found.set_exception(fault)

    Thread(target=look_up, name="look-up of a host", daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError as fault:
        raise httpcore.ConnectError("The name of the host was not found in time.") from fault
    except (OSError, UnicodeError) as fault:
        raise httpcore.ConnectError("The name of the host is not known.") from fault


def _left(deadline: float, timeout: float | None) -> float:
    """How long to wait at most, for a single step that would wait so long."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left if timeout is None else min(left, timeout)


def _beginning(pieces: Iterable[bytes]) -> str:
    """What an answer says, up to the most that is read."""
    read = bytearray()
    for piece in pieces:
        read += piece
        if len(read) >= MOST_BYTES:
            break
    return bytes(read[:MOST_BYTES]).decode(errors="replace")


def _in_words(fault: Exception) -> str:
    if isinstance(fault, httpcore.ProtocolError):
        return "The answer is not one that we understand."
    # httpcore wraps the error of the network in one of its own.
    match fault.args:
        case [ssl.SSLCertVerificationError() as error]:
            return f"The connection is not safe, so it was not used: {error.verify_message}"
        case [ssl.SSLError() as error]:
            return f"The connection is not safe, so it was not used: {error.reason}"
        case [str(words)]:
            return words
    return "The connection broke off."
