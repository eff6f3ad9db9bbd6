"""The audit log in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from consult.staff.person_views import kind_words
from consult.storage.audit import Entry
from consult.storage.receipts import ROWS

NOBODY_WORDS = "Command line or application"
ACTION_WORDS: Mapping[str, str] = {
    "account.confirmed": "Confirmed who they are",
    "account.disabled": "Disabled an account",
    "account.invitation_withdrawn": "Withdrew a one-time link",
    "account.invited": "Made a one-time link",
    "account.joined": "Used a one-time link",
    "account.password_changed": "Changed their password",
    "account.role_changed": "Changed a role",
    "account.session_ended": "Signed a browser out",
    "account.sessions_ended": "Signed out everywhere",
    "account.sign_in_failed": "Failed to sign in",
    "account.signed_in": "Signed in",
    "account.signed_out": "Signed out",
    "factor.all_removed": "Removed all second factors",
    "factor.app_added": "Set up an authenticator app",
    "factor.app_removed": "Removed the authenticator app",
    "factor.passkey_added": "Added a passkey",
    "factor.passkey_copied": "Refused a passkey that seems copied",
    "factor.passkey_removed": "Removed a passkey",
    "factor.recovery_code_used": "Used a recovery code",
    "factor.recovery_codes_made": "Made new recovery codes",
    "factor.refused": "Failed the second factor",
    "identity.linked": "Linked the sign-in provider",
    "identity.unlinked": "Unlinked the sign-in provider",
    "lead.anonymised": "Made a lead anonymous",
    "lead.brief_read": "Opened the call brief",
    "lead.deleted": "Deleted a lead",
    "lead.mail_read": "Read a mail to the owner",
    "lead.report_read": "Opened the report",
    "lead.seen": "Looked at a lead",
    "leads.given": "Gave leads to somebody",
    "retention.drafts_deleted": "Deleted unfinished checks whose time was over",
    "retention.mail_texts_deleted": "Deleted old texts of mails",
    "retention.pdfs_deleted": "Deleted old PDFs",
    "setting.changed": "Changed a setting",
    "unfinished.address_deleted": "Deleted the address of an unfinished check",
    "unfinished.mail_asked": "Asked for the one mail about an unfinished check",
    "unfinished.mail_not_possible": "Could not send the mail about an unfinished check",
    "unfinished.mail_sent": "Sent the one mail about an unfinished check",
}
"""Other actions are told by their own name."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of the page. `facts` are names and values in words."""

    number: int
    iso: str
    when: str
    who: str
    what: str
    lead_id: int | None
    facts: Sequence[tuple[str, str]]


def row(entry: Entry, names: Mapping[int, str], zone: tzinfo) -> EntryRow:
    """An entry as a line; `names` are those of all accounts, by id."""
    return EntryRow(
        number=entry.id,
        iso=entry.at.isoformat(timespec="seconds"),
        when=_in_zone(entry.at, zone),
        who=NOBODY_WORDS if entry.by_id is None else name_of(entry.by_id, names),
        what=action_words(entry.action),
        lead_id=entry.lead_id,
        facts=[_fact(name, value, names) for name, value in entry.facts.items()],
    )


def action_words(action: str) -> str:
    """What an action is called on the page."""
    return ACTION_WORDS.get(action) or action.replace(".", ": ").replace("_", " ").capitalize()


def name_of(user_id: int, names: Mapping[int, str]) -> str:
    """Who has an id; accounts are never deleted, so a name that is not there is a sign of harm."""
    return names.get(user_id, f"Account {user_id}")


def _fact(name: str, value: object, names: Mapping[int, str]) -> tuple[str, str]:
    if name.startswith(ROWS):
        return kind_words(name.removeprefix(ROWS)), str(value)
    words = name.replace("_", " ").capitalize()
    if name in ("account", "to") and isinstance(value, int):
        return words, name_of(value, names)
    if name == "account" and value is None:
        return words, "None of ours"
    if isinstance(value, bool):
        return words, "Yes" if value else "No"
    return words, "–" if value is None or value == "" else str(value)


def _in_zone(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S}"
