"""Style sheets, pictures, and the brand's own colors and logo, under URLs with a content hash."""

import functools
import hashlib
import re
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, redirect, request
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as AnyResponse

from consult.settings.brand import READABLE, Brand, Colours, contrast
from consult.settings.setting_types import PROJECT_FOLDER
from consult.web.services import services

DARK_PAPER = "#111a26"
"""The background of the dark pages; see `--paper` in static/css/site.css."""

# On dark pages, ink and paper are ours: the brand's are made for light pages.
_ON_DARK = ("marketing", "sales", "exchange")

brand_files = Blueprint("brand", __name__)


ONE_YEAR = 31_536_000


@brand_files.get("/brand.css")
def stylesheet() -> Response:
    content = brand_css(services().brand.colours).encode()
    return _cached(Response(content, mimetype="text/css"), _hash(content))


@brand_files.get("/brand/logo")
def logo() -> Response:
    picture = services().brand.logo
    if picture is None:
        abort(404)
    return _cached(Response(picture.data, mimetype=picture.media_type), _hash(picture.data))


def _cached(response: Response, version: str) -> Response:
    """Let browsers keep a file for a year, if its address names this very content.

    During an upgrade, a page of one process may name a version that another doesn't have yet. What
    is sent then must not be kept under that address.
    """
    current = request.args.get("v") == version
    kept = f"public, max-age={ONE_YEAR}, immutable" if current else "no-cache"
    response.headers["Cache-Control"] = kept
    return response


def install(app: Flask) -> None:
    """Serve these files, and give templates their URLs, as in `static_url('css/site.css')`."""
    folder = Path(app.static_folder or "")

    @functools.cache
    def static_url(name: str) -> str:
        return f"{app.static_url_path}/{name}?v={_hash((folder / name).read_bytes())}"

    install_static(app)

    @app.get("/favicon.ico")
    def favicon() -> AnyResponse:
        # Browsers ask for it by this name beside a PDF, which cannot name its own.
        return redirect(static_url("icons/favicon.svg"), 301)

    app.register_blueprint(brand_files)
    app.jinja_env.globals.update(
        static_url=static_url,
        brand=LocalProxy(lambda: services().brand),
        brand_stylesheet=LocalProxy(lambda: stylesheet_url(services().brand)),
        brand_logo=LocalProxy(lambda: logo_url(services().brand)),
    )


def install_static(app: Flask) -> None:
    def send(filename: str) -> Response:
        sent = app.send_static_file(filename)
        file = Path(app.static_folder or "", filename)
        return _cached(sent, _hash_of_file(file, file.stat().st_mtime_ns))

    app.view_functions["static"] = send


def brand_css(colours: Colours) -> str:
    """A style sheet with the colors that site.css does not have, for light and dark pages."""
    ours = colours_in_style_sheet()
    own = {
        name: colour
        for name in ("ink", "paper", *_ON_DARK)
        if (colour := getattr(colours, name)) != getattr(ours, name)
    }
    dark = {name: lightened(own[name]) for name in _ON_DARK if name in own}
    return (
        f"@media (prefers-color-scheme: light) {{ :root {{ {_tokens(own)} }} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_tokens(dark)} }} }}\n"
    )


@functools.cache
def colours_in_style_sheet() -> Colours:
    """The colors of light pages without a brand: the first of each name in site.css."""
    css = (PROJECT_FOLDER / "static/css/site.css").read_text("utf-8")
    found = re.findall(r"--(ink|paper|marketing|sales|exchange): (#[0-9a-f]{6});", css)
    return Colours(**dict(reversed(found)))


def lightened(colour: str) -> str:
    """The color, lightened until it is readable on a dark page."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for step in range(20):
        mixed = [round(channel + (255 - channel) * step / 20) for channel in channels]
        lighter = "#" + "".join(f"{channel:02x}" for channel in mixed)
        if contrast(lighter, DARK_PAPER) >= READABLE:
            return lighter
    return "#ffffff"


# Used by every page; a brand rarely changes.
@functools.lru_cache(maxsize=8)
def stylesheet_url(brand: Brand) -> str:
    """The URL of the brand's colors; empty if site.css has them."""
    if brand.colours == colours_in_style_sheet():
        return ""
    return f"/brand.css?v={_hash(brand_css(brand.colours).encode())}"


@functools.lru_cache(maxsize=8)
def logo_url(brand: Brand) -> str:
    """The URL of the brand's logo; empty if there is none."""
    return f"/brand/logo?v={_hash(brand.logo.data)}" if brand.logo else ""


def _tokens(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


@functools.lru_cache(maxsize=256)
def _hash_of_file(file: Path, _changed_at: int) -> str:
    return _hash(file.read_bytes())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
