"""The Report: everything an owner reads about one response, as plain data in plain words.

It is frozen with the answers, and result page, PDF and staff page all show it, so that next year's
wording cannot rewrite last year's advice. Scores are ready to print: whole numbers for headlines,
and points with one decimal that add up to the score with one decimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import TypeAdapter

from consult.report.one_lead import OneLead

State = Literal["strong", "partly", "weak", "unknown"]
"""The state of a part of the relay. Unknown: the open answers decide between two of the others."""

AxisId = Literal["separation", "handoff"]
AXIS_NAMES: Mapping[AxisId, str] = {"separation": "Separation", "handoff": "Handoff"}


@dataclass(frozen=True)
class ScoredAnswer:
    """One scored answer and its points; `fix` is what to do about it, or how to find out."""

    id: str
    title: str
    question: str
    answer: str
    unknown: bool
    earned: float
    possible: float
    why: str
    fix: str
    claims: tuple[str, ...]

    @property
    def lost(self) -> float:
        return round(self.possible - self.earned, 1)


@dataclass(frozen=True)
class Dimension:
    id: str
    name: str
    asks: str
    says: str
    state: State
    confirmed: int
    possible: int
    critical: bool
    lines: tuple[ScoredAnswer, ...]

    @property
    def earned(self) -> float:
        return round(sum(line.earned for line in self.lines), 1)

    @property
    def weight(self) -> float:
        return round(sum(line.possible for line in self.lines), 1)

    @property
    def lost(self) -> float:
        return round(self.weight - self.earned, 1)

    @property
    def open(self) -> float:
        """What of `lost` may not be lost: the points of answers that aren't known yet."""
        return round(sum(line.lost for line in self.lines if line.unknown), 1)


@dataclass(frozen=True)
class Axis:
    """One of the two scores.

    `confirmed` and `possible` are for headlines; `total` is what the printed points add up to.
    `matters` says why it matters to one person or a team, and with this way of selling.
    """

    id: AxisId
    confirmed: int
    possible: int
    band: str
    band_name: str
    means: str
    dimensions: tuple[Dimension, ...]
    matters: str

    @property
    def name(self) -> str:
        return AXIS_NAMES[self.id]

    @property
    def total(self) -> float:
        return round(sum(dimension.earned for dimension in self.dimensions), 1)

    @property
    def most_to_gain(self) -> tuple[Dimension, ...]:
        return tuple(sorted(self.dimensions, key=lambda dimension: -dimension.lost))


@dataclass(frozen=True)
class Archetype:
    id: str
    name: str
    says: str


@dataclass(frozen=True)
class Relay:
    marketing: State
    exchange: State
    sales: State


@dataclass(frozen=True)
class Fix:
    """One step of the plan, with the score of its axis before and after it and the earlier ones.

    `now`, `next` (the nearest that isn't low) and `aim` are answers. `because` are its reasons as
    in the scorecard, `reasons` the same in words. `tool` is the name of what to use tonight,
    `tool_text` its lines, `effort` what it takes: hour, habit or project.
    """

    id: str
    title: str
    axis: AxisId
    why: str
    start: str
    proof: str
    now: str
    next: str
    aim: str
    before: int
    after: int
    because: tuple[str, ...]
    reasons: tuple[str, ...]
    effort: str
    tool: str
    tool_text: str

    @property
    def takes(self) -> str:
        """What the tool takes, as a tag: "An hour", "A habit"."""
        return {"hour": "An hour"}.get(self.effort, f"A {self.effort}")

    @property
    def axis_name(self) -> str:
        return AXIS_NAMES[self.axis]


@dataclass(frozen=True)
class NamedTrouble:
    """A trouble in the owner's words; `explained` when the part that it points to is low."""

    id: str
    name: str
    dimension: str
    explained: bool
    says: str


@dataclass(frozen=True)
class JobLine:
    name: str
    marketing: str
    sales: str
    marketing_said: str
    sales_said: str


@dataclass(frozen=True)
class TwoJobs:
    """Five lines on the two jobs. `not_asked` stands where the quick check left a question out."""

    title: str
    intro: str
    together: str
    you_said: str
    not_asked: str
    lines: tuple[JobLine, ...]


@dataclass(frozen=True)
class Unknown:
    id: str
    title: str
    question: str
    find_out: str


@dataclass(frozen=True)
class Finding:
    id: str
    name: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A number from outside, for the margin. It never enters a score."""

    dimension: str
    text: str
    source: str


@dataclass(frozen=True)
class Money:
    """How many leads a month end without a clear answer, and what they may be worth.

    `result` is the range, `sums` its math; both may be empty. `tags` say who says each step.
    """

    silent: str
    result: str
    steps: tuple[str, ...]
    sums: tuple[str, ...]
    assumptions: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class AgreementLine:
    """One line, ___ for blanks; `today` is the answer that it was made from."""

    id: str
    title: str
    text: str
    today: str


@dataclass(frozen=True)
class Agreement:
    title: str
    intro: str
    today: str
    signed: str
    lines: tuple[AgreementLine, ...]


@dataclass(frozen=True)
class AgendaPoint:
    """One point of the talk; `minutes` says from when to when, as in "5–15"."""

    minutes: str
    text: str


@dataclass(frozen=True)
class Consult:
    recommended: Literal["yes", "optional", "not_now"]
    topic: str
    title: str
    text: str
    button: str
    about: str
    outcome: str
    is_not: str
    minutes: int
    helps: str
    helps_not: str
    agenda: tuple[AgendaPoint, ...]
    bring: tuple[str, ...]
    watch: tuple[str, ...]


@dataclass(frozen=True)
class NotAsked:
    reason: str
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    text: str
    answer: str
    side: str
    agrees: bool
    note: str


@dataclass(frozen=True)
class QuestionAnswer:
    question: str
    answer: str


@dataclass(frozen=True)
class Report:
    """All of it. Texts are complete sentences; empty tuples and None mean there is nothing."""

    edition: str
    depth: Literal["quick", "full"]
    mode: str
    path: str
    separation: Axis
    handoff: Axis
    archetype: Archetype
    relay: Relay
    weakest: Dimension
    plan: tuple[Fix, ...]
    unknowns: tuple[Unknown, ...]
    contradictions: tuple[Finding, ...]
    flags: tuple[Finding, ...]
    money: Money | None
    money_refused: str
    consult: Consult
    cards: tuple[Card, ...]
    answers: tuple[QuestionAnswer, ...]
    not_asked: tuple[NotAsked, ...]
    figures: tuple[Figure, ...]
    method: tuple[str, ...]
    agreement: Agreement
    sources: str
    troubles: tuple[NamedTrouble, ...]
    own_words: str
    one_lead: OneLead | None
    jobs: TwoJobs
    finding: str
    # What joins the Report after it was released needs a default, so that older ones can be read.

    @property
    def axes(self) -> tuple[Axis, Axis]:
        return self.separation, self.handoff

    @property
    def first_step(self) -> Fix | None:
        return self.plan[0] if self.plan else None

    def check_again_on(self, submitted_on: date) -> date:
        """When to take the check again: in a year where nothing is left to fix, else in 90 days."""
        well = self.consult.recommended == "not_now"
        return submitted_on + timedelta(days=365 if well else 90)

    def to_json(self) -> Any:
        return _REPORTS.dump_python(self, mode="json")


_REPORTS = TypeAdapter(Report)


def from_json(stored: Mapping[str, Any]) -> Report:
    """The Report that `to_json` made this of. Raises ValueError for anything else."""
    return _REPORTS.validate_python(stored)
