"""500 people in the questionnaire for a minute, with 500 slow clients beside them, on each engine.

App, worker, database and the people share the cores of this machine. A person reads a page for
twenty seconds on average, answers it, and goes on, from somewhere in the quick check to the result,
and then starts another: a check takes five minutes. Half of the slow clients send a request letter
by letter, the others read an answer a few bytes at a time.
"""

import asyncio
import os
import resource
import statistics
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.measure import Row
from benchmarks.server import running, working
from consult.questionnaire.editions import newest
from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import Changes
from tests.support.apps import SECRET_KEY, make_app, services_of
from tests.support.client import PageClient
from tests.support.forks import HASTY
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR
from tests.support.postgres import shared_server

PEOPLE = 500
SLOW = 500
SETTLE_SECONDS = 15.0
"""Before the minute that is measured: caches fill, and everyone has arrived."""

SECONDS = 60.0
READS_FOR = (10.0, 30.0)
PATIENCE = 30.0
"""Seconds after which a person gives up on an answer: an error."""

AIM_MS = 500
AIM_MEMORY = 1.1
AIM_FINISHED = 1.25

UNLIMITED = dict.fromkeys(("LIMIT_STARTS", "LIMIT_CONTACTS"), "1000000 per minute")


@dataclass(frozen=True)
class Step:
    """A page of the questionnaire: its name, and the body that answers it."""

    page: str
    body: bytes


@dataclass
class Seen:
    """What the people saw in the time that counts: seconds per answer, results and errors."""

    since: float
    times: list[float] = field(default_factory=list)
    finished: int = 0
    errors: list[str] = field(default_factory=list)


def rows() -> list[Row]:
    """The slowest of 100 answers, errors, memory, and how many people a minute are done."""
    _allow_files(2 * (PEOPLE + SLOW))
    found: list[Row] = []
    with TemporaryDirectory() as folder, shared_server(Path(folder)) as server:
        steps, given = _recorded(Path(folder))
        for engine in ("SQLite", "PostgreSQL"):
            var_dir = Path(folder, engine)
            settings = {"VAR_DIR": str(var_dir), "SECRET_KEY": SECRET_KEY}
            if engine == "PostgreSQL":
                settings["DATABASE_URL"] = server.create_database()
            links = _prepared(var_dir, settings.get("DATABASE_URL"), steps, given)
            settings |= {**UNLIMITED, **HASTY}
            with running("web", settings) as (port, app), working(settings) as worker:
                found += _measured(engine, port, (app, worker), steps, links)
    return found


def _measured(
    engine: str, port: int, pids: tuple[int, int], steps: list[Step], links: list[tuple[str, int]]
) -> list[Row]:
    seen, memory, cores = asyncio.run(_everybody(port, pids, steps, links))
    for error in sorted(set(seen.errors))[:5]:
        print(f"{engine}: {error}")
    pages = len(steps) + 2  # the review and the result
    could = PEOPLE * 60 / (pages * statistics.mean(READS_FOR))
    slowest = [quantile * 1_000 for quantile in statistics.quantiles(seen.times, n=100)]
    good = 100 * len(seen.times) / (len(seen.times) + len(seen.errors))
    made = seen.finished * 60 / SECONDS
    return [
        Row(f"{engine}: {PEOPLE} people, p50", slowest[49], "ms", "the aim", AIM_MS),
        Row(f"{engine}: {PEOPLE} people, p99", slowest[98], "ms", "the aim", AIM_MS, aim=1.0),
        Row(f"{engine}: no error", good, "%", "all answers", 100, aim=1.0, more_is_better=True),
        Row(f"{engine}: memory", memory[1], "MB", "a minute before", memory[0], AIM_MEMORY),
        Row(f"{engine}: people a minute", made, "", "as they read", could, AIM_FINISHED,
            more_is_better=True),
        Row(f"{engine}: app and worker", cores[1], "cores", "there are", os.cpu_count() or 1),
        Row(f"{engine}: an answer", 1e3 * cores[0] * SECONDS / len(seen.times), "ms",
            "of a core", 1e3 * (os.cpu_count() or 1) * SECONDS / len(seen.times)),
    ]  # fmt: skip


def _recorded(var_dir: Path) -> tuple[list[Step], list[Changes]]:
    """The steps of the quick check, and what is stored before each, as one person takes them."""
    app = make_app(var_dir)
    with closing(services_of(app).database) as database:
        journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
        journey.start()
        steps: list[Step] = []
        given: list[Changes] = []
        while not journey.page.path.endswith("/review"):
            draft = drafts.fetch(database, journey.token)
            known = draft.answers if draft else {}
            given.append({id: (known[id], draft.given_as[id]) for id in known} if draft else {})
            body = urllib.parse.urlencode(journey.fill().data, doseq=True).encode()
            steps.append(Step(journey.page.path.rsplit("/", 1)[1], body))
            journey.answer()
    return steps, given


def _prepared(
    var_dir: Path, url: str | None, steps: list[Step], given: list[Changes]
) -> list[tuple[str, int]]:
    """A database with a draft for each person: its link, and the step that they are at."""
    links = []
    var_dir.mkdir()
    with closing(Database(url or f"sqlite:///{var_dir}/consult.db")) as database:
        migrate.upgrade(database)
        with database.writing() as session:
            for number in range(PEOPLE):
                at = (-1 - number) % len(steps)  # few are about to finish
                token = drafts.start(session, newest().name, "quick", {})
                drafts.save(session, token, given[at])
                links.append((token, at))
    return links


