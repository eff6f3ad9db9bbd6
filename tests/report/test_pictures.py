"""Finished reports look as they did when someone last looked at them, and can be read aloud.

After a change that was meant: `.venv/bin/python -m tests.report.pictures`, and look at each page.
"""

import io
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import outloud
import pikepdf
import pymupdf
import pytest
from PIL import ImageChops

from consult.report.display import safe_text
from consult.report.report import Report
from tests.report.page_laws import LAWS
from tests.report.pictures import EXAMPLES, draw, pdf_of, stored
from tests.report.samples import report_of

WHOLE = [name for name, example in EXAMPLES.items() if example.whole]
_PAPERS = {"letter": (612, 792), "a4": (595, 842)}

_FAR_APART = 40
"""Of 255 greys: the edge of a letter may differ by less between two machines."""

_MOST_CHANGED = 0.0002
"""The share of points that may be far apart. A block moved by a tenth of a millimetre is more."""


@cache
def _printed(name: str) -> tuple[Report, bytes]:
    """An example: its report, and the PDF of it."""
    example = EXAMPLES[name]
    return report_of(example.persona, example.depth), pdf_of(example)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_report_looks_as_it_did(name: str) -> None:
    _, pdf = _printed(name)
    picture, before = draw(pdf), stored(name)
    assert picture.size == before.size, "another number of pages"
    changed = ImageChops.difference(picture, before).histogram()[_FAR_APART:]
    share = sum(changed) / (picture.width * picture.height)
    assert share <= _MOST_CHANGED, f"{share:.3%} of the points changed; look at {name}"


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", WHOLE)
def test_a_report_keeps_the_laws_of_its_pages(
    name: str, law: Callable[[Report, bytes], None]
) -> None:
    law(*_printed(name))


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
