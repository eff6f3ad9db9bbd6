"""The worker: what it does with jobs that work, fail, take long, or are interrupted."""

import logging
import signal
import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from consult.delivery.worker import Commit, Postpone, Worker, no_op, run_until_signal
from consult.storage import jobs
from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DraftRow
from tests.support.databases import Clock, rows
from tests.support.patience import patience, wait_until
from tests.support.submissions import submitted


def enqueue(
    database: Database, *keys: str, kind: str = "work", priority: int = jobs.NORMAL
) -> None:
    with database.writing() as session:
        for key in keys or ("work:1",):
            jobs.enqueue(session, kind, {}, dedupe_key=key, priority=priority)


def states(database: Database) -> list[str]:
    return [row.state for row in rows(database, JobRow)]


def commit(session: Session) -> None:
    """Something that can be counted: a draft."""
    drafts.start(session, "2026-12", "quick", {})


def test_it_runs_and_commits_everything_that_is_due_and_what_that_adds(database: Database) -> None:
    enqueue(database, "work:1", "work:2")
    enqueue(database, "first", kind="first")

    def add_another(session: Session) -> None:
        jobs.enqueue(session, "work", {}, dedupe_key="work:3")

    worker = Worker(database, {"work": lambda _job: commit, "first": lambda _job: add_another})
    assert worker.run_once() == 4
    assert worker.run_once() == 0
    assert len(rows(database, DraftRow)) == 3
    assert set(states(database)) == {"done"}


def fail(_job: JobRow) -> Commit:
    raise OSError("marker: the printer is on fire")


