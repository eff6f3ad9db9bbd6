"""Hypothesis strategies for answers: every branch, both depths, any answer that is offered."""

from functools import cache
from typing import Literal

from hypothesis import strategies as st

from consult.questionnaire.editions import newest
from consult.questionnaire.journey import Asked, Walk, walk
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import UNKNOWN, Answer, Depth, Kind

EDITION: Questionnaire = newest()

BRANCHES: tuple[dict[str, Answer], ...] = tuple(
    {"marketing_by": "me", "selling_by": seller, "buying_path": path, "customers_so_far": customers}
    for seller in ("me", "staff")
    for path in ("conversation", "counter", "checkout")
    for customers in ("five_or_more", "under_five")
)
"""One set of opening answers for each way through the questionnaire: mode x path x customers."""

DEPTHS: tuple[Depth, ...] = ("quick", "full")


def offered(asked: Asked) -> list[Answer]:
    """Every answer that a question with one answer offers under its wording, worst first."""
    choices = asked.question.choices_as(asked.variant)
    if asked.question.kind is not Kind.RUNG:
        return list(choices)
    return [*((UNKNOWN,) if asked.question.unknown else ()), *(int(rung) for rung in choices)]


def answered(
    branch: dict[str, Answer], depth: Depth, end: Literal["lowest", "highest"]
) -> dict[str, Answer]:
    """The branch's answers with every scored question at its lowest or highest."""
    answers = dict(branch)
    for asked in walk(EDITION, branch, depth).asked:
        match asked.question.kind:
            case Kind.RUNG:
                top = len(asked.question.choices_as(asked.variant)) - 1
                answers[asked.id] = top if end == "highest" else 0
            case Kind.SORT:
                right = asked.question.answer
                wrong = "sales" if right == "marketing" else "marketing"
                if right in ("marketing", "sales"):
                    answers[asked.id] = right if end == "highest" else wrong
    return answers


@st.composite
def complete_answers(
    draw: st.DrawFn, depth: Depth | None = None, branch: dict[str, Answer] | None = None
) -> tuple[dict[str, Answer], Depth]:
    """Answers that are complete for their depth, on any branch, optional questions or not."""
    chosen: Depth = draw(st.sampled_from(DEPTHS)) if depth is None else depth
    opening = branch or draw(st.sampled_from(BRANCHES))
    opening = opening | draw(st.sampled_from(({}, {"lead_evidence": "looking"})))
    return opening | draw(_the_rest(chosen, tuple(opening.items()))), chosen


@cache
def _the_rest(
    depth: Depth, opening: tuple[tuple[str, Answer], ...]
) -> st.SearchStrategy[dict[str, Answer]]:
    """Kept, because making a strategy for each of sixty questions costs more than drawing."""
    before = dict(opening)
    rest = [asked for asked in walk(EDITION, before, depth).asked if asked.id not in before]
    return st.fixed_dictionaries(
        {asked.id: _any_answer(asked) for asked in rest if asked.question.required},
        optional={asked.id: _any_answer(asked) for asked in rest if not asked.question.required},
    )


def _any_answer(asked: Asked) -> st.SearchStrategy[Answer]:
    question = asked.question
    match question.kind:
        case Kind.CHOICES:
            most = question.max_choices or len(question.accepted)
            ticks = st.lists(st.sampled_from(question.accepted), unique=True, max_size=most)
            return ticks.map(tuple)
        case Kind.NUMBER | Kind.COUNT:
            return st.integers(0, 1_000_000)
        case Kind.TEXT:
            return st.text(max_size=question.most)
        case Kind.RANGE:
            return st.sampled_from(question.choices) | st.integers(0, question.most)
        case _:
            return st.sampled_from(offered(asked))


def walked(answers: dict[str, Answer], depth: Depth) -> Walk:
    return walk(EDITION, answers, depth)
