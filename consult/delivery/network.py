"""Connections to other machines, each with a deadline for all that is said over it.

A limit for each read is none: a server that sends a byte now and then would hold us forever.

Webhooks are posted to a URL that staff typed, and calendars read from one, which must not become a
way into the network that we run in. So the name is resolved once, every address must be public, the
connection goes to the address that was checked (with the name in TLS and Host), no proxy of the
environment is used, nothing is decompressed, and no more of the response is read than counts. A
post follows no redirect; where a redirect leads to is checked like the first URL.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpcore

from consult.settings.setting_types import THIS_MACHINE, ascii_host

TIMEOUT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
MAX_RESPONSE_BYTES = 64 * 1024
MAX_ADDRESSES_TRIED = 3
_MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")

T = TypeVar("T")

Resolve = Callable[[str, int], Sequence[str]]
"""From a host and a port to the IP addresses of the host; raises OSError."""


class NoResponseError(Exception):
    """No response came; the message says why, for staff."""


class TooLargeError(NoResponseError):
    """The response is longer than what is read of it."""


class ForbiddenUrlError(Exception):
    """We never connect to this URL; the message says why, for staff."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the status, and the beginning of the body as text."""

    status: int
    text: str


def resolve(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host, as this machine knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def within(seconds: float, call: Callable[[], T]) -> T:
    """What a call returns or raises; TimeoutError if that takes longer.

    For what takes no limit, such as the system's look-up of a name. A call that hangs is left in a
    thread that ends with it, or with the process.
    """
    result = Future[T]()
    Thread(target=_call, args=[result, call], name="call with a limit", daemon=True).start()
    try:
        return result.result(seconds)
    finally:
        del result  # an error knows this frame: it would keep itself, and connections, alive


def _call(result: Future[T], call: Callable[[], T]) -> None:
    try:
        result.set_result(call())
    except Exception as error:
        result.set_exception(error)
    finally:
        del result  # as above


@dataclass(frozen=True)
class HttpClient:
    """Posts to URLs, and reads what is there.

    Its `network` connects to IP addresses alone, which `resolve` finds. Without `tls`, what this
    machine trusts is trusted. With `allow_loopback`, for development, this machine may be posted
    to, also without TLS. `total_seconds` is the limit for all of it.
    """

    resolve: Resolve = resolve
    network: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)
    tls: ssl.SSLContext | None = None
    allow_loopback: bool = False
    total_seconds: float = TOTAL_SECONDS

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """Post a body to a URL.

        Raises NoResponseError when none came, ForbiddenUrlError for a URL that is not allowed.
        """
        deadline = time.monotonic() + self.total_seconds
        with self._exchange("POST", url, headers, body, deadline, TIMEOUT_SECONDS) as response:
            text = _beginning(response.iter_stream(), MAX_RESPONSE_BYTES)
            return Response(response.status, text.decode(errors="replace"))

    def get(self, url: str, most_bytes: int) -> tuple[int, bytes]:
        """The status and the content of a URL, or of the one that it redirects to.

        Raises likewise, and TooLargeError. The first byte may take as long as all of it.
        """
        deadline = time.monotonic() + self.total_seconds
        headers = {"Accept-Encoding": "identity", "User-Agent": "Relay Check"}
        for _ in range(1 + _MAX_REDIRECTS):
            with self._exchange("GET", url, headers, b"", deadline, self.total_seconds) as response:
                to = {name.lower(): value for name, value in response.headers}.get(b"location")
                if response.status not in _REDIRECTS or to is None:
                    content = _beginning(response.iter_stream(), most_bytes + 1)
                    if len(content) > most_bytes:
                        raise TooLargeError("The response is too large.")
                    return response.status, content
            url = urljoin(url, to.decode("ascii", "replace"))
        raise NoResponseError("It redirects too often.")

    @contextmanager
    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        deadline: float,
        step_seconds: float,
    ) -> Iterator[httpcore.Response]:
        target = checked_url(url, allow_loopback=self.allow_loopback)
        network = _CheckedNetwork(self, deadline)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), step_seconds)
        tls = self.tls or default_ssl_context()
        try:
            with (
                httpcore.ConnectionPool(ssl_context=tls, network_backend=network) as pool,
                pool.stream(
                    method,
                    target,
                    headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                    content=body,
                    extensions={"timeout": limits},
                ) as response,
            ):
                yield response
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise NoResponseError("No response in time.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise NoResponseError(_describe(error)) from error


@cache
def default_ssl_context() -> ssl.SSLContext:
    """Trusts this machine's certificates, or those in `SSL_CERT_FILE` and `SSL_CERT_DIR`.

    Read once: reading them takes longer than most responses. Not for mail: HTTP clients write into
    it which protocol they speak.
    """
    return ssl.create_default_context()


def checked_url(url: str, *, allow_loopback: bool = False) -> httpcore.URL:
    """A URL that we may connect to.

    Raises ForbiddenUrlError when it is not https, names no host, or has a user or fragment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        named = host if ":" in host else ascii_host(host)
        if re.search(r"[^\w.:-]", named):
            raise ValueError("not a host")
    except ValueError as error:
        raise ForbiddenUrlError("This isn’t a valid URL.") from error
    on_this_machine = allow_loopback and host in THIS_MACHINE
    if parts.scheme != "https" and not (parts.scheme == "http" and on_this_machine):
        raise ForbiddenUrlError("The URL must start with https://")
    if not named or parts.username is not None or parts.fragment or not url.isprintable():
        raise ForbiddenUrlError("A URL like this can’t be used.")
    if any(letter.isspace() or not letter.isascii() for letter in parts.path + parts.query):
        raise ForbiddenUrlError("Write special characters as %XX, and no spaces.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=named, port=port, target=target)


class _CheckedNetwork(httpcore.NetworkBackend):
    """Connects to public addresses only; each name is resolved here, once."""

    def __init__(self, client: HttpClient, deadline: float) -> None:
        self._client = client
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = look_up(self._client.resolve, host, port, time_left(self._deadline, timeout))
        except TimeoutError as error:
            raise httpcore.ConnectError("The host’s name wasn’t found in time.") from error
        except OSError as error:
            raise httpcore.ConnectError("The host’s name is unknown.") from error
        for ip in found:
            if not is_public(ip) and not (self._client.allow_loopback and ip in THIS_MACHINE):
                raise ForbiddenUrlError(
                    "The URL leads to a private network. Only public addresses are allowed."
                )
        for ip in found[:MAX_ADDRESSES_TRIED]:
            try:
                stream = self._client.network.connect_tcp(
                    ip, port, time_left(self._deadline, timeout)
                )
            except httpcore.ConnectError:
                continue
            return _DeadlineStream(stream, self._deadline)
        raise httpcore.ConnectError("The host couldn’t be reached.")


class _DeadlineStream(httpcore.NetworkStream):
    """A connection with a deadline, however slowly the other side writes or reads."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, time_left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, time_left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = time_left(self._deadline, timeout)
        inner = self._stream.start_tls(ssl_context, server_hostname, left)
        return _DeadlineStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def look_up(resolve: Resolve, host: str, port: int, seconds: float) -> Sequence[str]:
    """The IP addresses of a host; raises OSError, TimeoutError if they are not found in time."""
    try:
        return within(seconds, partial(resolve, host, port))
    except UnicodeError as error:
        raise OSError("the name is not valid") from error


def time_left(deadline: float, timeout: float | None) -> float:
    """How long to wait at most, for a single step that would wait so long."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left if timeout is None else min(left, timeout)


def _beginning(chunks: Iterable[bytes], most_bytes: int) -> bytes:
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) >= most_bytes:
            break
    return bytes(read[:most_bytes])


def _describe(error: Exception) -> str:
    if isinstance(error, httpcore.ProtocolError):
        return "The response wasn’t valid HTTP."
    # httpcore wraps the error of the network in one of its own.
    match error.args:
        case [ssl.SSLCertVerificationError() as cause]:
            return f"The connection wasn’t secure, so we didn’t use it: {cause.verify_message}"
        case [ssl.SSLError() as cause]:
            return f"The connection wasn’t secure, so we didn’t use it: {cause.reason}"
        case [str(message)]:
            return message
    return "The connection was lost."


def is_public(text: str) -> bool:
    """Whether an IP address is one that can be reached from anywhere on the internet.

    An IPv6 address that only carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is as public as
    that one. What is no address at all, or one with a zone, is not public.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    embedded = _embedded(address)
    if embedded:
        return all(map(_is_public_v4, embedded))
    plain = address in _UNICAST and address.is_global and not address.is_multicast
    return plain and address.scope_id is None


def _is_public_v4(address: IPv4Address) -> bool:
    # The standard library counts multicast among the global addresses.
    return address.is_global and not address.is_multicast


def _embedded(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that traffic to this address would end at."""
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    return ()
