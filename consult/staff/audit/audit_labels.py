"""Labels for the actions and facts in the audit log. A test checks that no action is without."""

from collections.abc import Mapping

from consult.staff.accounts.people_pages import ROLE_LABELS
from consult.staff.privacy.privacy_pages import REASON_LABELS, table_label
from consult.staff.settings.settings_groups import GROUPS
from consult.storage.privacy.erasure import ROWS
from consult.workflow.stages import DECLINE_REASONS, NAMES

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


def action_label(action: str) -> str:
    """Return the label of an action; of one that is no longer known, its own name."""
    return ACTIONS.get(action) or action.replace(".", ": ").replace("_", " ").capitalize()


def fact_labels(name: str, value: object) -> tuple[str, str]:
    """Return the label of a fact, and its value as text."""
    if name.startswith(ROWS):
        return table_label(name.removeprefix(ROWS)), str(value)
    words = _NAMES.get(name) or name.replace("_", " ").capitalize()
    if isinstance(value, bool):
        return words, "yes" if value else "no"
    if value is None or value == "":
        return words, "–"
    return words, _VALUES.get(name, {}).get(str(value), str(value))
