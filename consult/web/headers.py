"""The security headers of every response, as one table with four profiles; and compression.

A page open to all is PUBLIC, anything under `/staff` is STAFF, and what is to be read outside the
site (CSV, spreadsheet, all of the API) is FILE, or PDF. The table is applied last, to errors as
well as to pages, and depends on no earlier hook, because a request refused early never reaches one.

Forms are accepted from our own pages and from programs that are not browsers only. The public pages
have no cookie, so another site has nothing to misuse: what a form changes is named by an
unguessable link, or is a new questionnaire. Forms of other sites are refused all the same, but not
those of our own pages in a sandboxed frame, whose origin is `null`. For the staff pages this is the
second protection, in addition to the CSRF token, and no origin means no.
"""

import gzip
import re
from enum import Enum
from functools import cache
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, request
from werkzeug.sansio.utils import host_is_trusted

from consult.settings.embed_origins import frame_ancestors
from consult.settings.schema import Settings
from consult.settings.setting_types import THIS_MACHINE
from consult.web.services import services

TWO_YEARS = 63_072_000

PDF_TYPE = "application/pdf"
FILE_TYPES = frozenset(
    {
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
ASSET_PATHS = ("/static/", "/brand.css", "/brand/", "/embed.js")
"""Files without a secret, which pages without an origin include too: ours in a sandboxed frame."""
INDEXED_PATHS = frozenset({"/"})
FRAMING_PATHS = frozenset({"/staff/settings/website/try"})
"""Pages that have a page of ours in a frame."""
SECRET_PATHS = ("/staff/account/factors", "/api/", "/hooks/")
"""What shows a secret, which no browser may keep, or is no form."""
REFUSED_FORMS = frozenset({409, 422})
"""What a form is answered with that comes back with what is wrong."""

PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
    "fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
    "payment=(), picture-in-picture=(), publickey-credentials-create=(), "
    "publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
)
# Staff may create passkeys, and sign in with them.
STAFF_PERMISSIONS_POLICY = re.sub(r"(publickey-[a-z-]+)=\(\)", r"\1=(self)", PERMISSIONS_POLICY)

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; "
)
FILE_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
PDF_POLICY = (
    "default-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
)
"""The viewer of Safari 17 and the first 18s is held to the policy of the PDF that it shows: without
its own inline style it is a strip, and in a sandbox it stays empty."""

COMPRESSED_FROM = 8_000
"""The shortest text, in bytes, that is compressed: a question page is faster sent as it is."""

_LEVEL = 5
_COMPRESSED_TYPES = frozenset(
    {"text/html", "text/css", "text/csv", "image/svg+xml", "application/json"}
)


class Profile(Enum):
    PUBLIC = "public"
    STAFF = "staff"
    FILE = "file"
    PDF = "pdf"


def is_staff_path(path: str) -> bool:
    """Whether a path belongs to the staff pages, whether it exists or not."""
    return path == "/staff" or path.startswith("/staff/")


def is_for_programs(asked: Request) -> bool:
    return asked.path == "/api" or asked.path.startswith(("/api/", "/hooks/"))


def profile_of(asked: Request, response: Response) -> Profile:
    """The profile of a response; a file keeps its own also under `/staff`."""
    if response.mimetype == PDF_TYPE:
        return Profile.PDF
    if response.mimetype in FILE_TYPES or is_for_programs(asked):
        return Profile.FILE
    return Profile.STAFF if is_staff_path(asked.path) else Profile.PUBLIC


