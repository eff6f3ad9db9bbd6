"""A Report as one HTML document for print, the input of `consult.report.pdf.render_pdf`.

Its two charts, score bars and the relay, are SVG that says its numbers in its title. States differ
in pattern as well as in tone: solid, hatched, dotted, and a dashed outline with a question mark, so
that they can be distinguished in grey and by the colour-blind.
"""

import functools
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from consult.questionnaire.editions import load
from consult.report import BRIEF_STYLESHEET, STYLESHEET, TEMPLATES
from consult.report.display import long_date, safe_text
from consult.report.report import Relay, Report, State
from consult.settings.brand import Brand, Colours

Paper = Literal["letter", "a4"]


@dataclass(frozen=True)
class Recipient:
    """Who the report is for, as they typed it; both may be empty."""

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
    return (
        _templates()
        .get_template("document.html")
        .render(
            report=report,
            business=safe_text(recipient.business, 80),
            name=safe_text(recipient.name, 40),
            brand=brand,
            paper=paper,
            made_on=made_on,
            day=long_date(made_on),
            states=STATE_TEXTS,
            texts=load(report.edition).texts.findings["report"],
            score_bar=score_bar,
            relay_picture=relay_picture,
            qr_code=_qr_code(brand),
            with_blanks=_with_blanks,
            css=Markup(STYLESHEET.read_text(encoding="utf-8")) if standalone else "",  # noqa: S704
        )
    )


def staff_html(
    template: str, title: str, made_at: datetime, brand: Brand, paper: Paper, **values: Any
) -> str:
    """A document for staff, from one of the templates with the stylesheet of the call brief."""
    return (
        _templates()
        .get_template(template)
        .render(
            title=title,
            day=long_date(made_at.date()),
            made_on=made_at.date(),
            brand=brand,
            paper=paper,
            css=Markup(BRIEF_STYLESHEET.read_text(encoding="utf-8")),  # noqa: S704 - our own file
            **values,
        )
    )


