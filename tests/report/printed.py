"""The printed examples, and what holds for each of them."""

import io
from functools import cache

import pikepdf
import pymupdf
from PIL import ImageChops

from consult.report.display import safe_text
from consult.report.report import Report
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


def looks_as_it_did(name: str) -> None:
    _, pdf = printed(name)
    picture, before = draw(pdf), stored(name)
    assert picture.size == before.size, "another number of pages"
    changed = ImageChops.difference(picture, before).histogram()[_FAR_APART:]
    share = sum(changed) / (picture.width * picture.height)
    assert share <= _MOST_CHANGED, f"{share:.3%} of the points changed; look at {name}"


def is_on_its_paper_and_names_the_business(name: str) -> None:
    example, (_, pdf) = EXAMPLES[name], printed(name)
    with pymupdf.open(stream=pdf) as document:
        _, _, width, height = document[0].rect
        assert (round(width), round(height)) == _PAPERS[example.paper]
        assert safe_text(example.recipient.business, 80) in document.metadata["title"]


def has_only_our_fonts(name: str) -> None:
    with pikepdf.open(io.BytesIO(printed(name)[1])) as opened:
        fonts = {
            str(item.BaseFont).split("+")[-1]
            for item in opened.objects
            if isinstance(item, pikepdf.Dictionary) and "/BaseFont" in item
        }
    assert fonts == {"Report-Sans", "Report-Sans-Bold"}