@cache
def security_headers(
    profile: Profile,
    *,
    secure: bool,
    embed_origins: tuple[str, ...] = (),
    subdomains: bool = False,
) -> dict[str, str]:
    """The headers that depend on the profile only.

    `secure` is whether the request came over HTTPS: HSTS means nothing on a plain connection.
    `embed_origins` are the sites that may frame a public page. `subdomains` is whether HSTS is for
    them too: where the host is the agency's own domain, that would cut off every subdomain without
    HTTPS.
    """
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    match profile:
        case Profile.FILE | Profile.PDF:
            is_pdf = profile is Profile.PDF
            headers["Content-Security-Policy"] = PDF_POLICY if is_pdf else FILE_POLICY
            headers["Referrer-Policy"] = "no-referrer"
            headers["X-Frame-Options"] = "DENY"
        case Profile.STAFF:
            headers["Content-Security-Policy"] = PAGE_POLICY + "frame-ancestors 'none'"
            headers["Referrer-Policy"] = "same-origin"
            headers["X-Frame-Options"] = "DENY"
            headers["Permissions-Policy"] = STAFF_PERMISSIONS_POLICY
        case Profile.PUBLIC:
            # No X-Frame-Options here: it cannot name the several sites that may frame the page.
            headers["Content-Security-Policy"] = PAGE_POLICY + frame_ancestors(embed_origins)
            headers["Referrer-Policy"] = "same-origin"
            headers["Permissions-Policy"] = PERMISSIONS_POLICY
    if secure:
        everywhere = "; includeSubDomains" if subdomains else ""
        headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS}{everywhere}"
    return headers


def cache_headers(asked: Request, response: Response) -> dict[str, str]:
    """The headers on caches and search engines.

    Style sheets, fonts and pictures say themselves how long they may be cached (see `assets`).
    Everything else may contain answers: it is not cached, and search engines index the start page
    only, not the one in a frame. A refused form is kept by the browser that sent it, for its Back:
    from a page that it may not keep, it would ask to send the form again. Signing out clears what
    was kept.
    """
    if asked.path.startswith(ASSET_PATHS) and response.status_code in (200, 206, 304):
        return {}
    indexed = asked.path in INDEXED_PATHS and not asked.script_root
    if indexed and response.status_code == 200:
        return {"Cache-Control": "no-store"}
    is_kept = response.status_code in REFUSED_FORMS and not asked.path.startswith(SECRET_PATHS)
    kept = "private, max-age=0" if is_kept else "no-store"
    return {"Cache-Control": kept, "X-Robots-Tag": "noindex"}


def install(app: Flask, settings: Settings) -> None:
    """Compress every response of the app, and add the headers of the table.

    Call it before any other hook is registered: hooks run in reverse order, so the table comes
    last.
    """

    @app.after_request
    def add_headers(response: Response) -> Response:
        profile = profile_of(request, response)
        # Staff can change the list at any time. Only a page asks for it: what load balancers and
        # style sheets are answered with must not depend on the database.
        is_page = profile is Profile.PUBLIC and response.mimetype == "text/html"
        always = security_headers(
            profile,
            secure=request.is_secure,
            embed_origins=services().settings.embed_origins if is_page else (),
            subdomains=settings.hsts_subdomains,
        )
        response.headers.update(always | cache_headers(request, response))
        if request.path.startswith(ASSET_PATHS):
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if request.path in FRAMING_PATHS:
            response.headers["Content-Security-Policy"] += "; frame-src 'self'"
        return response

    app.after_request(compressed)


def compressed(response: Response) -> Response:
    """The response, compressed when it is a long text and the browser accepts gzip.

    Compression makes the length of a page depend on its secrets, which another site could probe by
    having the browser open it with chosen text in it (BREACH). Nothing here can be probed: public
    pages are reached by their token alone, and staff pages opened from another site are not
    compressed.
    """
    if response.status_code != 200 or response.mimetype not in _COMPRESSED_TYPES:
        return response
    if response.is_streamed and not response.direct_passthrough:
        return response  # a table of leads is sent while it is read; this would collect it first
    if profile_of(request, response) is Profile.STAFF and is_cross_origin(request):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Content-Encoding" in response.headers:
        return response
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) < COMPRESSED_FROM:
        return response
    # Without a timestamp: the same page always gives the same bytes.
    response.set_data(gzip.compress(content, _LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)  # the bytes differ from the uncompressed ones
    return response


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


def refuse_other_sites(app: Flask, base_url: str) -> None:
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
            is_sandboxed = request.headers.get("Origin") == "null"
            if is_staff_path(request.path) or not is_sandboxed:
                abort(403)


def names_its_site() -> bool:
    """Whether the browser says which site a form is from: this one, or it would be refused."""
    return "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
