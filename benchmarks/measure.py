"""Timing, and the rows that come out of it."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from consult.storage.db.database import Database

ROUNDS = 15
SECONDS_A_ROUND = 0.08


@dataclass(frozen=True)
class Row:
    """One measurement beside its floor.

    `ratio` says how many times the floor's cost ours is, also where `unit` is a speed. `aim` is
    the most that it should be, or None where there is only something to watch.
    """

    name: str
    ours: float
    unit: str
    floor_name: str
    floor: float
    aim: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        """How many times the floor."""
        if self.more_is_better:
            return self.floor / self.ours if self.ours else math.inf
        return self.ours / self.floor

    @property
    def is_met(self) -> bool:
        """Whether the aim is met; always, where there is none."""
        return self.aim is None or self.ratio <= self.aim

    @property
    def verdict(self) -> str:
        """The aim, and whether it is met."""
        if self.aim is None:
            return ""
        return f"{'met' if self.is_met else 'MISSED'}: at most {self.aim:.3g}"

    def as_json(self) -> dict[str, Any]:
        """The row as plain data."""
        return {**asdict(self), "ratio": self.ratio}


def cpu_per_call(cases: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """CPU microseconds for one call of each case: the cheapest of rounds in which they take turns.

    The cheapest, because all that a busy machine does to a round makes it dearer.
    """
    calls = {name: _calls_for_a_round(call) for name, call in cases.items()}
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, call in cases.items():
            found[name].append(_cpu(call, calls[name]))
    return {name: min(costs) for name, costs in found.items()}


def _calls_for_a_round(call: Callable[[], object]) -> int:
    _cpu(call, 3)  # the first calls fill caches
    return max(1, int(SECONDS_A_ROUND * 1e6 / _cpu(call, 3)))


def _cpu(call: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - start) * 1e6 / times


def computed_by(database: Database) -> Callable[[], float]:
    """What we and the database's server have computed so far, in seconds.

    On an idle machine that is the time that passes, and on a busy one what would have passed. Where
    the system does not tell it of another process, it is the time that passes.
    """
    if database.is_sqlite:
        return time.process_time
    backends: list[Path] = []

    @event.listens_for(database.engine, "connect")
    def add_backend(connection: Any, _record: Any) -> None:
        backends.append(Path(f"/proc/{connection.info.backend_pid}/schedstat"))

    database.engine.dispose()  # so that each connection is counted
    with database.reading() as session:
        session.execute(text("SELECT 1"))
    if not all(file.exists() for file in backends):
        return time.perf_counter
    return lambda: (
        time.process_time() + sum(int(file.read_text().split()[0]) / 1e9 for file in backends)
    )
