"""Whether everything can be reached, everything reached has words, and every claim is carried."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product

from consult.editing.texts import Problem, place_of
from consult.questionnaire.journey import Asked, Walk, profiles, walk
from consult.questionnaire.model import Rule
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import BASE, NOT_SURE, UNKNOWN, Answer, Kind
from consult.scoring.axis import SORTING
from consult.scoring.scorecard import Scorecard

Path = tuple[str, ...]
"""Where in findings.yaml something is worded."""

Answers = Mapping[str, Answer]
Fill = Callable[[Asked], Answer]

_CONSULT_CLAIM = "Q17"
"""The offer of a free consult carries this claim; no question does."""

_TOP = 3
_LEVELS = ((0, 0), (1, 1), (2, 2), (3, 3), (0, 2), (2, 0))
"""Rungs of items: of those about marketing or about talking, and of the others of their axis."""


def reach(questionnaire: Questionnaire) -> Mapping[Path, set[str]]:
    """The ids of all that some answers lead to, by where it is worded."""
    reached: dict[Path, set[str]] = defaultdict(set)
    reached["consult",].add("topics")
    reached["consult", "topics"].update(dimension.id for dimension in questionnaire.dimensions)
    reached["consult", "topics"].update(questionnaire.structure.roles.plan.touches)
    reached["claims",].add(_CONSULT_CLAIM)
    for card in (*_firms(questionnaire), *_with_numbers(questionnaire)):
        reached["archetypes",].add(card.archetype)
        reached["consult",].add(card.recommendation.reason or card.recommendation.recommended)
        for axis in card.axes:
            reached["claims",].update(claim for line in axis.lines for claim in line.item.claims)
            if not axis.too_much_unknown:
                reached["bands", axis.axis].add(axis.band)
        if card.money.refused:
            reached["money", "refusals"].add(card.money.refused)
    for profile in profiles(questionnaire):
        for left_out in (walk(questionnaire, profile), walk(questionnaire, profile, "quick")):
            reached["not_asked",].update(item.reason for item in left_out.not_asked)
    structure = questionnaire.structure
    for group, rules in (
        ("contradictions", structure.contradictions),
        ("flags", structure.flags),
        ("notes", structure.notes),
    ):
        for rule in rules:
            if example_of(questionnaire, rule):
                reached[group,].add(rule.id)
                reached["claims",].update(rule.claims)
    return reached


def example_of(questionnaire: Questionnaire, rule: Rule) -> Scorecard | None:
    """A scorecard in which the rule holds, everything else at its best; None when there is none."""
    facts = {fact.id: fact.values for fact in questionnaire.structure.facts}
    ids = tuple(dict.fromkeys(rule.when.reads()))
    domains = [facts.get(id) or _worth_trying(questionnaire, id) for id in ids]
    for values in product(*domains):
        given: Answers = dict(zip(ids, values, strict=True))
        if rule.when.holds(given):
            for profile in kinds_of_business(questionnaire):
                card = _completed(walk(questionnaire, {**profile, **given}), _at_best(given))
                if card and rule in (*card.contradictions, *card.flags, *card.notes):
                    return card
    return None


def _worth_trying(questionnaire: Questionnaire, id: str) -> tuple[Answer, ...]:
    """Every single answer; for checkboxes, none or one of them."""
    if id == SORTING:
        return (100, 0)
    question = questionnaire.questions[id]
    match question.kind:
        case Kind.CHOICES:
            return ((), *((choice,) for choice in question.choices))
        case Kind.RUNG:
            return tuple(range(len(question.choices)))
    return question.choices


@cache
def kinds_of_business(questionnaire: Questionnaire) -> tuple[Answers, ...]:
    """One profile for each set of facts and questions on the path."""
    kinds: dict[object, Answers] = {}
    for profile in profiles(questionnaire):
        walked = walk(questionnaire, profile)
        kinds.setdefault((*walked.facts.items(), *walked.on_path.asked), profile)
    return tuple(kinds.values())


def _firms(questionnaire: Questionnaire) -> Iterator[Scorecard]:
    """Firms of every kind at every level, and some that know nothing."""
    levels = [_at_levels(questionnaire, *each) for each in product(_LEVELS, repeat=2)]
    for profile in kinds_of_business(questionnaire):
        full, quick = walk(questionnaire, profile), walk(questionnaire, profile, "quick")
        for rung in (*levels, _unknown_where_offered):
            yield from _scored(full, rung)
        yield from _scored(quick, lambda asked: _TOP)


def _at_levels(
    questionnaire: Questionnaire, legs: tuple[int, int], levels: tuple[int, int]
) -> Fill:
    dimension_of = {id: dim for dim in questionnaire.dimensions for id in dim.items}
    roles = questionnaire.structure.roles

    def fill(asked: Asked) -> int:
        dimension = dimension_of[asked.id]
        if dimension.axis == "separation":
            return legs[0] if asked.id in roles.marketing_items else legs[1]
        return levels[0] if dimension.id in roles.talking else levels[1]

    return fill


def _with_numbers(questionnaire: Questionnaire) -> Iterator[Scorecard]:
    """Firms of one kind with all sorts of numbers: what the money range may be refused for."""
    inputs = questionnaire.structure.roles.money
    profile = next(
        kind
        for kind in kinds_of_business(questionnaire)
        if inputs.worked in walk(questionnaire, kind).on_path.asked
    )
    choices = (tuple(inputs.leads_ranges), tuple(inputs.buyers_ranges), (*range(_TOP + 1), UNKNOWN))
    for leads, buyers, worked in product(*choices):
        given: Answers = {
            inputs.leads: leads,
            inputs.buyers: buyers,
            inputs.worked: worked,
            inputs.first_sale: 1000,
        }
        for number in ({}, {inputs.new_customers: 1000}):
            walked = walk(questionnaire, {**profile, **given, **number})
            yield from _scored(walked, lambda asked: _TOP)


def _scored(walked: Walk, rung: Fill) -> Iterator[Scorecard]:
    def fill(asked: Asked) -> Answer:
        return rung(asked) if asked.question.kind is Kind.RUNG else _best(asked)

    card = _completed(walked, fill)
    if card:
        yield card


def _unknown_where_offered(asked: Asked) -> Answer:
    return UNKNOWN if asked.question.unknown else 0


def _at_best(given: Answers) -> Fill:
    def fill(asked: Asked) -> Answer:
        unsorted = asked.question.kind is Kind.SORT and given.get(SORTING) == 0
        return NOT_SURE if unsorted else _best(asked)

    return fill


def _best(asked: Asked) -> Answer:
    question = asked.question
    match question.kind:
        case Kind.RUNG:
            return len(asked.wording.choices) - 1
        case Kind.CHOICES:
            return ()
        case Kind.SORT:
            return question.answer or NOT_SURE
    return question.choices[0]


def _completed(walked: Walk, fill: Fill) -> Scorecard | None:
    """The scorecard of these answers with all else filled in; None when they are no answers."""
    answers = {**walked.given, **{asked.id: fill(asked) for asked in walked.asked if asked.open}}
    completed = walk(walked.questionnaire, answers, walked.depth)
    return Scorecard(completed.on_path) if completed.complete else None


CLAIMS = tuple(f"Q{number}" for number in range(1, 18))
"""The source's claims, as numbered in docs/instrument.md."""

