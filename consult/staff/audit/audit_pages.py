"""The audit log, for admins: who did what, to which lead, when."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial

from flask import render_template, request
from flask.typing import ResponseReturnValue

from consult.staff.accounts.people_pages import ROLE_LABELS
from consult.staff.blueprint import blueprint, for_admins
from consult.staff.privacy.privacy_pages import REASON_LABELS, table_label
from consult.staff.settings.settings_fields import GROUPS
from consult.storage.accounts import accounts
from consult.storage.audit.audit_log import NO_USER, known_actions, newest
from consult.storage.leads import leads
from consult.storage.privacy.erasure import ROWS
from consult.storage.tables.account_tables import AuditRow
from consult.web.services import services
from consult.web.text import parse_id
from consult.workflow.stages import DECLINE_REASONS, NAMES

PAGE_SIZE = 100

NOT_SIGNED_IN = "Not signed in"
SYSTEM = "Command line or application"
NO_USER_LABEL = "Not signed in, command line or application"

UNAUTHENTICATED = frozenset({"account.sign_in_failed", "factor.refused"})
"""Actions of visitors who are not signed in."""

ACTIONS: Mapping[str, str] = {
    "account.disabled": "Disabled an account",
    "account.invitation_revoked": "Revoked an invitation",
    "account.invited": "Created a one-time link",
    "account.joined": "Used a one-time link",
    "account.password_changed": "Changed their password",
    "account.reauthenticated": "Re-authenticated",
    "account.reauthentication_failed": "Failed to re-authenticate",
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
    "factor.passkey_copied": "Blocked a passkey that may be cloned",
    "factor.passkey_removed": "Removed a passkey",
    "factor.recovery_code_used": "Used a recovery code",
    "factor.recovery_codes_made": "Generated new recovery codes",
    "factor.refused": "Failed the second factor",
    "identity.linked": "Linked the sign-in provider",
    "identity.unlinked": "Unlinked the sign-in provider",
    "lead.accepted": "Accepted a lead",
    "lead.anonymised": "Anonymized a lead",
    "lead.assessed": "Saved call findings",
    "lead.brief_read": "Opened the call brief",
    "lead.claimed": "Claimed a lead",
    "lead.contacted": "Logged a call or message",
    "lead.data_exported": "Exported personal data",
    "lead.declined": "Declined a handover",
    "lead.deleted": "Deleted a lead",
    "lead.follow_up_scheduled": "Scheduled a follow-up",
    "lead.handover_cancelled": "Canceled a handover",
    "lead.mail_read": "Read an email to the owner",
    "lead.moved": "Changed a stage",
    "lead.offered": "Offered a handover",
    "lead.rebooked": "Rescheduled a consult",
    "lead.report_read": "Opened the report",
    "lead.seen": "Viewed a lead",
    "leads.assigned": "Assigned leads",
    "leads.exported": "Exported leads",
    "note.added": "Added a note",
    "note.edited": "Edited a note",
    "note.reopened": "Reopened a note",
    "note.resolved": "Resolved a note",
    "reminder.address_deleted": "Deleted the address for a reminder",
    "reminder.failed": "Couldn’t send a reminder",
    "reminder.requested": "Requested a reminder email",
    "reminder.sent": "Sent a reminder email",
    "retention.drafts_deleted": "Deleted unfinished responses that expired",
    "retention.mail_texts_deleted": "Deleted email texts that expired",
    "retention.pdfs_deleted": "Deleted PDFs that expired",
    "setting.changed": "Changed a setting",
    "webhook.added": "Added a webhook",
    "webhook.changed": "Changed a webhook",
    "webhook.deleted": "Deleted a webhook",
    "webhook.secret_renewed": "Generated a new secret for a webhook",
    "webhook.switched_off": "Turned a webhook off",
    "webhook.switched_on": "Turned a webhook on",
}

_NAMES: Mapping[str, str] = {
    "back": "Back to the default",
    "contact": "Includes contact info",
    "endpoint_id": "Webhook no.",
    "format": "As",
    "invitation": "Link no.",
    "consent": "Permission no.",
    "method": "With",
    "note": "Note no.",
    "passkey": "Passkey no.",
    "reached": "Reached",
}
_VALUES: Mapping[str, Mapping[str, str]] = {
    "reason": {**DECLINE_REASONS, **REASON_LABELS},
    "role": ROLE_LABELS,
    "setting": {
        "brand.logo": "Brand, logo",
        **{
            setting.name: f"{group.title}, {setting.label[:1].lower()}{setting.label[1:]}"
            for group in GROUPS.values()
            for setting in group.settings
        },
    },
    "stage": {str(stage): words for stage, words in NAMES.items()},
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
        entries=entries,
        who=partial(_who, names=names),
        facts=partial(_facts, names=names),
        action_label=action_label,
        existing=existing,
        people=[(NO_USER, NO_USER_LABEL), *names.items()],
        actions=sorted(labels, key=lambda one: one[1]),
        filters={
            "by": by,
            "action": action or None,
            "lead": lead_id,
            "since": since,
            "until": until,
        },
        zone=zone,
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


def _start_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 2000 <= day.year < 3000:
        raise ValueError(text)  # and no day without a day before or after
    return day
