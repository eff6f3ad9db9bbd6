"""What the audit log keeps as short names, in words. A test holds that no action is without."""

from collections.abc import Mapping

from consult.staff.accounts.people_presenter import ROLE_WORDS
from consult.staff.privacy.privacy_presenter import WHY, kind_words
from consult.staff.settings.settings_groups import GROUPS
from consult.storage.privacy.deletion_log import ROWS
from consult.workflow.stages import DECLINE_REASONS, NAMES

NOT_SIGNED_IN = "Somebody not signed in"
BY_ITSELF = "Command line or application"
NOBODY = "Nobody who was signed in"
"""The two of them together, as a choice of the filter."""

AT_THE_DOOR = frozenset({"account.sign_in_failed", "factor.refused"})
"""What somebody did who was not let in."""

ACTIONS: Mapping[str, str] = {
    "account.confirmed": "Confirmed who they are",
    "account.disabled": "Disabled an account",
    "account.invitation_withdrawn": "Withdrew a one-time link",
    "account.invited": "Made a one-time link",
    "account.joined": "Used a one-time link",
    "account.not_confirmed": "Failed to confirm who they are",
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
    "lead.accepted": "Accepted a lead",
    "lead.anonymised": "Made a lead anonymous",
    "lead.brief_read": "Opened the call brief",
    "lead.contacted": "Noted a call or message",
    "lead.deleted": "Deleted a lead",
    "lead.assessed": "Noted what the call showed",
    "lead.mail_read": "Read a mail to the owner",
    "lead.moved": "Changed a stage",
    "lead.follow_up_scheduled": "Noted when to ask again",
    "lead.offered": "Handed a lead over",
    "lead.rebooked": "Changed the date of a consult",
    "lead.data_exported": "Took a person’s record along",
    "lead.report_read": "Opened the report",
    "lead.declined": "Returned a lead",
    "lead.seen": "Looked at a lead",
    "lead.claimed": "Took a lead",
    "lead.handover_cancelled": "Took a handover back",
    "leads.exported": "Exported leads",
    "leads.assigned": "Gave leads to somebody",
    "note.added": "Added a note",
    "note.edited": "Edited a note",
    "note.reopened": "Reopened a note",
    "note.resolved": "Resolved a note",
    "reminder.address_deleted": "Deleted the address for a reminder",
    "reminder.failed": "Couldn’t send a reminder",
    "reminder.requested": "Requested a reminder email",
    "reminder.sent": "Sent a reminder email",
    "retention.drafts_deleted": "Deleted unfinished answers whose time was over",
    "retention.mail_texts_deleted": "Deleted texts of mails whose time was over",
    "retention.pdfs_deleted": "Deleted PDFs whose time was over",
    "setting.changed": "Changed a setting",
    "webhook.added": "Added a webhook",
    "webhook.changed": "Changed a webhook",
    "webhook.deleted": "Deleted a webhook",
    "webhook.secret_renewed": "Made a new secret for a webhook",
    "webhook.switched_off": "Switched a webhook off",
    "webhook.switched_on": "Switched a webhook on",
}

_NAMES: Mapping[str, str] = {
    "back": "Back to the default",
    "contact": "Names people",
    "endpoint_id": "Webhook no.",
    "format": "As",
    "invitation": "Link no.",
    "consent": "Permission no.",
    "means": "By",
    "note": "Note no.",
    "passkey": "Passkey no.",
    "reached": "They were reached",
}
_VALUES: Mapping[str, Mapping[str, str]] = {
    "reason": DECLINE_REASONS,
    "role": ROLE_WORDS,
    "setting": {
        "brand.logo": "Brand, logo",
        **{
            setting.name: f"{group.title}, {setting.label[:1].lower()}{setting.label[1:]}"
            for group in GROUPS.values()
            for setting in group.settings
        },
    },
    "stage": {str(stage): words for stage, words in NAMES.items()},
    "why": WHY,
    "means": {
        "code": "code of an app",
        "invitation": "one-time link",
        "passkey": "passkey",
        "password": "password",
        "provider": "sign-in provider",
    },
}


def action_words(action: str) -> str:
    """What an action is called on the page; one that nobody knows any more by its own name."""
    return ACTIONS.get(action) or action.replace(".", ": ").replace("_", " ").capitalize()


def fact_words(name: str, value: object) -> tuple[str, str]:
    """What a fact of an entry is called, and what it says."""
    if name.startswith(ROWS):
        return kind_words(name.removeprefix(ROWS)), str(value)
    words = _NAMES.get(name) or name.replace("_", " ").capitalize()
    if isinstance(value, bool):
        return words, "yes" if value else "no"
    if value is None or value == "":
        return words, "–"
    return words, _VALUES.get(name, {}).get(str(value), str(value))
