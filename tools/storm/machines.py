"""The machines: web and worker processes and a database server, started again when they end."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from tests.support.fork_server import ForkServer
from tests.support.forks import HASTY
from tests.support.mail_server import free_port
from tests.support.postgres import programs, run_program, server_user
from tools.storm import machine_process

RESTART_SECONDS = 0.5
_POSTGRES_OPTIONS = (
    # A killed server loses nothing that it wrote to the system; only a power failure would.
    *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=on"),
    *("-c", "shared_buffers=32MB", "-c", "max_connections=100", "-c", "listen_addresses="),
    *("-c", "max_wal_size=64MB", "-c", "min_wal_size=32MB"),
)


class Running(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int: ...
    def kill(self) -> None: ...
    def poll(self) -> int | None: ...
    def wait(self) -> int: ...


@dataclass
class Process:
    """A process that is kept running, as systemd or Docker would; its output goes to `log`.

    `ended` has the exit codes of those that ended without being killed by us.
    """

    name: str
    start: Callable[[], Running]
    log: Path
    ended: list[int] = field(default_factory=list)
    kills: int = 0
    _running: Running | None = None
    _restart_at: float = 0

    def kill(self) -> None:
        if self._running and self._running.poll() is None:
            self.kills += 1
            self._running.kill()

    def keep_running(self) -> None:
        """Start it again when it has ended, after a pause."""
        if self._running is None:
            if time.monotonic() >= self._restart_at:
                self._running = self.start()
        elif (code := self._running.poll()) is not None:
            if code != -signal.SIGKILL:
                self.ended.append(code)
            self._running = None
            self._restart_at = time.monotonic() + RESTART_SECONDS

    def end(self) -> None:
        if self._running:
            self._running.kill()
            self._running.wait()

    @property
    def pids(self) -> list[int]:
        """Its own id and those of its children."""
        return [self._running.pid, *self.children] if self._running else []

    @property
    def children(self) -> list[int]:
        """The processes that it started and that still run."""
        found: list[int] = []
        if self._running:
            with suppress(OSError):
                for tasks in Path(f"/proc/{self._running.pid}/task").glob("*/children"):
                    found += map(int, tasks.read_text().split())
        return found


@dataclass
class Machine:
    """A machine with a folder and a clock of its own, which is `fast` by so many seconds."""

    name: str
    port: int
    web: Process
    worker: Process
    fast: float


def make_machine(
    forks: ForkServer,
    folder: Path,
    name: str,
    settings: Mapping[str, str],
    fast: float,
    *,
    whole: bool,
) -> Machine:
    """A machine that isn't running yet; `settings` are by name, without their prefix.

    Its PDFs have the `whole` document, or only what it begins with.
    """
    port = free_port()
    machine = folder / name
    machine.mkdir()
    given = {"VAR_DIR": str(machine / "var"), **HASTY, **settings}

    def process(command: str, *options: str) -> Process:
        log = machine / f"{command}.log"
        run = machine_process.run
        start = partial(forks.start, run, [command, *options], given, log, fast, whole)
        return Process(f"{command} {name}", start, log)

    return Machine(name, port, process("web", "--port", str(port)), process("worker"), fast)


def make_postgres(folder: Path) -> tuple[Process, str]:
    """A PostgreSQL server in a folder, not running yet, and the URL of its database."""
    user = server_user()
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    run_program("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C", "--no-sync")  # fmt: skip
    socket = f"unix_socket_directories={folder}"
    command = (str(programs() / "postgres"), "-D", str(data), *_POSTGRES_OPTIONS, "-c", socket)
    url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
    log = folder.parent / "postgres.log"

    def start() -> Running:
        with log.open("ab") as output:
            return subprocess.Popen(command, user=user, cwd="/", stdout=output, stderr=output)

    return Process("database", start, log), url


@contextmanager
def kept_running(processes: Sequence[Process]) -> Iterator[None]:
    """Start processes, and keep them running while the block runs."""
    stop = threading.Event()

    def supervise() -> None:
        while not stop.wait(0.05):
            for process in processes:
                process.keep_running()

    supervisor = threading.Thread(target=supervise, daemon=True)
    supervisor.start()
    try:
        yield
    finally:
        stop.set()
        supervisor.join()
        for process in processes:
            process.end()


def send_signal(pids: Sequence[int], number: signal.Signals) -> None:
    """Signal those processes that still run."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
