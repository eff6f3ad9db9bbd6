"""The printed examples, and tests of what holds for each that is on one paper."""

import io
from collections.abc import Callable
from functools import cache

import pikepdf
import pymupdf
import pytest
from PIL import ImageChops

from consult.report.display import safe_text
from consult.report.html_document import Paper
from consult.report.report import Report
from tests.report.page_laws import LAWS
from tests.report.pictures import EXAMPLES, draw, pdf_of, stored
from tests.report.samples import report_of

_PAPERS = {"letter": (612, 792), "a4": (595, 842)}

_FAR_APART = 40
"""Of 255 greys: the edge of a letter may differ by less between two machines."""

_MOST_CHANGED = 0.0002
"""The share of points that may be far apart. A block moved by a tenth of a millimetre is more."""


@cache
def printed(name: str) -> tuple[Report, bytes]:
    """An example: its report, and the PDF of it."""
    example = EXAMPLES[name]
    return report_of(example.persona, example.depth), pdf_of(example)


def look_as_they_did(paper: Paper) -> Callable[[str], None]:
    """The test that each example on this paper looks as in its picture."""

    @pytest.mark.parametrize("name", _examples(paper))
    def test(name: str) -> None:
        _, pdf = printed(name)
        picture, before = draw(pdf), stored(name)
        assert picture.size == before.size, "another number of pages"
        changed = ImageChops.difference(picture, before).histogram()[_FAR_APART:]
        share = sum(changed) / (picture.width * picture.height)
        assert share <= _MOST_CHANGED, f"{share:.3%} of the points changed; look at {name}"

    return test


def keep_the_laws_of_pages(paper: Paper) -> Callable[..., None]:
    """The test that each whole example on this paper keeps each law."""

    @pytest.mark.parametrize("law", LAWS)
    @pytest.mark.parametrize("name", _whole(paper))
    def test(name: str, law: Callable[[Report, bytes], None]) -> None:
        law(*printed(name))

    return test


def are_on_their_paper_and_name_the_business(paper: Paper) -> Callable[[str], None]:
    """The test that each whole example has the size of this paper, and a name in its title."""

    @pytest.mark.parametrize("name", _whole(paper))
    def test(name: str) -> None:
        with pymupdf.open(stream=printed(name)[1]) as document:
            _, _, width, height = document[0].rect
            assert (round(width), round(height)) == _PAPERS[paper]
            business = EXAMPLES[name].recipient.business
            assert safe_text(business, 80) in document.metadata["title"]

    return test


def _examples(paper: Paper) -> list[str]:
    return [name for name, example in EXAMPLES.items() if example.paper == paper]


def _whole(paper: Paper) -> list[str]:
    return [name for name in _examples(paper) if EXAMPLES[name].whole]


def has_only_our_fonts(name: str) -> None:
    with pikepdf.open(io.BytesIO(printed(name)[1])) as opened:
        fonts = {
            str(item.BaseFont).split("+")[-1]
            for item in opened.objects
            if isinstance(item, pikepdf.Dictionary) and "/BaseFont" in item
        }
    assert fonts == {"Report-Sans", "Report-Sans-Bold"}
