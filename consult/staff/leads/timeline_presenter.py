"""The timeline of a lead in words: one line for each kind of event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any, cast

from consult.staff.presenters import DisplayTime, display_time
from consult.staff.times import exactly
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadEventRow
from consult.workflow.stages import CLOSING_REASONS, DECLINE_REASONS, NAMES, Stage

SOMEBODY = "Somebody"

People = Mapping[int, StaffUserRow]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline; `who` is empty for the owner and the application itself."""

    when: DisplayTime
    who: str
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class _Told:
    """What an event holds, and what it takes to put it into words."""

    data: Mapping[str, Any]
    people: People
    zone: tzinfo | None

    def name(self, key: str) -> str:
        return name_of(self.people, self.data.get(key))

    def display_time(self, key: str) -> str:
        """A moment in the agency's time zone; empty where there is none."""
        iso = self.data.get(key, "")
        return exactly(datetime.fromisoformat(iso).astimezone(self.zone)) if iso else ""

    def day(self, key: str) -> str:
        iso = self.data.get(key, "")
        return exactly(datetime.fromisoformat(iso)).partition(",")[0] if iso else ""


def line(event: LeadEventRow, people: People, now: datetime) -> Line:
    """An event as the timeline tells it; `now` is in the agency's time zone."""
    words = event.data.get("comment", "")
    tell = _WORDS.get(event.kind)
    told = _Told(event.data, people, now.tzinfo)
    return Line(
        when=display_time(event.at, now),
        who=name_of(people, event.by_id) if event.by_id else "",
        text=tell(told) if tell else event.kind.replace("_", " ").capitalize(),
        words=words,
    )


def name_of(people: People, user_id: int | None) -> str:
    """How colleagues know somebody."""
    found = people.get(user_id) if user_id else None
    return found.name if found else SOMEBODY


def _move(told: _Told) -> str:
    stage = cast(Stage, told.data["to"])
    reasons = CLOSING_REASONS.get(stage, {})
    reason = reasons.get(told.data.get("reason", ""), "")
    at = told.display_time("consult_at")
    return NAMES[stage] + (f": {reason.lower()}" if reason else "") + (f" for {at}" if at else "")


def _contact(told: _Told) -> str:
    done = "Reached them" if told.data["reached"] else "Tried to reach them"
    kept = told.day("follow_up_on")
    return f"{done} {_WAYS[told.data['channel']]}" + (f", as planned for {kept}" if kept else "")


_WAYS = {"phone": "by phone", "mail": "by mail", "message": "by message", "meeting": "in person"}
_WORDS: Mapping[str, Callable[[_Told], str]] = MappingProxyType(
    {
        "contact_left": lambda told: "They said who they are",
        "assigned": lambda told: f"Goes to {told.name('to')}",
        "claimed": lambda told: "Took it",
        "moved": _move,
        "contact": _contact,
        "follow_up": lambda told: f"Not now: ask again on {told.day('on')}",
        "rebooked": lambda told: f"Consult moved to {told.display_time('consult_at')}",
        "offered": lambda told: f"Offered it to {told.name('to')}",
        "accepted": lambda told: f"Accepted it from {told.name('from')}",
        "declined": lambda told: f"Returned it: {DECLINE_REASONS[told.data['reason']].lower()}",
        "cancelled": lambda told: "The offer ended",
        "assessed": lambda told: "Noted what the call showed",
    }
)
