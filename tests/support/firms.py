"""Twelve firms as their owners would answer: what the second edition's advice is judged by.

Each firm answers every question on its path, so that it can be scored at both depths; `depth` is
how far its owner went. What is stated of a firm holds at that depth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.personas import (
    Depth,
    Persona,
    handoff,
    lately,
    numbers,
    one_lead,
    profile,
    separation,
    sorted_cards,
)


@dataclass(frozen=True, kw_only=True)
class Firm(Persona):
    """A firm and what a good consultant would tell its owner on the phone."""

    depth: Depth
    steps: tuple[str, ...] = field(repr=False)
    """The plan, the first step first."""
    consult: str
    topic: str


_FIRMS = (
    Firm(
        id="sole_trader",
        who="A handyman, alone, living on word of mouth; he has never done any marketing.",
        depth="quick",
        mode="solo",
        path="conversation",
        archetype="one_hat_one_bucket",
        steps=("marketing_owner", "marketing_goal", "marketing_measure"),
        consult="yes",
        topic="feast_or_famine",
        given=profile("nobody", "me", buyers="people")
        | sorted_cards(unsure=3)
        | lately("feast_or_famine", "no_time", done=("proposal", "quote_callback"))
        | separation(0, sales_owner=2, sales_goal=1, sales_measure=1, slow_month=1)
        | {"sales_list": 1, "sales_steps": 1, "audience": 1, "patience": "unknown"}
        | handoff(1, lead_list=0, lead_source=2, first_reply=3, follow_up=1, clear_answers=1)
        | {"promise_match": 2, "not_now": 0, "joint_review": 0, "review_outcome": 0}
        | {"funnel_counts": 0, "buyer_words": 0, "own_words": "Work in January, not just June."},
    ),
    Firm(
        id="dental_practice",
        who="Two dentists; the front desk posts and answers the phone, and no one counts.",
        depth="full",
        mode="team",
        path="conversation",
        archetype="running_in_the_dark",
        steps=("lead_source", "marketing_goal", "marketing_measure"),
        consult="yes",
        topic="not_enough_leads",
        given=profile("staff", "staff", buyers="people")
        | sorted_cards(unsure=4)
        | lately("not_enough_leads", "do_not_know_what_works", done=("social_post", "be_found"))
        | separation(1, marketing_owner=2, sales_owner=1, sales_goal=0, slow_month=2)
        | {"patience": "unknown", "marketing_measure": 1, "sales_steps": 2, "busy_week": 1}
        | handoff(1, lead_list=2, lead_source="unknown", first_reply=4, after_hours=2)
        | {"lead_context": "unknown", "promise_match": 2, "follow_up": "unknown"}
        | {"clear_answers": "unknown", "not_now": "unknown", "won_by_source": "unknown"}
        | {"joint_review": 1, "review_outcome": 1}
        | numbers(leads="20_49", buy="6_7", value=350),
    ),
    Firm(
        id="it_firm",
        who="Managed IT for offices: an agency for marketing, and one salesman who hears nothing.",
        depth="full",
        mode="team",
        path="conversation",
        archetype="two_silos",
        steps=("lead_definition", "buyer_words", "joint_review"),
        consult="yes",
        topic="poor_leads",
        given=profile("agency", "staff", buyers="businesses")
        | sorted_cards(unsure=1)
        | lately("poor_leads", "cannot_close", done=("cold_ad", "newsletter", "proposal"))
        | separation(2, marketing_measure=3, sales_owner=3, sales_steps=1, budget_split=3)
        | {"sales_measure": 2, "slow_month": 0, "audience": 1, "purpose_of_each": 2}
        | handoff(1, lead_definition=0, lead_list=3, lead_source=2, first_reply=3, after_hours=1)
        | {"handoff_moment": 1, "follow_up": 2, "clear_answers": 1, "buyer_words": 0}
        | {"won_by_source": 0, "joint_review": 0, "review_outcome": 0, "funnel_counts": 2}
        | numbers(leads="20_49", buy="2_3", value=6000, new=4)
        | {"own_words": "Fewer meetings with firms that were never going to buy."},
    ),
    Firm(
        id="photographer",
        who="A wedding photographer, alone: lovely posts, and inquiries that go silent.",
        depth="quick",
        mode="solo",
        path="conversation",
        archetype="one_strong_leg",
        steps=("follow_up", "lead_definition", "marketing_goal"),
        consult="yes",
        topic="leads_go_quiet",
        given=profile(buyers="people")
        | sorted_cards(unsure=1)
        | lately("leads_go_quiet", done=("social_post", "be_found", "proposal"))
        | separation(2, marketing_owner=2, sales_owner=1, marketing_goal=1, sales_goal=1)
        | {"marketing_measure": 2, "sales_measure": 1, "slow_month": 1, "busy_week": 2}
        | {"sales_list": 1, "marketing_tests": 2, "sales_steps": 0, "patience": 1}
        | handoff(1, lead_definition=1, lead_list=1, lead_source=2, first_reply=3, after_hours=0)
        | {"follow_up": 0, "clear_answers": 0, "not_now": "unknown", "buyer_words": 2}
        | numbers(leads="10_19", buy="4_5", value=2400)
        | one_lead("social", "this_week", "two_days", "we", "quiet")
        | {"own_words": "I’d like to stop checking my phone for replies that never come."},
    ),
    Firm(
        id="candle_store",
        who="A candle maker with a web store; she posts, ships, and hopes.",
        depth="quick",
        mode="solo",
        path="checkout",
        archetype="fast_hands_no_lanes",
        steps=("marketing_goal", "lead_source", "marketing_measure"),
        consult="yes",
        topic="not_enough_leads",
        given=profile("me", "website", buyers="people")
        | sorted_cards(unsure=2)
        | lately("not_enough_leads", "do_not_know_what_works", done=("social_post", "newsletter"))
        | separation(1, marketing_owner=2, marketing_goal=0, sales_owner=1, sales_measure=1)
        | {"slow_month": 1, "busy_week": 1, "sales_list": 1, "marketing_tests": 1}
        | handoff(2, lead_definition=1, handoff_moment=2, lead_list=2, lead_source=0)
        | {"first_reply": 4, "after_hours": 1, "follow_up": 2, "clear_answers": 2}
        | {"buyer_words": 1, "won_by_source": 0, "joint_review": 1, "review_outcome": 1}
        | {"funnel_counts": 1, "lost_reasons": 0}
        | numbers(leads="50_99", buy="2_3", value=38)
        | {"own_words": "Orders from people who aren’t my friends."},
    ),
    Firm(
        id="furniture_store",
        who="A family furniture store: good floor staff, ads in spring, no names kept.",
        depth="full",
        mode="team",
        path="counter",
        archetype="all_running_no_lanes",
        steps=("lead_list", "follow_up", "marketing_goal"),
        consult="yes",
        topic="cannot_close",
        given=profile("me", "several", "counter", buyers="people")
        | sorted_cards(unsure=2)
        | lately(
            "cannot_close", "feast_or_famine", done=("social_post", "cold_ad", "ask_for_order")
        )
        | separation(1, marketing_owner=2, sales_owner=1, marketing_goal=1, sales_goal=2)
        | {"marketing_measure": 1, "sales_measure": 1, "slow_month": 1, "busy_week": 1}
        | {"budget_split": 2, "audience": 2, "sales_list": 0, "marketing_tests": 1}
        | handoff(1, lead_definition=1, handoff_moment=1, lead_list=0, lead_source=1)
        | {"first_reply": 2, "after_hours": 1, "promise_match": 2, "follow_up": 1}
        | {"clear_answers": 0, "not_now": 0, "buyer_words": 2, "won_by_source": 0}
        | {"joint_review": 1, "review_outcome": 1, "funnel_counts": 1, "lost_reasons": 1}
        | one_lead("walk_in", "this_week", "never", "nobody", "quiet"),
    ),
    Firm(
        id="machine_shop",
        who="A machine shop of thirty: two reps with full lists, and a website from 2014.",
        depth="full",
        mode="team",
        path="conversation",
        archetype="waiting_for_the_baton",
        steps=("marketing_owner", "marketing_goal", "busy_week"),
        consult="yes",
        topic="not_enough_leads",
        given=profile("nobody", "several", buyers="businesses")
        | sorted_cards(unsure=1)
        | lately("not_enough_leads", done=("quote_callback", "proposal", "prospect_list"))
        | separation(0, purpose_of_each=1, sales_owner=3, sales_goal=3, sales_measure=2)
        | {"slow_month": 2, "sales_list": 3, "sales_steps": 2, "audience": 1, "patience": "unknown"}
        | {"budget_split": 1}
        | handoff(2, lead_definition=2, handoff_moment=3, lead_list=2, lead_source=3)
        | {"first_reply": 3, "after_hours": 1, "lead_context": 2, "promise_match": 3}
        | {"follow_up": 2, "clear_answers": 2, "not_now": 1, "buyer_words": 0}
        | {"won_by_source": 1, "joint_review": 0, "review_outcome": 0, "lost_reasons": 2}
        | numbers(leads="5_9", buy="4_5", value=18000, new=3),
    ),
    Firm(
        id="law_office",
        who="A family lawyer with an agency: many calls, few of them cases she can take.",
        depth="quick",
        mode="team",
        path="conversation",
        archetype="good_legs_loose_grip",
        steps=("lead_definition", "buyer_words", "marketing_tests"),
        consult="quick",
        topic="poor_leads",
        given=profile("agency", "me", buyers="people")
        | sorted_cards(unsure=3)
        | lately("poor_leads", "no_time", done=("cold_ad", "be_found", "ask_for_order"))
        | separation(1, marketing_owner=3, sales_owner=2, marketing_goal=2, patience=2)
        | {"marketing_measure": 2, "sales_goal": 2, "sales_measure": 1, "slow_month": 2}
        | {"busy_week": 3, "audience": 1, "sales_list": 3, "sales_steps": 2}
        | handoff(1, lead_definition=1, handoff_moment=2, lead_list=3, lead_source=2)
        | {"first_reply": 3, "after_hours": 3, "lead_context": 2, "promise_match": 1}
        | {"follow_up": 1, "clear_answers": 3, "not_now": 0, "buyer_words": 1}
        | {"won_by_source": 0, "joint_review": 2, "review_outcome": 2, "lost_reasons": 2}
        | numbers(leads="50_99", buy="2_3", value=3500)
        | {"own_words": "Calls I can help with, and an evening off."},
    ),
    Firm(
        id="gym",
        who="A neighborhood gym: a manager runs ads and trials, and coaches sell when they can.",
        depth="quick",
        mode="team",
        path="conversation",
        archetype="no_last_leg",
        steps=("follow_up", "lead_definition", "first_reply"),
        consult="yes",
        topic="leads_go_quiet",
        given=profile("staff", "several", "mix", buyers="people")
        | sorted_cards()
        | lately("leads_go_quiet", "cannot_close", done=("social_post", "cold_ad", "newsletter"))
        | separation(2, marketing_goal=3, marketing_measure=3, sales_owner=1, sales_goal=2)
        | {"sales_measure": 1, "busy_week": 2, "sales_list": 1, "sales_steps": 0}
        | handoff(2, lead_definition=1, handoff_moment=2, lead_list=2, lead_source=3)
        | {"first_reply": 3, "after_hours": 1, "follow_up": 1, "clear_answers": 1}
        | numbers(leads="50_99", buy="4_5", value=90, new=12),
    ),
    Firm(
        id="landscaper",
        who="A landscaper with three crews; the office manager books, and quotes wait for him.",
        depth="full",
        mode="team",
        path="conversation",
        archetype="baton_on_the_floor",
        steps=("follow_up", "first_reply", "sales_measure"),
        consult="yes",
        topic="leads_go_quiet",
        given=profile("me", "several", buyers="both")
        | sorted_cards(unsure=2)
        | lately("leads_go_quiet", "no_time", done=("social_post", "proposal"))
        | separation(2, sales_measure=1, slow_month=1, busy_week=1, marketing_tests=1)
        | {"budget_split": 1, "patience": 1}
        | handoff(1, lead_definition=2, handoff_moment=2, lead_list=1, lead_source=2)
        | {"first_reply": 2, "after_hours": 0, "lead_context": 2, "promise_match": 2}
        | {"follow_up": 0, "clear_answers": 1, "joint_review": 2, "review_outcome": 2}
        | {"buyer_words": 2, "won_by_source": 1}
        | numbers(leads="20_49", buy="4_5", value=4800, new=6)
        | one_lead("referral", "this_month", "same_day", "we", "quiet")
        | {"own_words": "Every quote I write gets an answer, even if it’s no."},
    ),
    Firm(
        id="new_founder",
        who="A founder of a scheduling service; four customers, all of them friends of friends.",
        depth="quick",
        mode="solo",
        path="conversation",
        archetype="waiting_for_the_baton",
        steps=("marketing_goal", "follow_up", "marketing_measure"),
        consult="early",
        topic="not_enough_leads",
        given=profile(buyers="businesses", customers_so_far="under_five")
        | sorted_cards(unsure=1)
        | lately("not_enough_leads", "cannot_close", done=("social_post", "prospect_list"))
        | separation(1, marketing_owner=1, marketing_goal=0, sales_goal=2, sales_list=2)
        | {"slow_month": 0, "busy_week": 2, "marketing_tests": 1}
        | handoff(1, lead_list=2, first_reply=4, follow_up=1, buyer_words=2)
        | numbers(leads="5_9", buy="2_3", value=900)
        | {"own_words": "Ten customers I didn’t know before."},
    ),
    Firm(
        id="training_provider",
        who="Safety training for builders: one person for each job, lists, and a monthly talk.",
        depth="full",
        mode="team",
        path="conversation",
        archetype="well_rehearsed_relay",
        steps=("busy_week", "marketing_tests", "follow_up"),
        consult="not_now",
        topic="own_time_and_money",
        given=profile("staff", "staff", buyers="businesses")
        | sorted_cards()
        | lately("do_not_know_what_works", done=("newsletter", "be_found", "proposal"))
        | separation(3, marketing_goal=2, slow_month=3, busy_week=1, marketing_tests=2)
        | {"budget_split": 2, "sales_steps": 2}
        | handoff(3, first_reply=3, after_hours=2, lead_context=2, follow_up=2, clear_answers=2)
        | {"not_now": 1, "review_outcome": 2, "won_by_source": 2}
        | numbers(leads="20_49", buy="6_7", value=1900, new=15),
    ),
)

FIRMS: Mapping[str, Firm] = {firm.id: firm for firm in _FIRMS}
