"""Where owners book a consult: here, at a provider's calendar, at another link, or nowhere.

Providers let a link fill in their form, and hand a value in it back with the booking. What each
calls these fields is in its documentation; only SavvyCal's names for name and email are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from urllib.parse import quote as quote_spaces

Provider = Literal["cal", "calendly", "savvycal"]
"""A company whose calendar the agency has."""
PROVIDERS: tuple[Provider, ...] = get_args(Provider)

PROVIDER_NAMES: Mapping[Provider, str] = {
    "cal": "Cal.com",
    "calendly": "Calendly",
    "savvycal": "SavvyCal",
}

CALENDAR_NAMES: Mapping[str, str] = {"own": "Our calendar"} | {
    str(provider): name for provider, name in PROVIDER_NAMES.items()
}
"""How staff read where a consult was booked."""
BOOKING_STATES: Mapping[str, str] = {
    "requested": "Requested",
    "booked": "Booked",
    "canceled": "Canceled",
    "no_show": "No-show",
}

_HOSTS: Mapping[Provider, tuple[str, ...]] = {
    "cal": ("cal.com", "cal.eu"),
    "calendly": ("calendly.com",),
    "savvycal": ("savvycal.com",),
}

MAX_FIELD = 200
MAX_URL = 1_500
"""Longer addresses do not arrive everywhere."""


# What each provider calls the name, and the fields for our key: the first free one is used.
_FIELDS: Mapping[Provider, tuple[str, Sequence[str]]] = {
    "cal": ("name", ["metadata[key]"]),
    "calendly": ("name", ["utm_content", "salesforce_uuid"]),
    "savvycal": ("display_name", ["metadata[key]"]),
}


@dataclass(frozen=True, slots=True)
class BookingOffer:
    """How this agency has owners book a consult.

    `own`: in our own calendar. `provider`: at its calendar, which reports what is booked. `link`:
    at any other address. `off`: they ask for a consult, and the agency writes to them.
    """

    how: Literal["own", "provider", "link", "off"]
    url: str = ""
    provider: Provider | None = None

    @property
    def is_elsewhere(self) -> bool:
        return self.how in ("provider", "link")

    @property
    def firm(self) -> str:
        """Who runs the calendar, as owners know it: the provider, or the host of the link."""
        if self.provider and provider_of(self.url) == self.provider:
            return PROVIDER_NAMES[self.provider]
        return (urlsplit(self.url).hostname or "").removeprefix("www.")


def offer_of(setting: str, consult_url: str) -> BookingOffer:
    """The offer, by the settings `booking` and `brand.consult_url`."""
    if setting in ("own", "off"):
        return BookingOffer("own" if setting == "own" else "off")
    if not consult_url:
        return BookingOffer("own" if setting == "auto" else "off")
    provider = next((one for one in PROVIDERS if one == setting), None)
    if setting == "auto":
        provider = provider_of(consult_url)
    return BookingOffer("provider" if provider else "link", consult_url, provider)


def provider_of(url: str) -> Provider | None:
    """The provider whose host an address has; calendars on a host of their own are not known."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    for provider, hosts in _HOSTS.items():
        if any(host == known or host.endswith(f".{known}") for known in hosts):
            return provider
    return None


def calendar_url(offer: BookingOffer, key: str, *, name: str = "", email: str = "") -> str:
    """The address to send an owner to: with our key, and with name and email where they are given.

    What the agency's address has already stays as it is, and is not overruled. What would make it
    too long is left out, the name first.
    """
    if offer.provider is None:
        return offer.url
    parts, (name_field, key_fields) = urlsplit(offer.url), _FIELDS[offer.provider]
    taken = {field for field, _ in parse_qsl(parts.query, keep_blank_values=True)}
    key_field = next((field for field in key_fields if field not in taken), "")
    wanted = ((key_field, key), ("email", email), (name_field, name[:MAX_FIELD]))
    query, url = parts.query, offer.url
    for field, value in wanted:
        if not field or not value or len(value) > MAX_FIELD or field in taken:
            continue
        added = urlencode({field: value}, quote_via=quote_spaces)
        longer = f"{query}&{added}" if query else added
        made = urlunsplit(parts._replace(query=longer))
        if len(made) <= MAX_URL:
            query, url = longer, made
    return url
