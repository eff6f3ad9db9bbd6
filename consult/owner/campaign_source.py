"""Where a visitor came from: the tags that campaigns put on a link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from consult.web.text import one_line

MOST_TAGS = 8
LONGEST_VALUE = 100

_TAG = re.compile(r"utm_[a-z_]{1,20}|ref|referrer")
REFERRER = "referrer"
"""The page with the link or the frame that led here, as far as the browser tells."""


def source_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the tags among a query's or a form's fields, cut to a sensible size.

    Everything else is dropped: an address can carry more about a person than a campaign's name.
    """
    tags = [
        (name, one_line(value)[:LONGEST_VALUE].strip())
        for name, value in fields.items()
        if _TAG.fullmatch(name)
    ]
    return {name: value for name, value in tags[:MOST_TAGS] if value}


def with_referrer(
    source: Mapping[str, str], address: str | None, own_origin: str
) -> dict[str, str]:
    """Return the tags together with the page of another site that a visitor came from.

    Of its address only host and path are kept: what follows may say more about a person.
    """
    try:
        parts = urlsplit(address or "")
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or host == urlsplit(own_origin).hostname:
        return dict(source)
    page = one_line(f"{host}{parts.path}")[:LONGEST_VALUE].rstrip("/ ")
    return {**source, REFERRER: page}
