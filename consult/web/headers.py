"""The security headers of every response: one table with three profiles.

A page that anybody may open is PUBLIC, anything under `/staff` is STAFF, and a file made to be
read outside the site (PDF, CSV, spreadsheet) is FILE. The table is applied after everything else,
to errors as well as to pages, and works its values out from the request as it finds it: nothing
here depends on an earlier hook having run, because a request refused early never reaches one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import cache

from flask import Flask, Request, Response, request

TWO_YEARS = 63_072_000
ONE_YEAR = 31_536_000

FILE_TYPES = frozenset(
    {
        "application/pdf",
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
ASSET_PATHS = ("/static/", "/brand.css", "/brand/")
INDEXED_PATHS = frozenset({"/"})

_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-create",
    "publickey-credentials-get",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _FEATURES)
# Staff may make passkeys, and sign in with them.
STAFF_PERMISSIONS_POLICY = re.sub(r"(publickey-[a-z-]+)=\(\)", r"\1=(self)", PERMISSIONS_POLICY)

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)
FILE_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"


class Profile(Enum):
    """Which column of the table a response takes its headers from."""

    PUBLIC = "public"
    STAFF = "staff"
    FILE = "file"


def profile_of(asked: Request, response: Response) -> Profile:
    """Return the profile of a response; a file keeps its own also under `/staff`."""
    if response.mimetype in FILE_TYPES:
        return Profile.FILE
    if asked.path == "/staff" or asked.path.startswith("/staff/"):
        return Profile.STAFF
    return Profile.PUBLIC


@cache
def security_headers(profile: Profile, *, secure: bool, embed_origins: str = "") -> dict[str, str]:
    """Return the headers that depend on the profile only.

    `secure` says whether the request came over HTTPS: the promise to stay on HTTPS means nothing
    on a plain connection. `embed_origins` are the sites, separated by blanks, that may frame a
    public page.
    """
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    match profile:
        case Profile.FILE:
            headers["Content-Security-Policy"] = FILE_POLICY
            headers["Referrer-Policy"] = "no-referrer"
            headers["X-Frame-Options"] = "DENY"
        case Profile.STAFF:
            headers["Content-Security-Policy"] = PAGE_POLICY + "'none'"
            headers["Referrer-Policy"] = "same-origin"
            headers["X-Frame-Options"] = "DENY"
            headers["Permissions-Policy"] = STAFF_PERMISSIONS_POLICY
        case Profile.PUBLIC:
            # No X-Frame-Options here: it cannot name the several sites that may frame the page.
            headers["Content-Security-Policy"] = PAGE_POLICY + f"'self' {embed_origins}".rstrip()
            headers["Referrer-Policy"] = "same-origin"
            headers["Permissions-Policy"] = PERMISSIONS_POLICY
    if secure:
        headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS}; includeSubDomains"
    return headers


def cache_headers(asked: Request, response: Response) -> dict[str, str]:
    """Return who may keep or list the response.

    Style sheets, fonts and pictures carry their content's hash in their address, so a browser may
    keep them for a year. Everything else may hold somebody's answers: nobody keeps it, and no
    search engine lists it, save the start page.
    """
    if asked.path.startswith(ASSET_PATHS) and response.status_code in (200, 206, 304):
        kept = f"public, max-age={ONE_YEAR}, immutable" if "v" in asked.args else "no-cache"
        return {"Cache-Control": kept}
    if asked.path in INDEXED_PATHS and response.status_code == 200:
        return {"Cache-Control": "no-store"}
    return {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def install(app: Flask, embed_origins: tuple[str, ...]) -> None:
    """Put the table on every response of the app.

    Call it before any other hook is registered: hooks run last in, first out, so that the table
    has the last word.
    """
    app.after_request(_table(" ".join(embed_origins)))


def _table(embed_origins: str) -> Callable[[Response], Response]:
    def apply(response: Response) -> Response:
        profile = profile_of(request, response)
        response.headers.update(
            security_headers(profile, secure=request.is_secure, embed_origins=embed_origins)
            | cache_headers(request, response)
        )
        return response

    return apply
