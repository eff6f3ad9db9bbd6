"""Two transactions at once, without leaving to chance which of them has to wait."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier
from typing import TypeVar

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

    The other is given a little time to get to where it has to wait. On a machine too slow for that,
    it comes later and has nothing to wait for, which no test may take for a failure. What either of
    them raises is raised.
    """

    def run() -> None:
        with database.writing() as session:
            second(session)

    with ThreadPoolExecutor(1) as other:
        with database.writing() as session:
            first(session)
            waiting = other.submit(run)
            wait([waiting], timeout=0.1)
            if then:
                then(session)
        waiting.result()
