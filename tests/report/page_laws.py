"""What holds for each page of a report that is printed."""

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pymupdf

from consult.report.report import Report
from tests.report.samples import is_accessible

_HEAD, _FOOT = 65, 54  # points of the margins, which hold the running heads
_MOST_PAGES, _MOST_PAGES_WITHOUT_PLAN = 10, 7
_MOST_BYTES = 120_000
_SMALLEST_HEADING = 9.9  # points; what is bold and at least as large is a heading


def accessible_and_small(_report: Report, pdf: bytes) -> None:
    """Everybody can read the PDF, and it can be mailed."""
    assert is_accessible(pdf)
    assert len(pdf) < _MOST_BYTES
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert str(opened.Root.Lang) == "en"


def no_page_a_third_empty_and_no_heading_alone(report: Report, pdf: bytes) -> None:
    """Pages are filled, and what leads into something is on the page that it leads into."""
    with pymupdf.open(stream=pdf) as document:
        _pages_are_filled(report, document)


def _pages_are_filled(report: Report, document: Any) -> None:
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


def titled_by_the_finding_and_agreement_on_one_page(report: Report, pdf: bytes) -> None:
    """The cover says what was found, and the handoff agreement is a page for the wall."""
    with pymupdf.open(stream=pdf) as document:
        _title_and_agreement(report, document)


def _title_and_agreement(report: Report, document: Any) -> None:
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


LAWS: tuple[Callable[[Report, bytes], None], ...] = (
    accessible_and_small,
    no_page_a_third_empty_and_no_heading_alone,
    titled_by_the_finding_and_agreement_on_one_page,
)
