"""What fails in the storm: each fault lasts a while, and is undone."""

import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from random import Random

import psycopg
from sqlalchemy import make_url

from tests.support.mail_server import MailServer
from tests.support.webhook_receiver import Receiver
from tools.storm.flaky_proxy import FlakyProxy, State
from tools.storm.full_disk import SmallDisk
from tools.storm.machines import Machine, Process, send_signal

Fault = Callable[[], AbstractContextManager[object]]

_LONGEST_SECONDS = 20
_LOCKED_TABLES = "drafts, submissions, jobs, staff_sessions"


class Faults:
    """Makes parts fail by a plan that follows from the seed, for so many seconds in all.

    Processes are killed in one thread, and everything else fails in another, so that two faults
    come together. Each fault comes once before any comes twice.
    """

    def __init__(
        self,
        seconds: float,
        seed: int,
        machines: list[Machine],
        database: Process | None,
        url: str,
        disk: SmallDisk,
        mail: tuple[MailServer, FlakyProxy],
        webhooks: tuple[Receiver, FlakyProxy],
    ) -> None:
        self._seconds = seconds
        self._seed = seed
        self._machines = machines
        self._database = database
        self._url = url
        self._disk = disk
        self._mail, self._mail_proxy = mail
        self._webhooks, self._webhook_proxy = webhooks
        self._random = Random(f"which machine {seed}")
        self._began = time.monotonic()
        self.happened: list[str] = []

    def run(self) -> None:
        """Let everything fail until the time is up; then all is well again."""
        self._began = time.monotonic()
        threads = [
            threading.Thread(
                target=self._run, args=(faults, Random(f"{name} {self._seed}")), daemon=True
            )
            for name, faults in (("kills", self._kills()), ("outages", self._outages()))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _run(self, faults: Mapping[str, Fault], random: Random) -> None:
        rounds = max(1, round(self._seconds / (len(faults) * 10)))
        share = self._seconds / (rounds * len(faults))
        for _ in range(rounds):
            for fault in random.sample(list(faults), len(faults)):
                lasts = min(_LONGEST_SECONDS, share * random.uniform(0.3, 0.9))
                time.sleep(share - lasts)
                print(f"{time.monotonic() - self._began:6.1f} s  {fault} for {lasts:.1f} s")
                self.happened.append(fault)
                with faults[fault]():
                    time.sleep(lasts)

    def _kills(self) -> dict[str, Fault]:
        faults: dict[str, Fault] = {
            "web is killed": lambda: self._killed("web"),
            "worker is killed": lambda: self._killed("worker"),
            "renderer is killed": self._renderer_killed,
        }
        if self._database:
            faults["database is killed"] = self._database_killed
        return faults

    def _outages(self) -> dict[str, Fault]:
        faults: dict[str, Fault] = {
            "database is locked": self._locked,
            "mail server asks to try later": self._mail_deferred,
            "webhook receiver answers 503": self._webhooks_refused,
        }
        states: tuple[State, ...] = ("hang", "drip", "refuse", "cut")
        for state in states:
            faults[f"mail server: {state}"] = _with_state(self._mail_proxy, state)
        for state in states[:3]:
            faults[f"webhook receiver: {state}"] = _with_state(self._webhook_proxy, state)
        if self._disk.is_mounted:
            faults["disk is full"] = self._disk_full
        if self._database:
            faults["database is frozen"] = self._frozen
        return faults

    @contextmanager
    def _killed(self, kind: str) -> Iterator[None]:
        machine = self._random.choice(self._machines)
        (machine.web if kind == "web" else machine.worker).kill()
        yield

    @contextmanager
    def _renderer_killed(self) -> Iterator[None]:
        """Kill that of the first worker that has one."""
        workers = [one.worker for one in self._random.sample(self._machines, len(self._machines))]
        give_up = time.monotonic() + 2
        while not (found := [one for one in workers if one.children]):
            if time.monotonic() > give_up:
                break
            time.sleep(0.05)
        for worker in found[:1]:
            send_signal(worker.children, signal.SIGKILL)
        yield

    @contextmanager
    def _database_killed(self) -> Iterator[None]:
        if self._database:
            self._database.kill()
        yield

    @contextmanager
    def _frozen(self) -> Iterator[None]:
        # The same ones again: what is killed in the meantime leaves its children frozen.
        pids = self._database.pids if self._database else []
        send_signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            send_signal(pids, signal.SIGCONT)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            connection = _locking_connection(self._url)
        except (psycopg.OperationalError, sqlite3.OperationalError):
            yield  # it is away itself
            return
        with closing(connection):
            yield

    @contextmanager
    def _disk_full(self) -> Iterator[None]:
        try:
            self._disk.fill()
            yield
        finally:
            self._disk.free()

    @contextmanager
    def _mail_deferred(self) -> Iterator[None]:
        self._mail.on_data = "451 4.3.0 Try again later"
        try:
            yield
        finally:
            self._mail.on_data = "250 OK"

    @contextmanager
    def _webhooks_refused(self) -> Iterator[None]:
        self._webhooks.status = 503
        try:
            yield
        finally:
            self._webhooks.status = 200


def _with_state(proxy: FlakyProxy, state: State) -> Fault:
    @contextmanager
    def fault() -> Iterator[None]:
        proxy.state = state
        try:
            yield
        finally:
            proxy.state = "open"

    return fault


def _locking_connection(url: str) -> sqlite3.Connection | psycopg.Connection:
    """A connection that keeps all others from writing, until it is closed."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        sqlite = sqlite3.connect(str(parsed.database), isolation_level=None, timeout=30)
        sqlite.execute("BEGIN IMMEDIATE")
        return sqlite
    postgres = psycopg.connect(url.replace("+psycopg", ""), connect_timeout=10)
    postgres.execute(f"LOCK TABLE {_LOCKED_TABLES} IN ACCESS EXCLUSIVE MODE".encode())
    return postgres
