"""The worker: claims due jobs one by one, runs their handlers, and records what came of it."""

import _thread
import logging
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from consult.storage import jobs
from consult.storage.db.database import Database, Session
from consult.storage.tables.delivery_tables import JobRow

log = logging.getLogger(__name__)

# What a job changes in the database; runs in the transaction that marks the job done.
Commit = Callable[[Session], None]

# Does the slow part of a job outside any transaction and returns what to commit. It may run more
# than once for a job, so what it does itself must do no harm when it is done again.
Handler = Callable[[JobRow], Commit]


def no_op(_session: Session) -> None:
    """What a job returns that has nothing to commit."""


class Postpone(Exception):
    """What a job needs is not there yet: it waits, and this was no attempt."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"not before {wait} have passed")
        self.wait = wait


class RetryableError(Exception):
    """A job failed and may work another time; the message tells staff why."""


class PermanentError(Exception):
    """A job cannot be done, however often it is tried; the message tells staff why."""


class Worker:
    """Runs jobs, one at a time. For more at once, run more workers, in any number of processes.

    With a `priority`, it runs only jobs of that one. The lease says how soon a job is claimed again
    after its worker died. Long jobs are fine: their lease is renewed while they run. A look for due
    jobs costs about as much as a page view.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        priority: int | None = None,
        lease_seconds: float = 60,
        poll_seconds: float = 0.25,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._priority = priority
        self._lease = timedelta(seconds=lease_seconds)
        self._poll_seconds = poll_seconds

    def run_once(self, stop: threading.Event | None = None) -> int:
        """Run every job that is due, until none is or ``stop`` is set; return how many were."""
        count = 0
        while not (stop and stop.is_set()):
            job = self._claim()
            if job is None:
                break
            self._run(job)
            count += 1
        return count

    def run_forever(self, stop: threading.Event) -> None:
        """Run jobs as they come until ``stop`` is set; the current job is finished first."""
        while not stop.is_set():
            try:
                self.run_once(stop)
            except SQLAlchemyError as error:
                # The database is away. The current job is claimed again when its lease expires.
                log.error("the worker cannot reach its database: %s", type(error).__name__)
                stop.wait(10 * self._poll_seconds)
            stop.wait(self._poll_seconds)

    def _claim(self) -> JobRow | None:
        with self._database.reading() as session:
            if not jobs.has_due(session, self._priority):
                return None
        with self._database.writing() as session:
            return jobs.claim(session, self._lease, self._priority)

    def _run(self, job: JobRow) -> None:
        try:
            with self._lease_renewed(job):
                commit = self._handlers[job.kind](job)
            with self._database.writing() as session:
                if jobs.complete(session, job):
                    commit(session)
                else:
                    log.warning("job %s (%s) was taken over or canceled", job.id, job.kind)
        except Postpone as early:
            with self._database.writing() as session:
                jobs.release(session, job, early.wait)
        except Exception as error:
            self._record_error(job, error)
        except BaseException:  # a second signal: stop at once
            with self._database.writing() as session:
                jobs.release(session, job)
            raise

    def _record_error(self, job: JobRow, error: Exception) -> None:
        # The log gets no message: it may quote what an owner wrote.
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
        log.warning("job %s (%s) failed, attempt %s: %s", job.id, job.kind, job.attempts, what)
        is_readable = isinstance(error, RetryableError | PermanentError)
        message = str(error) if is_readable else f"{what}: {error}"
        record = jobs.mark_failed if isinstance(error, PermanentError) else jobs.fail
        with self._database.writing() as session:
            record(session, job, message)

    @contextmanager
    def _lease_renewed(self, job: JobRow) -> Iterator[None]:
        """Renew a job's lease from another thread for as long as the job runs."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._lease.total_seconds() / 3):
                try:
                    with self._database.writing() as session:
                        if not jobs.renew(session, job, self._lease):
                            return
                except SQLAlchemyError:
                    continue  # perhaps the next time; if not, another worker claims the job

        thread = threading.Thread(target=renew, name=f"lease of job {job.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def run_until_signal(worker: Worker, *others: Worker) -> None:
    """Run a worker in the main thread until SIGTERM or SIGINT (Ctrl-C), and others in threads.

    The first signal lets each finish its current job; a second one makes the first worker release
    its job and stop at once, with SystemExit. The job of another is then claimed again when its
    lease expires.
    """
    stop = threading.Event()
    signals: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signals.append(number)
        if len(signals) > 1:
            raise SystemExit(1)
        # Not here: the signal may interrupt waiting for it or setting it, which would deadlock.
        # Nor with a `Thread`, which takes locks as well.
        _thread.start_new_thread(stop.set, ())

    before = {number: signal.signal(number, on_signal) for number in _STOP_SIGNALS}

    def run(other: Worker) -> None:
        try:
            other.run_forever(stop)
        finally:
            stop.set()  # one that breaks stops the first too, and the exit code shows it

    threads = [
        threading.Thread(target=run, args=[other], name="background jobs", daemon=True)
        for other in others
    ]
    try:
        for thread in threads:
            thread.start()
        worker.run_forever(stop)
        for thread in threads:
            thread.join()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
