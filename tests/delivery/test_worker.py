"""The worker: what it does with jobs that work, fail, take long, or are interrupted."""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from consult.delivery.worker import Commit, Worker, run_until_signal
from consult.storage import jobs
from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DraftRow
from tests.support.databases import Clock


def enqueue(
    database: Database,
    key: str = "work:1",
    kind: str = "work",
    priority: int = jobs.NORMAL,
) -> None:
    with database.writing() as session:
        jobs.enqueue(session, kind, {}, dedupe_key=key, priority=priority)


def rows(database: Database) -> list[JobRow]:
    with database.reading() as session:
        return list(session.scalars(select(JobRow).order_by(JobRow.id)))


def leave_a_trace(session: Session) -> None:
    drafts.start(session, "2026-12", "quick", {})


def traces(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(DraftRow)).all())


def test_it_runs_everything_that_is_due_and_commits_the_effects(database: Database) -> None:
    for number in range(3):
        enqueue(database, f"work:{number}")
    worker = Worker(database, {"work": lambda _job: leave_a_trace})
    assert worker.run_once() == 3
    assert worker.run_once() == 0
    assert traces(database) == 3
    assert {row.state for row in rows(database)} == {"done"}


def test_a_job_added_by_an_effect_is_run_too(database: Database) -> None:
    enqueue(database)

    def add_another(session: Session) -> None:
        jobs.enqueue(session, "other", {}, dedupe_key="other:1")

    worker = Worker(
        database, {"work": lambda _job: add_another, "other": lambda _job: leave_a_trace}
    )
    assert worker.run_once() == 2


