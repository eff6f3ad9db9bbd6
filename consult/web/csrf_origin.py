"""Who may send the app a form: its own pages, and programs that are not browsers.

The public pages have no cookie, so another site has nothing of a visitor's to misuse. A form sent
from there is refused all the same, and the staff pages rely on it as their second lock beside
their form token.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request, abort, request
from werkzeug.sansio.utils import host_is_trusted

from consult.settings import THIS_MACHINE

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_FETCH_SITES = frozenset({"same-origin", "none"})


def is_cross_origin_post(asked: Request, own_host: str) -> bool:
    """Say whether another site sent this request.

    `Sec-Fetch-Site` decides where the browser sends it (all since 2023, on HTTPS and localhost),
    else the host in `Origin`. A request with neither does not come from a browser's form, and
    carries nobody's authority but its own. `own_host` is the public host and port of the site, for
    the case that a proxy changes the Host header.
    """
    fetch_site = asked.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site not in OWN_FETCH_SITES
    origin = asked.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc not in {asked.host, own_host}


def is_cross_origin(asked: Request) -> bool:
    """Say whether the browser tells that another site led to this request."""
    return asked.headers.get("Sec-Fetch-Site", "none") not in OWN_FETCH_SITES


def install(app: Flask, base_url: str) -> None:
    """Refuse forms from other sites (403) and, on a real address, unknown host names (400).

    While the site's address is still the machine itself, any host name is let in, so that it can
    be tried from a phone. The health pages answer to any name: load balancers ask by number.
    """
    own = urlsplit(base_url)
    hosts = None if own.hostname in THIS_MACHINE else [own.hostname or "", *THIS_MACHINE]

    @app.before_request
    def refuse_untrusted() -> None:
        asked_by_name = hosts and not request.path.startswith("/health/")
        if asked_by_name and not host_is_trusted(request.host, hosts):
            abort(400)
        if request.method not in SAFE_METHODS and is_cross_origin_post(request, own.netloc):
            abort(403)
