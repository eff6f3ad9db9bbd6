"""One PDF report: our renderer beside a bare script that prints the same document.

Both run in a process of their own, as rendering does in the product.
"""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import printing
from benchmarks.measure import Row
from consult.questionnaire import Walk, walk
from consult.questionnaire.editions import newest
from consult.report.build import build_report
from consult.report.document import document_html
from consult.report.files import FONTS
from consult.scoring import Scorecard, score
from tests.support.personas import BATON_ON_THE_FLOOR

ROOT = Path(__file__).parents[1]
RENDERS = 8
LARGEST_KB = 120
MOST_MEMORY_MIB = 120
AIM = 1.2
"""Tags and their repair may cost a fifth of a render; they are what makes a PDF readable aloud."""


def rows() -> list[Row]:
    """CPU of one PDF after the first, and its size, against the bare script."""
    with TemporaryDirectory() as folder:
        html = Path(folder, "report.html")
        html.write_text(_document(), encoding="utf-8")
        bare, bare_size, _ = _in_a_process("bare", html)
        ours, our_size, memory = _in_a_process("ours", html)
        html.write_text(_document(standalone=True), encoding="utf-8")
        chromium = printing.chromium_cpu(html)
    return [
        Row("a PDF report, CPU", ours, "ms", "bare WeasyPrint script", bare, AIM),
        Row("a PDF report, CPU", ours, "ms", "Chromium, the same page", chromium),
        Row("a PDF report, size", our_size, "kB", "bare WeasyPrint script", bare_size),
        Row("a PDF report, size", our_size, "kB", "the promise", LARGEST_KB, 1),
        Row("memory of a renderer", memory, "MiB", "the promise", MOST_MEMORY_MIB, 1),
        printing.two_at_once(_document(), RENDERS),
        printing.from_submission_to_ready(_way()),
    ]


def _way() -> Walk:
    return walk(newest(), BATON_ON_THE_FLOOR.payload()["answers"], "full")


def _document(*, standalone: bool = False) -> str:
    way = _way()
    card = score(way.on_path)
    if not isinstance(card, Scorecard):
        raise RuntimeError("the persona leaves questions open")
    day = date(2026, 11, 23)
    return document_html(build_report(way, card), made_on=day, standalone=standalone)


def _in_a_process(how: str, html: Path) -> tuple[float, float, float]:
    """CPU milliseconds of a render, the size of the PDF in kB, and the process' MiB at most."""
    command = [sys.executable, "-m", "benchmarks.render", how, str(html), str(RENDERS)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "FONTCONFIG_FILE": str(FONTS)},
        check=True,
        capture_output=True,
        text=True,
    )
    cpu, size, memory = json.loads(done.stdout)
    return cpu, size, memory
