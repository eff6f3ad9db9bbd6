"""How long tests wait for a process or a thread, on a machine that may have other things to do."""

import os
import time
from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")


def patience(seconds: float = 60) -> float:
    """Seconds that something may take which takes a few on an idle machine."""
    return seconds * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))


def wait_until(happened: Callable[[], T | Literal[False] | None], what: str = "it") -> T:
    """What `happened` returns once it is true."""
    start = time.monotonic()
    while not (found := happened()):
        assert time.monotonic() - start < patience(), f"{what} did not happen in time"
        time.sleep(0.02)
    return found
