"""One process that renders a document over and over, as `python -m benchmarks.render` runs it."""

import gc
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import weasyprint

from consult.report import pdf
from consult.report.files import STYLESHEET


def _bare(html: str) -> bytes:
    """What a script would do: the same fonts and styles, and nothing that makes it ours."""
    printed = weasyprint.HTML(string=html).write_pdf(stylesheets=[str(STYLESHEET)])
    return bytes(printed)


def _ours(html: str) -> bytes:
    return pdf.html_to_pdf(html)


def _measure(how: Callable[[str], bytes], html: str, renders: int) -> tuple[float, float, float]:
    content = how(html)
    if how is _ours:
        gc.freeze()  # as the renderer's process does
    times = []
    for _ in range(renders):
        start = time.process_time()
        how(html)
        times.append((time.process_time() - start) * 1000)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return statistics.median(times), len(content) / 1000, most


def _main(how: str, html: str, renders: str) -> None:
    measured = _measure(_ours if how == "ours" else _bare, Path(html).read_text(), int(renders))
    print(json.dumps(measured))


if __name__ == "__main__":
    _main(*sys.argv[1:])
