"""A Report as one HTML document for print, the input of `consult.report.pdf.render_pdf`."""

import functools
import io
from dataclasses import dataclass
from datetime import date
from typing import Literal

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from consult.questionnaire.editions import load
from consult.report import STYLESHEET, TEMPLATES, score_charts
from consult.report.display import long_date, safe_text
from consult.report.report import Report
from consult.settings.brand import Brand

Paper = Literal["letter", "a4"]


@dataclass(frozen=True)
class Recipient:
    """Whom the report is for, as they typed it; both may be empty."""

    name: str = ""
    business: str = ""


def document_html(
    report: Report,
    made_on: date,
    recipient: Recipient | None = None,
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
    recipient = recipient or Recipient()
    palette = score_charts.print_palette(brand.colours)
    return (
        print_templates()
        .get_template("document.html")
        .render(
            report=report,
            business=safe_text(recipient.business, 80),
            name=safe_text(recipient.name, 40),
            brand=brand,
            paper=paper,
            made_on=made_on,
            day=long_date(made_on),
            palette=palette,
            words=score_charts.STATE_WORDS,
            texts=load(report.edition).texts.findings["report"],
            score_bar=score_charts.score_bar,
            relay_picture=score_charts.relay_picture,
            qr_code=_qr_code(brand),
            with_blanks=_with_blanks,
            css=Markup(STYLESHEET.read_text(encoding="utf-8")) if standalone else "",  # noqa: S704
        )
    )


@functools.cache
def print_templates() -> Environment:
    """The templates of everything that is printed, strict about what they are not given."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _with_blanks(text: str) -> Markup:
    """A text of the agreement with a dotted line for each blank, as wide as its place allows."""
    return Markup('<span class="blank">…</span>').join(escape(part) for part in text.split("___"))


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
