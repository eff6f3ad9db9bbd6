"""What a request says about its visitor: a person or a program, framed or not, and from where.

Reads only what every browser sends, and stores none of it itself.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import request

from consult.web.text import one_line

# Cubot makes phones.
_PROGRAM = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|monitor|uptime|headless|scan|"
    r"^(curl|wget|python|go-http|java|okhttp|libwww|ruby|node|axios|php)",
    re.IGNORECASE,
)
_TAG = re.compile(r"utm_[a-z_]{1,20}|ref|referrer")
_ESCAPED_SIGN = re.compile(r"^(amp;)+")
MAX_TAGS = 8
MAX_VALUE_LENGTH = 100


def is_person() -> bool:
    """Return whether the page is for a person to look at, as far as the browser admits it."""
    headers = request.headers
    prefetch = "prefetch" in headers.get("Sec-Purpose", "") or headers.get("Purpose") == "prefetch"
    program = _PROGRAM.search(request.user_agent.string or "curl")
    return request.method == "GET" and not prefetch and not program


def is_framed() -> bool:
    """Return whether another site shows the page inside one of its own."""
    return request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame", "embed", "object")


def campaign_tags(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the campaign tags among a query's or a form's fields, cut to a sensible size.

    Everything else is dropped: an address can carry more about a person than a campaign's name.
    """
    tags = [
        (name, one_line(value)[:MAX_VALUE_LENGTH].strip())
        for name, value in plain_names(fields).items()
        if _TAG.fullmatch(name)
    ]
    return {name: value for name, value in tags[:MAX_TAGS] if value}


def plain_names(fields: Mapping[str, str]) -> dict[str, str]:
    """Return a query's fields by their names in lower case; of two with one name, the first.

    Mail programs write names in capitals, and websites `&amp;` for the sign between two fields.
    """
    named: dict[str, str] = {}
    for name, value in fields.items():
        named.setdefault(_ESCAPED_SIGN.sub("", name.lower()), value)
    return named


def with_referrer(tags: Mapping[str, str], address: str | None, own_origin: str) -> dict[str, str]:
    """Return the tags together with the page of another site that the visitor came from.

    Only host and path of its address are kept: the rest may say more about a person.
    """
    try:
        parts = urlsplit(address or "")
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or host == urlsplit(own_origin).hostname:
        return dict(tags)
    page = one_line(f"{host}{parts.path}")[:MAX_VALUE_LENGTH].rstrip("/ ")
    return {**tags, "referrer": page}
