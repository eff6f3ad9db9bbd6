"""Made-up businesses: how they work, and what they would answer."""

from dataclasses import dataclass
from functools import cache
from random import Random

from consult.questionnaire import UNKNOWN, Answer, Asked, Depth, Kind, Questionnaire, profiles, walk


@dataclass(frozen=True, slots=True)
class Firm:
    """A kind of firm: how good its habits are on each axis (0 to 1), and how much it knows."""

    share: int
    separation: float
    handoff: float
    unknown: float = 0.04
    solo: bool = True
    talk: float = 0.0


_FIRMS = (
    Firm(5, 0.25, 0.25),
    Firm(3, 0.30, 0.25, solo=False),
    Firm(5, 0.70, 0.25),
    Firm(3, 0.75, 0.45, solo=False, talk=-0.6),
    Firm(3, 0.30, 0.70),
    Firm(5, 0.65, 0.65, solo=False),
    Firm(3, 0.93, 0.93),
    Firm(2, 0.45, 0.35, unknown=0.85),
)


def some_firm(random: Random) -> Firm:
    """Return one of the kinds of firm, by how many there are of each."""
    return random.choices(_FIRMS, weights=[firm.share for firm in _FIRMS])[0]


def answers_of(
    questionnaire: Questionnaire, depth: Depth, firm: Firm, path: str, random: Random
) -> dict[str, Answer]:
    """Return the answers of a firm to all that it is asked, on its path at this depth."""
    answers = _opening(questionnaire, depth, firm, path, random)
    dimensions = {id: d for d in questionnaire.dimensions for id in d.items}
    talking = questionnaire.structure.roles.talking
    for asked in walk(questionnaire, answers, depth).asked:
        if asked.id not in answers:
            dimension = dimensions.get(asked.id)
            is_handoff = dimension is not None and dimension.axis == "handoff"
            habit = firm.handoff if is_handoff else firm.separation
            habit += firm.talk if dimension and dimension.id in talking else 0
            answer = _answer(asked, firm, habit, random)
            if answer is not None:
                answers[asked.id] = answer
    return answers


def _opening(
    questionnaire: Questionnaire, depth: Depth, firm: Firm, path: str, random: Random
) -> dict[str, Answer]:
    """Answers that lead to this kind of firm; few of a kind are asked less than the others."""
    full, shorter = _openings(questionnaire, "solo" if firm.solo else "team", path)
    opening = random.choice(shorter if shorter and random.random() < 0.05 else full)
    asked = walk(questionnaire, opening, depth).on_path.asked
    return {id: answer for id, answer in opening.items() if id in asked}


@cache
def _openings(
    questionnaire: Questionnaire, mode: str, path: str
) -> tuple[list[dict[str, Answer]], list[dict[str, Answer]]]:
    """The profiles of a kind of firm: those asked the most questions, and the others."""
    walks = [walk(questionnaire, profile) for profile in profiles(questionnaire)]
    of_kind = [w for w in walks if (w.facts["mode"], w.facts["path"]) == (mode, path)]
    most = max(len(w.asked) for w in of_kind)
    full = [dict(w.given) for w in of_kind if len(w.asked) == most]
    return full, [dict(w.given) for w in of_kind if len(w.asked) < most]


def _answer(asked: Asked, firm: Firm, habit: float, random: Random) -> Answer | None:
    question = asked.question
    choices = question.choices_as(asked.variant)
    match question.kind:
        case Kind.RUNG:
            if question.unknown and random.random() < firm.unknown:
                return UNKNOWN
            top = len(choices) - 1
            return max(0, min(top, round(random.gauss(habit, 0.17) * top)))
        case Kind.SORT:
            right = question.answer if question.answer in choices else random.choice(choices)
            return right if random.random() < 0.6 + habit / 3 else random.choice(choices)
        case Kind.CHOICES:
            most = question.max_choices or 6
            return tuple(random.sample(choices, random.randint(1, most)))
        case Kind.NUMBER:
            return random.choice((80, 240, 650, 1200, 3500, 9000))
        case _:
            return random.choice(choices) if random.random() < 0.8 else None
