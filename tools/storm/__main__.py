"""`./run storm`: let everything fail while people use the site, and count what is lost.

Web and worker processes, a renderer and the database are killed; the disk fills; the database is
locked or frozen; mail server and webhook receiver hang, drip, refuse and break off. Owners answer,
submit and leave contacts, and staff take leads and write notes. Whoever meets an error tries again.
On PostgreSQL there are two machines: two web servers, one of them chosen for each request, and two
workers, each with a folder of its own; one clock is slow and the other fast.

At the end everything works again, waiting jobs become due, and what people were told is saved is
compared with the database, and every email that was requested with those that arrived.
"""

import secrets
import shutil
import signal
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.exc import OperationalError

from consult.staff.accounts.passwords import hash_password
from consult.storage.accounts import accounts
from consult.storage.db import migrate
from consult.storage.db.database import Database
from tests.support.fork_server import ForkServer
from tests.support.mail_server import mail_server
from tests.support.patience import wait_until
from tests.support.webhook_receiver import receiver
from tools.storm.audit import Audit, audit, make_due, open_jobs
from tools.storm.faults import Faults
from tools.storm.flaky_proxy import flaky_proxy
from tools.storm.full_disk import SmallDisk
from tools.storm.machines import Process, kept_running, make_machine, make_postgres
from tools.storm.people import (
    BASE_URL,
    PASSWORD,
    PATIENCE_SECONDS,
    Ledger,
    People,
    wait_until_ready,
)

STAFF = ("ada@agency.example", "grace@agency.example")
CLOCKS = {"sqlite": {"one": 0.0}, "postgresql": {"one": -45.0, "two": 90.0}}
"""The machines by engine, and how many seconds the clock of each is fast."""
DISK_MEGABYTES = {"sqlite": 64, "postgresql": 400}
R = TypeVar("R")
POLL_SECONDS = 0.3
"""Between two looks at what is left to do."""
SHORT_SECONDS = 60
"""A storm shorter than this is a test, perhaps beside many others."""


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long things fail.")
@click.option("--engine", default="sqlite", show_default=True, type=click.Choice([*CLOCKS]))
@click.option("--seed", type=int, help="Repeat the plan of faults of another storm.")
@click.option("--owners", default=2, show_default=True, help="How many answer at the same time.")
@click.option("--keep", is_flag=True, help="Keep the folder with data and logs.")
def main(minutes: float, engine: str, seed: int | None, owners: int, keep: bool) -> None:
    """Let everything fail while people use the site, and count what is lost; 0 if nothing is."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and nothing that was started stays
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    folder.chmod(0o755)  # PostgreSQL's own user reaches its part of it
    print(f"{minutes:g} minutes on {engine}, --seed {seed}, in {folder}", flush=True)
    disk = SmallDisk(folder / "disk", DISK_MEGABYTES[engine])
    if not disk.is_mounted:
        print("This system allows no small disk, so none is filled.")
    forks = ForkServer()
    try:
        found = storm(forks, folder, engine, minutes * 60, seed, owners, disk)
    finally:
        forks.close()
        if not keep:
            disk.unmount()
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(found.lines))
    print(*(f"WRONG {fault}" for fault in found.faults), sep="\n")
    print(f"{len(found.faults)} lost or wrong.", flush=True)
    sys.exit(bool(found.faults))


def storm(
    forks: ForkServer,
    folder: Path,
    engine: str,
    seconds: float,
    seed: int,
    owners: int,
    disk: SmallDisk,
) -> Audit:
    """Run everything on one engine, let it fail for so many seconds, and count.

    It begins as soon as everybody has done something that may be lost.
    """
    ledger = Ledger()
    with ExitStack() as stack:
        mail = stack.enter_context(mail_server())
        mail_proxy = stack.enter_context(flaky_proxy(mail.port))
        webhooks = stack.enter_context(receiver(folder, tls=False))
        webhook_proxy = stack.enter_context(flaky_proxy(webhooks.internet.port))
        if engine == "postgresql":
            server, url = make_postgres(folder / "disk")
            stack.enter_context(kept_running([server]))
        else:
            server, url = None, f"sqlite:///{folder}/disk/consult.db"
        database = stack.enter_context(closing(_new_database(url)))
        settings = {
            "DATABASE_URL": url,
            "SECRET_KEY": secrets.token_hex(32),
            "BASE_URL": BASE_URL,
            "PROXY_HOPS": "1",
            "SMTP_URL": f"smtp://127.0.0.1:{mail_proxy.port}",
            "MAIL_FROM": "relay@agency.example",
            "WEBHOOK_URL": f"http://127.0.0.1:{webhook_proxy.port}/",
            "WEBHOOK_SECRET": "whsec_" + b64encode(secrets.token_bytes(32)).decode(),
            "WEBHOOK_LOOPBACK": "true",
            "LIMIT_MAILS": "100000 per hour",
            "LIMIT_SIGN_IN_ACCOUNT": "1000 per minute",
            "STAFF_IDLE_MINUTES": "600",
        }
        is_short = seconds < SHORT_SECONDS
        if is_short:
            settings |= {"PDF_TIMEOUT_SECONDS": "60", "JOB_LEASE_SECONDS": "61"}
        machines = [
            make_machine(forks, folder, name, settings, fast, whole=not is_short)
            for name, fast in CLOCKS[engine].items()
        ]
        processes = [process for one in machines for process in (one.web, one.worker)]
        stack.enter_context(kept_running(processes))
        wait_until_ready([one.port for one in machines])
        people = People([one.port for one in machines], ledger, seed)
        people.begin(owners, STAFF)
        wait_until(lambda: ledger.problems or ledger.has_all, "what may be lost")
        faults = Faults(
            seconds,
            seed,
            machines,
            server,
            url,
            disk,
            (mail, mail_proxy),
            (webhooks, webhook_proxy),
        )
        faults.run()
        print("Everything works again.", flush=True)
        _finish(people, database, ledger)
        found = audit(database, ledger, mail, webhooks)
        found.lines += _what_was_met(ledger, [*processes, *([server] if server else [])], faults)
    found.faults += ledger.problems
    return found


def _new_database(url: str) -> Database:
    """A database with all tables and two accounts; waits until its server runs."""
    database = Database(url)
    _once_it_runs(lambda: migrate.upgrade(database))
    with database.writing() as session:
        for email in STAFF:
            token = accounts.invite(session, email, "admin", timedelta(days=1))
            accounts.accept_invitation(
                session, token, email=email, name=email, password_hash=hash_password(PASSWORD)
            )
    return database


def _once_it_runs(act: Callable[[], R]) -> R:
    """Do something with a database that may be starting."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(POLL_SECONDS)


