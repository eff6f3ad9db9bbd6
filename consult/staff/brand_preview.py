"""How a brand would look: its names and colours in a small picture, and whether one can read it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consult.report.brand import READABLE, Brand, contrast
from consult.staff.settings_forms import Field

_PAIRS = (("ink", "paper"), ("marketing", "paper"), ("sales", "paper"), ("ink", "exchange"))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours of which one is read on the other; `ratio` as in "4.6"."""

    text: str
    ground: str
    ratio: str
    is_readable: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What the picture shows."""

    name: str
    product: str
    colours: Mapping[str, str]
    pairs: Sequence[Pair]


def preview_of(fields: Sequence[Field]) -> Preview:
    """The brand of a page's fields as they stand; a colour that is none is shown as ours."""
    values = {field.setting.name.removeprefix("brand."): field.value for field in fields}
    ours = Brand()
    colours = {
        key: values[f"colours.{key}"]
        if re.fullmatch(r"#[0-9a-fA-F]{6}", values[f"colours.{key}"])
        else getattr(ours.colours, key)
        for key in ("ink", "paper", "marketing", "sales", "exchange")
    }
    return Preview(
        name=values["name"] or ours.name,
        product=values["product"] or ours.product,
        colours=colours,
        pairs=[_pair(colours, text, ground) for text, ground in _PAIRS],
    )


def _pair(colours: Mapping[str, str], text: str, ground: str) -> Pair:
    ratio = contrast(colours[text], colours[ground])
    return Pair(text, ground, f"{ratio:.1f}", ratio >= READABLE)
