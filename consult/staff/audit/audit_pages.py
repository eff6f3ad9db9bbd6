"""The audit log, for admins: who did what, to which lead, when."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from consult.questionnaire.yaml_texts import read_yaml
from consult.staff.accounts.people_pages import ROLE_LABELS
from consult.staff.blueprint import blueprint, for_admins
from consult.staff.privacy.privacy_pages import REASON_LABELS, table_label
from consult.staff.settings.settings_form import GROUPS
from consult.staff.webhooks.webhook_form import KIND_NAMES
from consult.storage.accounts import accounts
from consult.storage.audit.audit_log import NO_USER, known_actions, newest
from consult.storage.leads import leads
from consult.storage.privacy.erasure import ROWS
from consult.storage.tables.account_tables import AuditRow
from consult.web.services import services
from consult.web.text import parse_id, unknown_values
from consult.workflow.stages import DECLINE_REASONS, NAMES

PAGE_SIZE = 100

NOT_SIGNED_IN = "Not signed in"
SYSTEM = "Command line or application"
NO_USER_LABEL = "Not signed in, command line or application"

UNAUTHENTICATED = frozenset({"account.sign_in_failed", "factor.refused"})
"""Actions of visitors who are not signed in."""

ACTIONS: Mapping[str, str] = read_yaml(Path(__file__).with_name("actions.yaml"))
"""What pages call each action."""

_NAMES: Mapping[str, str] = {
    "back": "Back to the default",
    "contact": "Includes contact info",
    "endpoint_id": "Webhook no.",
    "feed_id": "Calendar no.",
    "format": "As",
    "invitation": "Link no.",
    "consent": "Permission no.",
    "method": "With",
    "note": "Note no.",
    "passkey": "Passkey no.",
    "reached": "Reached",
    "shared": "For everyone",
    "token": "Token no.",
    "view": "View no.",
    "webhook": "Format",
}
_VALUES: Mapping[str, Mapping[str, str]] = {
    "reason": {**DECLINE_REASONS, **REASON_LABELS},
    "role": ROLE_LABELS,
    "setting": {
        "brand.logo": "Brand, logo",
        "brand.portrait": "Brand, portrait",
        **{
            setting.name: f"{group.title}, {setting.label[:1].lower()}{setting.label[1:]}"
            for group in GROUPS.values()
            for setting in group.settings
        },
    },
    "stage": {str(stage): words for stage, words in NAMES.items()},
    "webhook": {str(kind): name for kind, name in KIND_NAMES.items()},
    "method": {
        "code": "authenticator code",
        "invitation": "one-time link",
        "passkey": "passkey",
        "password": "password",
        "provider": "sign-in provider",
    },
}


@blueprint.get("/settings/audit-log")
@for_admins
def audit_log() -> ResponseReturnValue:
    made, asked = services(), request.args
    office = made.settings.office
    before = asked.get("before", type=parse_id)
    with made.database.reading() as session:
        names = {user.id: user.name for user in accounts.all_users(session)}
        people, actions = {NO_USER: NO_USER_LABEL, **names}, known_actions(session)
        readers: dict[str, Callable[[str], Any]] = {
            "by": lambda text: id if (id := parse_id(text)) in people else None,
            "action": lambda text: text if text in actions else None,
            "lead": parse_id,
            "since": _day,
            "until": _day,
        }
        filters = {name: asked.get(name, type=read) for name, read in readers.items()}
        since, until = filters["since"], filters["until"]
        found = newest(
            session,
            limit=PAGE_SIZE + 1,
            before=before,
            since=office.start_of(since) if since else None,
            until=office.start_of(until + timedelta(days=1)) if until else None,
            by=filters["by"],
            action=filters["action"] or "",
            lead_id=filters["lead"],
        )
        existing = leads.still_there(session, {entry.lead_id for entry in found if entry.lead_id})
    entries, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    labels = [(name, action_label(name)) for name in actions]
    return render_template(
        "staff/audit/audit_log.html",
        entries=entries,
        who=partial(_who, names=names),
        facts=partial(_facts, names=names),
        action_label=action_label,
        existing=existing,
        people=people.items(),
        actions=sorted(labels, key=lambda one: one[1]),
        filters=filters,
        unknown=unknown_values(asked, readers),
        zone=office.zone,
        older=entries[-1].id if more else None,
        is_first=before is None,
    )


def _who(entry: AuditRow, names: Mapping[int, str]) -> str:
    if entry.by_id is not None:
        return _name_of(entry.by_id, names)
    return NOT_SIGNED_IN if entry.action in UNAUTHENTICATED else SYSTEM


def _facts(entry: AuditRow, names: Mapping[int, str]) -> list[tuple[str, str]]:
    """Return the labels and values of the details; `names` are those of all users, by ID."""
    return [
        _fact(name, value, names)
        for name, value in entry.facts.items()
        if (name, value) != ("back", False)  # that a setting was chosen is the usual case
    ]


def _name_of(user_id: int, names: Mapping[int, str]) -> str:
    # Accounts are never deleted, so a missing name shows that the database was changed by hand.
    return names.get(user_id, f"Account {user_id}")


def _fact(name: str, value: object, names: Mapping[int, str]) -> tuple[str, str]:
    if name in ("account", "to") and isinstance(value, int):
        return name.capitalize(), _name_of(value, names)
    if name == "account" and value is None:
        return "Account", "none of ours"
    return fact_labels(name, value)


def action_label(action: str) -> str:
    return ACTIONS.get(action) or action.replace(".", ": ").replace("_", " ").capitalize()


def fact_labels(name: str, value: object) -> tuple[str, str]:
    if name.startswith(ROWS):
        return table_label(name.removeprefix(ROWS)), str(value)
    words = _NAMES.get(name) or name.replace("_", " ").capitalize()
    if isinstance(value, bool):
        return words, "yes" if value else "no"
    if value is None or value == "":
        return words, "–"
    return words, _VALUES.get(name, {}).get(str(value), str(value))


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 2000 <= day.year < 3000:
        raise ValueError(text)  # and no day without a day before or after
    return day
