"""Renders a document over and over in each way, each in a process of its own that starts warm.

`python -m benchmarks.render FILE RENDERS` prints the costs of a render and the sizes as JSON.

ours    what the product does
bare    a script with our template: the same fonts and styles, and nothing that makes it ours
naive   a template as one would write it at first, in a script: see naive.css
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from pathlib import Path

import weasyprint

from consult.report import STYLESHEET
from consult.report.pdf import render_pdf
from consult.settings import PROJECT_FOLDER

NAIVE = Path(__file__).with_name("naive.css")


def _ours(html: str) -> bytes:
    return render_pdf.html_to_pdf(html)


def _bare(html: str) -> bytes:
    return bytes(weasyprint.HTML(string=html).write_pdf(stylesheets=[str(STYLESHEET)]))


def _naive(html: str) -> bytes:
    styles = f"<style>{STYLESHEET.read_text()}</style><style>{NAIVE.read_text()}</style>"
    page = html.replace("</head>", f"{styles}</head>", 1)
    return bytes(weasyprint.HTML(string=page, base_url=f"{PROJECT_FOLDER}/").write_pdf())


WAYS: Mapping[str, Callable[[str], bytes]] = {"ours": _ours, "bare": _bare, "naive": _naive}


def _measure(way: str, html: str, renders: int) -> tuple[float, float]:
    """The least CPU milliseconds of so many renders, and the size of the PDF in kB."""
    render = WAYS[way]
    content = render(html)
    if way == "ours":  # as the renderer's process does
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
    times = []
    for _ in range(renders):
        start = time.process_time()
        render(html)
        times.append((time.process_time() - start) * 1000)
        if way == "ours":
            gc.collect()
    return min(times), len(content) / 1000


def _main(file: str, renders: str) -> None:
    html, found = Path(file).read_text(), {}
    for way in WAYS:
        with get_context("fork").Pool(1) as process:
            found[way] = process.apply(_measure, (way, html, int(renders)))
    print(json.dumps(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
