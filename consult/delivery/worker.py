"""The worker: takes due jobs one by one, runs their handlers, and writes down what came of it."""

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

from consult.delivery import outbox
from consult.delivery.outbox import Job
from consult.storage.db.database import Database, Session

log = logging.getLogger(__name__)

# What a job changes in the database; runs in the transaction that marks the job done.
Effect = Callable[[Session], None]

# Does the slow part of a job outside any transaction and returns its effect. It may run more than
# once for a job, so what it does itself must do no harm when it is done again.
Handler = Callable[[Job], Effect]


def nothing(_session: Session) -> None:
    """The effect of a job that leaves nothing to write down."""


class NotYet(Exception):
    """What a job needs is not there yet: it waits, and this was no try."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"not before {wait} have passed")
        self.wait = wait


class TryLater(Exception):
    """A job failed and may work another time; the message tells staff why."""


class GiveUp(Exception):
    """A job cannot be done, however often it is tried; the message tells staff why."""


class Worker:
    """Runs jobs, one at a time. For more at once, run more workers, in any number of processes.

    Args:
        database: where the jobs are.
        handlers: what to do, by kind of job.
        patience: does only jobs that are this patient; all of them, if left out.
        lease_seconds: how soon a job is taken up again after its worker died. Long jobs are fine:
            their lease is renewed while they run.
        poll_seconds: how often to look for due jobs. A look costs about as much as a page view.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        patience: int | None = None,
        lease_seconds: float = 60,
        poll_seconds: float = 0.25,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._patience = patience
        self._lease = timedelta(seconds=lease_seconds)
        self._poll_seconds = poll_seconds

    def run_once(self, stop: threading.Event | None = None) -> int:
        """Run every job that is due, until none is or ``stop`` is set; return how many were."""
        count = 0
        while not (stop and stop.is_set()):
            job = self._take()
            if job is None:
                break
            self._run(job)
            count += 1
        return count

    def run_forever(self, stop: threading.Event) -> None:
        """Run jobs as they come until ``stop`` is set; the job in hand is finished first."""
        while not stop.is_set():
            try:
                self.run_once(stop)
            except SQLAlchemyError as fault:
                # The database is away. What was in hand comes back when its lease runs out.
                log.error("the worker cannot reach its database: %s", type(fault).__name__)
                stop.wait(10 * self._poll_seconds)
            stop.wait(self._poll_seconds)

    def _take(self) -> Job | None:
        with self._database.reading() as session:
            if not outbox.is_due(session, self._patience):
                return None
        with self._database.writing() as session:
            return outbox.claim(session, self._lease, self._patience)

    def _run(self, job: Job) -> None:
        try:
            with self._lease_kept(job):
                effect = self._handlers[job.kind](job)
            with self._database.writing() as session:
                if outbox.done(session, job):
                    effect(session)
                else:
                    log.warning("job %s (%s) was taken over meanwhile", job.id, job.kind)
        except NotYet as early:
            with self._database.writing() as session:
                outbox.give_back(session, job, early.wait)
        except Exception as fault:
            self._write_down(job, fault)
        except BaseException:  # told to leave at once
            with self._database.writing() as session:
                outbox.give_back(session, job)
            raise

    def _write_down(self, job: Job, fault: Exception) -> None:
        """Put off a job that failed, or give it up."""
        # The log gets no message: it may quote what an owner wrote.
        what = _name_and_place(fault)
        log.warning("job %s (%s) failed, try %s: %s", job.id, job.kind, job.attempts, what)
        in_words = isinstance(fault, TryLater | GiveUp)
        error = str(fault) if in_words else f"{what}: {fault}"
        end = outbox.give_up if isinstance(fault, GiveUp) else outbox.fail
        with self._database.writing() as session:
            end(session, job, error)

    @contextmanager
    def _lease_kept(self, job: Job) -> Iterator[None]:
        """Renew a job's lease from a thread of its own for as long as the job runs."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._lease.total_seconds() / 3):
                try:
                    with self._database.writing() as session:
                        if not outbox.renew(session, job, self._lease):
                            return
                except SQLAlchemyError:
                    continue  # perhaps the next time; if not, another worker takes the job

        thread = threading.Thread(target=renew, name=f"lease of job {job.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _name_and_place(fault: Exception) -> str:
    place = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {Path(place.filename).name}, line {place.lineno}"


def run_until_signal(worker: Worker, *others: Worker) -> None:
    """Run a worker in the main thread until SIGTERM or SIGINT (Ctrl-C), and others beside it.

    The first signal lets each finish the job in hand; a second one makes the first worker give its
    job back and leave at once, with SystemExit. What another had in hand then comes back when its
    lease runs out.
    """
    stop = threading.Event()
    signals: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signals.append(number)
        if len(signals) > 1:
            raise SystemExit(1)
        # Not here: we may be in the midst of waiting for it or of setting it, and would then wait
        # for ourselves. Nor by a `Thread`, which takes locks as well.
        _thread.start_new_thread(stop.set, ())

    before = {number: signal.signal(number, on_signal) for number in _STOP_SIGNALS}

    def run(other: Worker) -> None:
        try:
            other.run_forever(stop)
        finally:
            stop.set()  # one that breaks takes the first along, and whoever started us sees it

    beside = [
        threading.Thread(target=run, args=[other], name="patient jobs", daemon=True)
        for other in others
    ]
    try:
        for thread in beside:
            thread.start()
        worker.run_forever(stop)
        for thread in beside:
            thread.join()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
