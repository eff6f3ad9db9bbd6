"""Signs of a robot in a form that makes a contact or sends mail: what each weighs and is called.

A sign never refuses anything. From `SUSPECT` points on, a contact is probably spam: nothing about
it is sent until its owner confirms the address or staff clear it. Each sign belongs to a layer that
is ``on``, only watched (recorded, and not counted), or ``off``. Pure: no request, no database.

To add a sign: its entry in `SIGNS`, a setting ``spam_…`` if its layer is new, and the lines that
find it and its mode in ``consult.owner.form_guard``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, get_args

Layer = Literal["honeypot", "timing", "network", "throwaway", "proof_of_work", "mail_server"]
Mode = Literal["off", "watch", "on"]
Sign = Literal[
    "honeypot",
    "no_stamp",
    "too_fast",
    "too_late",
    "rushed",
    "busy_network",
    "throwaway",
    "proof_of_work",
    "mail_server",
]
ALL_SIGNS: tuple[Sign, ...] = get_args(Sign)

Signs = Mapping[str, Mapping[str, Any]]
"""Signs as they are stored: ``{"too_fast": {"detail": "1", "counts": true}}``."""

SUSPECT = 2
"""So many points are probably spam: one strong sign, or two weak ones."""

TOO_FAST_SECONDS = 2
TOO_LATE_SECONDS = 24 * 3_600
RUSHED_SECONDS = 20
"""A whole check answered in less time was answered by a program: it has a dozen pages."""
BUSY_SHARE = 0.5
"""The part of a network's hourly contacts after which one without a proof of work is a sign."""


@dataclass(frozen=True, slots=True)
class SignInfo:
    """What finds a sign, how many points it has, and what staff read; `{}` is its detail."""

    layer: Layer
    points: int
    words: str
    of_address: bool = False


SIGNS: Mapping[Sign, SignInfo] = {
    "honeypot": SignInfo("honeypot", 2, "Filled in a field that people can’t see"),
    "no_stamp": SignInfo("timing", 2, "Sent without opening the form"),
    "too_fast": SignInfo("timing", 2, "Sent in {} seconds"),
    "too_late": SignInfo("timing", 2, "Sent more than a day after opening the form"),
    "rushed": SignInfo("timing", 2, "Finished the whole check in {} seconds"),
    "busy_network": SignInfo("network", 2, "One of many forms from the same network"),
    "throwaway": SignInfo("throwaway", 2, "Throwaway email domain: {}", of_address=True),
    # Weak alone: JavaScript may be off, and a typo in an address is no robot.
    "proof_of_work": SignInfo("proof_of_work", 1, "The browser didn’t solve its puzzle"),
    "mail_server": SignInfo("mail_server", 1, "The address has no mail server", of_address=True),
}


def weigh(found: Mapping[Sign, str], mode_of: Callable[[Layer], Mode]) -> dict[str, dict[str, Any]]:
    """The signs that were found, each with its detail, as they are stored."""
    modes = {sign: mode_of(SIGNS[sign].layer) for sign in found}
    return {
        sign: {"detail": detail, "counts": modes[sign] == "on"}
        for sign, detail in found.items()
        if modes[sign] != "off"
    }


def is_suspect(signs: Signs) -> bool:
    points = (SIGNS[sign].points for sign in ALL_SIGNS if signs.get(sign, {}).get("counts"))
    return sum(points) >= SUSPECT


def is_robot(signs: Signs) -> bool:
    """Whether a sign counts that no person leaves: then an email that no one reviews isn't sent."""
    return any(signs.get(sign, {}).get("counts") for sign in ("honeypot", "no_stamp", "too_fast"))


def of_sender(signs: Signs) -> Signs:
    """The signs that stay when an address is corrected."""
    return {sign: signs[sign] for sign in ALL_SIGNS if sign in signs and not SIGNS[sign].of_address}


def in_words(signs: Signs, *, counts: bool = True) -> list[str]:
    """What staff read of the signs that count, or of those that were only watched."""
    return [
        _words(sign, str(signs[sign]["detail"]))
        for sign in ALL_SIGNS
        if sign in signs and signs[sign]["counts"] == counts
    ]


def _words(sign: Sign, detail: str) -> str:
    words = SIGNS[sign].words.format(detail)
    return words.removesuffix("s") if detail == "1" else words


def throwaway_domain(address: str) -> str:
    """The domain of an address of a throwaway service; empty for any other.

    The list is short on purpose. Long public lists copy each other's mistakes, down to the domains
    of large mail providers. Services that forward to a real mailbox are not on it.
    """
    domain = address.rpartition("@")[2].lower()
    parts = domain.split(".")
    parents = {".".join(parts[at:]) for at in range(len(parts) - 1)}
    return domain if parents & _THROWAWAY else ""


_DOMAINS = """
10minutemail.com 10minutemail.net 1secmail.com 1secmail.net 1secmail.org byom.de discard.email
discardmail.com discardmail.de dispostable.com emailondeck.com fakeinbox.com getnada.com grr.la
guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net
guerrillamail.org guerrillamailblock.com inboxkitten.com maildrop.cc mailcatch.com mailinator.com
mailnesia.com minutemailbox.com mintemail.com moakt.com mohmal.com mytemp.email pokemail.net
sharklasers.com spam4.me tempail.com temp-mail.io temp-mail.org tempmailo.com tempr.email
throwawaymail.com trashmail.com trashmail.de trashmail.net trash-mail.com wegwerfmail.de
yopmail.com yopmail.fr yopmail.net
"""
_THROWAWAY = frozenset(_DOMAINS.split())


def likely_domain(domain: str) -> str:
    """The domain that someone may have meant who typed one that takes no mail; else empty."""
    name, dot, ending = domain.rpartition(".")
    corrected = name + dot + _ENDINGS.get(ending, ending)
    close = get_close_matches(corrected, _PROVIDERS, 1, cutoff=0.85)
    meant = close[0] if close else corrected
    return meant if meant != domain else ""


# Only long names: many others are one letter from a short one.
_MAIL_PROVIDERS = """
gmail.com googlemail.com yahoo.com ymail.com hotmail.com outlook.com icloud.com comcast.net
verizon.net sbcglobal.net charter.net bellsouth.net proton.me protonmail.com fastmail.com
t-online.de yahoo.co.uk hotmail.co.uk btinternet.com bluewin.ch
"""
_PROVIDERS = _MAIL_PROVIDERS.split()
_ENDINGS = {
    **dict.fromkeys(("con", "cmo", "ocm", "cpm", "vom", "xom", "comm", "coom", "cm", "om"), "com"),
    **dict.fromkeys(("ner", "nte", "ent", "met"), "net"),
    **dict.fromkeys(("ogr", "rog", "orgg"), "org"),
}
