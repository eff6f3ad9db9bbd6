"""The brand on the pages: its name for the templates, its colours as a style sheet, its logo."""

from __future__ import annotations

import functools
import hashlib

from flask import Blueprint, Flask, Response, abort
from werkzeug.local import LocalProxy

from consult.settings.brand import READABLE, Brand, Colours, contrast
from consult.web.services import services

DARK_PAPER = "#111a26"
"""The paper of the dark pages; see `--paper` in static/css/site.css."""

# In the dark, ink and paper stay ours: the brand's are made for light pages.
_IN_THE_DARK = ("marketing", "sales", "exchange")

brand_pages = Blueprint("brand", __name__)


@brand_pages.get("/brand.css")
def stylesheet() -> Response:
    """The brand's own colours, as the tokens that the pages' style sheet uses."""
    return Response(brand_css(services().brand.colours), mimetype="text/css")


@brand_pages.get("/brand/logo")
def logo() -> Response:
    """The brand's logo."""
    picture = services().brand.logo
    if picture is None:
        abort(404)
    return Response(picture.data, mimetype=picture.media_type)


def brand_css(colours: Colours) -> str:
    """Return a style sheet with the colours that differ from ours, for light and dark pages."""
    ours = Colours()
    own = {
        name: colour
        for name in ("ink", "paper", *_IN_THE_DARK)
        if (colour := getattr(colours, name)) != getattr(ours, name)
    }
    dark = {name: in_the_dark(own[name]) for name in _IN_THE_DARK if name in own}
    return (
        f"@media (prefers-color-scheme: light) {{ :root {{ {_tokens(own)} }} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_tokens(dark)} }} }}\n"
    )


def in_the_dark(colour: str) -> str:
    """Return the colour, as much lighter as it takes to be read on the dark paper."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for step in range(20):
        mixed = [round(channel + (255 - channel) * step / 20) for channel in channels]
        lighter = "#" + "".join(f"{channel:02x}" for channel in mixed)
        if contrast(lighter, DARK_PAPER) >= READABLE:
            return lighter
    return "#ffffff"


# Asked for by every page; a brand changes a few times in its life.
@functools.lru_cache(maxsize=8)
def stylesheet_address(brand: Brand) -> str:
    """Where the brand's colours are; nothing where they are ours."""
    if brand.colours == Colours():
        return ""
    return f"/brand.css?v={_hash(brand_css(brand.colours).encode())}"


@functools.lru_cache(maxsize=8)
def logo_address(brand: Brand) -> str:
    """Where the brand's logo is; nothing where there is none."""
    return f"/brand/logo?v={_hash(brand.logo.data)}" if brand.logo else ""


def install(app: Flask) -> None:
    """Serve the brand and tell the templates about it; it may change while the app runs."""
    app.register_blueprint(brand_pages)
    app.jinja_env.globals.update(
        brand=LocalProxy(lambda: services().brand),
        brand_stylesheet=LocalProxy(lambda: stylesheet_address(services().brand)),
        brand_logo=LocalProxy(lambda: logo_address(services().brand)),
    )


def _tokens(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
