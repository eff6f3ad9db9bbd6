"""What a questionnaire is: questions on pages in parts, facts, dimensions, rules and roles.

Everything here is frozen and says nothing about wording: the texts are joined to the structure
by id in `wording.py`. A `Questionnaire` refuses to exist when its structure does not hold
together (duplicate ids, forward references, a role that names no question).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from consult.questionnaire.conditions import Condition, Given
from consult.questionnaire.questions import (
    POINT_SCALE,
    Axis,
    EditionError,
    Fact,
    Kind,
    Page,
    Part,
    Question,
)


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
    """A finding; where ``impossible`` holds, its answers cannot all be right, so we ask."""

    id: str
    when: Condition
    claims: tuple[str, ...] = ()
    impossible: Condition | None = None


@dataclass(frozen=True, slots=True)
class MoneyInputs:
    """The questions that the money range reads, and the numbers that their choices stand for.

    ``worked`` is the item on how many of ten leads get to a clear yes or no, ``worked_of_ten``
    both ends of that by its rung. ``leads`` a month and ``buyers`` of ten are ranges by choice
    id, with None for an open end. ``first_sale`` is an amount, ``new_customers`` a number a month.
    """

    worked: str
    worked_of_ten: tuple[tuple[int, int], ...]
    leads: str
    leads_ranges: Mapping[str, tuple[int, int | None]]
    buyers: str
    buyers_ranges: Mapping[str, tuple[int, int | None]]
    first_sale: str
    new_customers: str


@dataclass(frozen=True, slots=True)
class OneLeadInputs:
    """What is asked about one real lead, never scored, and what the choices stand for.

    By choice: ``days_since`` of ``asked``, ``days_to_reply`` (None: not yet) and ``rungs`` (those
    of ``first_reply``) of ``heard_back``, ``left_with`` of ``ended`` or else of ``last_word``.
    """

    evidence: str
    came_from: str
    asked: str
    heard_back: str
    last_word: str
    ended: str
    first_reply: str
    days_since: Mapping[str, int]
    days_to_reply: Mapping[str, int | None]
    rungs: Mapping[str, int]
    left_with: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What the plan of three steps goes by.

    ``touches`` maps each trouble an owner can name to the dimensions that it may come from, in the
    order in which troubles are answered. ``gates`` maps an item to its groundwork: other items,
    and the points that each needs first. ``order`` is the order of a dimension's items in the plan
    where it is not the edition's. ``talk`` is the item that two silos have to start with.
    """

    touches: Mapping[str, tuple[str, ...]]
    gates: Mapping[str, Mapping[str, int]]
    order: Mapping[str, tuple[str, ...]]
    talk: str

    @property
    def items(self) -> Iterator[str]:
        yield from self.gates
        yield from (id for groundwork in self.gates.values() for id in groundwork)
        yield from (id for ids in self.order.values() for id in ids)
        yield self.talk

    @property
    def dimensions(self) -> Iterator[str]:
        yield from (id for touched in self.touches.values() for id in touched)
        yield from self.order


