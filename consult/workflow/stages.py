"""The stages of a lead at the agency, what it waits for, reasons that staff give, and sources."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Literal, Protocol, get_args

Stage = Literal[
    "new", "taken", "reached", "consult_booked", "consult_held", "won", "lost", "not_a_fit"
]
STAGES: tuple[Stage, ...] = get_args(Stage)

CLOSED: frozenset[Stage] = frozenset({"won", "lost", "not_a_fit"})
"""There was a clear answer: nothing more is to be done."""

MOVES: Mapping[Stage, tuple[Stage, ...]] = {
    "new": ("taken", "not_a_fit"),
    "taken": ("reached", "lost", "not_a_fit"),
    "reached": ("consult_booked", "won", "lost", "not_a_fit"),
    # Back to "reached": the consult was called off, or no one came.
    "consult_booked": ("consult_held", "reached", "won", "lost", "not_a_fit"),
    "consult_held": ("won", "lost", "not_a_fit"),
    # Closed leads can be reopened.
    "won": ("reached",),
    "lost": ("reached",),
    "not_a_fit": ("reached",),
}
"""Which stages may follow each stage, the usual next one first."""

OUTCOMES: tuple[Stage, ...] = ("won", "lost", "not_a_fit")
"""Any open lead can get one: the stages before it that are missing are then recorded as well."""

NAMES: Mapping[Stage, str] = {
    "new": "New",
    "taken": "Assigned",
    "reached": "Reached",
    "consult_booked": "Consult scheduled",
    "consult_held": "Consult done",
    "won": "Won",
    "lost": "Lost",
    "not_a_fit": "Not a fit",
}
"""How staff read each stage."""

MEANINGS: Mapping[Stage, str] = {
    "new": "Finished. No one has picked it up yet.",
    "taken": "Someone has it and is trying to reach the owner.",
    "reached": "You talked or exchanged messages with the owner.",
    "consult_booked": "A date for the consult is set.",
    "consult_held": "The consult took place. What’s missing is a clear yes or no.",
    "won": "They became a client.",
    "lost": "They said no, or never answered. The reason says which.",
    "not_a_fit": "Not someone you can help, or not a real lead.",
}
"""What each stage says about a lead, for the help page."""

BOOKING_EVENTS: Mapping[str, str] = {
    "rebooked": "Consult moved to",
    "booked": "Booked a consult for",
    "confirmed": "Confirmed their consult of",
    "moved": "Moved their consult to",
    "canceled": "Canceled their consult of",
    "no_show": "Didn’t come to the consult of",
}
"""What happened to a consult, as the timeline says it before its time."""

NO_SHOW: Final = "no_show"
CALLED_OFF: Mapping[str, str] = {
    "canceled": "Canceled their consult",
    NO_SHOW: "Didn’t come to the consult",
}
"""Why a lead is back at ``reached``, as staff read it."""

OTHER = "other"
NO_ANSWER = "no_answer"
"""Closed after silence, without a no."""

CLOSING_REASONS: Mapping[Stage, Mapping[str, str]] = {
    "lost": {
        "not_needed": "They don’t need it",
        "price": "Too expensive for them",
        "chose_other": "They chose someone else",
        NO_ANSWER: "They never answered",
        OTHER: "Something else",
    },
    "not_a_fit": {
        "outside": "Not what we do",
        "size": "Too small or too large for us",
        "not_a_buyer": "Not a potential customer",
        "not_real": "A test or a joke",
        OTHER: "Something else",
    },
}
"""The reasons for each stage that needs one, as staff read them."""

DECLINE_REASONS: Mapping[str, str] = {
    "no_time": "I don’t have time",
    "facts_missing": "I need to know more first",
    "not_ready": "They aren’t ready to talk",
    "somebody_else": "A colleague knows them better",
    OTHER: "Something else",
}
"""Why a handover is declined, as staff read them."""

# --- What a lead waits for ------------------------------------------------------------------------

ToDo = Literal["first_reply", "follow_up", "confirm", "consult", "no_answer", "unconfirmed"]
"""What a lead waits for today. ``lead_tables`` has the same as conditions of queries."""


class OnClock(Protocol):
    """The state of a lead's reply clock."""

    @property
    def stage(self) -> Stage: ...
    @property
    def first_contact_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...


