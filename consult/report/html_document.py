"""A Report as one HTML document for print, the input of `consult.report.pdf.render_pdf`.

Its charts, bars and the relay, are SVG that says its numbers in its title. States differ in pattern
as well as in tone, the same here as on the result page: solid, striped, dashed, and dotted with a
question mark, so that they can be distinguished in gray and by the color-blind.
"""

import functools
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from math import ceil
from typing import Any, Literal

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from consult.questionnaire.editions import load
from consult.questionnaire.questions import DEPTH_LABELS
from consult.report import BRIEF_STYLESHEET, STYLESHEET, TEMPLATES
from consult.report.display import long_date, mid_sentence, safe_text
from consult.report.report import Report, State
from consult.scoring.axis import CUTS
from consult.settings.brand import Brand

Paper = Literal["letter", "a4"]


@dataclass(frozen=True)
class Recipient:
    """Who left the answers, as they typed it; all of it is empty without a contact."""

    name: str = ""
    business: str = ""
    email: str = ""
    phone: str = ""
    wants_consult: bool = False
    best_time: str = ""


def document_html(
    report: Report,
    made_on: date,
    recipient: Recipient = Recipient(),
    brand: Brand | None = None,
    paper: Paper = "letter",
    *,
    standalone: bool = False,
) -> str:
    """The whole report as HTML that asks for nothing outside itself.

    `made_on` is the day the answers were sent: the same arguments give the same HTML for ever.
    With `standalone` the stylesheet is inside, for looking at the page in a browser; the PDF
    brings its own.
    """
    brand = brand or Brand()
    template = printed_templates().get_template("document.html")
    return template.render(
        report=report,
        # Without a name for the business, a contact has the owner's in its place.
        business=safe_text(recipient.business, 80) if recipient.business != recipient.name else "",
        name=safe_text(recipient.name, 40),
        unprinted=_unprinted(recipient),
        own_words=safe_text(report.own_words, len(report.own_words)),
        brand=brand,
        paper=paper,
        made_on=made_on,
        day=long_date(made_on),
        depth_label=DEPTH_LABELS[report.depth],
        check_again=long_date(report.check_again_on(made_on)),
        texts=load(report.edition).texts.findings["report"],
        most_points=max(part.weight for axis in report.axes for part in axis.dimensions),
        qr_code=_qr_code(brand) if brand.consult_url else "",
        css=Markup(STYLESHEET.read_text(encoding="utf-8")) if standalone else "",  # noqa: S704
    )


def _unprinted(recipient: Recipient) -> str:
    """What names of the owner are not printed, and why, as they read it; "" if all are."""
    names = {"your name": recipient.name, "the name of your business": recipient.business}
    missing = [what for what, name in names.items() if name and not safe_text(name)]
    if not missing:
        return ""
    what = " and ".join(missing)
    return (
        f"{what[0].upper()}{what[1:]} can’t be printed here: this PDF doesn’t have all the letters."
    )


def staff_html(
    template: str, title: str, made_at: datetime, brand: Brand, paper: Paper, **values: Any
) -> str:
    """A document for staff, from one of the templates with the stylesheet of the call brief."""
    document = printed_templates().get_template(template)
    return document.render(
        title=title,
        day=long_date(made_at.date()),
        made_on=made_at.date(),
        brand=brand,
        paper=paper,
        css=Markup(BRIEF_STYLESHEET.read_text(encoding="utf-8")),  # noqa: S704 - our own file
        **values,
    )


@functools.cache
def printed_templates() -> Environment:
    """The templates of everything that is printed, strict about what they are not given."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"mid_sentence": mid_sentence, "with_blanks": _with_blanks, "size_of": _size_of}
    made.filters["by_columns"] = _by_columns
    made.globals |= {"states": STATE_TEXTS, "band_cuts": CUTS, "hatch": _hatch}
    return made


def _with_blanks(text: str) -> Markup:
    """A text with a line to write on for each blank, as wide as its place allows."""
    parts = re.split("_{3,}", text)
    return Markup('<span class="blank">…</span>').join(escape(part) for part in parts)


def _by_columns(text: str) -> list[list[list[str]]]:
    """The cells of each line, where a "|" divides them; lines with as many cells are together."""
    lines = (line.split(" | ") for line in text.splitlines())
    return [list(alike) for _, alike in groupby(lines, key=len)]


_LETTERS_PER_LINE = 62
_SIZES = {16: "roomy", 19: "", 21: "dense"}
"""A class for the tools of up to so many lines."""


def _size_of(tool: str) -> str:
    """How large a tool is printed, by about how many lines it has: two have to fit on a page."""
    written = tool.replace("____", 15 * "_").splitlines()
    lines = sum(ceil(len(line) / _LETTERS_PER_LINE) or 0.3 for line in written)
    return next((size for most, size in _SIZES.items() if lines <= most), "densest")


def _qr_code(brand: Brand) -> Markup:
    """The consult link as a QR code, with a quiet zone of two modules."""
    picture = io.BytesIO()
    segno.make(brand.consult_url, error="m", micro=False).save(
        picture,
        kind="svg",
        border=2,
        dark=brand.colours.ink,
        title=f"QR code for {brand.consult_url}",
        xmldecl=False,
        omitsize=True,
    )
    return Markup(picture.getvalue().decode())  # noqa: S704 - segno escapes the title


STATE_TEXTS: dict[State, str] = {
    "strong": "strong",
    "partly": "in part",
    "weak": "weak",
    "unknown": "not known yet",
}


def _hatch(x: float, y: float, width: float, height: float, step: float) -> str:
    """Rising diagonals inside a box, cut off at its edges: a <pattern> costs far more to draw."""
    right, bottom = x + width, y + height
    lines = []
    foot = x - height + step / 2
    while foot < right:
        start, end = max(foot, x), min(foot + height, right)
        if end > start:
            rise_to, rise_from = bottom - (end - foot), bottom - (start - foot)
            lines.append(f"M{start:g} {rise_from:g}L{end:g} {rise_to:g}")
        foot += step
    return "".join(lines)
