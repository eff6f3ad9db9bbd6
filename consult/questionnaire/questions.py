"""What is asked: questions on pages in parts, how each is answered, and facts made of answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from consult.questionnaire.conditions import ALWAYS, Condition, Given

Depth = Literal["quick", "full"]
DEPTHS: Mapping[str, Depth] = {"quick": "quick", "full": "full"}
"""The depths by their names, as addresses and files have them."""
DEPTH_LABELS: Mapping[str, str] = {"quick": "Quick check", "full": "Full check"}

Axis = Literal["separation", "handoff"]
Answer = int | float | str | tuple[str, ...]
"""A rung (0 = worst), a number, a choice id or "unknown", or several choice ids."""

POINT_SCALE = 12
"""Points are counted in twelfths of 100: rungs are thirds or quarters, clear cards are twelve."""

UNKNOWN = "unknown"
NOT_SURE = "not_sure"
SKIP = "skip"
"""A choice that leaves a question out, in words of its own."""
BASE = "base"
"""The name of the wording that is used when no variant fits."""


class EditionError(Exception):
    """An edition's structure or wording does not hold together; the message says where."""


class Kind(StrEnum):
    """How a question is answered: a NUMBER is an amount of money, a COUNT any other number."""

    CHOICE = "choice"
    CHOICES = "choices"
    RUNG = "rung"
    SORT = "sort"
    RANGE = "range"
    NUMBER = "number"
    COUNT = "count"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what may be answered, when it is asked, and what it counts towards.

    ``choices`` are ids in stored order; a scored item's are its rungs, "0" = worst, and
    ``rungs_in`` gives another number of rungs for a variant of its wording.
    ``quick`` questions are part of the quick check. ``unknown`` offers "I don't know".
    ``required`` is true for exactly what scores or branches read: nothing else may hold an
    owner up. ``best_first`` turns the display order only, never the stored one.
    ``groups`` are choices under a heading, by its id; ``unlisted`` choices are taken, not shown.
    ``max_choices`` limits choices, ``most`` is the largest number, or the longest text.
    ``claims`` name the source's claims that a scored item rests on, Q1 to Q17.
    ``answer`` is the right side of a sorting card, or "either".
    """

    id: str
    kind: Kind
    choices: tuple[str, ...] = ()
    asked: Condition = ALWAYS
    quick: bool = True
    required: bool = False
    unknown: bool = False
    best_first: bool = False
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unlisted: tuple[str, ...] = ()
    max_choices: int | None = None
    most: int = 1_000_000_000
    rungs_in: Mapping[str, int] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    answer: str | None = None

    @property
    def accepted(self) -> tuple[str, ...]:
        """The choice ids that are taken, those that are shown first."""
        return (*self.choices, *self.unlisted)

    def choices_as(self, variant: str) -> tuple[str, ...]:
        """The choice ids under a variant of the wording, in stored order."""
        count = self.rungs_in.get(variant)
        return self.choices if count is None else _rungs(count)


def choice(id: str, *choices: str, asked: Condition = ALWAYS, required: bool = True) -> Question:
    """An unscored question with one answer; ``required`` when branches read it."""
    return Question(id, Kind.CHOICE, choices=choices, asked=asked, required=required)


def item(
    id: str,
    *claims: str,
    star: bool = False,
    unknown: bool = False,
    best_first: bool = False,
    asked: Condition = ALWAYS,
    rungs: int = 4,
    rungs_in: Mapping[str, int] | None = None,
) -> Question:
    """A scored item that rests on ``claims``; ``star`` puts it into the quick check as well."""
    return Question(
        id,
        Kind.RUNG,
        choices=_rungs(rungs),
        asked=asked,
        quick=star,
        required=True,
        unknown=unknown,
        best_first=best_first,
        rungs_in=rungs_in or {},
        claims=claims,
    )


def _rungs(count: int) -> tuple[str, ...]:
    return tuple(str(rung) for rung in range(count))


@dataclass(frozen=True, slots=True)
class Page:
    id: str
    questions: tuple[Question, ...]

    @property
    def quick(self) -> bool:
        """Whether the quick check may ask some of it."""
        return any(question.quick for question in self.questions)


@dataclass(frozen=True, slots=True)
class Part:
    """A named stretch of the way: a few pages on one thing."""

    id: str
    pages: tuple[Page, ...]

    @property
    def optional(self) -> bool:
        """Whether none of it has to be answered."""
        return not any(question.required for page in self.pages for question in page.questions)


def page(id: str, *questions: Question) -> Page:
    return Page(id, questions)


def part(id: str, *pages: Page) -> Part:
    return Part(id, pages)


@dataclass(frozen=True, slots=True)
class Fact:
    """A value read like an answer: that of the first case that holds, or ``otherwise``."""

    id: str
    cases: tuple[tuple[str, Condition], ...]
    otherwise: str

    def value(self, given: Given) -> str:
        return next((value for value, when in self.cases if when.holds(given)), self.otherwise)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(value for value, _ in self.cases), self.otherwise]))
