"""What the page of unfinished checks shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from consult.questionnaire import Questionnaire
from consult.staff.presenters import DisplayTime, display_time
from consult.storage.drafts.reminder_consent import OpenLeave, State
from consult.storage.page_events import REVIEW

_REVIEW_NAME = "Check your answers"
_BEGINNING = "The beginning"
_OTHER = "Pages of earlier editions"


@dataclass(frozen=True, slots=True)
class LeaveView:
    """Somebody who may be written to once."""

    id: int
    address: str
    given: DisplayTime
    page: str
    state: State


def standing(by_page: Mapping[str, int], questionnaire: Questionnaire) -> list[tuple[str, int]]:
    """Each page on which unfinished checks stand, in the order of the way, and how many."""
    names = _names(questionnaire)
    counts = dict.fromkeys([*names.values(), _OTHER], 0)
    for page, count in by_page.items():
        counts[names.get(page, _OTHER)] += count
    return [(name, count) for name, count in counts.items() if count]


def leave_views(
    found: Sequence[OpenLeave], questionnaire: Questionnaire, now: datetime
) -> list[LeaveView]:
    """Those who may be written to, in words."""
    names = _names(questionnaire)
    return [
        LeaveView(
            leave.id,
            leave.address,
            display_time(leave.given_at, now),
            names.get(leave.page, _OTHER),
            leave.state,
        )
        for leave in found
    ]


def _names(questionnaire: Questionnaire) -> dict[str, str]:
    pages = questionnaire.texts.pages
    return {
        "": _BEGINNING,
        **{
            page.id: pages[page.id].title
            for part in questionnaire.structure.parts
            for page in part.pages
        },
        REVIEW: _REVIEW_NAME,
    }
