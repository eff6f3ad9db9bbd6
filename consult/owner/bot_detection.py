"""Telling people from programs, and a page of its own from one in another site's frame.

Only what every browser says of itself is read, and nothing of it is kept.
"""

from __future__ import annotations

import re

from flask import request

# Cubot makes phones.
_PROGRAM = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|monitor|uptime|headless|scan|"
    r"^(curl|wget|python|go-http|java|okhttp|libwww|ruby|node|axios|php)",
    re.IGNORECASE,
)


def is_person() -> bool:
    """Say whether the page is for somebody to look at, as far as the browser admits it."""
    headers = request.headers
    ahead = "prefetch" in headers.get("Sec-Purpose", "") or headers.get("Purpose") == "prefetch"
    program = _PROGRAM.search(request.user_agent.string or "curl")
    return request.method == "GET" and not ahead and not program


def is_framed() -> bool:
    """Say whether another site shows the page inside one of its own."""
    return request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame", "embed", "object")
