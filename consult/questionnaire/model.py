"""What a questionnaire is: questions on pages in parts, facts, dimensions and rules.

Everything here is frozen and says nothing about wording: the texts are joined to the structure
by id in `wording.py`. A `Questionnaire` refuses to exist when its structure does not hold
together (duplicate ids, forward references, a role that names no question).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from consult.questionnaire.conditions import ALWAYS, Condition, Given

Depth = Literal["quick", "full"]
Axis = Literal["separation", "handoff"]
Answer = int | float | str | tuple[str, ...]
"""A rung (0 = worst), a number, a choice id or "unknown", or several choice ids."""

POINT_SCALE = 12
"""Points are counted in twelfths of 100: rungs are thirds or quarters, clear cards are twelve."""

UNKNOWN = "unknown"
NOT_SURE = "not_sure"
BASE = "base"
"""The name of the wording that is used when no variant fits."""


class EditionError(Exception):
    """An edition's structure or wording does not hold together; the message says where."""


class Kind(StrEnum):
    """How a question is answered."""

    CHOICE = "choice"
    CHOICES = "choices"
    RUNG = "rung"
    SORT = "sort"
    RANGE = "range"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what may be answered, when it is asked, and what it counts towards.

    ``choices`` are ids in stored order; a scored item's are its rungs, "0" = worst, and
    ``rungs_in`` gives another number of rungs for a variant of its wording.
    ``quick`` questions are part of the quick look. ``unknown`` offers "I don't know".
    ``required`` is true for exactly what scores or branches read: nothing else may hold an
    owner up. ``best_first`` turns the display order only, never the stored one.
    ``max_choices`` limits ticks, ``most`` is the largest number that is taken.
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
    max_choices: int | None = None
    most: int = 1_000_000_000
    rungs_in: Mapping[str, int] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    answer: str | None = None

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
    """A scored item that rests on ``claims``; ``star`` puts it into the quick look as well."""
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


@dataclass(frozen=True, slots=True)
class Part:
    """What the progress line counts."""

    id: str
    pages: tuple[Page, ...]


def page(id: str, *questions: Question) -> Page:
    return Page(id, questions)


def part(id: str, *pages: Page) -> Part:
    return Part(id, pages)


@dataclass(frozen=True, slots=True)
class Fact:
    """A value derived from answers that conditions may read like an answer: ``mode``, ``path``.

    The first case that holds gives the value, else ``otherwise``.
    """

    id: str
    cases: tuple[tuple[str, Condition], ...]
    otherwise: str

    def value(self, given: Given) -> str:
        return next((value for value, when in self.cases if when.holds(given)), self.otherwise)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(value for value, _ in self.cases), self.otherwise]))