_OUT_OF_REACH = {
    "claims": "no question and no finding that can come up rests on it",
    "topics": "no question belongs to it",
}


def coverage_problems(questionnaire: Questionnaire) -> list[Problem]:
    """Everything that no answers lead to, that has no words, or that nothing carries."""
    return [*_questions(questionnaire), *_findings(questionnaire), *_claims(questionnaire)]


def _questions(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Questions, and variants of their wording, that no business gets to see."""
    shown = {
        (asked.id, asked.variant)
        for profile in kinds_of_business(questionnaire)
        for asked in walk(questionnaire, profile).asked
    }
    seen = {id for id, _ in shown}
    for question in questionnaire.questions.values():
        if question.id not in seen:
            place = place_of(questionnaire, question)
            yield Problem(place, "no answers lead to this question")
            continue
        for variant in questionnaire.texts.questions[question.id]:
            # The base may be hidden behind its variants: it is what they start from.
            if variant != BASE and (question.id, variant) not in shown:
                place = place_of(questionnaire, question, variant)
                yield Problem(place, "no business gets to see this wording")


def _findings(questionnaire: Questionnaire) -> Iterator[Problem]:
    """What can be found but has no words, and words for what is never found."""
    for path, ids in reach(questionnaire).items():
        texts = questionnaire.texts.findings
        for key in path:
            texts = texts[key]
        worded = set(texts)
        place = ": ".join(("findings.yaml", *path))
        for id in sorted(ids - worded):
            yield Problem(place, f"{id} has no wording, and some answers lead to it")
        for id in sorted(worded - ids):
            yield Problem(f"{place}: {id}", _OUT_OF_REACH.get(path[-1], "no answers lead to it"))


def _claims(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Claims of the source without a text, and texts for claims that are none."""
    worded = set(questionnaire.texts.findings["claims"])
    for claim in CLAIMS:
        if claim not in worded:
            yield Problem("findings.yaml: claims", f"{claim} has no wording")
    for claim in sorted(worded - set(CLAIMS)):
        yield Problem(f"findings.yaml: claims: {claim}", "is not a claim of the source")
