"""The audit log, for admins: who did what, to which lead, when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

from consult.staff.audit.audit_labels import (
    NO_USER_LABEL,
    NOT_SIGNED_IN,
    SYSTEM,
    UNAUTHENTICATED,
    action_label,
    fact_labels,
)
from consult.staff.blueprint import blueprint, for_admins
from consult.storage.accounts import accounts
from consult.storage.audit.audit_log import NO_USER, known_actions, newest
from consult.storage.leads import leads
from consult.storage.tables.audit_tables import AuditRow
from consult.web.services import services
from consult.web.text import parse_id

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of the page. `facts` are labels and values; `is_deleted` is about the lead."""

    number: int
    iso: str
    when: str
    who: str
    what: str
    lead_id: int | None
    is_deleted: bool
    facts: Sequence[tuple[str, str]]


@blueprint.get("/settings/audit-log")
@for_admins
def audit_log() -> ResponseReturnValue:
    """Show the newest entries that match the filters, one page at a time."""
    made, asked = services(), request.args
    zone = made.settings.office.zone
    by, lead_id, before = (asked.get(name, type=parse_id) for name in ("by", "lead", "before"))
    since, until = (asked.get(name, type=_day) for name in ("since", "until"))
    with made.database.reading() as session:
        actions = known_actions(session)
        action = asked["action"] if asked.get("action") in actions else ""
        found = newest(
            session,
            limit=PAGE_SIZE + 1,
            before=before,
            since=_start_of(since, zone) if since else None,
            until=_start_of(until + timedelta(days=1), zone) if until else None,
            by=by,
            action=action,
            lead_id=lead_id,
        )
        names = {user.id: user.name for user in accounts.all_users(session)}
        existing = leads.still_there(session, {entry.lead_id for entry in found if entry.lead_id})
    entries, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    labels = [(name, action_label(name)) for name in actions]
    return render_template(
        "staff/audit/audit_log.html",
        entries=[_entry_row(entry, names, existing, zone) for entry in entries],
        people=[(NO_USER, NO_USER_LABEL), *names.items()],
        actions=sorted(labels, key=lambda one: one[1]),
        filters={
            "by": by,
            "action": action or None,
            "lead": lead_id,
            "since": since,
            "until": until,
        },
        zone=made.settings.time_zone,
        older=entries[-1].id if more else None,
        is_first=before is None,
    )


def _entry_row(
    entry: AuditRow, names: Mapping[int, str], existing: Collection[int], zone: tzinfo
) -> EntryRow:
    """Describe an entry; `names` are those of all users, by ID, `existing` leads not deleted."""
    local = entry.at.astimezone(zone)
    if entry.by_id is not None:
        who = _name_of(entry.by_id, names)
    else:
        who = NOT_SIGNED_IN if entry.action in UNAUTHENTICATED else SYSTEM
    return EntryRow(
        number=entry.id,
        iso=entry.at.isoformat(timespec="seconds"),
        when=f"{local.day} {local:%b %Y, %H:%M:%S}",
        who=who,
        what=action_label(entry.action),
        lead_id=entry.lead_id,
        is_deleted=entry.lead_id is not None and entry.lead_id not in existing,
        facts=[
            _fact(name, value, names)
            for name, value in entry.facts.items()
            if (name, value) != ("back", False)  # that a setting was chosen is the usual case
        ],
    )


def _name_of(user_id: int, names: Mapping[int, str]) -> str:
    # Accounts are never deleted, so a missing name shows that the database was changed by hand.
    return names.get(user_id, f"Account {user_id}")


def _fact(name: str, value: object, names: Mapping[int, str]) -> tuple[str, str]:
    if name in ("account", "to") and isinstance(value, int):
        return name.capitalize(), _name_of(value, names)
    if name == "account" and value is None:
        return "Account", "none of ours"
    return fact_labels(name, value)


def _start_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 2000 <= day.year < 3000:
        raise ValueError(text)  # and no day without a day before or after
    return day
