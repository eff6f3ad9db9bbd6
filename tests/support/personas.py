"""Owners with names, whose answers the tests send: the answers JSON of each, and what it means.

Every persona answers every question on its path, in quick and in full depth, so that any journey
can be walked with any of them; items that are not named take the rung of their axis.
`payload(depth, **changes)` changes single answers; a change to None takes the answer away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.questionnaire.questions import Kind

Depth = Literal["quick", "full"]
AnswerValue = int | float | str | Sequence[str] | None
"""As in the answers JSON: a rung, a number, an id or several; None leaves the field empty."""

Answers = dict[str, AnswerValue]

EDITION = newest()
CARDS = {
    id: str(question.answer)
    for id, question in EDITION.questions.items()
    if question.kind is Kind.SORT
}
"""The sorting cards, each with its right side; those that both sides claim are "either"."""


@dataclass(frozen=True)
class Persona:
    """An owner: who they are, what they answer, and what an honest reader would tell them."""

    id: str
    who: str
    mode: Literal["solo", "team"]
    path: Literal["conversation", "counter", "checkout"]
    archetype: str
    given: Mapping[str, AnswerValue] = field(repr=False)
    quick_archetype: str = ""
    """Where the quick check sees another one."""

    def archetype_at(self, depth: str) -> str:
        return self.quick_archetype if depth == "quick" and self.quick_archetype else self.archetype

    @cached_property
    def answers(self) -> Answers:
        """An answer to every question on the path: the given one, or else the first choice."""
        known: dict[str, Any] = dict(self.given)
        for asked in walk(EDITION, known).asked:
            if asked.id not in known and asked.open:
                known[asked.id] = asked.question.choices[0]
        return {
            asked.id: known[asked.id] for asked in walk(EDITION, known).asked if asked.id in known
        }

    def payload(self, depth: Depth = "full", **changes: AnswerValue) -> dict[str, Any]:
        """The answers JSON of the contract, with single answers changed or taken away."""
        answers = {**self.answers, **changes}
        kept = {id: answer for id, answer in answers.items() if answer is not None}
        return {"edition": EDITION.name, "depth": depth, "answers": kept}


def profile(
    marketing_by: str = "me",
    selling_by: str = "me",
    buying_path: str = "conversation",
    buyers: str = "both",
    customers_so_far: str = "five_or_more",
) -> Answers:
    """The questions that choose wording and branches."""
    return {
        "marketing_by": marketing_by,
        "selling_by": selling_by,
        "buying_path": buying_path,
        "buyers": buyers,
        "customers_so_far": customers_so_far,
    }


CLEAR_CARDS = {id: side for id, side in CARDS.items() if side != "either"}

_HARDEST = (
    *("prospect_list", "ask_for_order", "price_objection", "proposal"),
    *("demo", "quote_callback", "be_found", "how_to_content"),
)


def sorted_cards(unsure: int = 0) -> Answers:
    """Clear cards as they should be, the hardest "not sure", the open ones as sales."""
    right: Answers = {id: "sales" if side == "either" else side for id, side in CARDS.items()}
    return right | {f"sort_{id}": "not_sure" for id in _HARDEST[:unsure]}


def separation(rung: int, **others: int | str) -> Answers:
    """Every separation item on one rung, except for those that are named."""
    return _items("separation", rung) | others


def handoff(rung: int, **others: int | str) -> Answers:
    """Every handoff item on one rung, except for those that are named."""
    return _items("handoff", rung) | others


def _items(axis: str, rung: int) -> Answers:
    return {id: rung for d in EDITION.dimensions if d.axis == axis for id in d.items}


def lately(*symptoms: str, done: tuple[str, ...] = ("social_post", "proposal")) -> Answers:
    """What bothers the owner, and the cards done in the last 30 days."""
    return {"symptoms": symptoms, "done_last_30_days": done}


def numbers(
    leads: str = "20_49", buy: str = "2_3", value: int = 1200, new: int | None = None
) -> Answers:
    """The numbers for the money range."""
    given: Answers = {"leads_per_month": leads, "buy_of_ten": buy, "first_sale_value": value}
    return given if new is None else given | {"new_customers_last_month": new}


def one_lead(
    came_from: str = "referral",
    asked: str = "this_week",
    heard_back: str = "two_days",
    last_word: str = "we",
    ended: str = "quiet",
) -> Answers:
    """What became of the last inquiry from someone new."""
    return {
        "lead_evidence": "looking",
        "lead_came_from": came_from,
        "lead_asked": asked,
        "lead_heard_back": heard_back,
        "lead_last_word": last_word,
        "lead_ended": ended,
    }


SOLO_STARTER = Persona(
    id="solo_starter",
    who="A house painter in the second year, alone, busy, with everything in the phone.",
    mode="solo",
    path="conversation",
    archetype="one_hat_one_bucket",
    given=profile(buyers="people")
    | sorted_cards(unsure=4)
    | lately("not_enough_leads", "no_time", done=("proposal",))
    | separation(1, marketing_goal=0, busy_week=0, patience="unknown")
    | handoff(1, lead_list=0, first_reply=2, clear_answers=0, funnel_counts=0)
    | numbers(),
)

DISCIPLINED_SOLO = Persona(
    id="disciplined_solo",
    who="A bookkeeper who works alone and keeps both jobs apart: every answer is the top one.",
    mode="solo",
    path="conversation",
    archetype="well_rehearsed_relay",
    given=profile(buyers="businesses")
    | sorted_cards()
    | lately(done=("social_post", "newsletter", "proposal", "quote_callback"))
    | separation(3)
    | handoff(3, first_reply=4)
    | numbers(leads="10_19", buy="6_7", value=900, new=9),
)

TWO_SILOS = Persona(
    id="two_silos",
    who="A software firm with an agency for marketing and a salesman; the two never talk.",
    mode="team",
    path="conversation",
    archetype="two_silos",
    given=profile("agency", "staff", buyers="businesses")
    | sorted_cards()
    | lately("poor_leads", done=("cold_ad", "newsletter", "quote_callback", "proposal"))
    | separation(2, marketing_measure=3, sales_measure=3)
    | handoff(1, lead_definition=0, handoff_moment=0, lead_list=2, lead_source=2, first_reply=2)
    | {"buyer_words": 0, "won_by_source": 0, "joint_review": 0, "review_outcome": 0}
    | numbers(leads="50_99", buy="2_3", value=8000),
    quick_archetype="baton_on_the_floor",  # it does not ask how they talk
)

BATON_ON_THE_FLOOR = Persona(
    id="baton_on_the_floor",
    who="A roofing firm of nine: good ads, one monthly talk, and leads that wait for days.",
    mode="team",
    path="conversation",
    archetype="baton_on_the_floor",
    given=profile("staff", "several", buyers="people")
    | sorted_cards(unsure=1)
    | lately("not_enough_leads", "leads_go_quiet", done=("cold_ad", "newsletter", "proposal"))
    | separation(2, marketing_goal=3)
    | handoff(2, lead_list=0, lead_source=1, first_reply=1, after_hours=0)
    | {"follow_up": 0, "clear_answers": 0, "not_now": 1, "funnel_counts": 1, "lost_reasons": 1}
    | numbers(leads="20_49", buy="2_3", value=1200)
    | one_lead()
    | {"own_words": "Every quote gets an answer."},
)

CORNER_SHOP = Persona(
    id="corner_shop",
    who="A furniture shop on the high street: people walk in, and the family serves them.",
    mode="team",
    path="counter",
    archetype="good_legs_loose_grip",
    given=profile("me", "several", "counter", buyers="people")
    | sorted_cards(unsure=2)
    | lately("feast_or_famine", done=("social_post", "be_found", "ask_for_order"))
    | separation(2, busy_week=1)
    | handoff(2, first_reply=3, follow_up=1)
    | numbers(leads="100_199", buy="4_5", value=350),
)

WEB_STORE = Persona(
    id="web_store",
    who="A tea seller alone behind a web store: orders run by themselves, nothing else is planned.",
    mode="solo",
    path="checkout",
    archetype="fast_hands_no_lanes",
    given=profile("me", "website", buyers="people")
    | sorted_cards(unsure=5)
    | lately("do_not_know_what_works", done=("social_post", "cold_ad"))
    | separation(1, marketing_goal=0)
    | handoff(2, first_reply=4, follow_up=3)
    | numbers(leads="200_or_more", buy="0_1", value=38),
)

FIRST_CUSTOMERS = Persona(
    id="first_customers",
    who="Three friends who start a catering firm and share every job; three customers so far.",
    mode="team",
    path="conversation",
    archetype="all_running_no_lanes",
    given=profile("several", "several", "mix", customers_so_far="under_five")
    | sorted_cards(unsure=3)
    | lately("not_enough_leads", done=())
    | separation(1, patience=0)
    | handoff(1, first_reply=3)
    | numbers(leads="under_5", buy="4_5", value=600),
)

MOSTLY_UNKNOWN = Persona(
    id="mostly_unknown",
    who="A dentist who leaves all of it to the front desk and cannot say how it goes.",
    mode="team",
    path="conversation",
    archetype="running_in_the_dark",
    given=profile("staff", "staff", buyers="people")
    | sorted_cards(unsure=8)
    | lately("do_not_know_what_works", done=())
    | separation(1, patience="unknown")
    | handoff(1)
    | {id: "unknown" for id in _items("handoff", 1) if EDITION.questions[id].unknown},
)

PERSONAS: Mapping[str, Persona] = {
    persona.id: persona
    for persona in (
        SOLO_STARTER,
        DISCIPLINED_SOLO,
        TWO_SILOS,
        BATON_ON_THE_FLOOR,
        CORNER_SHOP,
        WEB_STORE,
        FIRST_CUSTOMERS,
        MOSTLY_UNKNOWN,
    )
}

CONTACT = {
    "name": "Dana Okafor",
    "email": "dana@example.com",
    "business": "Okafor Roofing",
    "consent": "y",
}
"""Who the contact form is told they are, by field."""
ADA = {"name": "Ada Lovelace", "email": "ada@example.com", "consent": "y"}
"""The least that it takes."""
