"""The response headers that every answer must carry, written down a second time on purpose.

The app keeps its own table. This one says what a browser must receive, so that a slip in the
app's table is a failing test and not a new truth.
"""

import re
from typing import Literal

Profile = Literal["public", "staff", "document", "pdf", "asset"]

_TOKEN_PATH = re.compile(r"^(/embed(/auto)?(/clear)?)?/(check|result)/[^/]+")
_DOCUMENT_PATH = re.compile(r"(\.(pdf|csv|xlsx)|/exports/\d+/file)$")
_OWN_SOURCES = frozenset({"'self'", "'none'"})

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
_DOCUMENT_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'", "sandbox": ""}
_PDF_POLICY = {
    "default-src": "'self'",
    "style-src": "'unsafe-inline'",  # of Safari's viewer
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
POWERFUL_FEATURES = ("camera", "microphone", "geolocation", "payment", "usb")


_FOR_PROGRAMS = ("/api/", "/hooks/")


def profile_of(path: str, status: int = 200) -> Profile:
    """Which column of the header table a path belongs to."""
    if path.startswith(("/static/", "/brand.css", "/brand/", "/embed.js")):
        return "asset"
    if (_DOCUMENT_PATH.search(path) and status == 200) or f"{path}/".startswith(_FOR_PROGRAMS):
        return "pdf" if path.endswith(".pdf") else "document"
    return "staff" if path == "/staff" or path.startswith("/staff/") else "public"


def header_problems(path: str, status: int, headers: dict[str, str], *, https: bool) -> list[str]:
    """What is missing or wrong in the headers of one answer; an empty list when all is well."""
    profile = profile_of(path, status)
    wanted = dict(_EVERYWHERE)
    if profile == "asset":
        wanted["Cross-Origin-Resource-Policy"] = "cross-origin"
    wanted["Referrer-Policy"] = "no-referrer" if profile in ("document", "pdf") else "same-origin"
    if profile in ("staff", "document", "pdf"):
        wanted["X-Frame-Options"] = "DENY"
    if profile != "asset" and (profile != "public" or _TOKEN_PATH.match(path)):
        is_refused = status in (409, 422)
        secret = ("/staff/account/factors", *_FOR_PROGRAMS)
        is_refused = is_refused and not path.startswith(secret)
        wanted["Cache-Control"] = "private, max-age=0" if is_refused else "no-store"
        wanted["X-Robots-Tag"] = "noindex"
    if https:
        wanted["Strict-Transport-Security"] = "max-age=63072000"
    problems = [
        f"header {name} is {headers.get(name)!r}, not {value!r}"
        for name, value in wanted.items()
        if headers.get(name) != value
    ]
    if profile == "public" and "X-Frame-Options" in headers:
        problems.append("X-Frame-Options cannot name several sites; frame-ancestors does")
    if not https and "Strict-Transport-Security" in headers:
        problems.append("Strict-Transport-Security means nothing over plain HTTP")
    kind = headers.get("Content-Type", "")
    if kind.startswith("text/") and "charset=utf-8" not in kind:
        problems.append(f"Content-Type {kind!r} does not say how its letters are written")
    if "Access-Control-Allow-Origin" in headers and path != "/embed.js":
        problems.append("another site may read this answer")
    problems += _policy_problems(profile, headers.get("Content-Security-Policy", ""))
    if profile in ("public", "staff"):
        off = {part.strip() for part in headers.get("Permissions-Policy", "").split(",")}
        on = [name for name in POWERFUL_FEATURES if f"{name}=()" not in off]
        problems += [f"Permissions-Policy leaves {name} open" for name in on]
    return problems


def _policy_problems(profile: Profile, value: str) -> list[str]:
    parts = (part.strip().partition(" ") for part in value.split(";") if part.strip())
    given = {name: sources.strip() for name, _, sources in parts}
    policies = {"document": _DOCUMENT_POLICY, "pdf": _PDF_POLICY}
    wanted = dict(policies.get(profile, _PAGE_POLICY))
    if profile == "staff":
        wanted["frame-ancestors"] = "'none'"
    problems = [
        f"Content-Security-Policy {name} is {given.get(name)!r}, not {sources!r}"
        for name, sources in wanted.items()
        if given.get(name) != sources
    ]
    if profile == "pdf" and "sandbox" in given:
        problems.append("Content-Security-Policy has a sandbox, in which Safari shows no PDF")
    if profile == "public" and "'self'" not in given.get("frame-ancestors", ""):
        problems.append("Content-Security-Policy lets no page of our own frame this one")
    for name, sources in given.items():
        is_own = set(sources.split()) <= _OWN_SOURCES
        if name != "frame-ancestors" and not is_own and wanted.get(name) != sources:
            problems.append(f"Content-Security-Policy {name} trusts {sources!r}")
    return problems
