"""The sites that may show the check in a frame, as `frame-ancestors` of a policy names them.

A site is https://www.example.com, with or without a port, or https://*.example.com, which stands
for every subdomain and not for example.com itself. The environment and the staff area accept the
same, and nothing that is accepted can end the policy or add to it.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

from consult.settings.setting_types import THIS_MACHINE, Words, ascii_host, split_words

MAX_LENGTH = 2000
"""Of all sites together: a proxy may refuse an answer whose headers are longer than 4 kB."""

_EXAMPLE = "https://www.example.com"
_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})*")
_LONGEST_NAME = 253
_SHOWN = 60


def read_sites(text: str) -> tuple[str, ...]:
    """The sites of a text, separated by blanks, lines or commas, each only once.

    Raises ValueError, naming the first entry that is no site.
    """
    sites = tuple(dict.fromkeys(site_of(entry) for entry in split_words(text) if entry))
    if len(" ".join(sites)) > MAX_LENGTH:
        raise ValueError(
            f"is too long, with more than {MAX_LENGTH:,} characters: name subdomains together, "
            "as in https://*.example.com"
        )
    return sites


EmbedOrigins = Annotated[Words, AfterValidator(lambda sites: read_sites(" ".join(sites)))]


def site_of(entry: str) -> str:
    """One site as a policy needs it; raises ValueError with what to write instead."""
    named = f"“{_printable(entry)}”"
    if "://" not in entry and entry != "*":
        raise ValueError(f"{named} needs https:// in front, as in {_EXAMPLE}")
    star, parts = _without_star(entry)
    if entry == "*" or parts.netloc == "*":
        raise ValueError(f"{named} is every site there is: name yours, as in {_EXAMPLE}")
    host, port = _host_and_port(parts)
    if not host:
        raise ValueError(f"{named} isn’t the address of a site, such as {_EXAMPLE}")
    if star and "." not in host:
        raise ValueError(
            f"{named} is too many sites: write two parts after the star, as in "
            "https://*.example.com"
        )
    site = f"{parts.scheme}://{star}{host}{port}"
    if parts.scheme != "https" and (star or host not in THIS_MACHINE or parts.scheme != "http"):
        raise ValueError(f"{named} must begin with https://: other sites can’t show the check")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{named} must stop after the host name: {site}")
    return site


def frame_ancestors(sites: Sequence[str]) -> str:
    """The directive of the policy. Pages of our own may frame one another."""
    return " ".join(("frame-ancestors 'self'", *sites))


Reason = Literal["", "no site", "not https", "not listed"]


class Permission(NamedTuple):
    """Whether a page may show the check: no reason means yes, because `listed` allows its `site`.

    Where it isn't listed, `near` is what is: the same site but for "www.", a port or a star.
    """

    reason: Reason
    site: str = ""
    listed: str = ""
    near: str = ""


def permission_of(page: str, sites: Sequence[str]) -> Permission:
    """Whether these sites include the one of a page, by its address as people type or paste it."""
    address = page.strip()
    try:
        site = site_of(_origin_of(address if "://" in address else f"https://{address}"))
    except ValueError:
        is_http = address.lower().startswith("http://")
        return Permission("not https" if is_http else "no site")
    if "*" in site:
        return Permission("no site")
    listed = next((entry for entry in sites if _covers(entry, site)), "")
    if listed:
        return Permission("", site, listed)
    alike = (entry for entry in sites if _bare_name(entry) == _bare_name(site))
    return Permission("not listed", site, near=next(alike, ""))


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _covers(entry: str, site: str) -> bool:
    """Whether a browser takes the entry of a policy for this site."""
    star, parts = _without_star(entry)
    at = urlsplit(site)
    host, other = parts.hostname or "", at.hostname or ""
    same_host = other.endswith(f".{host}") if star else other == host
    return same_host and (parts.scheme, parts.port) == (at.scheme, at.port)


def _bare_name(site: str) -> str:
    name = _without_star(site)[1].hostname or ""
    return name.removeprefix("www.")


def _without_star(entry: str) -> tuple[str, SplitResult]:
    """The star in front of the host, if there is one, and the parts of the address without it."""
    try:
        parts = urlsplit(entry)
    except ValueError:  # such as a bracket that is never closed
        return "", urlsplit("")
    if parts.netloc.startswith("*."):
        return "*.", parts._replace(netloc=parts.netloc.removeprefix("*."))
    return "", parts


def _host_and_port(parts: SplitResult) -> tuple[str, str]:
    """Host and port as a policy needs them; nothing for what it cannot name, such as IPv6."""
    name = parts.hostname or ""
    try:
        # Browsers send addresses too, and encoding a very long name takes very long.
        host, port = ascii_host(name).lower() if len(name) <= _LONGEST_NAME else "", parts.port
    except ValueError:
        return "", ""
    if not _HOST.fullmatch(host):
        return "", ""
    return host, "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"


def _printable(entry: str) -> str:
    text = "".join(letter if letter.isprintable() else "?" for letter in entry)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
