"""Forks processes from one that was set aside before this one started any thread.

A copy of a process with threads may wait forever for a lock that one of them held.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

_FORK = get_context("fork")


class ForkServer:
    """Runs functions in processes that begin as copies of this one; make it before any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line, theirs = _FORK.Pipe()
        self._process = _FORK.Process(target=_serve, args=(theirs, self._line))
        self._process.start()
        theirs.close()

    def start(self, function: Callable[..., None], *arguments: object) -> "Forked":
        return Forked(self.ask((function, arguments)), self)

    def ask(self, request: object) -> Any:
        with self._lock:
            self._line.send(request)
            return self._line.recv()

    def close(self) -> None:
        """End it, and all that it started."""
        self._line.close()
        self._process.join()


@dataclass
class Forked:
    """A process that a fork server started."""

    pid: int
    _server: ForkServer

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def poll(self) -> int | None:
        code: int | None = self._server.ask(self.pid)
        return code

    def wait(self) -> int:
        while (code := self.poll()) is None:
            time.sleep(0.01)
        return code


def _serve(line: Connection, other_end: Connection) -> None:
    """Start a process for each function that comes, and tell the exit code for each pid."""
    other_end.close()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the one that asks hears it, too, and ends us
    started: dict[int, BaseProcess] = {}
    with suppress(EOFError):
        while True:
            request = line.recv()
            if isinstance(request, int):
                line.send(started[request].exitcode)
                continue
            function, arguments = request
            process = _FORK.Process(target=function, args=arguments)
            process.start()
            started[process.pid or 0] = process
            line.send(process.pid)
    for one in started.values():
        one.kill()
