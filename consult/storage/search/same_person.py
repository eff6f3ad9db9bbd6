"""Other leads of the same person or firm, so that no one calls twice or next to a colleague.

Search terms lead to candidates; what is the same is then compared in full.
"""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, bindparam, select, union
from sqlalchemy.orm import aliased

from consult.storage.db.database import Session
from consult.storage.search_index import name_terms, normalize, phone_numbers
from consult.storage.tables.lead_tables import WORD_MAX, LeadRow, LeadWordRow
from consult.storage.tables.submission_tables import ContactRow

MAX_SAME = 20
"""So many leads of one person or firm are listed at most."""

# Anyone can have an address there: it says nothing about a firm.
_FOR_ANYONE = re.compile(
    r"(?:g(?:oogle)?mail|yahoo|ymail|rocketmail|hotmail|outlook|live|msn|aol|icloud|me|mac|gmx|web"
    r"|mail|proton(?:mail)?|pm|zoho|fastmail|hey|yandex|qq|163|126|naver|t-online|orange|wanadoo|free"
    r"|laposte|libero|comcast|verizon|att|sbcglobal|bellsouth|cox|charter|earthlink|optonline"
    r"|juno|frontier|windstream|centurylink|rogers|shaw|telus|btinternet|sky|bigpond)"
    r"\.(?:com?|net|org|me|de|fr|it|es|uk|ca|ch|at|nl|be|ru|in|au|jp|br|mx|us)(?:\.[a-z]{2})?"
)


def firm_domain(email: str) -> str:
    """The domain of an address that is its firm's; empty for one where anyone gets mail."""
    host = _host(email)
    return "" if _FOR_ANYONE.fullmatch(host) else host


def same_person(
    session: Session, lead: LeadRow, contact: ContactRow
) -> list[tuple[Row[*tuple[Any, ...]], str]]:
    """Other leads that look like the same person's, then the same firm's, each with why.

    The newest come first.
    """
    numbers = phone_numbers(contact.phone or "")
    domain = firm_domain(contact.email)
    terms = [normalize(contact.email), *(one[-8:] for one in numbers), normalize(f"@{domain}")]
    firm = name_terms(" ".join(_name_of_firm(contact)))[:1]
    values = {
        "lead_id": lead.submission_id,
        "demo": lead.demo,
        "same": [term[:WORD_MAX] for term in (*terms, *firm) if term != "@"],
        "names": name_terms(contact.name),
        "host": normalize("@" + _host(contact.email))[:WORD_MAX],
    }
    rows = session.execute(_SAME_PERSON, values).all()
    found = [(row, why) for row in rows if (why := _why_same(contact, row))]
    return sorted(found, key=lambda one: one[1].startswith(_OF_FIRM))


_OF_FIRM = ("also at", "same business")


def _why_same(contact: ContactRow, row: Row[*tuple[Any, ...]]) -> str:
    host = _host(contact.email)
    if row.email.lower() == contact.email.lower():
        return "same email address"
    if _share_number(phone_numbers(contact.phone or ""), phone_numbers(row.phone or "")):
        return "same phone number"
    if set(name_terms(contact.name)) & set(name_terms(row.name)) and _host(row.email) == host:
        return f"same name at {host}"
    if firm_domain(contact.email) and _host(row.email) == host:
        return f"also at {host}"
    if _name_of_firm(contact) and _name_of_firm(contact) == _name_of_firm(row):
        return "same business name"
    return ""


_LEGAL_FORMS = {"llc", "inc", "ltd", "co", "corp", "llp", "pllc", "pc", "gmbh", "the", "and"}


def _name_of_firm(contact: ContactRow | Row[*tuple[Any, ...]]) -> list[str]:
    """The words of a firm's name; none where it goes by the owner's own."""
    firm = normalize(contact.business)
    if firm == normalize(contact.name):
        return []
    return [word for word in re.findall(r"[^\W_]+", firm) if word not in _LEGAL_FORMS]


def _host(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _share_number(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two have a number in common, with or without the country."""
    pairs = ((one.lstrip("0"), other.lstrip("0")) for one in some for other in others)
    return any(one.endswith(other) or other.endswith(one) for one, other in pairs)


_WORD_OF_NAME, _WORD_OF_HOST = aliased(LeadWordRow), aliased(LeadWordRow)
_SAME_PERSON = (
    select(
        *(LeadRow.submission_id, LeadRow.submitted_at, LeadRow.stage, LeadRow.assignee_id),
        *(ContactRow.business, ContactRow.name, ContactRow.email, ContactRow.phone),
    )
    .join(ContactRow, ContactRow.submission_id == LeadRow.submission_id)
    .where(
        LeadRow.submission_id.in_(
            union(
                select(LeadWordRow.submission_id).where(
                    LeadWordRow.word.in_(bindparam("same", expanding=True))
                ),
                select(_WORD_OF_NAME.submission_id)
                .join(_WORD_OF_HOST, _WORD_OF_HOST.submission_id == _WORD_OF_NAME.submission_id)
                .where(
                    _WORD_OF_NAME.word.in_(bindparam("names", expanding=True)),
                    _WORD_OF_HOST.word == bindparam("host"),
                ),
            )
        ),
        LeadRow.submission_id != bindparam("lead_id"),
        LeadRow.demo == bindparam("demo"),
    )
    .order_by(LeadRow.submission_id.desc())
    .limit(MAX_SAME)
)
