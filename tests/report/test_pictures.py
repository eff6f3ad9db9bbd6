"""Finished reports look as they did when somebody last looked at them, page by page.

After a change that was meant: `.venv/bin/python -m tests.report.pictures`, and look at each page.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import pymupdf
import pytest
from PIL import ImageChops

from consult.questionnaire import walk
from consult.report.build import build_report
from consult.report.html_document import Paper, Recipient, document_html
from consult.report.pdf.render_pdf import html_to_pdf
from consult.report.report import Report
from tests.report.pictures import EXAMPLES, draw, pdf_of, stored
from tests.report.samples import DAY, report_of
from tests.report.test_firms import report_of as firm_report
from tests.support.firms import FIRMS
from tests.support.strategies import BRANCHES, EDITION, answered

_FAR_APART = 40
"""Of 255 greys: the edge of a letter may differ by less between two machines."""

_MOST_CHANGED = 0.0002
"""The share of points that may be far apart. A block moved by a tenth of a millimetre is more."""

_HEAD, _FOOT = 65, 54  # points of the margins, which hold the running heads
_MOST_PAGES = 10
_SMALLEST_HEADING = 9.9  # points; what is bold and at least as large is a heading

_pdf = cache(pdf_of)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_report_looks_as_it_did(name: str) -> None:
    example = EXAMPLES[name]
    picture, before = draw(_pdf(example), example.pages), stored(name)
    assert picture.size == before.size, "another number of pages"
    changed = ImageChops.difference(picture, before).histogram()[_FAR_APART:]
    share = sum(changed) / (picture.width * picture.height)
    assert share <= _MOST_CHANGED, f"{share:.3%} of the points changed; look at {name}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The whole examples and short plans; with `--every-look` each firm too, on both papers."""
    if "sheets" in metafunc.fixturenames:
        names = [name for name, one in EXAMPLES.items() if one.pages is None]
        names += ["one step", "two steps"]
        if metafunc.config.getoption("every_look"):
            names += [f"{firm} on {paper}" for firm in FIRMS for paper in get_args(Paper)]
        metafunc.parametrize("sheets", names, indirect=True)


@pytest.fixture
def sheets(request: pytest.FixtureRequest) -> Iterator[tuple[Report, Any]]:
    """A report, and the PDF that was made of it."""
    if request.param in EXAMPLES:
        example = EXAMPLES[request.param]
        report, pdf = report_of(example.persona, example.depth), _pdf(example)
    else:
        subject, _, paper = request.param.partition(" on ")
        report = firm_report(FIRMS[subject]) if paper else _nearly_perfect(subject)
        owner = Recipient("Jo", "Oak Street")
        pdf = html_to_pdf(document_html(report, DAY, owner, paper=paper or "letter"))
    with pymupdf.open(stream=pdf) as document:
        yield report, document


def _nearly_perfect(steps: str) -> Report:
    """The report of a firm that has so few steps left."""
    low = {"one step": ["joint_review"], "two steps": ["follow_up", "lead_list"]}[steps]
    answers = answered(BRANCHES[0], "full", "highest") | dict.fromkeys(low, 0)
    return build_report(walk(EDITION, answers, "full"))


def test_no_page_is_a_third_empty_and_no_heading_stands_alone(sheets: tuple[Report, Any]) -> None:
    _, document = sheets
    assert document.page_count <= _MOST_PAGES
    for page in document.pages(0, document.page_count - 1):
        lines = [line for line in _lines(page) if line["bbox"][3] < page.rect.height - _FOOT]
        last = max(lines, key=lambda line: line["bbox"][3])
        drawn = [one["rect"].y1 for one in page.get_drawings()]
        ink = max(last["bbox"][3], *(y for y in drawn if y < page.rect.height - _FOOT))
        filled = (ink - _HEAD) / (page.rect.height - _HEAD - _FOOT)
        assert filled > 2 / 3, f"page {page.number + 1} is filled to {filled:.0%}"
        span = last["spans"][0]
        is_heading = "Bold" in span["font"] and span["size"] >= _SMALLEST_HEADING
        assert not is_heading, f"a heading is left alone at the foot: {span['text']}"


def test_the_title_is_the_finding_and_the_agreement_is_one_page(
    sheets: tuple[Report, Any],
) -> None:
    report, document = sheets
    spans = [span for line in _lines(document[0]) for span in line["spans"]]
    largest = max(span["size"] for span in spans)
    title = " ".join(span["text"] for span in spans if span["size"] == largest)
    assert " ".join(title.split()) == report.finding
    assert document.metadata["title"].startswith(report.finding)
    assert report.agreement
    (agreed,) = (page for page in document if "The agreement" in page.get_text().splitlines())
    words = " ".join(agreed.get_text().split())
    for line in report.agreement.lines:
        assert line.title in words
    assert report.agreement.signed.split("___")[0].strip() in words


def _lines(page: Any) -> list[Any]:
    blocks = page.get_text("dict")["blocks"]
    return [line for block in blocks for line in block.get("lines", ())]
