"""The process behind a `Renderer`: HTML in over one end of a pipe, PDFs out.

Started as `python -m consult.report.pdf.render_process FILE_DESCRIPTOR MEMORY_MB`.
"""

import gc
import logging
import resource
import signal
import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from consult.report.pdf import render_pdf
from consult.report.pdf.renderer import FAILED, OK

_ORPHAN_SECONDS = 600
"""When a hanging render ends itself, if the one who would have ended it is gone."""

_WARM_UP = "<html lang=en><title>Warm-up</title><h1>Warm-up</h1><table><tr><th>A<td>1</table>"


def main(file_descriptor: int, memory_mb: int) -> None:
    """The life of a rendering process: HTML in over the line, PDFs out, until it closes."""
    _limit(memory_mb)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits for us
    # WeasyPrint's warnings quote the document, and a document holds names.
    logging.getLogger("weasyprint").addHandler(logging.NullHandler())
    logging.getLogger("weasyprint").propagate = False
    render_pdf.html_to_pdf(_WARM_UP)
    # What is loaded by now stays: sparing it the collector saves a tenth of each render.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    with Connection(file_descriptor) as line, suppress(EOFError, BrokenPipeError):
        line.send_bytes(OK)
        while True:
            html = line.recv_bytes().decode()
            signal.alarm(_ORPHAN_SECONDS)
            line.send_bytes(_answer(html))
            signal.alarm(0)
            gc.collect()  # a document is full of cycles; after the answer nobody waits for this


def _limit(memory_mb: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":  # macOS refuses a limit on the address space
        size = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _answer(html: str) -> bytes:
    try:
        return OK + render_pdf.html_to_pdf(html)
    except MemoryError:
        raise SystemExit("out of memory") from None  # what is left of this process is not sound
    except Exception as fault:
        # The place and not the message, which may quote the document.
        place = traceback.extract_tb(fault.__traceback__)[-1]
        told = f"{type(fault).__name__} in {Path(place.filename).name}, line {place.lineno}"
        return FAILED + told.encode()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