async def _everybody(
    port: int, pids: tuple[int, int], steps: list[Step], links: list[tuple[str, int]]
) -> tuple[Seen, tuple[float, float], list[float]]:
    """Send them all; returns what they saw, the app's memory, and on how many cores it computed.

    `pids` are those of the app and of the worker; both compute the second number of cores.
    """
    start = time.monotonic()
    seen, end = Seen(since=start + SETTLE_SECONDS), start + SETTLE_SECONDS + SECONDS
    crowd = [
        asyncio.create_task(_person(port, steps, link, Random(number), end, seen))  # noqa: S311 - no secret
        for number, link in enumerate(links)
    ]
    slow = [
        asyncio.create_task((_sends_slowly, _reads_slowly)[number % 2](port))
        for number in range(SLOW)
    ]
    await asyncio.sleep(SETTLE_SECONDS)
    memory, computed = _megabytes(pids[0]), _computed(pids)
    await asyncio.sleep(SECONDS)
    cores = [(now - then) / SECONDS for now, then in zip(_computed(pids), computed, strict=True)]
    memory_now = _megabytes(pids[0])
    for one in slow:
        one.cancel()
    await asyncio.gather(*crowd)
    await asyncio.gather(*slow, return_exceptions=True)
    return seen, (memory, memory_now), cores


async def _person(
    port: int, steps: list[Step], link: tuple[str, int], random: Random, end: float, seen: Seen
) -> None:
    """Read and answer pages until `end`; a finished response is followed by another."""
    browser = Browser(port, seen)
    (token, at), path = link, ""
    await asyncio.sleep(random.uniform(0, min(READS_FOR[1], SETTLE_SECONDS)))
    while time.monotonic() < end:
        try:
            if not token:
                started = await browser.ask("POST", "/start", 303, b"depth=quick")
                token, at = started.split("/")[2], 0
            if at < len(steps):
                path = f"/check/{token}/{steps[at].page}"
                await browser.ask("GET", path, 200)
                await asyncio.sleep(random.uniform(*READS_FOR))
                await browser.ask("POST", path, 303, steps[at].body)
            else:
                review = f"/check/{token}/review"
                await browser.ask("GET", review, 200)
                await asyncio.sleep(random.uniform(*READS_FOR))
                await browser.ask("GET", await browser.ask("POST", review, 303), 200)
                seen.finished += time.monotonic() >= seen.since
                token = ""
                await asyncio.sleep(random.uniform(*READS_FOR))
            at += 1
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
            browser.close()
            await asyncio.sleep(1)
    browser.close()


class Browser:
    """One connection, which is kept open between two requests."""

    def __init__(self, port: int, seen: Seen) -> None:
        self._port = port
        self._seen = seen
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, status: int, body: bytes | None = None) -> str:
        """Send a request, and read all of the answer; returns the path that it redirects to.

        Raises ValueError for another status, and TimeoutError after `PATIENCE`.
        """
        start = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            if self._line is None:
                self._line = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._line
            writer.write(self._request(method, path, body))
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            await reader.readexactly(int(headers["content-length"]))
        if start >= self._seen.since:
            self._seen.times.append(time.monotonic() - start)
        if int(first.split()[1]) != status:
            raise ValueError(f"{method} of a page answers {first}")
        return next((line[10:] for line in lines if line.lower().startswith("location: ")), "")

    def _request(self, method: str, path: str, body: bytes | None) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        lines += ["Accept-Encoding: gzip", "User-Agent: Mozilla/5.0 Firefox/140.0"]
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded"]
            lines += [f"Content-Length: {len(body or b'')}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")

    def close(self) -> None:
        if self._line:
            self._line[1].close()
            self._line = None


async def _sends_slowly(port: int) -> None:
    """Send a form a letter a second."""
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            with closing(writer):
                for (
                    letter
                ) in b"POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n":
                    writer.write(bytes([letter]))
                    await asyncio.sleep(1)


async def _reads_slowly(port: int) -> None:
    """Read a file a hundred bytes a second."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
            with closing(writer):
                writer.write(b"GET /static/css/site.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
                while await reader.read(100):
                    await asyncio.sleep(1)


def _megabytes(pid: int) -> float:
    """How much memory a process uses; 1 where the system does not say."""
    return _status(pid).get("VmRSS", 1_000) / 1_000


def _computed(pids: tuple[int, ...]) -> tuple[float, float]:
    """Seconds of processor time of the first, and of all with all that they started."""
    with suppress(OSError):
        family = chain.from_iterable(map(_family, pids))
        ticks = [_ticks(one) / os.sysconf("SC_CLK_TCK") for one in family]
        return ticks[0], sum(ticks)
    return 0.0, 0.0


def _family(pid: int) -> Iterator[int]:
    yield pid
    for started in Path(f"/proc/{pid}/task").glob("*/children"):  # of each thread
        for child in started.read_text("ascii").split():
            yield from _family(int(child))


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _status(pid: int) -> Mapping[str, int]:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        parts = (line.split() for line in lines if line.endswith(" kB"))
        return {name.rstrip(":"): int(number) for name, number, _ in parts}
    return {}


def _allow_files(count: int) -> None:
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))
