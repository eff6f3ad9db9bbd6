"""Accept forms from our own pages and from programs that are not browsers only.

The public pages have no cookie, so another site has nothing to misuse; its forms are refused all
the same. For the staff pages this is the second protection, in addition to the CSRF token.
"""

from urllib.parse import urlsplit

from flask import Flask, Request, abort, request
from werkzeug.sansio.utils import host_is_trusted

from consult.settings import THIS_MACHINE

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_FETCH_SITES = frozenset({"same-origin", "none"})


def is_cross_origin_post(asked: Request, own_host: str) -> bool:
    """Whether another site sent this request.

    `Sec-Fetch-Site` decides if the browser sends it (all since 2023, on HTTPS and localhost), else
    the host in `Origin`. A request with neither does not come from a form in a browser. `own_host`
    is the public host and port of the site, in case a proxy changes the Host header.
    """
    fetch_site = asked.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site not in OWN_FETCH_SITES
    origin = asked.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc not in {asked.host, own_host}


def is_cross_origin(asked: Request) -> bool:
    """Whether the browser says that another site led to this request."""
    return asked.headers.get("Sec-Fetch-Site", "none") not in OWN_FETCH_SITES


def install(app: Flask, base_url: str) -> None:
    """Refuse forms from other sites (403) and, on a real address, unknown host names (400).

    While the base URL is this machine, any host name is accepted, so that the site can be tried
    from a phone. The health pages accept any name: load balancers use the IP address.
    """
    own = urlsplit(base_url)
    hosts = None if own.hostname in THIS_MACHINE else [own.hostname or "", *THIS_MACHINE]

    @app.before_request
    def refuse_untrusted() -> None:
        check_host = hosts and not request.path.startswith("/health/")
        if check_host and not host_is_trusted(request.host, hosts):
            abort(400)
        if request.method not in SAFE_METHODS and is_cross_origin_post(request, own.netloc):
            abort(403)
