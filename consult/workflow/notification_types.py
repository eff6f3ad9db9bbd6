"""The events that staff and other programs are notified of, and the scopes staff can choose.

Also the kinds of webhooks: in which form another program gets an event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

NotificationType = Literal[
    "finished",
    "contact_given",
    "consult_wanted",
    "consult_booked",
    "consult_moved",
    "consult_canceled",
    "overdue",
    "stage_changed",
    "won",
    "lost",
    "note_added",
    "deleted",
    "handed_over",
    "handed_back",
    "assigned",
    "digest",
]
NOTIFICATION_TYPES: tuple[NotificationType, ...] = get_args(NotificationType)

Scope = Literal["all", "own", "off"]
"""Of which leads: all, those assigned to the user or to no one, or none."""
SCOPES: tuple[Scope, ...] = get_args(Scope)

QUIET_EVENTS: tuple[NotificationType, ...] = ("stage_changed", "note_added")
"""Those of `WEBHOOK_EVENTS` that a new webhook gets only if they are chosen: they happen often."""

WebhookKind = Literal["standard", "flat", "slack", "discord", "teams", "hubspot"]
WEBHOOK_KINDS: tuple[WebhookKind, ...] = get_args(WebhookKind)

SIGNED_KINDS: tuple[WebhookKind, ...] = ("standard", "flat")
"""The kinds whose receivers can check a signature. The others recognize us by their own URL."""

HUBSPOT_EVENTS: tuple[NotificationType, ...] = ("contact_given", "consult_wanted")
"""A form at HubSpot takes people, so it gets only the events that bring a contact."""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """A notification type as users choose it: what happened, and when it is sent.

    The widest of the scopes comes first; `default` is that of users who did not choose. Without
    scopes, it is for webhooks only. In the subject and the first sentence of a message, `{who}` is
    the business, `{actor}` the colleague who did it, `{stage}` where the lead was moved.
    """

    name: str
    description: str
    scopes: tuple[Scope, ...]
    default: Scope
    subject: str = ""
    sentence: str = ""


_PERSONAL: tuple[Scope, ...] = ("own", "off")


def _for_webhooks(name: str, description: str, sentence: str) -> TypeInfo:
    return TypeInfo(name, description, (), "off", sentence=sentence)


TYPE_INFO: Mapping[NotificationType, TypeInfo] = {
    "finished": TypeInfo(
        "Check finished",
        "Someone finished the check, usually before leaving contact info.",
        ("all", "off"),
        "off",
        "Check finished: {who}",
        "{who} finished the check.",
    ),
    "contact_given": TypeInfo(
        "New contact",
        "Someone left contact info, so you can get in touch.",
        SCOPES,
        "own",
        "New lead: {who}",
        "{who} left contact info.",
    ),
    "consult_wanted": TypeInfo(
        "Consult requested",
        "Someone requested a consult.",
        SCOPES,
        "own",
        "{who} requested a consult",
        "{who} requested a consult.",
    ),
    "consult_booked": TypeInfo(
        "Consult booked",
        "The owner or a colleague booked a consult. The lead is at “Consult scheduled.”",
        SCOPES,
        "own",
        "Consult booked: {who}",
        "{who} is booked for a consult.",
    ),
    "consult_moved": TypeInfo(
        "Consult moved",
        "A consult was moved to another time.",
        SCOPES,
        "own",
        "Consult moved: {who}",
        "The consult with {who} moved.",
    ),
    "consult_canceled": TypeInfo(
        "Consult canceled",
        "A consult was canceled. If the owner canceled it, follow up that day.",
        SCOPES,
        "own",
        "Consult canceled: {who}",
        "The consult with {who} was canceled.",
    ),
    "overdue": TypeInfo(
        "Overdue",
        "No one replied in time. Until someone picks up the lead, admins are notified as well.",
        SCOPES,
        "own",
        "Overdue: {who}",
        "{who} is overdue for a first reply.",
    ),
    "stage_changed": _for_webhooks(
        "Stage changed",
        "A lead moved to another stage.",
        "{who} moved to “{stage}.”",
    ),
    "won": _for_webhooks("Won", "A lead became a client.", "{who} became a client."),
    "lost": _for_webhooks("Lost", "A lead was closed as lost.", "{who} was closed as lost."),
    "note_added": _for_webhooks(
        "Note added",
        "A colleague added a note. The message doesn’t include its text.",
        "{who} has a new note.",
    ),
    "deleted": _for_webhooks(
        "Lead deleted",
        "A lead was deleted or anonymized. The message has only its number, so that other apps"
        " can delete their copy.",
        "{who} was deleted.",
    ),
    "handed_over": TypeInfo(
        "Handed to me",
        "A colleague hands you a lead and waits for your answer.",
        _PERSONAL,
        "own",
        "{actor} handed you {who}",
        "{actor} handed you {who}. Accept it, or return it with a reason.",
    ),
    "handed_back": TypeInfo(
        "Handover returned",
        "A colleague returned a lead that you handed over.",
        _PERSONAL,
        "own",
        "{actor} returned {who}",
        "{actor} returned {who}, so it stays with you.",
    ),
    "assigned": TypeInfo(
        "Assigned to me",
        "An admin assigned you a lead. You don’t have to accept it.",
        _PERSONAL,
        "own",
        "{actor} assigned you {who}",
        "{actor} assigned you {who}.",
    ),
    "digest": TypeInfo(
        "Morning digest",
        "New and due leads at the start of each business day, if there are any.",
        _PERSONAL,
        "own",
    ),
}

EMAIL_TYPES: tuple[NotificationType, ...] = tuple(
    kind for kind, info in TYPE_INFO.items() if info.scopes
)
"""What users can choose emails about."""

WEBHOOK_EVENTS: tuple[NotificationType, ...] = tuple(
    kind for kind, info in TYPE_INFO.items() if info.scopes != _PERSONAL
)
"""What other programs can be notified of: what happens to a lead, not who works on it."""
