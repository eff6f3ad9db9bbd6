"""The worker: claims due jobs one by one, runs their handlers, and records what came of it.

Jobs are rows (``storage.jobs``), written in the transaction that made them necessary. What each
kind does is in ``handlers``. A job whose worker dies is claimed again when its lease expires: every
job runs at least once, and what it changes is written in the transaction that marks it done.
"""

import _thread
import logging
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from consult.storage import jobs
from consult.storage.db.database import Database, Session
from consult.storage.tables.delivery_tables import JobRow

log = logging.getLogger(__name__)

# What a job changes in the database; runs in the transaction that marks the job done. What it
# returns does not count.
Commit = Callable[[Session], object]

# Does the slow part of a job outside any transaction and returns what to commit. It may run more
# than once for a job, so what it does itself must do no harm when it is done again.
Handler = Callable[[JobRow], Commit]


def no_op(_session: Session) -> None:
    """What a job returns that has nothing to commit."""


class Postpone(Exception):
    """What a job needs is not there yet: it waits, and this was no attempt.

    `unless` is asked in the transaction that lets it wait: whether that has come just now.
    """

    def __init__(
        self, wait: timedelta, unless: Callable[[Session], bool] = lambda _session: False
    ) -> None:
        super().__init__(f"not before {wait} have passed")
        self.wait = wait
        self.unless = unless


class RetryableError(Exception):
    """A job failed and may work another time; the message tells staff why."""


class PermanentError(Exception):
    """A job cannot be done, however often it is tried; the message tells staff why."""


class Worker:
    """Runs jobs: one of each priority at a time. For more at once, run more worker processes.

    The lease says how soon a job is claimed again after its worker died. Long jobs are fine: their
    lease is renewed while they run. A look for due jobs costs less than a page view.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        lease_seconds: float = 60,
        poll_seconds: float = 0.5,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._lease = timedelta(seconds=lease_seconds)
        self._poll_seconds = poll_seconds

    def run_once(self, stop: threading.Event | None = None, priority: int | None = None) -> int:
        """Run every job that is due, until none is or ``stop`` is set; return how many were.

        With a `priority`, only jobs that have this one.
        """
        count = 0
        while not (stop and stop.is_set()):
            job = self._claim(priority)
            if job is None:
                break
            self._run(job)
            count += 1
        return count

    def run_forever(self, stop: threading.Event) -> None:
        """Run jobs as they come until ``stop`` is set; the current ones are finished first.

        Each priority has a thread, so that what waits for another machine or takes long delays
        nothing else. The normal one is the calling thread, which a signal can interrupt.
        """
        due = {priority: threading.Event() for priority in jobs.PRIORITIES}
        errors: list[Exception] = []

        def run(part: Callable[[], None]) -> None:
            try:
                part()
            except Exception as error:
                errors.append(error)
            finally:
                stop.set()  # a part that breaks stops the others too

        watch = partial(self._watch, due, stop)
        normal, *others = (
            partial(self._run_jobs, priority, due[priority], stop) for priority in jobs.PRIORITIES
        )
        threads = [threading.Thread(target=run, args=[each], daemon=True) for each in others]
        threads.append(threading.Thread(target=run, args=[watch], daemon=True))
        for thread in threads:
            thread.start()
        run(normal)
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def _watch(self, due: Mapping[int, threading.Event], stop: threading.Event) -> None:
        """Wake the thread of each priority when a job is due, and all when it is time to stop."""
        while not stop.is_set():
            with self._database_may_be_away(stop):
                for priority in jobs.due_priorities(self._database):
                    due[priority].set()
            stop.wait(self._poll_seconds)
        for event in due.values():
            event.set()

    def _run_jobs(self, priority: int, due: threading.Event, stop: threading.Event) -> None:
        while not stop.is_set():
            due.wait()
            due.clear()
            with self._database_may_be_away(stop):
                self.run_once(stop, priority)

    @contextmanager
    def _database_may_be_away(self, stop: threading.Event) -> Iterator[None]:
        """Wait a while if it is. A current job is claimed again when its lease expires."""
        try:
            yield
        except SQLAlchemyError as error:
            log.error("the worker cannot reach its database: %s", type(error).__name__)
            stop.wait(10 * self._poll_seconds)

    def _claim(self, priority: int | None) -> JobRow | None:
        if not jobs.has_due(self._database, priority):
            return None
        with self._database.writing() as session:
            return jobs.claim(session, self._lease, priority)

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
                wait = timedelta() if early.unless(session) else early.wait
                jobs.release(session, job, wait)
        except Exception as error:
            self._record_error(job, error)
        except BaseException:  # a second signal: stop at once
            with self._database.writing() as session:
                jobs.release(session, job)
            raise

    def _record_error(self, job: JobRow, error: Exception) -> None:
        # A message that isn't ours may quote what an owner wrote: the log gets none, and a job
        # only if it is deleted with its lead.
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
        log.warning("job %s (%s) failed, attempt %s: %s", job.id, job.kind, job.attempts, what)
        if isinstance(error, RetryableError | PermanentError):
            message = str(error)
        else:
            message = f"{what}: {error}" if job.submission_id else what
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


def run_until_signal(worker: Worker) -> None:
    """Run a worker in the main thread until SIGTERM or SIGINT (Ctrl-C).

    The first signal lets it finish its current jobs; a second one makes it release its job of
    normal priority and stop at once, with SystemExit. Its other jobs are claimed again when their
    leases expire.
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
    try:
        worker.run_forever(stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
