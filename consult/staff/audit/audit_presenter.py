"""The audit log in words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from consult.staff.audit.audit_labels import (
    AT_THE_DOOR,
    BY_ITSELF,
    NOT_SIGNED_IN,
    action_words,
    fact_words,
)
from consult.storage.tables.audit_tables import AuditRow


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of the page. `facts` are names and values in words.

    `is_gone` tells of a lead that was deleted since, of which there is a receipt.
    """

    number: int
    iso: str
    when: str
    who: str
    what: str
    lead_id: int | None
    is_gone: bool
    facts: Sequence[tuple[str, str]]


def row(
    entry: AuditRow, names: Mapping[int, str], there: Collection[int], zone: tzinfo
) -> EntryRow:
    """An entry as a line; `names` are those of all accounts, by id, and `there` the leads left."""
    return EntryRow(
        number=entry.id,
        iso=entry.at.isoformat(timespec="seconds"),
        when=_in_zone(entry.at, zone),
        who=_who(entry, names),
        what=action_words(entry.action),
        lead_id=entry.lead_id,
        is_gone=entry.lead_id is not None and entry.lead_id not in there,
        facts=[
            _fact(name, value, names)
            for name, value in entry.facts.items()
            if (name, value) != ("back", False)  # that a setting was chosen is the usual case
        ],
    )


def name_of(user_id: int, names: Mapping[int, str]) -> str:
    """Who has an id; accounts are never deleted, so a name that is not there is a sign of harm."""
    return names.get(user_id, f"Account {user_id}")


def _who(entry: AuditRow, names: Mapping[int, str]) -> str:
    if entry.by_id is not None:
        return name_of(entry.by_id, names)
    return NOT_SIGNED_IN if entry.action in AT_THE_DOOR else BY_ITSELF


def _fact(name: str, value: object, names: Mapping[int, str]) -> tuple[str, str]:
    if name in ("account", "to") and isinstance(value, int):
        return name.capitalize(), name_of(value, names)
    if name == "account" and value is None:
        return "Account", "none of ours"
    return fact_words(name, value)


def _in_zone(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S}"