@dataclass(frozen=True, slots=True)
class JobLine:
    """A line of what marketing is beside what sales is, and the claims of the source behind it.

    ``marketing`` and ``sales`` are items whose answers are quoted there; the first that was asked.
    """

    marketing: tuple[str, ...]
    sales: tuple[str, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which questions and dimensions other code reads, so that no id is named outside an edition.

    ``troubles`` asks what bothers the owner, ``recent_jobs`` which sorting cards they did lately.
    ``early`` holds for a firm with too few customers to look back. ``own_words`` is the
    owner's sentence. ``marketing_items`` and ``sales_items`` make the two legs. ``talking`` are
    dimensions in which the two sides talk, ``acting`` those in which a person acts on a lead.
    ``figures`` maps an outside figure to the dimension it is printed beside, ``agreement`` a line
    of the agreement to the question that fills it, ``own_performance`` a measure of the agency to
    the item it answers.
    """

    troubles: str
    recent_jobs: str
    early: Condition
    one_lead: OneLeadInputs
    own_words: str
    marketing_items: tuple[str, ...]
    sales_items: tuple[str, ...]
    talking: tuple[str, ...]
    acting: tuple[str, ...]
    figures: Mapping[str, str]
    agreement: Mapping[str, str]
    own_performance: Mapping[str, str]
    money: MoneyInputs
    plan: PlanRules
    jobs: Mapping[str, JobLine]

    @property
    def questions(self) -> Iterator[tuple[str, str, tuple[Kind, ...]]]:
        """Each role that a question plays: its name, the question, and the kinds it may be of."""
        items, money, lead = (Kind.RUNG,), self.money, self.one_lead
        yield "troubles", self.troubles, (Kind.CHOICES,)
        yield "recent_jobs", self.recent_jobs, (Kind.CHOICES,)
        yield "owner’s sentence", self.own_words, (Kind.TEXT,)
        for id in (lead.evidence, lead.came_from, lead.asked, lead.heard_back, lead.last_word):
            yield "one_lead", id, (Kind.CHOICE,)
        yield from (("one_lead", lead.ended, (Kind.CHOICE,)), ("one_lead", lead.first_reply, items))
        yield from (("marketing_items", id, items) for id in self.marketing_items)
        yield from (("sales_items", id, items) for id in self.sales_items)
        yield from (("agreement", id, (Kind.RUNG, Kind.CHOICE)) for id in self.agreement.values())
        yield from (("own_performance", id, items) for id in self.own_performance.values())
        yield "money: worked", money.worked, items
        yield "money: leads", money.leads, (Kind.RANGE,)
        yield "money: buyers", money.buyers, (Kind.RANGE,)
        yield "money: first_sale", money.first_sale, (Kind.NUMBER,)
        yield "money: new_customers", money.new_customers, (Kind.COUNT,)
        yield from (("plan", id, items) for id in self.plan.items)
        for line in self.jobs.values():
            yield from (("jobs", id, items) for id in (*line.marketing, *line.sales))

    @property
    def dimensions(self) -> Iterator[tuple[str, str]]:
        yield from (("talking", id) for id in self.talking)
        yield from (("acting", id) for id in self.acting)
        yield from (("figures", id) for id in self.figures.values())
        yield from (("plan", id) for id in self.plan.dimensions)


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

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        return tuple(page for part in self.parts for page in part.pages)

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        return {question.id: question for page in self.pages for question in page.questions}

    def __post_init__(self) -> None:
        everything = [
            *(question.id for page in self.pages for question in page.questions),
            *(fact.id for fact in self.facts),
            *(dimension.id for dimension in self.dimensions),
        ]
        _refuse_duplicates(f"edition {self.name}", everything)
        _refuse_duplicates(f"edition {self.name}: pages", [page.id for page in self.pages])
        _refuse_duplicates(f"edition {self.name}: rules", [rule.id for rule in self.contradictions])
        self._refuse_forward_references()
        self._refuse_unknown_ids()
        self._refuse_unfit_roles()
        self._refuse_uneven_points()

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
            impossible = rule.impossible.reads() if rule.impossible else ()
            for id in (*rule.when.reads(), *impossible):
                if id not in readable:
                    raise EditionError(f"edition {self.name}: {rule.id} reads unknown id {id}")
        scored = [id for dimension in self.dimensions for id in dimension.items]
        _refuse_duplicates(f"edition {self.name}: dimensions", scored)
        items = {q.id for q in self.questions.values() if q.kind is Kind.RUNG}
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
        money, plan = self.roles.money, self.roles.plan
        for role, id, choices in (
            ("money", money.worked, tuple(map(str, range(len(money.worked_of_ten))))),
            ("money", money.leads, tuple(money.leads_ranges)),
            ("money", money.buyers, tuple(money.buyers_ranges)),
            ("plan", self.roles.troubles, tuple(plan.touches)),
        ):
            if choices != self.questions[id].choices:
                raise EditionError(f"{where}: {role}: {id} has other choices than its table")
        for dimension in self.dimensions:
            if set(plan.order.get(dimension.id, dimension.items)) != set(dimension.items):
                raise EditionError(f"{where}: plan: {dimension.id} has other items than its order")

    def _refuse_uneven_points(self) -> None:
        """Points are counted in twelfths: those of a rung, and those of a card at both depths."""
        cards = [q for q in self.questions.values() if q.kind is Kind.SORT and q.required]
        counted = (len(cards), sum(card.quick for card in cards))
        steps = [(f"{count} scored cards", count) for count in counted if count]
        for item in (q for q in self.questions.values() if q.kind is Kind.RUNG):
            counts = (len(item.choices), *item.rungs_in.values())
            steps += [(f"{item.id}: {count} rungs", count - 1) for count in counts]
        for what, count in steps:
            if count < 1 or POINT_SCALE % count:
                raise EditionError(f"edition {self.name}: {what} do not divide the scale evenly")

    def facts_of(self, given: Given) -> dict[str, str]:
        return {fact.id: fact.value(given) for fact in self.facts}


def _refuse_duplicates(where: str, ids: Iterable[str]) -> None:
    for id, count in Counter(ids).items():
        if count > 1:
            raise EditionError(f"{where}: {id} is there twice")
