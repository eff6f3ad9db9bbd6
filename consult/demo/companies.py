"""Made-up businesses: how they work, and what they would answer."""

from dataclasses import dataclass
from random import Random

from consult.questionnaire import UNKNOWN, Answer, Asked, Depth, Kind, Questionnaire, walk


@dataclass(frozen=True, slots=True)
class Firm:
    """A kind of firm: how good its habits are on each axis (0 to 1), and how much it knows."""

    share: int
    separation: float
    handoff: float
    unknown: float = 0.04
    solo: bool = True
    talk: float = 0.0


_TALK = ("lead_definition", "handoff_moment", "buyer_words", "won_by_source", "joint_review")
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
    answers: dict[str, Answer] = {
        "marketing_by": "me" if firm.solo else random.choice(("staff", "several", "agency")),
        "selling_by": "me" if firm.solo else random.choice(("me", "staff", "several")),
        "buying_path": path,
        "customers_so_far": "under_five" if random.random() < 0.05 else "five_or_more",
    }
    axes = {id: d.axis for d in questionnaire.dimensions for id in d.items}
    for asked in walk(questionnaire, answers, depth).asked:
        if asked.id not in answers:
            habit = firm.separation if axes.get(asked.id) != "handoff" else firm.handoff
            habit += firm.talk if asked.id in _TALK else 0
            answer = _answer(asked, firm, habit, random)
            if answer is not None:
                answers[asked.id] = answer
    return answers


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
