"""Style sheets, pictures, and the brand's own colors and logo, under URLs with a content hash."""

import functools
import hashlib
import re
from io import BytesIO
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, redirect, request
from PIL import Image, ImageDraw, ImageFont
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as AnyResponse

from consult.settings import PROJECT_FOLDER
from consult.settings.brand import READABLE, Brand, Colors, contrast
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
    return _cached(Response(content, mimetype="text/css"), content_hash(content))


@brand_files.get("/brand/<any(logo, portrait):name>")
def picture(name: str) -> Response:
    shown = getattr(services().brand, name)
    if shown is None:
        abort(404)
    return _cached(Response(shown.data, mimetype=shown.media_type), content_hash(shown.data))


@brand_files.get("/brand/share.png")
def shared() -> Response:
    brand = services().brand
    content = _share_picture(brand)
    # Its address names what it's drawn from: another release may draw something else from that.
    return _cached(Response(content, mimetype="image/png"), content_hash(content))


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
        return f"{app.static_url_path}/{name}?v={content_hash((folder / name).read_bytes())}"

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
        brand_logo=LocalProxy(lambda: picture_url(services().brand, "logo")),
        brand_portrait=LocalProxy(lambda: picture_url(services().brand, "portrait")),
        brand_share=LocalProxy(lambda: share_url(services().brand)),
    )


def install_static(app: Flask) -> None:
    def send(filename: str) -> Response:
        sent = app.send_static_file(filename)
        file = Path(app.static_folder or "", filename)
        return _cached(sent, _hash_of_file(file, file.stat().st_mtime_ns))

    app.view_functions["static"] = send


def brand_css(colors: Colors) -> str:
    """A style sheet with the colors that site.css does not have, for light and dark pages."""
    ours = colors_in_style_sheet()
    own = {
        name: color
        for name in ("ink", "paper", *_ON_DARK)
        if (color := getattr(colors, name)) != getattr(ours, name)
    }
    dark = {name: lightened(own[name]) for name in _ON_DARK if name in own}
    return (
        f"@media print, (prefers-color-scheme: light) {{ :root {{ {_tokens(own)} }} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n"
        f"  :root:not(.is-light) {{ {_tokens(dark)} }}\n"
        f"  .is-light {{ {_tokens(own)} }}\n"
        f"}}\n"
    )


@functools.cache
def colors_in_style_sheet() -> Colors:
    """The colors of light pages without a brand: the first of each name in site.css."""
    css = (PROJECT_FOLDER / "static/css/site.css").read_text("utf-8")
    found = re.findall(r"--(ink|paper|marketing|sales|exchange): (#[0-9a-f]{6});", css)
    return Colors(**dict(reversed(found)))


def lightened(color: str) -> str:
    """The color, lightened until it is readable on a dark page."""
    channels = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
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
    if brand.colours == colors_in_style_sheet():
        return ""
    return f"/brand.css?v={content_hash(brand_css(brand.colours).encode())}"


@functools.lru_cache(maxsize=16)
def picture_url(brand: Brand, name: str) -> str:
    """The URL of the brand's logo or portrait; empty if there is none."""
    shown = getattr(brand, name)
    return f"/brand/{name}?v={content_hash(shown.data)}" if shown else ""


@functools.lru_cache(maxsize=8)
def share_url(brand: Brand) -> str:
    """The URL of the picture that chat apps show beside a link, with what it is drawn from.

    Drawing it for its hash would hold up a page.
    """
    drawn_from = repr((brand.product, brand.name, brand.colours))
    return f"/brand/share.png?v={content_hash(drawn_from.encode())}"


_FONT = PROJECT_FOLDER / "static/fonts/report/fonts/ReportSans-Bold.ttf"
_SHARED_SIZE = (1200, 630)
_SCALE = 2  # drawn larger, so that edges are smooth


@functools.lru_cache(maxsize=2)
def _share_picture(brand: Brand) -> bytes:
    """A relay in the colors of the brand, with its name: a PNG, as Open Graph wants it."""
    colors = brand.colours
    picture = Image.new("RGB", [side * _SCALE for side in _SHARED_SIZE], colors.paper)
    draw = ImageDraw.Draw(picture)

    def scaled(*points: tuple[float, float]) -> list[tuple[float, float]]:
        # The relay as in templates/parts/relay.html, where it is 640 wide.
        return [((90 + 1.59 * x) * _SCALE, (330 + 1.59 * y) * _SCALE) for x, y in points]

    draw.rectangle(scaled((230, 0), (410, 138)), fill=colors.exchange)
    for color, x, y in ((colors.marketing, 0, 20), (colors.sales, 322, 76)):
        lane = ((x, y), (x + 296, y), (x + 318, y + 21), (x + 296, y + 42), (x, y + 42))
        draw.polygon(scaled(*lane), fill=color)
    baton = scaled((300, 43), (340, 95))
    for color, width in ((colors.paper, 44), (colors.ink, 32)):
        draw.line(baton, fill=color, width=width * _SCALE)
        for end in baton:
            draw.circle(end, width * _SCALE / 2, fill=color)
    for text, y, size in ((brand.product, 90, 92), (f"from {brand.name}", 205, 44)):
        font = ImageFont.truetype(_FONT, size * _SCALE)
        while size > 20 and font.getlength(text) > 1020 * _SCALE:
            size -= 4
            font = ImageFont.truetype(_FONT, size * _SCALE)
        draw.text((90 * _SCALE, y * _SCALE), text, font=font, fill=colors.ink)
    written = BytesIO()
    picture.resize(_SHARED_SIZE).save(written, "PNG")
    return written.getvalue()


def _tokens(colors: dict[str, str]) -> str:
    return " ".join(f"--{name}: {color};" for name, color in colors.items())


@functools.lru_cache(maxsize=256)
def _hash_of_file(file: Path, _changed_at: int) -> str:
    return content_hash(file.read_bytes())


def content_hash(content: bytes) -> str:
    """The version of a file in its address."""
    return hashlib.sha256(content).hexdigest()[:12]
