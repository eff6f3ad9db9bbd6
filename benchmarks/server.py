"""The real server under eight busy connections, beside a bare route on the same kind of server."""

import asyncio
import logging
import statistics
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from waitress import serve

from benchmarks.measure import Row
from benchmarks.pages import PAGE
from tests.support.apps import make_app
from tests.support.client import PageClient
from tests.support.fork_server import Forked
from tests.support.forks import command_process, forks
from tests.support.mail_server import free_port
from tests.support.owner_journey import Journey
from tests.support.patience import wait_until
from tests.support.personas import BATON_ON_THE_FLOOR

CONNECTIONS = 8
SECONDS = 4.0
WARM_UP_SECONDS = 0.5


@dataclass
class Answered:
    """What the connections of one run saw: how long each answer took, in seconds."""

    seconds: float
    times: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers a second over all connections."""
        return len(self.times) / self.seconds

    @property
    def p99(self) -> float:
        """The time in milliseconds that 99 of 100 answers do not exceed."""
        return statistics.quantiles(self.times, n=100)[98] * 1000


def rows() -> list[Row]:
    """Requests a second and the 99th percentile, of a question page's GET and POST."""
    with TemporaryDirectory() as folder:
        page, form = _a_question_page(Path(folder))
        port = free_port()
        with _started(forks().start(_bare, port), port):
            bare = _load(port, "/", None, 200)
        with running("web", {"VAR_DIR": folder}) as (port, _):
            get = _load(port, page, None, 200)
            post = _load(port, page, form, 303)
    floor = "bare route"
    both = (("GET", get), ("POST", post))
    return [
        Row(f"{CONNECTIONS} connections, {method}", found.per_second, "/s", floor, bare.per_second,
            more_is_better=True)
        for method, found in both
    ] + [
        Row(f"{CONNECTIONS} connections, {method}, p99", found.p99, "ms", floor, bare.p99)
        for method, found in both
    ]  # fmt: skip


def _a_question_page(var_dir: Path) -> tuple[str, bytes]:
    """The path of a question page in a database under `var_dir`, and a body to answer it with."""
    journey = Journey(PageClient(make_app(var_dir)), BATON_ON_THE_FLOOR.answers)
    journey.start()
    path = journey.to_page(PAGE).path
    return path, urllib.parse.urlencode(journey.fill().data, doseq=True).encode()


def _bare(port: int) -> None:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # of eight, four wait
    app = Flask("bare")
    app.add_url_rule("/", "hello", lambda: "Hello")
    serve(app, host="127.0.0.1", port=port, threads=4)


@contextmanager
def running(command: str, settings: dict[str, str]) -> Iterator[tuple[int, int]]:
    """A command that serves on a free port, until the block ends: the port, and its pid.

    `settings` are by name, without their prefix.
    """
    port = free_port()
    with TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with _started(command_process(f"{command} --port {port}", settings, log), port) as pid:
            yield port, pid


@contextmanager
def working(settings: dict[str, str]) -> Iterator[int]:
    """A worker, until the block ends: its pid."""
    with TemporaryDirectory() as folder:
        log = Path(folder, "log")
        process = command_process("worker", settings, log)
        try:
            wait_until(lambda: log.exists() and "started, for" in log.read_text())
            yield process.pid
        finally:
            process.kill()
            process.wait()


@contextmanager
def _started(server: Forked, port: int) -> Iterator[int]:
    try:
        wait_until(lambda: server.poll() is not None or _answers(port), "an answer")
        if server.poll() is not None:
            raise RuntimeError(f"no server came up on port {port}")
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
    except OSError:
        return False
    return True


def _load(port: int, path: str, body: bytes | None, status: int) -> Answered:
    request = _request(port, path, body)
    asyncio.run(_everybody(port, request, status, WARM_UP_SECONDS))
    return asyncio.run(_everybody(port, request, status, SECONDS))


def _request(port: int, path: str, body: bytes | None) -> bytes:
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    if body is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


async def _everybody(port: int, request: bytes, status: int, seconds: float) -> Answered:
    answered = Answered(seconds)
    end = time.monotonic() + seconds
    crowd = (_one(port, request, status, end, answered.times) for _ in range(CONNECTIONS))
    await asyncio.gather(*crowd)
    return answered


async def _one(port: int, request: bytes, status: int, end: float, times: list[float]) -> None:
    """One connection that asks, reads the whole answer and asks again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wanted = f"HTTP/1.1 {status} ".encode()
    try:
        while time.monotonic() < end:
            start = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            times.append(time.monotonic() - start)
            if not head.startswith(wanted):
                raise RuntimeError(f"expected {status}, not {head.splitlines()[0].decode()}")
    finally:
        writer.close()


def _length(head: bytes) -> int:
    for line in head.lower().splitlines():
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise RuntimeError("an answer without a length")
