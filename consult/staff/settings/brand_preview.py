"""How a brand would look: a page and a sheet of the report, and whether one can read them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consult.settings.brand import CURRENCY_SIGNS, READABLE, Brand, contrast
from consult.staff.settings.settings_form import Field

_PAIRS = (("ink", "paper"), ("marketing", "paper"), ("sales", "paper"), ("ink", "exchange"))
_LONGEST = 34


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours of which one is read on the other; `ratio` as in "4.6"."""

    text: str
    ground: str
    ratio: str
    is_readable: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper size in words, and its sides in the picture: half as many as it has millimetres."""

    id: str
    name: str
    size: str
    width: float
    height: float


SHEETS = (
    Sheet("letter", "US Letter", "8.5 × 11 inches", 108, 139.7),
    Sheet("a4", "A4", "210 × 297 mm", 105, 148.5),
)
AMOUNTS = {code: f"{sign}1,200 to {sign}4,800 a month." for code, sign in CURRENCY_SIGNS.items()}


@dataclass(frozen=True, slots=True)
class Preview:
    """What the picture shows: `texts` by the field they are typed into, and the same `without`."""

    texts: Mapping[str, str]
    without: Mapping[str, str]
    colours: Mapping[str, str]
    pairs: Sequence[Pair]
    currency: str
    paper: str
    amounts: Mapping[str, str]
    sheets: Sequence[Sheet]


def preview_of(fields: Sequence[Field]) -> Preview:
    """The brand of a page's fields as they stand; a colour that is none is shown as ours."""
    values = {field.setting.name.removeprefix("brand."): field.value for field in fields}
    without = {field.setting.name.removeprefix("brand."): field.without for field in fields}
    ours = Brand()
    colours = {
        key: values[f"colours.{key}"]
        if re.fullmatch(r"#[0-9a-fA-F]{6}", values[f"colours.{key}"])
        else getattr(ours.colours, key)
        for key in ("ink", "paper", "marketing", "sales", "exchange")
    }
    shown = ("name", "product", "consult_url", "email", "phone")
    return Preview(
        texts={key: short(values[key] or without[key]) for key in shown},
        without={key: without[key] for key in shown},
        colours=colours,
        pairs=[_pair(colours, text, ground) for text, ground in _PAIRS],
        currency=values["currency"] if values["currency"] in AMOUNTS else without["currency"],
        paper=values["paper"],
        amounts=AMOUNTS,
        sheets=SHEETS,
    )


def short(text: str) -> str:
    """A text as there is room for it; an address without its beginning, which all have."""
    text = re.sub(r"^https?://", "", text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _pair(colours: Mapping[str, str], text: str, ground: str) -> Pair:
    ratio = contrast(colours[text], colours[ground])
    return Pair(text, ground, f"{ratio:.1f}", ratio >= READABLE)
