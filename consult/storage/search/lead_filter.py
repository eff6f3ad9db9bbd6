"""Which leads to show, and in which order: one frozen object, and its form in an address.

The list, its bulk actions and the export are all given a `LeadSearch`; `lead_finding` finds what it
selects. In an address it is a plain query string, so that any view can be kept as a bookmark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, tzinfo
from functools import partial
from typing import Literal, get_args
from urllib.parse import urlencode

from consult.scoring.axis import BANDS
from consult.storage.db.base import HIGHEST_ID
from consult.workflow.stages import CLOSED, STAGES, Stage

Sort = Literal[
    "newest", "oldest", "separation", "-separation", "handoff", "-handoff", "due", "-due"
]
SORTS: tuple[Sort, ...] = get_args(Sort)
OPEN: tuple[Stage, ...] = tuple(stage for stage in STAGES if stage not in CLOSED)
TEXT_MAX = 100
_SOURCE_MAX = 200
_NO_SOURCE = "-"
# No text that is kept has one, no page may show one, and PostgreSQL takes no NUL in a question.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WORDS: Mapping[str, frozenset[str]] = {
    "assignee": frozenset({"me", "nobody", "offered"}),
    "separation": frozenset(BANDS["separation"]),
    "handoff": frozenset(BANDS["handoff"]),
    "consult": frozenset({"yes", "no"}),
    "due": frozenset({"waiting", "overdue"}),
    "demo": frozenset({"only", "without"}),
    "sort": frozenset(SORTS),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: "mine" is seen from them, and a day is one in the agency's `zone`."""

    id: int
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class LeadSearch:
    """Filters and order of a list of leads. Empty everywhere means every lead, newest first.

    Values are taken as they are; `from_query` is what judges those that somebody may have typed.

    Attributes:
        text: words that each begin a word of the business, the name, the mail address or a note.
        stages: any of these; none means all.
        assignee: ``me``, ``nobody``, ``offered`` (a handover waits for my answer), or an account's
            id in digits.
        archetype: its id.
        separation: the id of the band that the confirmed score lies in; ``handoff`` likewise.
        source: as the list shows it; empty for those who came directly, None for all.
        consult: ``yes`` or ``no``: whether they asked for one.
        due: ``waiting`` (open, and nobody has answered yet) or ``overdue`` (and should have).
        since: the first day of submission, in the viewer's time zone; ``until`` the last.
        demo: ``only`` made-up leads, or ``without`` them.
        sort: the order; ``-`` turns it round. By ``due`` means those that wait for an answer.
    """

    text: str = ""
    stages: tuple[Stage, ...] = ()
    assignee: str = ""
    archetype: str = ""
    separation: str = ""
    handoff: str = ""
    source: str | None = None
    consult: str = ""
    due: str = ""
    since: date | None = None
    until: date | None = None
    demo: str = ""
    sort: Sort = "newest"

    def __post_init__(self) -> None:
        """Bring into one form what would mean the same."""
        words = _CONTROLS.sub(" ", self.text).split()
        object.__setattr__(self, "text", " ".join(words)[:TEXT_MAX].rstrip())
        chosen = tuple(stage for stage in STAGES if stage in self.stages)
        object.__setattr__(self, "stages", () if chosen == STAGES else chosen)
        if self.sort in ("due", "-due") and not self.due:
            object.__setattr__(self, "due", "waiting")

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> LeadSearch:
        """Read a query: a list of values for each name. What makes no sense is left out."""
        found: dict[str, object] = {}
        for name, read in _READERS.items():
            given = [value for value in query.get(name, ()) if value.strip()]
            if given and (value := read(given)) is not None:
                found[name] = value
        if "stage" in found:
            found["stages"] = found.pop("stage")
        return cls(**found)  # type: ignore[arg-type] # the readers are those of the fields

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values of a query that `from_query` makes the same search of."""
        pairs: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            if field.name == "stages":
                pairs += [("stage", stage) for stage in _shortest(value)]
            elif field.name == "source":
                pairs.append(("source", _source_to_query(value)))
            else:
                pairs.append((field.name, str(value)))
        return pairs

    def query(self, **more: str) -> str:
        """As a query string, without the question mark; `more` goes to its end."""
        return urlencode([*self.pairs(), *more.items()])

    @property
    def is_everything(self) -> bool:
        """Whether it leaves no lead out."""
        return all(
            getattr(self, field.name) == field.default
            for field in fields(self)
            if field.name != "sort"
        )


def _shortest(stages: tuple[Stage, ...]) -> tuple[str, ...]:
    return ("open",) if stages == OPEN else stages


def _text(values: Iterable[str]) -> str | None:
    return " ".join(values)


def _stages(values: Iterable[str]) -> tuple[Stage, ...] | None:
    chosen = set(values)
    if "open" in chosen:
        chosen.update(OPEN)
    return tuple(stage for stage in STAGES if stage in chosen)


def _word(name: str, values: Iterable[str]) -> str | None:
    return next((value for value in values if value in _WORDS[name]), None)


def _assignee(values: Iterable[str]) -> str | None:
    value = next(iter(values))
    if value in _WORDS["assignee"]:
        return value
    is_id = re.fullmatch(r"[0-9]{1,10}", value) and 0 < int(value) <= HIGHEST_ID
    return str(int(value)) if is_id else None


def _archetype(values: Iterable[str]) -> str | None:
    return next((value for value in values if re.fullmatch(r"[a-z0-9_]{1,64}", value)), None)


def _source_to_query(source: str) -> str:
    """None of them is a word that staff could mistake: a leading hyphen is doubled."""
    return _NO_SOURCE + source if not source or source.startswith(_NO_SOURCE) else source


def _source(values: Iterable[str]) -> str | None:
    value = next(iter(values))
    could_be = len(value) <= _SOURCE_MAX + 1 and not _CONTROLS.search(value)
    return value.removeprefix(_NO_SOURCE) if could_be else None


def _day(values: Iterable[str]) -> date | None:
    try:
        day = date.fromisoformat(next(iter(values)))
    except ValueError:
        return None
    # A moment before or after these days may be none at all in another time zone.
    return day if 1970 <= day.year <= 9000 else None


_READERS: Mapping[str, Callable[[Sequence[str]], object]] = {
    "text": _text,
    "stage": _stages,
    "assignee": _assignee,
    "archetype": _archetype,
    "source": _source,
    "since": _day,
    "until": _day,
    **{
        name: partial(_word, name)
        for name in ("separation", "handoff", "consult", "due", "demo", "sort")
    },
}