class AtWork(OnClock, Protocol):
    """The state of a lead at the agency."""

    @property
    def consult_at(self) -> datetime | None: ...
    @property
    def follow_up_on(self) -> date | None: ...
    @property
    def anonymised_at(self) -> datetime | None: ...


def is_waiting(lead: OnClock) -> bool:
    """Whether it waits for its first reply. Without a contact it has no `due_at`."""
    is_open = lead.stage not in CLOSED
    return is_open and lead.first_contact_at is None and lead.due_at is not None


def is_overdue(lead: OnClock, now: datetime) -> bool:
    """Whether it has waited for its first reply longer than was promised.

    A snoozed lead isn't due before its day: snoozing it moves `due_at`.
    """
    return is_waiting(lead) and lead.due_at is not None and lead.due_at <= now


def to_do(lead: AtWork, now: datetime, *, is_requested: bool) -> ToDo | None:
    """What a lead waits for today, at the agency's time `now`; None if for nothing.

    `is_requested` is whether its owner picked a time for a consult that isn't confirmed yet. An
    open lead that waits for nothing is snoozed until a later day, has a consult on one, has no
    contact, or was anonymized. A snooze until after a consult doesn't hide the consult on its day,
    and none hides a time that is to be confirmed, which is the reply they wait for.
    """
    if lead.stage in CLOSED:
        return None
    is_snoozed = lead.follow_up_on is not None and lead.follow_up_on > now.date()
    consult_at = lead.consult_at if lead.stage == "consult_booked" else None
    if is_requested and consult_at and consult_at > now:
        return "confirm"
    if is_waiting(lead):
        return None if is_snoozed else "first_reply"
    if consult_at and consult_at > now and consult_at.astimezone(now.tzinfo).date() == now.date():
        return "consult"
    if is_snoozed:
        return None
    if consult_at and consult_at <= now:
        return "unconfirmed"
    if lead.follow_up_on:
        return "follow_up"
    is_stuck = lead.first_contact_at and lead.stage != "consult_booked" and not lead.anonymised_at
    return "no_answer" if is_stuck else None


# --- Where owners came from -----------------------------------------------------------------------

SOURCE_LABELS = {
    "utm_source": "Source",
    "utm_medium": "Medium",
    "utm_campaign": "Campaign",
    "utm_term": "Search term",
    "utm_content": "Link or ad",
    "ref": "Referred by",
    "referrer": "Came from the page",
}


def describe_source(source: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is known of where a lead came from, as labels and texts."""
    return [
        (
            SOURCE_LABELS.get(name, name),
            f"{text}, page unknown" if name == "referrer" and "/" not in text else text,
        )
        for name, text in source.items()
    ]


PERSONAL_LINK = "personal link"
"""How statistics name a source that looks like one person's: it is kept with their lead only."""

_PERSONAL = re.compile(
    r".*(?:@|%40).*|\+?[\d\s().-]{7,}|[0-9a-f]{8}-[0-9a-f-]{27}|(?=(?:.*\d){4})[A-Za-z0-9]{16,}",
    re.IGNORECASE | re.DOTALL,
)


def counted_source(source: Mapping[str, str]) -> str:
    """The name of a source for statistics, which outlive the lead.

    It has no address, telephone number or code of a single link in it.
    """
    name = came_from(source)
    return PERSONAL_LINK if _PERSONAL.fullmatch(name) else name


def came_from(source: Mapping[str, str]) -> str:
    """The name of a lead's source; empty for owners who came directly."""
    return source.get("utm_source") or source.get("ref") or ""
