"""The events that staff and other programs are notified of, and the scopes staff can choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

NotificationType = Literal[
    "finished",
    "contact_given",
    "consult_wanted",
    "consult_booked",
    "consult_moved",
    "consult_canceled",
    "overdue",
    "handed_over",
    "handed_back",
    "assigned",
    "digest",
]
NOTIFICATION_TYPES: tuple[NotificationType, ...] = get_args(NotificationType)

Scope = Literal["all", "own", "off"]
"""Of which leads: all, those assigned to the user or to no one, or none."""
SCOPES: tuple[Scope, ...] = get_args(Scope)

WEBHOOK_EVENTS: tuple[NotificationType, ...] = (
    "finished",
    "contact_given",
    "consult_wanted",
    "consult_booked",
    "consult_moved",
    "consult_canceled",
    "overdue",
)
"""What other programs can be notified of: what happens to a lead, not who works on it."""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """A notification type as users choose it: what happened, and when it is sent.

    The widest of the scopes comes first; `default` is that of users who did not choose. In the
    subject and the first sentence of the email, `{who}` is the business, `{actor}` the colleague
    who did it.
    """

    name: str
    description: str
    scopes: tuple[Scope, ...]
    default: Scope
    subject: str = ""
    sentence: str = ""


_PERSONAL: tuple[Scope, ...] = ("own", "off")

TYPE_INFO: Mapping[NotificationType, TypeInfo] = MappingProxyType(
    {
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
            "Someone left contact info and can be written to.",
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
            "Someone booked a consult. The lead is at “Consult scheduled”, and the time is set.",
            SCOPES,
            "own",
            "Consult booked: {who}",
            "{who} booked a consult.",
        ),
        "consult_moved": TypeInfo(
            "Consult moved",
            "Someone moved their consult to another time.",
            SCOPES,
            "own",
            "Consult moved: {who}",
            "{who} moved their consult.",
        ),
        "consult_canceled": TypeInfo(
            "Consult canceled",
            "Someone canceled their consult. The lead is to be followed up that day.",
            SCOPES,
            "own",
            "Consult canceled: {who}",
            "{who} canceled their consult.",
        ),
        "overdue": TypeInfo(
            "Overdue",
            "No one replied in time. Until someone picks up the lead, admins are notified as well.",
            SCOPES,
            "own",
            "Overdue: {who}",
            "{who} is overdue for a first reply.",
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
)
