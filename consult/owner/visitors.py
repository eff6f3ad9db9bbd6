"""What a request says about its visitor: a person or a program, and from where.

Reads only what every browser sends, and stores none of it itself.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from flask import request

from consult.settings.embed_origins import permission_of
from consult.web.text import one_line

# Cubot makes phones.
_PROGRAM = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|monitor|uptime|headless|scan|"
    r"^(curl|wget|python|go-http|java|okhttp|libwww|ruby|node|axios|php)",
    re.IGNORECASE,
)
_TAG = re.compile(r"utm_[a-z_]{1,20}|ref")
_HOST = re.compile(r"[a-z0-9._-]+")
_ESCAPED_SIGN = re.compile(r"^(amp;)+")
MAX_TAGS = 8
MAX_VALUE_LENGTH = 100


def is_person() -> bool:
    """Return whether the page is for a person to look at, as far as the browser admits it."""
    program = _PROGRAM.search(request.user_agent.string or "curl")
    return request.method == "GET" and not is_prefetch() and not program


def is_prefetch() -> bool:
    """Return whether a browser fetches the page in case its user goes there."""
    headers = request.headers
    return "prefetch" in headers.get("Sec-Purpose", "") or headers.get("Purpose") == "prefetch"


def is_frame_unseen(referrer: str | None, own_origin: str, sites: Sequence[str]) -> bool:
    """Return whether no visitor sees the page in a frame, as far as the browser says who frames it.

    Either that site isn't on the list, and so the browser hides the page; or staff try it.
    """
    own = f"{own_origin}/"
    if referrer and referrer.startswith(own):
        return referrer.startswith(f"{own}staff/")
    return permission_of(referrer or "", sites).reason in ("not listed", "not https")


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


def source_of(query: Mapping[str, str], referrer: str | None, own_origin: str) -> dict[str, str]:
    """Return where a visitor came from: campaign tags, and the page of another site.

    The page is what the script on it says (`page`), or else what the browser says, which most
    often is the site alone.
    """
    page = page_of(f"https://{plain_names(query).get('page', '')}", own_origin)
    page = page or page_of((referrer or "").rstrip("/"), own_origin)
    return _source(campaign_tags(query), page)


def posted_source(form: Mapping[str, str], own_origin: str) -> dict[str, str]:
    """Return the source that a start page carried along in its form, checked again."""
    return _source(campaign_tags(form), page_of(f"https://{form.get('referrer', '')}", own_origin))


def _source(tags: Mapping[str, str], page: str) -> dict[str, str]:
    return {**tags, "referrer": page} if page else dict(tags)


def page_of(address: str, own_origin: str) -> str:
    """Return host and path of a page of another site; nothing for any other address.

    The rest of an address may say more about a person. Only a home page ends with a slash: without
    one, a host is all that is known.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port  # which is where what is no address shows
    except ValueError:
        return ""
    if not _HOST.fullmatch(host) or host == urlsplit(own_origin).hostname:
        return ""
    path = parts.path if parts.path == "/" else parts.path.rstrip("/ ")
    return one_line(f"{host}{path}")[:MAX_VALUE_LENGTH].rstrip()
