"""Forks processes from one that was set aside before this one started any thread.

A copy of a process with threads may wait forever for a lock that one of them held.
"""

import atexit
import math
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

_FORK = get_context("fork")


class ForkServer:
    """Runs functions in processes that begin as copies of this one; make it before any thread.

    They begin with everything imported and used once: imports take 2 seconds of computing, and what
    is loaded and compiled at first use another one, longer than all else that a command does when
    it starts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line, theirs = _FORK.Pipe()
        self._process = _FORK.Process(target=_serve, args=(theirs, self._line))
        self._process.start()
        theirs.close()
        atexit.register(self.close)

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
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        code: int | None = self._server.ask(self.pid)
        return code

    def wait(self, timeout: float | None = None) -> int:
        give_up = time.monotonic() + (math.inf if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > give_up:
                raise TimeoutError(f"process {self.pid} has not ended")
            time.sleep(0.01)
        return code

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _serve(line: Connection, other_end: Connection) -> None:
    """Start a process for each function that comes, and tell the exit code for each pid."""
    other_end.close()
    # The one that asks hears them, too, and ends us.
    own = {number: signal.signal(number, signal.SIG_IGN) for number in _STOP_SIGNALS}
    started: dict[int, BaseProcess] = {}
    with suppress(EOFError):
        while True:
            request = line.recv()
            if isinstance(request, int):
                line.send(started[request].exitcode)
                continue
            import_module("tests.support.warm_up")
            process = _FORK.Process(target=_run, args=(own, *request))
            process.start()
            started[process.pid or 0] = process
            line.send(process.pid)
    for one in started.values():
        one.kill()


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _run(
    handlers: dict[signal.Signals, Any], function: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
    function(*arguments)
