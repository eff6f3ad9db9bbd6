"""Score simulated owners, and print how often the advice holds and is about what they asked.

    python -m tools.simulate_advice

It shows how the rules behave, and proves nothing about real firms. The model is plain, and these
are all of its assumptions:

- An owner has two traits, how well the two jobs are kept apart and how well the handoff works,
  each around one half of the way (`MEAN`, `BETWEEN`) and alike by half.
- Each answer is its trait with a spread of its own (`WITHIN`), rounded to a rung. One in twenty
  answers that offer "I don't know" is that.
- Owners name up to three troubles: those whose parts they do worst at, as they feel it (`FELT`),
  if below half of the way.
- Seven in ten give numbers, evenly spread over the choices. New customers are what their other
  numbers make, give or take a third.
- The quick check is the same owner's full check with less asked.
"""

from dataclasses import astuple, dataclass, fields
from random import Random
from statistics import fmean

from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import UNKNOWN, Answer, Depth, Kind
from consult.scoring.scorecard import Scorecard

OWNERS = 2_000
DEPTHS: tuple[Depth, Depth] = ("full", "quick")
MEAN, BETWEEN, WITHIN, FELT = 0.5, 0.2, 0.2, 0.1
DONT_KNOW, KNOWS_A_CARD, GIVES_NUMBERS = 0.05, 0.8, 0.7


@dataclass(frozen=True)
class Shares:
    """Shares of simulated owners, 0 to 1.

    ``same_first_step`` of all, whose quick and full check start with the same step;
    ``first_step_on_trouble`` of those who name a trouble, whose first step is one that a named
    trouble asks for; ``silent`` and ``money_range`` of those whose numbers agree, who read how many
    leads end in silence, and a range.
    """

    same_first_step: float
    first_step_on_trouble: float
    silent: float
    money_range: float


AT_LEAST = Shares(0.6, 0.6, 0.7, 0.6)
"""What the edition has to reach."""


def simulate(owners: int = OWNERS, seed: int = 1) -> Shares:
    """The shares that so many simulated owners make; the same seed gives the same."""
    random = Random(seed)  # noqa: S311 - simulated owners are no secret
    questionnaire = newest()
    inputs = questionnaire.structure.roles.money
    same, on_trouble, silent, ranges = [], [], [], []
    for _ in range(owners):
        answers = _owner(questionnaire, random)
        full, quick = (_scored(questionnaire, answers, depth) for depth in DEPTHS)
        same.append(_first(full) == _first(quick))
        on_trouble += [
            any(reason.startswith("trouble:") for reason in card.plan[0].because)
            for card in (full, quick)
            if card.troubles and card.plan
        ]
        if inputs.leads in answers and full.money.refused != "numbers_disagree":
            silent.append(full.money.silent is not None)
            ranges.append(full.money.estimate is not None)
    return Shares(fmean(same), fmean(on_trouble), fmean(silent), fmean(ranges))


def _owner(questionnaire: Questionnaire, random: Random) -> dict[str, Answer]:
    shared = random.gauss(0, BETWEEN)
    traits = {
        axis: MEAN + 0.5**0.5 * (shared + random.gauss(0, BETWEEN))
        for axis in ("separation", "handoff")
    }
    answers: dict[str, Answer] = {
        "marketing_by": "me",
        "selling_by": random.choice(("me", "staff")),
        "buying_path": "conversation",
        "customers_so_far": "five_or_more",
    }
    for question in questionnaire.questions.values():
        if question.kind is Kind.SORT:
            right = "sales" if question.answer == "either" else question.answer or "sales"
            answers[question.id] = right if random.random() < KNOWS_A_CARD else "not_sure"
    done = {}
    for dimension in questionnaire.dimensions:
        habits = [random.gauss(traits[dimension.axis], WITHIN) for _ in dimension.items]
        done[dimension.id] = fmean(habits)
        for id, habit in zip(dimension.items, habits, strict=True):
            question = questionnaire.questions[id]
            top = len(question.choices) - 1
            unsure = question.unknown and random.random() < DONT_KNOW
            answers[id] = UNKNOWN if unsure else max(0, min(top, round(habit * top)))
    answers["symptoms"] = _troubles(questionnaire, done, random)
    if random.random() < GIVES_NUMBERS:
        answers |= _numbers(questionnaire, answers, random)
    return answers


def _troubles(
    questionnaire: Questionnaire, done: dict[str, float], random: Random
) -> tuple[str, ...]:
    felt = {
        symptom: min(done[id] for id in touched) + random.gauss(0, FELT)
        for symptom, touched in questionnaire.structure.roles.plan.touches.items()
    }
    worst = sorted(felt, key=lambda symptom: felt[symptom])[:3]
    return tuple(symptom for symptom in worst if felt[symptom] < MEAN)


def _numbers(
    questionnaire: Questionnaire, answers: dict[str, Answer], random: Random
) -> dict[str, Answer]:
    inputs = questionnaire.structure.roles.money
    leads, buyers = random.choice([*inputs.leads_ranges]), random.choice([*inputs.buyers_ranges])
    given: dict[str, Answer] = {inputs.leads: leads, inputs.buyers: buyers, inputs.first_sale: 900}
    low, high = inputs.leads_ranges[leads]
    few, many = inputs.buyers_ranges[buyers]
    worked = answers[inputs.worked]
    if high is not None and many is not None and isinstance(worked, int):
        of_ten = sum(inputs.worked_of_ten[worked]) / 2
        made = (low + high) / 2 * of_ten / 10 * (few + many) / 20
        given[inputs.new_customers] = round(made * random.uniform(2 / 3, 4 / 3))
    return given


def _scored(questionnaire: Questionnaire, answers: dict[str, Answer], depth: Depth) -> Scorecard:
    return Scorecard(walk(questionnaire, answers, depth).on_path)


def _first(card: Scorecard) -> str | None:
    return card.plan[0].id if card.plan else None


def main() -> None:
    """Print each share beside what it has to reach."""
    shares = simulate()
    for field, share, least in zip(fields(shares), astuple(shares), astuple(AT_LEAST), strict=True):
        verdict = "met" if share >= least else "MISSED"
        print(f"{field.name:24} {share:6.1%}  at least {least:.0%}  {verdict}")


if __name__ == "__main__":
    main()
