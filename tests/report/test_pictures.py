"""Finished reports look as they did when someone last looked at them, and can be read aloud.

After a change that was meant: `.venv/bin/python -m tests.report.pictures`, and look at each page.
"""

import io
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import outloud
import pikepdf
import pymupdf
import pytest
from PIL import ImageChops

from consult.questionnaire.journey import walk
from consult.report.build import build_report
from consult.report.display import safe_text
from consult.report.html_document import Paper, Recipient, document_html
from consult.report.pdf.render_pdf import html_to_pdf
from consult.report.report import Report
from tests.report.pictures import EXAMPLES, draw, pdf_of, stored
from tests.report.samples import DAY, firm_report, is_accessible, report_of
from tests.support.firms import FIRMS
from tests.support.strategies import BRANCHES, EDITION, answered

WHOLE = [name for name, example in EXAMPLES.items() if example.whole]
_PAPERS = {"letter": (612, 792), "a4": (595, 842)}

_FAR_APART = 40
"""Of 255 greys: the edge of a letter may differ by less between two machines."""

_MOST_CHANGED = 0.0002
"""The share of points that may be far apart. A block moved by a tenth of a millimetre is more."""

_HEAD, _FOOT = 65, 54  # points of the margins, which hold the running heads
_MOST_PAGES, _MOST_PAGES_WITHOUT_PLAN = 10, 7
_MOST_BYTES = 120_000
_SMALLEST_HEADING = 9.9  # points; what is bold and at least as large is a heading


@cache
def _printed(name: str) -> tuple[Report, bytes]:
    """An example, a firm on a paper, or a plan of a few steps: its report, and the PDF of it."""
    if name in EXAMPLES:
        example = EXAMPLES[name]
        return report_of(example.persona, example.depth), pdf_of(example)
    subject, _, on = name.partition(" on ")
    report = firm_report(FIRMS[subject]) if on else _nearly_perfect(subject)
    paper: Paper = "a4" if on == "a4" else "letter"
    html = document_html(report, DAY, Recipient("Jo", "Oak Street"), paper=paper)
    return report, html_to_pdf(html)


def _nearly_perfect(steps: str) -> Report:
    """The report of a firm that has so few steps left."""
    low = {"one step": ["joint_review"], "two steps": ["follow_up", "lead_list"]}[steps]
    answers = answered(BRANCHES[0], "full", "highest") | dict.fromkeys(low, 0)
    return build_report(walk(EDITION, answers, "full"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The whole examples and short plans; with `--every-look` each firm too, on both papers."""
    if "printed" in metafunc.fixturenames:
        names = [*WHOLE, "one step", "two steps"]
        if metafunc.config.getoption("every_look"):
            names += [f"{firm} on {paper}" for firm in FIRMS for paper in get_args(Paper)]
        metafunc.parametrize("printed", names, indirect=True)


@pytest.fixture
def printed(request: pytest.FixtureRequest) -> tuple[Report, bytes]:
    """A report, and the PDF that was made of it."""
    return _printed(request.param)


@pytest.fixture
def sheets(printed: tuple[Report, bytes]) -> Iterator[tuple[Report, Any]]:
    """The same, with the PDF opened to look at its pages."""
    report, pdf = printed
    with pymupdf.open(stream=pdf) as document:
        yield report, document


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_report_looks_as_it_did(name: str) -> None:
    _, pdf = _printed(name)
    picture, before = draw(pdf), stored(name)
    assert picture.size == before.size, "another number of pages"
    changed = ImageChops.difference(picture, before).histogram()[_FAR_APART:]
    share = sum(changed) / (picture.width * picture.height)
    assert share <= _MOST_CHANGED, f"{share:.3%} of the points changed; look at {name}"


def test_a_report_is_accessible_and_small(printed: tuple[Report, bytes]) -> None:
    _, pdf = printed
    assert is_accessible(pdf)
    assert len(pdf) < _MOST_BYTES
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert str(opened.Root.Lang) == "en"


@pytest.mark.parametrize("name", WHOLE)
def test_a_report_is_on_its_paper_and_names_the_business(name: str) -> None:
    example, (_, pdf) = EXAMPLES[name], _printed(name)
    with pymupdf.open(stream=pdf) as document:
        _, _, width, height = document[0].rect
        assert (round(width), round(height)) == _PAPERS[example.paper]
        assert safe_text(example.recipient.business, 80) in document.metadata["title"]


def test_a_screen_reader_finds_nothing_amiss(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(_printed("mostly_unknown")[1])
    result = outloud.check(str(file))
    assert result.error is None
    found = [f"{finding.rule}: {finding.message}" for finding in result.findings]
    assert found == []


@pytest.mark.parametrize("name", ["solo", "polish"])
def test_only_our_fonts_are_in_it(name: str) -> None:
    with pikepdf.open(io.BytesIO(_printed(name)[1])) as opened:
        fonts = {
            str(item.BaseFont).split("+")[-1]
            for item in opened.objects
            if isinstance(item, pikepdf.Dictionary) and "/BaseFont" in item
        }
    assert fonts == {"Report-Sans", "Report-Sans-Bold"}


def test_every_page_number_says_of_how_many(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(_printed("solo")[1])
    text = subprocess.run(
        ["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True
    ).stdout
    pages = text.count("\f")
    assert re.findall(r"\d+ of \d+$", text, re.MULTILINE) == [
        f"{number} of {pages}" for number in range(2, pages + 1)
    ]


def test_no_page_is_a_third_empty_and_no_heading_stands_alone(sheets: tuple[Report, Any]) -> None:
    report, document = sheets
    most_pages = _MOST_PAGES if report.plan else _MOST_PAGES_WITHOUT_PLAN
    assert document.page_count <= most_pages
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
        says = "".join(span["text"] for span in last["spans"]).strip()
        leads_in = any(axis.matters.endswith(says) for axis in report.axes)
        assert not leads_in, f"what leads into a table is left without it: {says}"


def test_the_title_is_the_finding_and_the_agreement_is_one_page(sheets: tuple[Report, Any]) -> None:
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
