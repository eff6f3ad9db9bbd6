"""The preview of a brand: a page, a sheet of the report, and whether their text is readable."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consult.settings.brand import CURRENCY_SIGNS, READABLE, TEXT_PAIRS, Colours, contrast
from consult.staff.settings.settings_form import SettingsForm

_LENGTH_MAX = 34


@dataclass(frozen=True, slots=True)
class Pair:
    """The colors of text and of its background; `ratio` as in "4.6"."""

    text: str
    background: str
    ratio: str
    is_readable: bool


@dataclass(frozen=True, slots=True)
class PaperSize:
    """A paper size and its sides in the picture: one unit is two millimeters."""

    id: str
    name: str
    size: str
    width: float
    height: float


PAPER_SIZES = (
    PaperSize("letter", "US Letter", "8.5 × 11 inches", 108, 139.7),
    PaperSize("a4", "A4", "210 × 297 mm", 105, 148.5),
)
AMOUNTS = {code: f"{sign}1,200 to {sign}4,800 a month." for code, sign in CURRENCY_SIGNS.items()}


@dataclass(frozen=True, slots=True)
class Preview:
    """The content of the picture; `defaults` are the texts while their fields are empty."""

    texts: Mapping[str, str]
    defaults: Mapping[str, str]
    colours: Mapping[str, str]
    pairs: Sequence[Pair]
    currency: str
    paper: str
    amounts: Mapping[str, str]
    paper_sizes: Sequence[PaperSize]


def preview_of(form: SettingsForm) -> Preview:
    """The brand with the values of a form; a color that is not valid is shown as the default."""

    def color(key: str) -> str:
        value = form.value_of(f"brand.colours.{key}")
        is_valid = re.fullmatch(r"#[0-9a-fA-F]{6}", value)
        return value if is_valid else str(getattr(Colours(), key))

    colours = {key: color(key) for key in ("ink", "paper", "marketing", "sales", "exchange")}
    texts = ("name", "product", "consult_url", "email", "phone")
    defaults = {key: short(form.defaults[f"brand.{key}"]) for key in texts}
    currency = form.value_of("brand.currency")
    return Preview(
        texts={key: short(form.value_of(f"brand.{key}")) or defaults[key] for key in texts},
        defaults=defaults,
        colours=colours,
        pairs=[_pair(colours, text, background) for text, background in TEXT_PAIRS.values()],
        currency=currency if currency in AMOUNTS else form.defaults["brand.currency"],
        paper=form.value_of("paper"),
        amounts=AMOUNTS,
        paper_sizes=PAPER_SIZES,
    )


def short(text: str) -> str:
    """A text cut to the available space; a URL without its scheme."""
    text = re.sub(r"^https?://", "", text)
    return text if len(text) <= _LENGTH_MAX else f"{text[: _LENGTH_MAX - 1]}…"


def _pair(colours: Mapping[str, str], text: str, background: str) -> Pair:
    ratio = contrast(colours[text], colours[background])
    return Pair(text, background, f"{ratio:.1f}", ratio >= READABLE)