def _finish(people: People, database: Database, ledger: Ledger) -> None:
    """Wait for people and jobs; no job waits for its next attempt or for a dead worker's lease."""
    people.finish()
    _once_it_runs(lambda: make_due(database, "ready", "leased"))
    give_up = time.monotonic() + PATIENCE_SECONDS + 20 * len(ledger.results)
    while left := [*people.busy, *_once_it_runs(lambda: open_jobs(database))]:
        if time.monotonic() > give_up:
            ledger.problems.append(f"not done in time: {', '.join(left)}")
            return
        _once_it_runs(lambda: make_due(database, "ready"))
        time.sleep(POLL_SECONDS)


def _what_was_met(ledger: Ledger, processes: list[Process], faults: Faults) -> Iterator[str]:
    """What people met: errors, waits, and processes that ended."""
    yield f"{len(faults.happened)} faults of {len(set(faults.happened))} kinds"
    yield "answers and broken connections: " + ", ".join(
        f"{status} × {number:,}" for status, number in sorted(ledger.statuses.items())
    )
    for what, waits in (
        ("requests were repeated until they worked", sorted(ledger.waits)),
        ("owners waited for their PDF", sorted(ledger.pdf_waits)),
    ):
        if waits:
            middle, longest = waits[len(waits) // 2], waits[-1]
            yield f"{len(waits):,} {what}: median {middle:.1f} s, at most {longest:.1f} s"
    for process in processes:
        ends = f", ended by itself with {process.ended}" if process.ended else ""
        tracebacks = process.log.read_text(errors="replace").count("Traceback (most recent")
        more = f", {tracebacks} tracebacks in its log" if tracebacks else ""
        yield f"{process.name}: killed {process.kills} times{ends}{more}"


if __name__ == "__main__":
    main()
