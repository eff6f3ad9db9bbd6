"""Demo businesses: how they work, what they answer, and their clearly fake contacts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random

from consult.questionnaire.journey import Asked, Walk, profiles, walk
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import UNKNOWN, Answer, Depth, Kind
from consult.storage.leads.assignment import DEMO_DOMAIN
from consult.storage.leads.submission import NewContact

_PATHS = ("conversation", "counter", "checkout")
_TRADES: Mapping[str, tuple[str, ...]] = {
    "conversation": ("Plumbing", "Roofing", "Bookkeeping", "Landscaping", "Web Design", "Law"),
    "counter": ("Bakery", "Bike Shop", "Garden Center", "Books", "Furniture", "Barbers"),
    "checkout": ("Candles", "Coffee Roasters", "Tea Company", "Leather Goods", "Seed Store"),
}
_PLACES = (
    *("Harbor Lane", "Maple Street", "Two Rivers", "North Hill", "Old Mill", "Juniper"),
    *("Riverside", "Copper Creek", "Blue Door", "Cedar Park", "Lakeside", "Meadow"),
)
_FIRST = ("Ana", "Ben", "Carla", "Dev", "Elin", "Farid", "Grace", "Hugo", "Ines", "Kasia", "Omar")
_LAST = ("Alvarez", "Brandt", "Dąbrowski", "Eriksen", "Greene", "Huang", "Nguyễn", "Okafor")

_WISHES = (
    "Every quote gets an answer.",
    "New people hear of us each month, and not only in spring.",
    "I know which ads to keep.",
    "We have one list, and all of us use it.",
)


@dataclass(frozen=True, slots=True)
class _Company:
    """A kind of company: how good its habits are on each axis, 0 to 1, and how much it knows.

    `talking` is how much better its habits are where it talks to buyers.
    """

    share: int
    separation: float
    handoff: float
    unknown: float = 0.04
    mode: str = "solo"
    talking: float = 0.0


_COMPANIES = (
    _Company(5, 0.25, 0.25),
    _Company(3, 0.30, 0.25, mode="team"),
    _Company(5, 0.70, 0.25),
    _Company(3, 0.75, 0.45, mode="team", talking=-0.6),
    _Company(3, 0.30, 0.70),
    _Company(5, 0.65, 0.65, mode="team"),
    _Company(3, 0.93, 0.93),
    _Company(2, 0.45, 0.35, unknown=0.85),
)


def random_response(questionnaire: Questionnaire, depth: Depth, random: Random) -> Walk:
    company = random.choices(_COMPANIES, [company.share for company in _COMPANIES])[0]
    path = random.choices(_PATHS, (6, 2, 1))[0]
    openings, weights = _openings(questionnaire, company.mode, path)
    opening = random.choices(openings, weights)[0]
    on_path = walk(questionnaire, opening, depth).on_path.asked
    answers = {id: answer for id, answer in opening.items() if id in on_path}
    dimensions = {id: d for d in questionnaire.dimensions for id in d.items}
    for asked in walk(questionnaire, answers, depth).asked:
        if asked.id not in answers:
            habit, dimension = company.separation, dimensions.get(asked.id)
            if dimension:
                habit = company.handoff if dimension.axis == "handoff" else company.separation
                if dimension.id in questionnaire.structure.roles.talking:
                    habit += company.talking
            answer = _answer(asked, company, habit, random)
            if answer is not None:
                answers[asked.id] = answer
    return walk(questionnaire, answers, depth)


@cache
def _openings(
    questionnaire: Questionnaire, mode: str, path: str
) -> tuple[list[dict[str, Answer]], list[float]]:
    """The profiles that lead to a kind of company, and how frequent each is.

    Companies that are asked fewer questions than the others, such as new ones, are rare.
    """
    walks = _walks_of_profiles(questionnaire)
    of_kind = [w for w in walks if (w.facts["mode"], w.facts["path"]) == (mode, path)]
    most = max(len(w.asked) for w in of_kind)
    return [dict(w.given) for w in of_kind], [1 if len(w.asked) == most else 0.05 for w in of_kind]


@cache
def _walks_of_profiles(questionnaire: Questionnaire) -> list[Walk]:
    return [walk(questionnaire, profile) for profile in profiles(questionnaire)]


def _answer(asked: Asked, company: _Company, habit: float, random: Random) -> Answer | None:
    question = asked.question
    choices = question.choices_as(asked.variant)
    match question.kind:
        case Kind.RUNG:
            if question.unknown and random.random() < company.unknown:
                return UNKNOWN
            top = len(choices) - 1
            return max(0, min(top, round(random.gauss(habit, 0.17) * top)))
        case Kind.SORT:
            right = question.answer if question.answer in choices else random.choice(choices)
            return right if random.random() < 0.6 + habit / 3 else random.choice(choices)
        case Kind.CHOICES:
            most = question.max_choices or 6
            return tuple(random.sample(choices, random.randint(1, most)))
        case Kind.COUNT:
            return random.randint(0, 12) if random.random() < 0.5 else None
        case Kind.TEXT:
            return random.choice(_WISHES) if random.random() < 0.3 else None
        case Kind.NUMBER:
            return random.choice((80, 240, 650, 1200, 3500, 9000))
        case _:
            return random.choice(choices) if random.random() < 0.8 else None


def contact_of(path: str, random: Random) -> NewContact:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    number = random.randrange(1000)
    business = f"{random.choice(_PLACES)} {random.choice(_TRADES[path])}"
    domain = re.sub("[^a-z]+", "-", business.lower()) + DEMO_DOMAIN.replace("@", ".")
    return NewContact(
        name=f"{first} {last} (demo)",
        email=f"{first.lower()}.{number}@{domain}",
        business=business,
        phone=f"555-01{random.randrange(100):02}" if random.random() < 0.6 else None,
        wants_consult=random.random() < 0.5,
        consent_text="Demo lead: this owner does not exist.",
        best_time=("Mornings", "Weekdays after 4", None)[number % 3],
    )
