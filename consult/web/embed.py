"""The check inside a page of another site: its script, its addresses, and what differs there.

In a frame, every address starts with `/embed`, and so does the next one: a page knows where it is
without a cookie and without JavaScript. After it may come `/auto` (as dark as the visitor likes it,
else always light) and `/clear` (the background of the page around it). Where the browser says that
an address is in the wrong place, it's sent to the right one.
"""

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from consult.settings import PROJECT_FOLDER
from consult.web.assets import content_hash
from consult.web.services import services

SCRIPT_PATH = "/embed.js"
ONE_HOUR = 3600

FRAMED = re.compile(
    r"(?P<prefix>/embed(?:/auto)?(?:/clear)?)"
    r"(?P<path>|/|/(?:start|check|resume|result|confirm|shared|book)(?:/.*)?)"
)
"""The addresses in a frame. Only owners' pages have one: no page for staff, and no metrics."""

_FRAMES = ("iframe", "frame", "embed", "object")

embed_files = Blueprint("embed", __name__)


@embed_files.get(SCRIPT_PATH)
def script() -> AnyResponse:
    """Send the script that other sites include."""
    made = services()
    content = embed_script(made.settings.base_url, made.brand.product)
    response = Response(content, mimetype="text/javascript")
    response.headers["Cache-Control"] = f"public, max-age={ONE_HOUR}"
    # Some website builders load it as a module.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.set_etag(content_hash(content))
    return response.make_conditional(request)


@lru_cache(maxsize=4)
def embed_script(base_url: str, product: str) -> bytes:
    """The script, with the address and name of this site, and its version in the first line."""
    text = (PROJECT_FOLDER / "static/js/embed.js").read_text("utf-8")
    version = content_hash(text.encode())
    for name, value in (("BASE", base_url), ("PRODUCT", product)):
        text = text.replace(f'"{name}"', json.dumps(value))
    return text.replace("VERSION", version).encode()


class FramePrefix:
    """WSGI middleware: the prefix of a frame's address is where the app starts, not its path.

    So each route has both addresses, and `url_for` stays in the frame.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        found = FRAMED.fullmatch(environ.get("PATH_INFO", ""))
        if found:
            environ["SCRIPT_NAME"] = found["prefix"]
            environ["PATH_INFO"] = found["path"] or "/"
        return self.app(environ, start_response)


def install(app: Flask) -> None:
    """Serve the script, send visitors to the address of their place, and give templates these."""
    app.register_blueprint(embed_files)
    app.before_request(_to_its_place)
    app.jinja_env.globals.update(
        frame_look=frame_look,
        full_path=full_path,
        here_in_full=here_in_full,
        new_tab=new_tab,
        to_other_site=to_other_site,
    )


def is_framed() -> bool:
    """Return whether another site shows the page inside one of its own."""
    return request.script_root.startswith("/embed")


def frame_look() -> str:
    """The classes of the page in a frame; empty where it's the whole page."""
    if not is_framed():
        return ""
    options = request.script_root.split("/")
    light, clear = "auto" not in options, "clear" in options
    return "is-framed" + " is-light" * light + " is-clear" * clear


def full_path(endpoint: str, **values: Any) -> str:
    """The address of a page outside the frame: for emails, for links to copy, and for new tabs."""
    return url_for(endpoint, **values).removeprefix(request.script_root)


def here_in_full() -> str:
    """The address of the page in view outside the frame."""
    if request.endpoint == "questionnaire.start":  # which shows a page only where it fails
        return full_path("questionnaire.start_page")
    query = request.query_string.decode("ascii", "replace")
    return quote(request.path) + (f"?{query}" if query else "")


def new_tab() -> dict[str, str]:
    """The attributes of a link to what can't be shown in a frame, such as a PDF."""
    return {"target": "_blank", "rel": "noopener"} if is_framed() else {}


def to_other_site() -> dict[str, str]:
    """The attributes of a link that leads to another site, which isn't told where from."""
    return {**new_tab(), "rel": "noreferrer"}


def _to_its_place() -> AnyResponse | None:
    if request.method not in ("GET", "HEAD"):
        return None
    place = request.headers.get("Sec-Fetch-Dest")
    if is_framed() and place == "document":
        return redirect(here_in_full(), 303)
    if not is_framed() and place in _FRAMES and FRAMED.fullmatch(f"/embed{request.path}"):
        return redirect(f"/embed{here_in_full()}", 303)
    return None
