"""Two transactions at once, without leaving to chance which of them has to wait."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from consult.storage.db.database import Database, Session

Act = Callable[[Session], object]


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