@functools.cache
def _templates() -> Environment:
    """The templates of everything that is printed, strict about what they are not given."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _with_blanks(text: str) -> Markup:
    """A text with a line to write on for each blank, as wide as its place allows."""
    parts = re.split("_{3,}", text)
    return Markup('<span class="blank">…</span>').join(escape(part) for part in parts)


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

_BAR_HEIGHT = 10
_SCALE = 2  # units of a bar's viewBox for each point of score
_PAPER, _TRACK = "#ffffff", "#e9e7e1"  # what is printed on, and what is under an empty bar


def score_bar(name: str, confirmed: int, possible: int, colour: str) -> Markup:
    """A bar on the scale of 0 to 100: solid up to `confirmed`, hatched up to `possible`."""
    sure, open_to, end = confirmed * _SCALE, possible * _SCALE, 100 * _SCALE
    parts = [_rect(0, 0, end, _BAR_HEIGHT, _TRACK), _rect(0, 0, sure, _BAR_HEIGHT, colour)]
    if possible > confirmed:
        width = open_to - sure
        parts.append(_rect(sure, 0, width, _BAR_HEIGHT, _PAPER))
        parts.append(_hatch(sure, 0.5, width, _BAR_HEIGHT - 1, colour, step=4, stroke=1.2))
        parts.append(_outline(sure, 0, width, _BAR_HEIGHT, colour, stroke=1))
    parts += [_rect(cut * _SCALE - 0.5, 0, 1, _BAR_HEIGHT, _PAPER) for cut in (25, 50, 75)]
    upper = f", up to {possible}" if possible > confirmed else ""
    title = f"Bar for {name}: {confirmed}{upper} of 100 points"
    return _svg(end, _BAR_HEIGHT, title, parts, stretch=True)


_LANE = 30
_WIDTH, _HEIGHT = 520, 136
_GROUND = 104  # the lower end of the zone
_TOP, _BOTTOM = 16, 58  # the upper edges of the two lanes
_ZONE_START, _ZONE_END = 196, 324


def relay_picture(relay: Relay, colours: Colours) -> Markup:
    """Two lanes and the zone where the baton changes hands, each drawn by its state."""
    zone_width = _ZONE_END - _ZONE_START
    parts = [
        _rect(_ZONE_START, 4, zone_width, _GROUND - 8, colours.exchange, opacity=0.38),
        *_lane(0, _TOP, _ZONE_END, relay.marketing, colours.marketing, colours.ink),
        *_lane(_ZONE_START, _BOTTOM, _WIDTH - _ZONE_START, relay.sales, colours.sales, colours.ink),
        *_zone_marks(relay.exchange, colours),
        *_baton(relay.exchange, colours),
        _label(0, _BOTTOM + 14, "Marketing", relay.marketing, colours),
        _label(_ZONE_END + 10, _TOP + 13, "Sales", relay.sales, colours),
        _label(_ZONE_START, _GROUND + 15, "Handoff", relay.exchange, colours),
    ]
    title = (
        f"The relay: marketing is {STATE_TEXTS[relay.marketing]}, "
        f"the handoff is {STATE_TEXTS[relay.exchange]}, "
        f"sales is {STATE_TEXTS[relay.sales]}."
    )
    return _svg(_WIDTH, _HEIGHT, title, parts)


def _lane(x: float, y: float, width: float, state: State, colour: str, ink: str) -> list[str]:
    under = _rect(x, y, width, _LANE, _PAPER)
    match state:
        case "strong":
            return [_rect(x, y, width, _LANE, colour)]
        case "partly":
            return [
                under,
                _hatch(x + 2, y + 2, width - 4, _LANE - 4, colour, step=8, stroke=3.2),
                _outline(x, y, width, _LANE, colour, stroke=2),
            ]
        case "weak":
            return [
                under,
                _dots(x, y, width, _LANE, colour),
                _outline(x, y, width, _LANE, colour, stroke=2),
            ]
        case "unknown":
            place = (x + width / 2, y + _LANE - 9)
            mark = _text(*place, "?", ink, size=18, bold=True, middle=True)
            return [under, _outline(x, y, width, _LANE, colour, stroke=2, dashes="7 5"), mark]


def _zone_marks(state: State, colours: Colours) -> list[str]:
    """The two lines between which the baton has to change hands."""
    dashes = ' stroke-dasharray="7 5"' if state == "unknown" else ""
    return [
        f'<path d="M{x} 0V{_GROUND}" stroke="{colours.ink}" stroke-width="1.5"{dashes}/>'
        for x in (_ZONE_START, _ZONE_END)
    ]


def _baton(state: State, colours: Colours) -> list[str]:
    """The baton: in both lanes when it is passed, between them when it is loose, or dropped."""
    middle = (_ZONE_START + _ZONE_END) / 2
    if state == "unknown":
        return [
            f'<circle cx="{middle}" cy="{_GROUND / 2}" r="15" fill="{_PAPER}" '
            f'stroke="{colours.ink}" stroke-width="2" stroke-dasharray="4 3"/>',
            _text(middle, _GROUND / 2 + 6, "?", colours.ink, size=18, bold=True, middle=True),
        ]
    x, y, turn = {
        "strong": (middle, _GROUND / 2, 42),
        "partly": (middle + 8, _GROUND / 2 + 2, 14),
        "weak": (middle + 10, _GROUND - 5, 3),
    }[state]
    return [
        f'<g transform="translate({x} {y}) rotate({turn})">'
        f'<rect x="-34" y="-6" width="68" height="12" rx="6" fill="{colours.ink}" '
        f'stroke="{_PAPER}" stroke-width="2.5"/>'
        f'<path d="M-16 -4.75V4.75M16 -4.75V4.75" stroke="{colours.exchange}" stroke-width="4"/>'
        "</g>"
    ]


def _svg(
    width: float, height: float, title: str, parts: list[str], stretch: bool = False
) -> Markup:
    ratio = ' preserveAspectRatio="none"' if stretch else ""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"{ratio}'
    # The parts hold numbers and our own colours; only the title can hold words.
    return Markup(f'{head} role="img"><title>') + title + Markup(f"</title>{''.join(parts)}</svg>")  # noqa: S704


def _rect(x: float, y: float, width: float, height: float, fill: str, opacity: float = 1) -> str:
    alpha = f' fill-opacity="{opacity:g}"' if opacity != 1 else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{alpha}/>'


def _outline(
    x: float, y: float, width: float, height: float, colour: str, stroke: float, dashes: str = ""
) -> str:
    inset = stroke / 2
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<rect x="{x + inset:g}" y="{y + inset:g}" width="{max(0, width - stroke):g}" '
        f'height="{height - stroke:g}" fill="none" '
        f'stroke="{colour}" stroke-width="{stroke:g}"{dashed}/>'
    )


def _hatch(
    x: float, y: float, width: float, height: float, colour: str, step: float, stroke: float
) -> str:
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
    return f'<path d="{"".join(lines)}" stroke="{colour}" stroke-width="{stroke:g}"/>'


def _dots(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Two rows of sparse dots, the second shifted by half a step."""
    step, size = 18, 3.5
    dots = []
    for row, shift in ((1, 0.0), (2, step / 2)):
        top = y + height * row / 3 - size / 2
        left = x + step / 2 + shift
        while left < x + width - size - 3:
            dots.append(f"M{left:g} {top:g}h{size}v{size}h-{size}z")
            left += step
    return f'<path d="{"".join(dots)}" fill="{colour}"/>'


def _label(x: float, y: float, name: str, state: State, colours: Colours) -> str:
    """A name in bold and the state below it."""
    return _text(x, y, name, colours.ink, size=15, bold=True) + _text(
        x, y + 15, STATE_TEXTS[state], colours.ink, size=13
    )


def _text(
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    size: int,
    bold: bool = False,
    middle: bool = False,
) -> str:
    weight = ' font-weight="700"' if bold else ""
    anchor = ' text-anchor="middle"' if middle else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-family="Report Sans, Relay Text, sans-serif" '
        f'font-size="{size}" fill="{colour}"{weight}{anchor}>{text}</text>'
    )
