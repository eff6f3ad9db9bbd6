"""An agency's own website, which has the check in its pages: another origin, another look.

    python -m tests.support.agency_site http://127.0.0.1:8000

serves it on http://localhost:8080 for a look by hand, where a check allows that address.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from flask import Flask, Response, request

from tests.support.browser import serving, serving_app

FOLDER = Path(__file__).parent / "agency"
HEADER = 64
"""The height of the header that stays in view, in pixels."""


def agency_app(check: str = "") -> Flask:
    """The website; each path is another way to have the check, whose address is in the config.

    `attributes` in the query of `/` are those of the element.
    """
    app = Flask("agency", static_folder=None)
    app.config["CHECK"] = check

    def page(embed: str, scripts: int) -> str:
        address = app.config["CHECK"]
        script = f'<script src="{address}/embed.js" async></script>'
        text = Template((FOLDER / "page.html").read_text("utf-8"))
        return text.substitute(embed=embed.replace("CHECK", address), script=scripts * script)

    @app.get("/")
    def with_element() -> str:
        return page(element(request.args.get("attributes", "")), scripts=1)

    @app.get("/twice")
    def with_two() -> str:
        second = element('id="two" label="Another" scheme="auto" transparent')
        return page(element('id="one"') + f'<div class="middle">{second}</div>', scripts=2)

    @app.get("/without-script")
    def without_script() -> str:
        return page(element(), scripts=0)

    @app.get("/bare")
    def with_frame() -> str:
        return page('<iframe class="plain" src="CHECK/embed/" title="The check"></iframe>', 0)

    @app.get("/sandboxed")
    def without_origin() -> str:
        """As some builders show what is pasted: in a frame whose pages have no origin."""
        bare = 'class="plain" src="CHECK/embed/" title="The check"'
        flags = "allow-forms allow-scripts allow-popups allow-popups-to-escape-sandbox"
        return page(f'<iframe sandbox="{flags}" {bare}></iframe>', 0)

    @app.get("/box")
    def with_box() -> str:
        """As website builders do it: the element is on a page in a frame."""
        inside = request.args.get("inside", "/")
        return page(f'<iframe class="plain" src="{inside}" title="A box"></iframe>', 0)

    @app.get("/<any('agency.css', 'analytics.js'):name>")
    def file(name: str) -> Response:
        kind = "text/css" if name.endswith("css") else "text/javascript"
        return Response((FOLDER / name).read_bytes(), mimetype=kind)

    return app


def element(attributes: str = "") -> str:
    """The documented snippet, and how high the header is that stays in view."""
    more = f'data-offset="{HEADER}" {attributes}'
    link = '<a href="CHECK/">Start the check</a>'
    return f'<relay-check style="display:block;min-height:50rem" {more}>{link}</relay-check>'


@dataclass(frozen=True)
class Embedded:
    """A check, and the website that shows it: each is another site to the browser.

    `box` is the same website under a second address that may show the check, and `stranger` under
    one that may not.
    """

    app: Flask
    check: str
    agency: str
    box: str
    stranger: str


@contextmanager
def embedded_check(folder: Path, **settings: Any) -> Iterator[Embedded]:
    """Serve a check and a website that may show it, until the block ends."""
    website = agency_app()
    with serving(lambda _address: website) as address:
        agency = address.replace("127.0.0.1", "localhost")
        listed = f"{agency} {address}"
        with serving_app(folder, embed_origins=listed, **settings) as (app, check):
            website.config["CHECK"] = check
            stranger = address.replace("127.0.0.1", "a.localhost")
            yield Embedded(app, check, agency, box=address, stranger=stranger)


if __name__ == "__main__":
    agency_app(sys.argv[1]).run(port=8080)
