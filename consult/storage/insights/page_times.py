"""The trace of a check: which pages were shown, how often each was sent, and how long it took.

It holds names of pages and questions, counts and times, and never an answer. It is written by the
save that happens anyway, so that looking at a page costs nothing; it goes when the check goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

REVIEW = "review"
"""The page after the last question, by the same name as in its address."""

LONGEST_LOOK = timedelta(minutes=15)
"""A longer time between two saves was a break, and says nothing about the page."""

Trace = Mapping[str, Any]
"""``{"at": page, "pages": {page: entry}}``; see `PageTrace` for what an entry means."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as its owner sees it.

    Attributes:
        page: its id.
        asked: the questions that it asks on this path.
        open: those of them without an answer.
        unsure: those that were answered with "I don't know".
    """

    page: str
    asked: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What one save means for the trace: the page as it is now, and the page that is shown next.

    A page that was ``refused`` comes back with what is wrong on it; ``then`` is the same page.
    """

    saved: Shown
    then: Shown
    refused: bool = False


class PageTrace(NamedTuple):
    """What is known about one page of a check. Times are in seconds since 1970.

    Attributes:
        page: its id.
        shown: when it was first shown.
        saved: when it was last sent and taken; None for a page that never was.
        seconds: the time spent on it, breaks left out; None when there was never a time to take.
        saves: how often it was sent and taken.
        refused: how often it came back with something to correct.
        asked: the questions it asked; ``open`` and ``unsure`` as in `Shown`.
        left: whether this is the page where the owner stopped, so far.
    """

    page: str
    shown: int
    saved: int | None
    seconds: int | None
    saves: int
    refused: int
    asked: Sequence[str]
    open: Sequence[str]
    unsure: Sequence[str]
    left: bool


def begun(shown: Shown | None, now: datetime) -> Trace:
    """The trace of a check whose first page is being shown; empty without one."""
    if shown is None:
        return {}
    return {"at": shown.page, "pages": {shown.page: _first_shown(shown, now)}}


def went_on(trace: Trace, step: Step, before: datetime, now: datetime) -> Trace:
    """The trace after a save.

    Args:
        trace: as it was.
        step: what was saved, and what comes next.
        before: when the check was last saved, or started: then this page came into view. After a
            Back it was the one that the owner went back from, and its time counts for this one.
        now: the moment of this save.
    """
    pages = dict(trace.get("pages", {}))
    saved, then = step.saved, step.then
    entry = {**pages.get(saved.page, _first_shown(saved, before)), **_questions(saved)}
    if step.refused:
        entry["refused"] = entry.get("refused", 0) + 1
    else:
        entry["saves"] = entry.get("saves", 0) + 1
        entry["saved"] = _seconds(now)
    look = now - before
    if look <= LONGEST_LOOK:
        entry["seconds"] = entry.get("seconds", 0) + round(look.total_seconds())
    pages[saved.page] = entry
    if then.page not in pages:
        pages[then.page] = _first_shown(then, now)
    elif then.page != saved.page:
        pages[then.page] = {**pages[then.page], **_questions(then)}
    return {"at": then.page, "pages": pages}


def pages_of(trace: Trace, *, handed_in: bool) -> list[PageTrace]:
    """The pages of a trace in the order in which they were first shown."""
    at = trace.get("at")
    return [
        PageTrace(
            page,
            entry["shown"],
            entry.get("saved"),
            entry.get("seconds"),
            entry.get("saves", 0),
            entry.get("refused", 0),
            entry["asked"],
            entry["open"],
            entry["unsure"],
            page == at and not handed_in,
        )
        for page, entry in trace.get("pages", {}).items()
    ]


def _first_shown(shown: Shown, at: datetime) -> dict[str, Any]:
    return {"shown": _seconds(at), **_questions(shown)}


def _questions(shown: Shown) -> dict[str, Any]:
    """The lists as they are stored. An empty one is stored too: it may replace a longer one."""
    return {"asked": list(shown.asked), "open": list(shown.open), "unsure": list(shown.unsure)}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
