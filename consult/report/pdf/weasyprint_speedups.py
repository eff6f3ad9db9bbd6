"""Two short cuts through WeasyPrint 70: what depends on a style alone is worked out once for it.

For each box WeasyPrint turns twenty lengths of its style into numbers, because any of them may be
a share of the box around it, and for each line it looks up the least height. In a report the
lengths are hardly ever shares, and a style is that of many boxes. Remembered with the style, they
save a tenth of a render and change no byte, which a test proves: keep the version pinned.
"""

import sys
from typing import Any

from weasyprint.layout import percent
from weasyprint.text import line_break

_BORDERS = tuple(f"border_{side}_width" for side in ("top", "right", "bottom", "left"))
_LENGTHS = (
    *(f"margin_{side}" for side in ("top", "right", "bottom", "left")),
    *(f"padding_{side}" for side in ("top", "right", "bottom", "left")),
    *("width", "min_width", "max_width", "height", "min_height", "max_height"),
)

_ORIGINALS = {
    "resolve_percentages": percent.resolve_percentages,
    "strut": line_break.strut,
}


def take() -> None:
    """Takes the short cuts in this process from now on. WeasyPrint has to be loaded."""
    _replace({"resolve_percentages": _resolve_percentages, "strut": _strut})


def leave() -> None:
    """Goes the long way again, to see what difference it makes."""
    _replace(_ORIGINALS)


def _replace(functions: dict[str, Any]) -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("weasyprint.")]
    for module in modules:
        for name, function in functions.items():
            if hasattr(module, name):
                setattr(module, name, function)


def _resolve_percentages(box: Any, containing_block: Any) -> None:
    style = box.style
    try:
        used = style.used_lengths
    except AttributeError:
        used = style.used_lengths = _used_lengths(style)
    if used is None:
        _ORIGINALS["resolve_percentages"](box, containing_block)
    else:
        box.__dict__.update(used)


def _used_lengths(style: Any) -> dict[str, Any] | None:
    """The numbers for a style, or None if they depend on the box or on the box around it."""
    if style["box_sizing"] != "content-box" or style["border_collapse"] == "collapse":
        return None
    used: dict[str, Any] = {name: style[name] for name in _BORDERS}
    for name in _LENGTHS:
        value = style[name]
        if value == "auto":
            used[name] = 0 if name in ("min_width", "min_height") else value
        elif getattr(value, "unit", "") == "px":
            used[name] = value.value
        else:
            return None
    return used


def _strut(style: Any) -> Any:
    try:
        return style.used_strut
    except AttributeError:
        style.used_strut = _ORIGINALS["strut"](style)
        return style.used_strut