def test_a_failing_job_is_retried(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    enqueue(database, "bad", kind="bad")
    enqueue(database, "unknown", kind="from_the_future")
    enqueue(database, "good", kind="good")

    worker = Worker(database, {"bad": fail, "good": lambda _job: commit})
    with caplog.at_level(logging.INFO):
        assert worker.run_once() == 3
    assert states(database) == ["ready", "ready", "done"]
    error = rows(database, JobRow)[0].last_error or ""
    for text in (error, caplog.text):
        assert "OSError in test_worker.py" in text
        assert "marker" not in text, "a message may quote an owner"


def test_a_job_that_is_deleted_with_its_lead_keeps_what_an_error_says(database: Database) -> None:
    submitted(database)
    first = rows(database, JobRow)[0]
    Worker(database, {first.kind: fail}).run_once()
    assert "marker" in (rows(database, JobRow)[0].last_error or "")


def test_a_commit_that_fails_leaves_nothing_and_the_job_is_retried(database: Database) -> None:
    enqueue(database)

    def fail_halfway(session: Session) -> None:
        commit(session)
        raise RuntimeError

    Worker(database, {"work": lambda _job: fail_halfway}).run_once()
    assert rows(database, DraftRow) == []
    assert states(database) == ["ready"]


def test_a_job_taken_over_is_committed_once(database: Database, clock: Clock) -> None:
    enqueue(database)

    def stall(_job: JobRow) -> Commit:
        clock.go_on(seconds=61)
        assert Worker(database, {"work": lambda _job: commit}).run_once() == 1
        return commit

    Worker(database, {"work": stall}).run_once()
    assert len(rows(database, DraftRow)) == 1


def test_a_long_job_keeps_its_lease(database: Database, clock: Clock) -> None:
    enqueue(database)
    other = Worker(database, {"work": lambda _job: commit})
    lease = timedelta(seconds=0.1)

    def take_long(_job: JobRow) -> Commit:
        for _ in range(4):
            clock.go_on(seconds=0.06)
            assert is_renewed(until=clock() + lease)
            assert other.run_once() == 0
        return commit

    def is_renewed(until: datetime) -> bool:
        """Wait for the renewal, which comes in real time."""
        pause = threading.Event()
        return any(
            rows(database, JobRow)[0].run_at == until or pause.wait(0.01) for _ in range(3000)
        )

    Worker(database, {"work": take_long}, lease_seconds=lease.total_seconds()).run_once()
    assert rows(database, JobRow)[0].attempts == 1
    assert len(rows(database, DraftRow)) == 1


def test_a_worker_that_must_exit_at_once_releases_its_job(database: Database) -> None:
    enqueue(database)

    def exit_now(_job: JobRow) -> Commit:
        raise SystemExit

    with pytest.raises(SystemExit):
        Worker(database, {"work": exit_now}).run_once()
    (row,) = rows(database, JobRow)
    assert (row.state, row.attempts) == ("ready", 0)


def test_a_worker_that_is_stopped_finishes_its_job_and_claims_no_other(database: Database) -> None:
    enqueue(database, "work:1", "work:2")
    stop = threading.Event()

    def work(_job: JobRow) -> Commit:
        stop.set()
        return commit

    Worker(database, {"work": work}).run_forever(stop)
    assert states(database) == ["done", "ready"]


@pytest.mark.parametrize("away", [0, 1])
def test_it_runs_new_jobs(database: Database, monkeypatch: pytest.MonkeyPatch, away: int) -> None:
    errors = [OperationalError("", None, Exception()) for _ in range(away)]
    has_due, ran, stop = jobs.has_due, threading.Event(), threading.Event()

    def sometimes_away(database: Database, priority: int | None) -> bool:
        if errors:
            raise errors.pop()
        return has_due(database, priority)

    def work(_job: JobRow) -> Commit:
        ran.set()
        return commit

    monkeypatch.setattr(jobs, "has_due", sometimes_away)
    worker = Worker(database, {"work": work}, poll_seconds=0.02)
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    try:
        enqueue(database)
        assert ran.wait(patience())
    finally:
        stop.set()
        thread.join()
    assert errors == []
    assert len(rows(database, DraftRow)) == 1


def test_two_workers_share_the_jobs_and_run_each_once(database: Database) -> None:
    enqueue(database, *(f"work:{number}" for number in range(20)))
    seen: list[int] = []

    def work(job: JobRow) -> Commit:
        seen.append(job.id)
        return commit

    threads = [threading.Thread(target=Worker(database, {"work": work}).run_once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [row.id for row in rows(database, JobRow)]
    assert len(rows(database, DraftRow)) == 20


@pytest.mark.parametrize("hanging", [jobs.MAIL, jobs.WEBHOOKS, jobs.BACKGROUND])
def test_what_hangs_or_takes_long_delays_no_other_kind(database: Database, hanging: int) -> None:
    others = set(jobs.PRIORITIES) - {hanging}
    ran: set[int] = set()
    stop, all_ran = threading.Event(), threading.Event()

    def hang(_job: JobRow) -> Commit:
        assert all_ran.wait(patience()), f"only {ran} ran"
        stop.set()
        return no_op

    def work(job: JobRow) -> Commit:
        ran.add(job.priority)
        if ran == others:
            all_ran.set()
        return no_op

    enqueue(database, "1", "2", kind="hang", priority=hanging)
    worker = Worker(database, {"hang": hang, "work": work}, poll_seconds=0.02)
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    wait_until(lambda: states(database) == ["leased", "ready"])
    for priority in others:
        enqueue(database, f"work:{priority}", priority=priority)
    thread.join()
    assert states(database) == ["done", "ready", *["done"] * len(others)]


def test_an_idle_worker_asks_once_for_all_of_its_threads(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    looks: list[object] = []
    stop, due_priorities = threading.Event(), jobs.due_priorities

    def look(database: Database) -> list[int]:
        looks.append(database)
        if len(looks) == 5:
            stop.set()
        return due_priorities(database)

    def count(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    monkeypatch.setattr(jobs, "due_priorities", look)
    event.listen(database.engine, "before_cursor_execute", count)
    Worker(database, {}, poll_seconds=0.01).run_forever(stop)
    event.remove(database.engine, "before_cursor_execute", count)
    assert len(statements) == len(looks) == 5


def test_a_worker_that_breaks_stops_and_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_database: object, _priority: object) -> bool:
        raise LookupError

    monkeypatch.setattr(jobs, "has_due", broken)
    enqueue(database, priority=jobs.MAIL)
    with pytest.raises(LookupError):
        Worker(database, {}, poll_seconds=0.02).run_forever(threading.Event())


def test_a_job_that_waits_for_what_just_came_is_run_again(database: Database) -> None:
    enqueue(database)
    came: list[bool] = []

    def wait(_job: JobRow) -> Commit:
        if came:
            return commit
        # It comes after the look for it, and before the job is left waiting.
        raise Postpone(timedelta(hours=1), unless=lambda _session: came.append(True) or True)  # type: ignore[func-returns-value]

    assert Worker(database, {"work": wait}).run_once() == 2
    assert states(database) == ["done"]


def test_on_postgresql_a_locked_job_is_passed_over(postgres_url: str, clock: Clock) -> None:
    database = Database(postgres_url, clock=clock)
    enqueue(database, "work:1", "work:2")
    lease = timedelta(seconds=60)
    with database.writing() as one, database.writing() as other:
        first, second = jobs.claim(one, lease), jobs.claim(other, lease)
        assert first is not None
        assert second is not None
        assert first.id != second.id
    database.close()


class SignaledWorker(Worker):
    """A worker that gets so many signals to stop, and then waits to be stopped."""

    def __init__(self, database: Database, signals: int) -> None:
        super().__init__(database, {})
        self._signals = signals

    def run_forever(self, stop: threading.Event) -> None:
        for _ in range(self._signals):
            signal.raise_signal(signal.SIGTERM)
        assert stop.wait(patience())


class SetElsewhere(threading.Event):
    """Is set by another than the main thread, which may be interrupted while it has the lock."""

    def set(self) -> None:
        assert threading.get_ident() != threading.main_thread().ident
        super().set()


def test_a_signal_causes_no_deadlock(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Event", SetElsewhere)
    run_until_signal(SignaledWorker(database, 1))
    with pytest.raises(SystemExit, match="1"):
        run_until_signal(SignaledWorker(database, 2))