def test_a_failing_job_is_put_off_and_the_next_one_is_run(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue(database, "bad", kind="bad")
    enqueue(database, "good", kind="good")

    def fail(_job: JobRow) -> Commit:
        raise OSError("marker: the printer is on fire")

    worker = Worker(database, {"bad": fail, "good": lambda _job: leave_a_trace})
    with caplog.at_level(logging.INFO):
        assert worker.run_once() == 2
    bad, good = rows(database)
    assert (bad.state, good.state) == ("ready", "done")
    assert bad.last_error is not None
    assert "OSError in test_worker.py" in bad.last_error
    assert "printer" in bad.last_error
    assert "OSError in test_worker.py" in caplog.text
    assert "marker" not in caplog.text, "a message may quote an owner"


def test_an_effect_that_fails_leaves_nothing_and_the_job_is_put_off(database: Database) -> None:
    enqueue(database)

    def half_an_effect(session: Session) -> None:
        leave_a_trace(session)
        raise RuntimeError

    Worker(database, {"work": lambda _job: half_an_effect}).run_once()
    assert traces(database) == 0
    assert rows(database)[0].state == "ready"


def test_a_job_of_an_unknown_kind_is_a_failure_and_not_the_end(database: Database) -> None:
    enqueue(database, kind="from_the_future")
    assert Worker(database, {}).run_once() == 1
    assert rows(database)[0].state == "ready"


def test_a_job_taken_over_meanwhile_has_its_effect_only_once(
    database: Database, clock: Clock
) -> None:
    enqueue(database)

    def stall(_job: JobRow) -> Commit:
        clock.go_on(seconds=61)
        assert Worker(database, {"work": lambda _job: leave_a_trace}).run_once() == 1
        return leave_a_trace

    Worker(database, {"work": stall}).run_once()
    assert traces(database) == 1


def test_a_long_job_keeps_its_lease(database: Database, clock: Clock) -> None:
    enqueue(database)
    other = Worker(database, {"work": lambda _job: leave_a_trace})
    lease = timedelta(seconds=0.1)

    def take_long(_job: JobRow) -> Commit:
        for _ in range(4):
            clock.go_on(seconds=0.06)
            assert is_renewed(until=clock() + lease)
            assert other.run_once() == 0
        return leave_a_trace

    def is_renewed(until: datetime) -> bool:
        """Wait for the renewal, which comes by the clock on the wall."""
        pause = threading.Event()
        return any(rows(database)[0].run_at == until or pause.wait(0.01) for _ in range(3000))

    Worker(database, {"work": take_long}, lease_seconds=lease.total_seconds()).run_once()
    assert rows(database)[0].attempts == 1
    assert traces(database) == 1


def test_a_worker_told_to_leave_at_once_gives_its_job_back(database: Database) -> None:
    enqueue(database)

    def leave(_job: JobRow) -> Commit:
        raise SystemExit

    with pytest.raises(SystemExit):
        Worker(database, {"work": leave}).run_once()
    (row,) = rows(database)
    assert (row.state, row.attempts) == ("ready", 0)


def test_it_finishes_the_job_in_hand_and_takes_no_other_when_stopped(database: Database) -> None:
    enqueue(database, "work:1")
    enqueue(database, "work:2")
    stop = threading.Event()

    def work(_job: JobRow) -> Commit:
        stop.set()
        return leave_a_trace

    Worker(database, {"work": work}).run_forever(stop)
    assert [row.state for row in rows(database)] == ["done", "ready"]


def run_beside(worker: Worker, then: Callable[[], None]) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    try:
        then()
    finally:
        stop.set()
        thread.join()


def test_it_notices_new_work(database: Database) -> None:
    ran = threading.Event()

    def work(_job: JobRow) -> Commit:
        ran.set()
        return leave_a_trace

    def add_work() -> None:
        enqueue(database)
        assert ran.wait(60)

    run_beside(Worker(database, {"work": work}, poll_seconds=0.05), add_work)
    assert traces(database) == 1


def test_it_outlives_a_database_that_is_away_for_a_while(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([OperationalError("", None, Exception()), None])
    has_due, ran = jobs.has_due, threading.Event()

    def sometimes_away(session: Session, priority: int | None) -> bool:
        fault = next(looks, None)
        if fault:
            raise fault
        return has_due(session, priority)

    def work(_job: JobRow) -> Commit:
        ran.set()
        return leave_a_trace

    monkeypatch.setattr(jobs, "has_due", sometimes_away)
    enqueue(database)
    worker = Worker(database, {"work": work}, poll_seconds=0.02)
    run_beside(worker, lambda: None if ran.wait(60) else pytest.fail("the worker is gone"))


def test_two_workers_share_the_jobs_and_run_each_once(database: Database) -> None:
    for number in range(20):
        enqueue(database, f"work:{number}")
    seen: list[int] = []

    def work(job: JobRow) -> Commit:
        seen.append(job.id)
        return leave_a_trace

    threads = [threading.Thread(target=Worker(database, {"work": work}).run_once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [row.id for row in rows(database)]
    assert traces(database) == 20


def test_what_somebody_waits_for_is_done_while_something_else_takes_long(
    database: Database,
) -> None:
    waited_for, ran = threading.Event(), []

    def take_long(_job: JobRow) -> Commit:
        assert waited_for.wait(60), "the other worker did not do what was due"
        return leave_a_trace

    def work(job: JobRow) -> Commit:
        ran.append(job.kind)
        waited_for.set()
        return leave_a_trace

    handlers = {"export": take_long, "report": work}
    enqueue(database, "1", kind="export", priority=jobs.BACKGROUND)
    patient = Worker(database, handlers, priority=jobs.BACKGROUND)
    thread = threading.Thread(target=patient.run_once)
    thread.start()
    enqueue(database, "2", kind="export", priority=jobs.BACKGROUND)
    enqueue(database, "3", kind="report")
    assert Worker(database, handlers, priority=jobs.NORMAL).run_once() == 1
    thread.join()
    assert ran == ["report"]
    assert [row.state for row in rows(database)] == ["done"] * 3


def test_on_postgresql_a_locked_job_is_passed_over(postgres_url: str, clock: Clock) -> None:
    database = Database(postgres_url, clock=clock)
    enqueue(database, "work:1")
    enqueue(database, "work:2")
    lease = timedelta(seconds=60)
    with database.writing() as one, database.writing() as other:
        first, second = jobs.claim(one, lease), jobs.claim(other, lease)
        assert first is not None
        assert second is not None
        assert first.id != second.id
    database.close()


class Told(Worker):
    """A worker who gets so many signals to stop, and then waits to be stopped."""

    def __init__(self, database: Database, signals: int) -> None:
        super().__init__(database, {})
        self._signals = signals

    def run_forever(self, stop: threading.Event) -> None:
        for _ in range(self._signals):
            signal.raise_signal(signal.SIGTERM)
        assert stop.wait(60)


class NotHere(threading.Event):
    """Is set by another than the main thread: that one may be held up while it has the lock."""

    def set(self) -> None:
        assert threading.get_ident() != threading.main_thread().ident
        super().set()


def test_a_signal_never_has_the_worker_wait_for_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "Event", NotHere)
    run_until_signal(Told(database, 1))
    with pytest.raises(SystemExit, match="1"):
        run_until_signal(Told(database, 2))
