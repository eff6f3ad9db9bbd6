"""PDFs from a process of their own: a hang is ended, a memory hog is stopped, and others go on.

One `Renderer` is one process. WeasyPrint is not thread-safe and threads make it slower, so more
speed means more renderers, at most one for each core.
"""

import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from consult.settings import PROJECT_FOLDER

_PROCESS = "consult.report.pdf.render_pdf"
_START_SECONDS = 120
_WALL_SECONDS_PER_CPU_SECOND = 12
"""How much slower a busy machine may be before a render that computes nothing is ended."""

TESTED_VERSIONS = {"weasyprint": "70.0", "pydyf": "0.13.0"}
"""What `pdf_ua` and `pdf_writer` are written for, as tests/report/pdf proves."""

OK, FAILED = b"+", b"-"
"""The first byte of an answer from the process; the PDF or the reason follows."""


class RenderError(Exception):
    """No PDF came; the message says why. Trying again is safe: rendering changes nothing."""


class RenderTimeout(RenderError):
    """Rendering took longer than allowed and was ended."""


class RenderCrash(RenderError):
    """The process died while it rendered."""


class UntestedLibraryError(Exception):
    """A library that PDFs are made with has another version than the tested one."""


def refuse_untested_libraries() -> None:
    """Raise `UntestedLibraryError` unless exactly the `TESTED_VERSIONS` versions are installed.

    The repairs rest on how these versions write a PDF; with others it may silently be one that a
    screen reader cannot use.
    """
    for name, tested in TESTED_VERSIONS.items():
        if (found := version(name)) != tested:
            raise UntestedLibraryError(
                f"{name} {found} is installed, and PDFs are tested with {name} {tested} only: "
                "install what requirements.txt says"
            )


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    line: Connection
    renders: int = 0


class Renderer:
    """A rendering process, started when first needed and replaced when it fails or grows old.

    `timeout` is in seconds of computing for one PDF: it stops a runaway, and not one that waits for
    a processor, which may take `wall_seconds`, twelve times as long. `memory_mb` bounds the address
    space of the process (about 450 MB of it are libraries that take up no memory), and after
    `renders_per_process` PDFs a fresh process takes over. Safe to share between threads: they wait
    for each other.
    Raises `UntestedLibraryError` when made with libraries of other versions than the tested ones.
    """

    def __init__(
        self,
        timeout: float = 10,
        memory_mb: int = 1024,
        renders_per_process: int = 500,
        wall_seconds: float | None = None,
    ) -> None:
        refuse_untested_libraries()
        self._timeout = timeout
        self._wall_seconds = wall_seconds or _WALL_SECONDS_PER_CPU_SECOND * timeout
        self._memory_mb = memory_mb
        self._renders_per_process = renders_per_process
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def render(self, html: str) -> bytes:
        """The PDF of an HTML document; see `consult.report.pdf.render_pdf.html_to_pdf`.

        Raises RenderTimeout, RenderCrash, or RenderError when the document cannot be rendered.
        """
        with self._lock:
            running = self._ready()
            running.renders += 1
            try:
                running.line.send_bytes(html.encode("utf-8", "replace"))
                if not running.line.poll(self._wall_seconds):
                    self._end()
                    raise RenderTimeout(f"rendering took more than {self._wall_seconds:g} seconds")
                answer = running.line.recv_bytes()
            except (EOFError, OSError) as lost:
                if self._end() == -signal.SIGPROF:
                    limit = f"{self._timeout:g} seconds of computing"
                    raise RenderTimeout(f"rendering took more than {limit}") from lost
                raise RenderCrash("the rendering process died") from lost
        status, content = answer[:1], answer[1:]
        if status != OK:
            raise RenderError(content.decode())
        return content

    @property
    def process_id(self) -> int | None:
        return self._running.process.pid if self._running else None

    def close(self) -> None:
        """Ends the process; the next `render` would start a new one."""
        with self._lock:
            self._end()

    def _ready(self) -> _Running:
        running = self._running
        fresh = running is not None and running.renders < self._renders_per_process
        if running and fresh and running.process.poll() is None:
            return running
        self._end()
        return self._start()

    def _start(self) -> _Running:
        ours, theirs = Pipe()
        with theirs:
            limits = (theirs.fileno(), self._memory_mb, self._timeout)
            process = subprocess.Popen(
                [sys.executable, "-m", _PROCESS, *map(str, limits)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=PROJECT_FOLDER,
            )
        self._running = _Running(process, ours)
        try:
            if not ours.poll(_START_SECONDS):
                raise EOFError
            ours.recv_bytes()
        except (EOFError, OSError) as lost:
            self._end()
            raise RenderCrash("the rendering process did not start") from lost
        return self._running

    def _end(self) -> int | None:
        """End the process, if there is one; returns its exit code."""
        running, self._running = self._running, None
        if running is None:
            return None
        running.process.kill()
        running.line.close()
        return running.process.wait()
