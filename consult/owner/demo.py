"""Leads that look real and clearly are not, to try the staff pages with.

They go the same way as an owner's answers: a check is started, saved, submitted and left a
contact, only at made-up moments. They are marked as demo leads and counted nowhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from consult.owner.submission import freeze
from consult.questionnaire import UNKNOWN, Answer, Asked, Depth, Kind, Questionnaire, walk
from consult.report.brand import Brand
from consult.storage import checks, leads
from consult.storage.database import Database, Session

_DAYS = 30
_TRADES: Mapping[str, tuple[str, ...]] = {
    "conversation": (
        *("Plumbing", "Roofing", "Bookkeeping", "Landscaping", "Web Design", "Catering"),
        *("Electric", "Remodeling", "Photography", "Law Office", "Tree Care", "Painting"),
    ),
    "counter": ("Bakery", "Bike Shop", "Garden Center", "Books", "Furniture", "Barbers"),
    "checkout": ("Candles", "Coffee Roasters", "Tea Company", "Leather Goods", "Seed Store"),
}
_PLACES = (
    *("Harbor Lane", "Maple Street", "Two Rivers", "North Hill", "Old Mill", "Juniper"),
    *("Riverside", "Copper Creek", "Blue Door", "Cedar Park", "Lakeside", "Meadow"),
)
_FIRST = (
    *("Ana", "Ben", "Carla", "Dev", "Elin", "Farid", "Grace", "Hugo", "Ines", "Jonas"),
    *("Kasia", "Luis", "Mai", "Noor", "Omar", "Priya", "Rosa", "Sam", "Tomasz", "Vera"),
)
_LAST = (
    *("Alvarez", "Brandt", "Castellano", "Dąbrowski", "Eriksen", "Foster", "Greene", "Huang"),
    *("Ibrahim", "Jensen", "Kowalska", "Lindqvist", "Moreau", "Nguyễn", "Okafor", "Patel"),
)
_SOURCES: tuple[dict[str, str], ...] = (
    {},
    {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "autumn-relay"},
    {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "free-consult"},
    {"utm_source": "facebook", "utm_medium": "social"},
    {"ref": "chamber-breakfast"},
    {"ref": "article-not-the-same"},
)


@dataclass(frozen=True, slots=True)
class _Firm:
    """A kind of firm: how good its habits are on each axis (0 to 1), and how much it knows."""

    share: int
    separation: float
    handoff: float
    unknown: float = 0.04
    solo: bool = True
    talk: float = 0.0


_TALK = ("lead_definition", "handoff_moment", "buyer_words", "won_by_source", "joint_review")
_FIRMS = (
    _Firm(5, 0.25, 0.25),
    _Firm(3, 0.30, 0.25, solo=False),
    _Firm(5, 0.70, 0.25),
    _Firm(3, 0.75, 0.45, solo=False, talk=-0.6),
    _Firm(3, 0.30, 0.70),
    _Firm(5, 0.65, 0.65, solo=False),
    _Firm(3, 0.93, 0.93),
    _Firm(2, 0.45, 0.35, unknown=0.85),
)


def make_leads(
    database: Database, questionnaire: Questionnaire, brand: Brand, count: int, seed: int
) -> Iterator[int]:
    """Make ``count`` leads over the thirty days before now; the same seed makes the same ones.

    Yields the number made so far after each.
    """
    random = Random(seed)
    now = database.clock()
    moments = sorted(
        now - timedelta(seconds=random.randrange(_DAYS * 86_400)) for _ in range(count)
    )
    for made, moment in enumerate(moments, start=1):
        with database.writing() as session:
            _make_lead(session, questionnaire, brand, random, moment)
        yield made


def _make_lead(
    session: Session, questionnaire: Questionnaire, brand: Brand, random: Random, end: datetime
) -> None:
    firm = random.choices(_FIRMS, weights=[firm.share for firm in _FIRMS])[0]
    depth: Depth = random.choice(("quick", "quick", "full"))
    minutes = random.uniform(3, 8) * (2 if depth == "full" else 1)
    path = random.choices(tuple(_TRADES), weights=(6, 2, 1))[0]
    answers = _answers(questionnaire, depth, firm, path, random)
    way = walk(questionnaire, answers, depth)
    session.clock = lambda: end - timedelta(minutes=minutes)
    token = checks.start(session, questionnaire.name, depth, random.choice(_SOURCES))
    session.clock = lambda: end
    given = {a.id: (a.answer, a.variant) for a in way.asked if a.answer is not None}
    checks.save(session, token, given)
    result = leads.submit(session, token, freeze(way, brand, demo=True))
    if random.random() < 0.7:
        session.clock = lambda: end + timedelta(minutes=random.uniform(1, 4))
        leads.save_contact(session, result, _contact(path, random))


def _answers(
    questionnaire: Questionnaire, depth: Depth, firm: _Firm, path: str, random: Random
) -> dict[str, Answer]:
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


def _answer(asked: Asked, firm: _Firm, habit: float, random: Random) -> Answer | None:
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


def _contact(path: str, random: Random) -> leads.Contact:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    return leads.Contact(
        name=f"{first} {last} (demo)",
        email=f"{first.lower()}.{random.randrange(1000)}@demo.example",
        business=f"{random.choice(_PLACES)} {random.choice(_TRADES[path])}",
        phone=f"555-01{random.randrange(100):02}" if random.random() < 0.6 else None,
        wants_consult=random.random() < 0.5,
        consent_text="Made-up lead: nobody was asked.",
    )
