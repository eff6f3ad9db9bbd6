"""An agency's own website, which has the check in one of its pages: another origin, another look.

    python -m tests.support.agency_site https://check.example.com

serves it for a look by hand.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

from flask import Flask, Response, request

from tests.support.browser import serving

FOLDER = Path(__file__).parent / "agency"
HEADER = 64
"""The height of the header that stays in view, in pixels."""


def script(check: str) -> str:
    return f'<script src="{check}/embed.js" async></script>'


def element(check: str, attributes: str = "") -> str:
    """The documented snippet, and how high the header is that stays in view."""
    link = f'<a href="{check}/">Start the check</a>'
    return f'<relay-check data-offset="{HEADER}" {attributes}>{link}</relay-check>'


def agency_app(check: str) -> Flask:
    """The website; each path is another way to have the check on a page.

    The query of `/` is in the page's address only, as that of a campaign; `attributes` are the
    element's.
    """
    app = Flask("agency", static_folder=None)
    bare = f'<iframe class="plain" src="{check}/embed/" title="The check"></iframe>'

    def page(embed: str, scripts: str = "") -> str:
        text = (FOLDER / "page.html").read_text("utf-8")
        return Template(text).substitute(embed=embed, script=scripts)

    @app.get("/")
    def with_element() -> str:
        return page(element(check, request.args.get("attributes", "")), script(check))

    @app.get("/bare")
    def with_frame() -> str:
        return page(bare)

    @app.get("/twice")
    def with_two() -> str:
        two = element(check, 'id="one"') + element(check, 'id="two" label="Another check"')
        return page(two, 2 * script(check))

    @app.get("/without-script")
    def without_script() -> str:
        return page(element(check))

    @app.get("/nested")
    def nested() -> str:
        return page('<iframe class="plain" src="/?utm_source=box" title="A box"></iframe>')

    @app.get("/<any('agency.css', 'analytics.js'):name>")
    def file(name: str) -> Response:
        kind = "text/css" if name.endswith("css") else "text/javascript"
        return Response((FOLDER / name).read_bytes(), mimetype=kind)

    return app


@contextmanager
def agency_site(check: str, host: str = "localhost") -> Iterator[str]:
    """Serve the website under a name of this machine that is another site than the check's."""
    with serving(lambda _address: agency_app(check)) as origin:
        yield origin.replace("127.0.0.1", host)


if __name__ == "__main__":
    agency_app(sys.argv[1]).run(port=8080)