@dataclass(frozen=True, eq=False)
class Dimension:
    """One of the things that are scored: a weighted share of an axis, the mean of its lines.

    ``sorting`` adds the sorting cards as one more line. ``critical`` marks the exchanges where a
    lead can physically drop; the lowest of them is the weakest exchange.
    """

    id: str
    axis: Axis
    weight: int
    items: tuple[str, ...]
    sorting: bool = False
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A finding and the condition under which it is true."""

    id: str
    when: Condition
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoneyInputs:
    """The questions that the money range reads, and the numbers that their choices stand for.

    ``worked`` is the item on how many of ten leads get to a clear yes or no, ``worked_of_ten``
    both ends of that by its rung. ``leads`` a month and ``buyers`` of ten are ranges by choice
    id, with None for an open end. ``first_sale`` is an amount.
    """

    worked: str
    worked_of_ten: tuple[tuple[int, int], ...]
    leads: str
    leads_ranges: Mapping[str, tuple[int, int | None]]
    buyers: str
    buyers_ranges: Mapping[str, tuple[int, int | None]]
    first_sale: str


@dataclass(frozen=True, slots=True)
class Roles:
    """Which questions and dimensions other rooms read, so that no id is named outside an edition.

    ``troubles`` asks what bothers the owner, ``recent_jobs`` which sorting cards they did lately.
    ``marketing_items`` and ``sales_items`` are about one side alone. ``talking`` are dimensions in
    which the two sides talk, ``acting`` those in which a person acts on a lead. ``figures`` maps an
    outside figure to the dimension it is printed beside, ``agreement`` a line of the agreement to
    the question that fills it, ``own_performance`` a measure of the agency to the item it answers.
    """

    troubles: str
    recent_jobs: str
    marketing_items: tuple[str, ...]
    sales_items: tuple[str, ...]
    talking: tuple[str, ...]
    acting: tuple[str, ...]
    figures: Mapping[str, str]
    agreement: Mapping[str, str]
    own_performance: Mapping[str, str]
    money: MoneyInputs

    @property
    def questions(self) -> Iterator[tuple[str, str, tuple[Kind, ...]]]:
        """Each role that a question plays: its name, the question, and the kinds it may be of."""
        items, money = (Kind.RUNG,), self.money
        yield "troubles", self.troubles, (Kind.CHOICES,)
        yield "recent_jobs", self.recent_jobs, (Kind.CHOICES,)
        yield from (("marketing_items", id, items) for id in self.marketing_items)
        yield from (("sales_items", id, items) for id in self.sales_items)
        yield from (("agreement", id, (Kind.RUNG, Kind.CHOICE)) for id in self.agreement.values())
        yield from (("own_performance", id, items) for id in self.own_performance.values())
        yield "money: worked", money.worked, items
        yield "money: leads", money.leads, (Kind.RANGE,)
        yield "money: buyers", money.buyers, (Kind.RANGE,)
        yield "money: first_sale", money.first_sale, (Kind.NUMBER,)

    @property
    def dimensions(self) -> Iterator[tuple[str, str]]:
        """Each role that a dimension plays, and the dimension."""
        yield from (("talking", id) for id in self.talking)
        yield from (("acting", id) for id in self.acting)
        yield from (("figures", id) for id in self.figures.values())


@dataclass(frozen=True)
class Structure:
    """One edition without its words.

    ``variant_facts`` are the facts whose value may name a variant of a wording, the strongest
    first. ``not_asked`` are the reasons why a question can fall away.

    Raises `EditionError` when ids clash, a condition reads what comes later on the way, or a
    dimension, rule or role names an id that does not exist.
    """

    name: str
    facts: tuple[Fact, ...]
    variant_facts: tuple[str, ...]
    parts: tuple[Part, ...]
    dimensions: tuple[Dimension, ...]
    contradictions: tuple[Rule, ...]
    flags: tuple[Rule, ...]
    notes: tuple[Rule, ...]
    not_asked: tuple[Rule, ...]
    roles: Roles
    questions: Mapping[str, Question] = field(init=False)
    pages: tuple[Page, ...] = field(init=False)

    def __post_init__(self) -> None:
        pages = tuple(page for part in self.parts for page in part.pages)
        questions = [question for page in pages for question in page.questions]
        everything = [
            *(question.id for question in questions),
            *(fact.id for fact in self.facts),
            *(dimension.id for dimension in self.dimensions),
        ]
        _refuse_duplicates(f"edition {self.name}", everything)
        _refuse_duplicates(f"edition {self.name}: pages", [page.id for page in pages])
        _refuse_duplicates(f"edition {self.name}: rules", [rule.id for rule in self.contradictions])
        object.__setattr__(self, "pages", pages)
        object.__setattr__(self, "questions", {question.id: question for question in questions})
        self._refuse_forward_references()
        self._refuse_unknown_ids()
        self._refuse_unfit_roles()

    def _refuse_forward_references(self) -> None:
        """A page may only depend on answers of pages before it: it is posted as a whole."""
        known: set[str] = set()
        for page in self.pages:
            known_facts = {
                fact.id
                for fact in self.facts
                if all(set(when.reads()) <= known for _, when in fact.cases)
            }
            for question in page.questions:
                for id in question.asked.reads():
                    if id not in known | known_facts:
                        raise EditionError(
                            f"edition {self.name}: {question.id} on page {page.id} depends on "
                            f"{id}, which is not answered before that page"
                        )
            known |= {question.id for question in page.questions}

    def _refuse_unknown_ids(self) -> None:
        readable = set(self.questions) | {fact.id for fact in self.facts} | {"sorting"}
        for rule in (*self.contradictions, *self.flags, *self.notes, *self.not_asked):
            for id in rule.when.reads():
                if id not in readable:
                    raise EditionError(f"edition {self.name}: {rule.id} reads unknown id {id}")
        scored = [id for dimension in self.dimensions for id in dimension.items]
        _refuse_duplicates(f"edition {self.name}: dimensions", scored)
        items = {q.id for q in self.questions.values() if q.kind is Kind.RUNG}
        for id in items:
            for count in (len(self.questions[id].choices), *self.questions[id].rungs_in.values()):
                if count < 2 or POINT_SCALE % (count - 1):
                    raise EditionError(
                        f"edition {self.name}: {id}: {count} rungs do not divide the scale evenly"
                    )
        if set(scored) != items:
            odd = ", ".join(sorted(set(scored) ^ items))
            raise EditionError(f"edition {self.name}: items and dimensions disagree on {odd}")

    def _refuse_unfit_roles(self) -> None:
        where = f"edition {self.name}: roles"
        for role, id, kinds in self.roles.questions:
            question = self.questions.get(id)
            if question is None:
                raise EditionError(f"{where}: {role}: {id} is not a question")
            if question.kind not in kinds:
                raise EditionError(f"{where}: {role}: {id} is a question of kind {question.kind}")
        for role, id in self.roles.dimensions:
            if id not in {dimension.id for dimension in self.dimensions}:
                raise EditionError(f"{where}: {role}: {id} is not a dimension")
        money = self.roles.money
        for id, choices in (
            (money.worked, tuple(map(str, range(len(money.worked_of_ten))))),
            (money.leads, tuple(money.leads_ranges)),
            (money.buyers, tuple(money.buyers_ranges)),
        ):
            if choices != self.questions[id].choices:
                raise EditionError(f"{where}: money: {id} has other choices than its numbers")

    def facts_of(self, given: Given) -> dict[str, str]:
        """Every fact's value for these answers."""
        return {fact.id: fact.value(given) for fact in self.facts}


def _refuse_duplicates(where: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for id in ids:
        if id in seen:
            raise EditionError(f"{where}: {id} is there twice")
        seen.add(id)
