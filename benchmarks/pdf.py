"""One PDF report: our renderer beside a bare script that prints the same document.

Both run in a process of their own, as rendering does in the product.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import weasyprint

from benchmarks.measure import Row
from consult.questionnaire import walk
from consult.questionnaire.editions import newest
from consult.report import pdf
from consult.report.build import build_report
from consult.report.document import document_html
from consult.report.files import FONTS, STYLESHEET
from consult.scoring import Scorecard, score
from tests.support.personas import BATON_ON_THE_FLOOR

ROOT = Path(__file__).parents[1]
RENDERS = 8
AIM = 1.2
"""Tags and their repair may cost a fifth of a render; they are what makes a PDF readable aloud."""


def rows() -> list[Row]:
    """CPU of one PDF after the first, and its size, against the bare script."""
    with TemporaryDirectory() as folder:
        html = Path(folder, "report.html")
        html.write_text(_document(), encoding="utf-8")
        bare, bare_size = _in_a_process("bare", html)
        ours, our_size = _in_a_process("ours", html)
    return [
        Row("a PDF report, CPU", ours, "ms", "bare WeasyPrint script", bare, AIM),
        Row("a PDF report, size", our_size, "kB", "bare WeasyPrint script", bare_size),
    ]


def _document() -> str:
    way = walk(newest(), BATON_ON_THE_FLOOR.payload()["answers"], "full")
    card = score(way.on_path)
    if not isinstance(card, Scorecard):
        raise RuntimeError("the persona leaves questions open")
    return document_html(build_report(way, card), made_on=date(2026, 11, 23))


def _in_a_process(how: str, html: Path) -> tuple[float, float]:
    """CPU milliseconds of a render, and the size of the PDF in kB."""
    command = [sys.executable, "-m", "benchmarks.pdf", how, str(html), str(RENDERS)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "FONTCONFIG_FILE": str(FONTS)},
        check=True,
        capture_output=True,
        text=True,
    )
    cpu, size = json.loads(done.stdout)
    return cpu, size


def _bare(html: str) -> bytes:
    """What a script would do: the same fonts and styles, and nothing that makes it ours."""
    printed = weasyprint.HTML(string=html).write_pdf(stylesheets=[str(STYLESHEET)])
    return bytes(printed)


def _ours(html: str) -> bytes:
    return pdf.html_to_pdf(html)


def _measure(how: Callable[[str], bytes], html: str, renders: int) -> tuple[float, float]:
    content = how(html)
    if how is _ours:
        gc.freeze()  # as the renderer's process does
    times = []
    for _ in range(renders):
        start = time.process_time()
        how(html)
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times), len(content) / 1000


def _main(how: str, html: str, renders: str) -> None:
    measured = _measure(_ours if how == "ours" else _bare, Path(html).read_text(), int(renders))
    print(json.dumps(measured))


if __name__ == "__main__":
    _main(*sys.argv[1:])
