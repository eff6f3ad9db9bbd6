"""Finished reports look as they did when somebody last looked at them, page by page.

After a change that was meant: `.venv/bin/python -m tests.report.pictures`, and look at each page.
"""

from functools import cache

import pymupdf
import pytest
from PIL import ImageChops

from tests.report.pictures import EXAMPLES, draw, pdf_of, stored

_FAR_APART = 40
"""Of 255 greys: the edge of a letter may differ by less between two machines."""

_MOST_CHANGED = 0.0002
"""The share of points that may be far apart. A block moved by a tenth of a millimetre is more."""

_RUNNING = 56  # points at the head and the foot of a page that hold the running heads
_FEWEST_LINES = 8
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


@pytest.mark.parametrize("name", [name for name, one in EXAMPLES.items() if one.pages is None])
def test_a_report_has_four_to_ten_full_pages(name: str) -> None:
    with pymupdf.open(stream=_pdf(EXAMPLES[name])) as document:
        assert 4 <= document.page_count <= 10
        for page in document:
            lines = [
                span
                for block in page.get_text("dict")["blocks"]
                for line in block.get("lines", ())
                for span in line["spans"][:1]
                if line["bbox"][1] > _RUNNING and line["bbox"][3] < page.rect.height - _RUNNING
            ]
            assert len(lines) >= _FEWEST_LINES, f"page {page.number + 1} is nearly empty"
            lowest = max(lines, key=lambda span: span["bbox"][3])
            is_heading = "Bold" in lowest["font"] and lowest["size"] >= _SMALLEST_HEADING
            assert not is_heading, f"a heading is left alone at the foot: {lowest['text']}"
