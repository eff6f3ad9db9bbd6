"""Worker processes beside the web server: started with it, replaced when they die, ended too."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from consult.settings import PREFIX, Settings

log = logging.getLogger(__name__)

RESTART_SECONDS = 2
STOP_SECONDS = 20


@contextmanager
def worker_processes(settings: Settings, count: int) -> Iterator[None]:
    """Run `count` workers for as long as the block lasts, starting a new one for each that dies."""
    stop = threading.Event()
    keepers = [
        threading.Thread(target=_keep_one, args=(settings, stop), name=f"worker {number}")
        for number in range(1, count + 1)
    ]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join()


def end_with_parent() -> None:
    """Tell this process to stop once the process that started it is gone, however it went.

    The parent holds the other end of our standard input and never writes to it: the end of the
    file is the end of the parent.
    """

    def watch() -> None:
        # Past sys.stdin, whose lock a thread that still waits would hold against our own exit.
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _keep_one(settings: Settings, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            process = _start(settings)
        except OSError as fault:  # no memory or no process to be had, just now
            log.error("no worker could be started: %s", fault.strerror)
            stop.wait(RESTART_SECONDS)
            continue
        log.info("worker %d started", process.pid)
        while not stop.wait(0.2) and process.poll() is None:
            pass
        if stop.is_set():
            _end(process)
        else:
            log.error("worker %d ended with %s", process.pid, process.returncode)
            stop.wait(RESTART_SECONDS)


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "consult", "worker", "--with-parent"],
        stdin=subprocess.PIPE,
        env={**os.environ, f"{PREFIX}BASE_URL": settings.base_url},
        # Ctrl-C reaches the whole group of a terminal; the server tells its workers itself.
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a worker finish its job; past the time for that, its lease brings the job back."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
