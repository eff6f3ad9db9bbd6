"""Two transactions at once, without leaving to chance which of them has to wait."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Barrier
from typing import Any, TypeVar

from sqlalchemy import text

from consult.storage.db.database import Database, Session

Act = Callable[[Session], object]
R = TypeVar("R")


def at_once(*acts: Callable[[], R]) -> list[R]:
    """What functions return that begin together, each in a thread of its own."""
    start = Barrier(len(acts))

    def run(act: Callable[[], R]) -> R:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def begin_during(database: Database, first: Act, second: Act, then: Act | None = None) -> None:
    """Do `first`, have another transaction begin with `second`, then do `then`, and commit.

    What either of them raises is raised.
    """

    def run() -> None:
        with database.writing() as session:
            second(session)

    with ThreadPoolExecutor(1) as other:
        with database.writing() as session:
            first(session)
            waiting = other.submit(run)
            until_it_waits(database, waiting)
            if then:
                then(session)
        waiting.result()


_SOMEONE_WAITS = text(
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def until_it_waits(database: Database, other: Future[Any]) -> None:
    """Give the other transaction a second to get to where it has to wait, or to its end.

    On SQLite it waits to begin. On a machine too slow for that, it comes later and has nothing to
    wait for, which no test may take for a failure.
    """
    if database.is_sqlite:
        wait([other], timeout=0.01)
        return
    for _ in range(200):
        if other.done() or database.fetch_one(_SOMEONE_WAITS, {}):
            return
        wait([other], timeout=0.005)
