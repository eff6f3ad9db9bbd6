"""Two transactions at once, without leaving to chance which of them waits for the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from consult.storage.db.database import Database, Session

Act = Callable[[Session], object]


def begin_meanwhile(database: Database, first: Act, second: Act, then: Act | None = None) -> None:
    """Do `first`, have another begin with `second`, then go on with `then`, and commit.

    The other is given a moment to come to where it has to wait. On a machine too slow for that, it
    comes later and has nobody to wait for, which no test must take for a failure. What either of
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
