"""Owners with names, whose answers the tests send: the answers JSON of each, and what it means.

Every persona answers every question on its way, in quick and in full depth, so that any journey
can be walked with any of them. `payload(depth, **changes)` changes single answers; a change to
None takes the answer away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.owner_journey import AnswerValue

Depth = Literal["quick", "full"]
Answers = dict[str, AnswerValue]

CARDS: Mapping[str, str] = {
    "sort_social_post": "marketing",
    "sort_newsletter": "marketing",
    "sort_cold_ad": "marketing",
    "sort_sponsorship": "marketing",
    "sort_how_to_content": "marketing",
    "sort_be_found": "marketing",
    "sort_quote_callback": "sales",
    "sort_demo": "sales",
    "sort_proposal": "sales",
    "sort_price_objection": "sales",
    "sort_ask_for_order": "sales",
    "sort_prospect_list": "sales",
}
"""The twelve cards that count, with their right side."""

OPEN_CARDS = (
    "sort_trade_show",
    "sort_referral_ask",
    "sort_retargeting_ad",
    "sort_deadline_deal",
)
"""The four cards that both sides claim."""

SEPARATION_ITEMS = (
    "purpose_of_each",
    "marketing_owner",
    "sales_owner",
    "marketing_goal",
    "sales_goal",
    "patience",
    "marketing_measure",
    "sales_measure",
    "slow_month",
    "busy_week",
    "budget_split",
    "audience",
    "sales_list",
    "marketing_tests",
    "sales_steps",
)
HANDOFF_ITEMS = (
    "lead_definition",
    "handoff_moment",
    "lead_list",
    "lead_source",
    "first_reply",
    "after_hours",
    "lead_context",
    "promise_match",
    "follow_up",
    "clear_answers",
    "not_now",
    "buyer_words",
    "won_by_source",
    "joint_review",
    "review_outcome",
    "funnel_counts",
    "lost_reasons",
)
UNKNOWN_OFFERED = frozenset(
    {
        "patience",
        "lead_source",
        "first_reply",
        "after_hours",
        "lead_context",
        "promise_match",
        "follow_up",
        "clear_answers",
        "not_now",
        "won_by_source",
    }
)


@dataclass(frozen=True)
class Persona:
    """An owner: who they are, what they answer, and what an honest reader would tell them."""

    id: str
    who: str
    mode: Literal["solo", "team"]
    path: Literal["conversation", "counter", "checkout"]
    archetype: str
    answers: Mapping[str, AnswerValue] = field(repr=False)

    def payload(self, depth: Depth = "full", **changes: AnswerValue) -> dict[str, Any]:
        """The answers JSON of the contract, with single answers changed or taken away."""
        answers = {**self.answers, **changes}
        kept = {id: answer for id, answer in answers.items() if answer is not None}
        return {"edition": "2026-11", "depth": depth, "answers": kept}


def profile(
    marketing_by: str = "me",
    selling_by: str = "me",
    buying_path: str = "conversation",
    buyers: str = "both",
    customers_so_far: str = "five_or_more",
) -> Answers:
    """The questions that choose wording and branches."""
    asked: Answers = {
        "marketing_by": marketing_by,
        "selling_by": selling_by,
        "buying_path": buying_path,
        "buyers": buyers,
        "customers_so_far": customers_so_far,
    }
    if selling_by == "website":
        del asked["buying_path"]
    return asked


def sorted_cards(right: int = 12) -> Answers:
    """The first `right` cards on their right side, the rest not sure, the open ones as sales."""
    cards: Answers = {
        id: side if place < right else "not_sure" for place, (id, side) in enumerate(CARDS.items())
    }
    return cards | dict.fromkeys(OPEN_CARDS, "sales")


def separation(rung: int, **others: int | str) -> Answers:
    """Every separation item on one rung, except for those that are named."""
    return {id: others.get(id, rung) for id in SEPARATION_ITEMS}


def handoff(rung: int, **others: int | str) -> Answers:
    """Every handoff item on one rung, except for those that are named."""
    return {id: others.get(id, rung) for id in HANDOFF_ITEMS}


def lately(*symptoms: str, done: tuple[str, ...] = ("social_post", "proposal")) -> Answers:
    """What bothers the owner, and the cards done in the last 30 days."""
    return {"symptoms": symptoms, "done_last_30_days": done}


def numbers(leads: str = "20_49", buy: str = "2_3", value: int = 1200) -> Answers:
    """The numbers for the money range."""
    return {"leads_per_month": leads, "buy_of_ten": buy, "first_sale_value": value}


def _without(answers: Answers, *ids: str) -> Answers:
    return {id: answer for id, answer in answers.items() if id not in ids}


SOLO_STARTER = Persona(
    id="solo_starter",
    who="A house painter in the second year, alone, busy, with everything in the phone.",
    mode="solo",
    path="conversation",
    archetype="one_hat_one_bucket",
    answers=profile(buyers="people")
    | sorted_cards(right=8)
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
    answers=profile(buyers="businesses")
    | sorted_cards()
    | lately(done=("social_post", "newsletter", "proposal", "quote_callback"))
    | separation(3)
    | handoff(3, first_reply=4)
    | numbers(leads="10_19", buy="6_7", value=900),
)

TWO_SILOS = Persona(
    id="two_silos",
    who="A software firm with an agency for marketing and a salesman; the two never talk.",
    mode="team",
    path="conversation",
    archetype="two_silos",
    answers=profile("agency", "staff", buyers="businesses")
    | sorted_cards()
    | lately("poor_leads", done=("cold_ad", "newsletter", "demo", "proposal"))
    | separation(2, marketing_measure=3, sales_measure=3)
    | handoff(
        1,
        lead_definition=0,
        handoff_moment=0,
        lead_list=2,
        lead_source=2,
        first_reply=2,
    )
    | {"buyer_words": 0, "won_by_source": 0, "joint_review": 0, "review_outcome": 0}
    | numbers(leads="50_99", buy="2_3", value=8000),
)

BATON_ON_THE_FLOOR = Persona(
    id="baton_on_the_floor",
    who="A roofing firm of nine: good ads, one monthly talk, and leads that wait for days.",
    mode="team",
    path="conversation",
    archetype="baton_on_the_floor",
    answers=profile("staff", "several", buyers="people")
    | sorted_cards(right=11)
    | lately(
        "not_enough_leads",
        "leads_go_quiet",
        done=("cold_ad", "sponsorship", "proposal"),
    )
    | separation(2, marketing_goal=3)
    | handoff(2, lead_list=0, lead_source=1, first_reply=1, after_hours=0)
    | {
        "follow_up": 0,
        "clear_answers": 0,
        "not_now": 1,
        "funnel_counts": 1,
        "lost_reasons": 1,
    }
    | numbers(leads="20_49", buy="2_3", value=1200),
)

CORNER_SHOP = Persona(
    id="corner_shop",
    who="A furniture shop on the high street: people walk in, and the family serves them.",
    mode="team",
    path="counter",
    archetype="good_legs_loose_grip",
    answers=_without(
        profile("me", "several", "counter", buyers="people")
        | sorted_cards(right=10)
        | lately("feast_or_famine", done=("social_post", "be_found", "demo"))
        | separation(2, busy_week=1)
        | handoff(2, first_reply=3, follow_up=1)
        | numbers(leads="100_199", buy="4_5", value=350),
        "lead_context",
    ),
)

WEB_STORE = Persona(
    id="web_store",
    who="A tea seller alone behind a web store: orders run by themselves, nothing else is planned.",
    mode="solo",
    path="checkout",
    archetype="fast_hands_no_lanes",
    answers=_without(
        profile("me", "website", buyers="people")
        | sorted_cards(right=7)
        | lately("do_not_know_what_works", done=("social_post", "retargeting_ad"))
        | separation(1, marketing_goal=0)
        | handoff(2, first_reply=4, follow_up=3)
        | numbers(leads="200_or_more", buy="0_1", value=38),
        "not_now",
    ),
)

FIRST_CUSTOMERS = Persona(
    id="first_customers",
    who="Three friends who start a catering firm and share every job; three customers so far.",
    mode="team",
    path="conversation",
    archetype="all_running_no_lanes",
    answers=_without(
        profile("several", "several", "mix", customers_so_far="under_five")
        | sorted_cards(right=9)
        | lately("not_enough_leads", done=())
        | separation(1, patience=0)
        | handoff(1, first_reply=3)
        | numbers(leads="under_5", buy="4_5", value=600),
        "lead_source",
        "clear_answers",
    ),
)

MOSTLY_UNKNOWN = Persona(
    id="mostly_unknown",
    who="A dentist who leaves all of it to the front desk and cannot say how it goes.",
    mode="team",
    path="conversation",
    archetype="running_in_the_dark",
    answers=profile("staff", "staff", buyers="people")
    | sorted_cards(right=4)
    | lately("do_not_know_what_works", done=())
    | separation(1, patience="unknown")
    | handoff(1)
    | {id: "unknown" for id in HANDOFF_ITEMS if id in UNKNOWN_OFFERED},
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
