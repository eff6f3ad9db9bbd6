"""One PDF report: our renderer beside scripts that print the same content, and beside a browser.

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
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import Walk, walk
from consult.report import FONTS
from consult.report.build import build_report
from consult.report.html_document import document_html
from tests.support.personas import BATON_ON_THE_FLOOR, Depth

ROOT = Path(__file__).parents[1]
DEPTH: Depth = "full"
RENDERS = 5
LARGEST_KB = 120
MOST_MEMORY_MIB = 120
ROUNDS = 3
AIM_NAIVE = 0.40 / 0.84
"""Seconds of CPU for six tagged pages, where a naive template without tags took 0.84."""


def rows() -> list[Row]:
    """CPU, size, memory and speed of the PDF, against what would do the same."""
    with TemporaryDirectory() as folder:
        html = Path(folder, "report.html")
        html.write_text(document(), encoding="utf-8")
        cost, size = _each_way(html)
        html.write_text(document(standalone=True), encoding="utf-8")
        chromium = printing.chromium_cpu(html)
    ours = cost["ours"]
    return [
        Row("a PDF report, CPU", ours, "ms", "a naive template", cost["naive"], AIM_NAIVE),
        Row("a PDF report, CPU", ours, "ms", "our template in a script", cost["bare"]),
        Row("a PDF report, CPU", ours, "ms", "Chromium, the same page", chromium),
        Row("a PDF report, size", size["ours"], "kB", "without tags", size["bare"]),
        Row("a PDF report, size", size["ours"], "kB", "the promise", LARGEST_KB, 1),
        *printing.rows(document(), _way(), MOST_MEMORY_MIB),
    ]


def _way() -> Walk:
    return walk(newest(), BATON_ON_THE_FLOOR.payload()["answers"], DEPTH)


def document(*, standalone: bool = False) -> str:
    """The HTML of the report that is printed, with its styles and fonts in it or not."""
    way = _way()
    report = build_report(way)
    return document_html(report, made_on=date(2026, 11, 23), standalone=standalone)


def _each_way(html: Path) -> tuple[dict[str, float], dict[str, float]]:
    """The least CPU milliseconds of a render and the size in kB, for each way; they take turns."""
    cost: dict[str, float] = {}
    size: dict[str, float] = {}
    for _ in range(ROUNDS):
        for way, (spent, size[way]) in _a_round(html).items():
            cost[way] = min(spent, cost.get(way, spent))
    return cost, size


def _a_round(html: Path) -> dict[str, tuple[float, float]]:
    command = [sys.executable, "-m", "benchmarks.render", str(html), str(RENDERS)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "FONTCONFIG_FILE": str(FONTS)},
        check=True,
        capture_output=True,
        text=True,
    )
    return {way: (cpu, size) for way, (cpu, size) in json.loads(done.stdout).items()}
