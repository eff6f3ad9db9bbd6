"""Pictures of finished reports, to see at once what a change of words or looks does to a page.

    .venv/bin/python -m tests.report.pictures

draws all of them again. Look at every page before you commit them: the test only knows that they
are the same as before, not that they are good.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import pymupdf
from PIL import Image

from consult.report.html_document import Paper, Recipient, document_html
from consult.report.pdf.render_pdf import html_to_pdf
from consult.settings.brand import Brand
from tests.report.samples import DAY, cover_of, report_of
from tests.support.personas import Depth

FOLDER = Path(__file__).parent / "pictures"
_DOTS_PER_INCH = 50
_BRAND = Brand(consult_url="https://marketingmaven.example/consult")
_GREYS = 16  # levels; enough to see a letter, and a third of the size


@dataclass(frozen=True)
class Example:
    """A report to look at: all of it, or its cover alone."""

    persona: str
    depth: Depth
    paper: Paper
    recipient: Recipient
    whole: bool = True


EXAMPLES = {
    "solo": Example("solo_starter", "full", "letter", Recipient("Jo", "Miller Painting")),
    "silos": Example("two_silos", "full", "a4", Recipient("Ada", "Okafor Software")),
    "relay": Example("disciplined_solo", "full", "letter", Recipient("Sam", "Clear Books")),
    "mostly_unknown": Example(
        "mostly_unknown", "full", "letter", Recipient("Kim", "Oak Street Dental")
    ),
    "longest_texts": Example(
        "corner_shop",
        "full",
        "letter",
        Recipient("Maximiliane Featherstonehaugh", "The Very Long And Wordy Family Business " * 3),
    ),
    "quick_look": Example("web_store", "quick", "a4", Recipient("Mei", "Quiet Leaf Tea")),
    "polish": Example(
        "baton_on_the_floor",
        "quick",
        "a4",
        Recipient("Święta Żółć", "Zakład Usługowy Łódź"),
        whole=False,
    ),
    "vietnamese": Example(
        "first_customers",
        "quick",
        "letter",
        Recipient("Nguyễn Thị Ánh", "Tiệm bánh Hoà"),
        whole=False,
    ),
    "arabic": Example(
        "corner_shop", "quick", "letter", Recipient("ليلى", "مطعم النخيل Palm"), whole=False
    ),
    "emoji": Example(
        "solo_starter", "quick", "a4", Recipient("Jo 😀", "Bäckerei 🥐 Müller"), whole=False
    ),
    "one_long_word": Example(
        "solo_starter", "quick", "letter", Recipient("V" * 2000, "W" * 2000), whole=False
    ),
}


def pdf_of(example: Example) -> bytes:
    report = report_of(example.persona, example.depth)
    html = document_html(report, DAY, example.recipient, _BRAND, example.paper)
    return html_to_pdf(html if example.whole else cover_of(html))


def draw(pdf: bytes) -> Image.Image:
    """The pages of a PDF side by side, in a few greys."""
    with pymupdf.open(stream=pdf) as document:
        drawn = [
            page.get_pixmap(dpi=_DOTS_PER_INCH, colorspace=pymupdf.csGRAY) for page in document
        ]
    strip = Image.new("L", (sum(one.width for one in drawn), drawn[0].height))
    left = 0
    for one in drawn:
        strip.paste(Image.frombytes("L", (one.width, one.height), one.samples), (left, 0))
        left += one.width
    step = 255 / (_GREYS - 1)
    return strip.point(lambda grey: round(round(grey / step) * step))


def stored(name: str) -> Image.Image:
    """The picture of an example as someone looked at it."""
    return Image.open(io.BytesIO((FOLDER / f"{name}.png").read_bytes())).convert("L")


def _renew() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, example in EXAMPLES.items():
        picture = draw(pdf_of(example)).quantize(_GREYS)
        picture.save(FOLDER / f"{name}.png", optimize=True, bits=4)


if __name__ == "__main__":
    _renew()
