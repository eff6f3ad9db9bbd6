"""Five scorecards worked out by hand from the text of the rules, and not from the code."""

from fractions import Fraction
from typing import Any

import pytest

from consult.questionnaire.journey import walk
from consult.questionnaire.questionnaire import read_answers
from consult.questionnaire.questions import Depth
from consult.scoring.as_json import scorecard_json
from tests.support.strategies import EDITION

CONVERSATION = {"buying_path": "conversation", "customers_so_far": "five_or_more"}
SOLO = {"marketing_by": "me", "selling_by": "me", **CONVERSATION}
TEAM = {"marketing_by": "agency", "selling_by": "staff", **CONVERSATION}
ITEMS = {
    axis: [id for d in EDITION.dimensions if d.axis == axis for id in d.items]
    for axis in ("separation", "handoff")
}


def printed(
    depth: Depth, profile: dict[str, Any], separation: int, handoff: int, **changes: Any
) -> dict[str, Any]:
    """The scorecard of a firm with one rung on each axis but for the changes; all cards right."""
    answers: dict[str, Any] = dict(profile)
    for question in EDITION.questions.values():
        if question.kind == "sort":
            answers[question.id] = question.answer if question.answer != "either" else "sales"
    answers |= dict.fromkeys(ITEMS["separation"], separation)
    answers |= dict.fromkeys(ITEMS["handoff"], handoff) | changes
    return scorecard_json(walk(EDITION, read_answers(EDITION, answers), depth).on_path)


def step(id: str, rung: int, top: int, *because: str) -> dict[str, Any]:
    return {"id": id, "from": rung, "next": rung + 1, "to": top, "because": list(because)}


def holds(card: dict[str, Any], **expected: Any) -> None:
    """Compare what is said of both axes and the legs as fractions, and the rest as it is."""
    for axis in ("separation", "handoff"):
        confirmed, possible, band = expected.pop(axis)
        assert card[axis]["confirmed"] == pytest.approx(float(confirmed), abs=1e-9)
        assert card[axis]["possible"] == pytest.approx(float(possible), abs=1e-9)
        assert card[axis]["band"] == band
    legs = dict(
        zip(("marketing", "handoff", "sales"), map(float, expected.pop("legs")), strict=True)
    )
    assert card["legs"] == pytest.approx(legs, abs=1e-9)
    assert {key: card[key] for key in expected} == expected


def test_a_middling_firm() -> None:
    """Two of three everywhere, the next day for a first reply (50).

    Separation: 90 of 100 weigh 66.7, cards and purpose (10) 83.3: 205/3. Handoff: the reply's
    dimension is 58.3, the others 66.7: 66.7 - 15% of 8.3 = 785/12. Lost: own_goals and
    fair_measures 6.67 each, reply_speed 6.25, then 5 and less.
    """
    holds(
        printed("full", SOLO, 2, 2),
        separation=(Fraction(205, 3), Fraction(205, 3), "marked"),
        handoff=(Fraction(785, 12), Fraction(785, 12), "passed"),
        legs=(Fraction(200, 3), Fraction(785, 12), Fraction(200, 3)),
        mode="solo",
        archetype="good_legs_loose_grip",
        weakest_exchange="reply_speed",
        troubles=[],
        contradictions=[],
        flags=[],
        plan=[
            step("marketing_goal", 2, 3, "most_lost"),
            step("marketing_measure", 2, 3, "most_lost"),
            step("first_reply", 2, 4, "most_lost"),
        ],
        money=None,
        money_refused="numbers_missing",
        consult={"recommended": "optional", "topic": "own_goals", "reason": None},
    )


def test_a_firm_at_the_bottom_whose_leads_go_quiet() -> None:
    """All at 0 on a quick check. Handoff weighs 70 there, so each 15 lost is 150/7.

    The trouble makes reply_speed and persistence 1.5 x 150/7, ahead of all others. Follow-up rests
    on a list, so the list comes before it, and then follow-up itself.
    """
    wrong = {"marketing": "sales", "sales": "marketing"}
    cards = {
        question.id: wrong[question.answer]
        for question in EDITION.questions.values()
        if question.answer in wrong
    }
    holds(
        printed("quick", TEAM, 0, 0, symptoms=["leads_go_quiet"], **cards),
        separation=(0, 0, "blended"),
        handoff=(0, 0, "dropped"),
        legs=(0, 0, 0),
        mode="team",
        archetype="all_running_no_lanes",
        weakest_exchange="lead_meaning",
        troubles=[{"id": "leads_go_quiet", "points_to": "reply_speed", "explained": True}],
        contradictions=[],
        plan=[
            step("first_reply", 0, 4, "trouble:leads_go_quiet"),
            step("lead_list", 0, 3, "trouble:leads_go_quiet", "groundwork:follow_up"),
            step("follow_up", 0, 3, "trouble:leads_go_quiet"),
        ],
        consult={"recommended": "yes", "topic": "leads_go_quiet", "reason": None},
    )


def test_two_that_do_not_talk() -> None:
    """Separation at its best. Handoff: 0 where they talk, a third elsewhere, the reply at 25.

    15% of 33.3 (capture) + 15% of 29.2 (reply) + 5% of 33.3 (story) + 15% of 33.3 (persistence) +
    5% of 33.3 (recycling) + 10% of 33.3 (leaks) = 505/24. Lost: lead_meaning 15, reply_speed
    10.6, then four times 10; the talk takes the third place.
    """
    silent = dict.fromkeys(
        (
            *("lead_definition", "handoff_moment", "buyer_words", "won_by_source"),
            *("joint_review", "review_outcome"),
        ),
        0,
    )
    holds(
        printed("full", TEAM, 3, 1, **silent),
        separation=(100, 100, "clear"),
        handoff=(Fraction(505, 24), Fraction(505, 24), "dropped"),
        legs=(100, Fraction(505, 24), 100),
        archetype="two_silos",
        weakest_exchange="lead_meaning",
        contradictions=["numbers_without_source"],
        plan=[
            step("lead_definition", 0, 3, "most_lost"),
            step("first_reply", 1, 4, "most_lost"),
            step("joint_review", 0, 3, "most_lost"),
        ],
        consult={"recommended": "yes", "topic": "lead_meaning", "reason": None},
    )


def test_a_plan_that_starts_on_the_lower_side() -> None:
    """Separation 205/3 as above. Handoff lacks the 15 of lead_capture alone: 85.

    lead_capture lost most, but Separation is lower by more than 5, so its first dimension goes
    first. Marketing's measure would rest on lead_source, whose dimension has a step already, so
    named_owners is next, with 5 lost.
    """
    holds(
        printed("full", SOLO, 2, 3, first_reply=4, lead_list=0, lead_source=0),
        separation=(Fraction(205, 3), Fraction(205, 3), "marked"),
        handoff=(85, 85, "smooth"),
        legs=(Fraction(200, 3), 85, Fraction(200, 3)),
        archetype="good_legs_loose_grip",
        weakest_exchange="lead_capture",
        contradictions=["rule_without_list"],
        plan=[
            step("marketing_goal", 2, 3, "lower:separation"),
            step("lead_list", 0, 3, "most_lost"),
            step("marketing_owner", 2, 3, "most_lost"),
        ],
        consult={"recommended": "optional", "topic": "own_goals", "reason": None},
    )


def test_a_young_shop_with_an_unknown() -> None:
    """A quick check of a shop with few customers; Handoff weighs 70 without two items.

    15 x 100 + 15 x 33.3 + 15 x 0 + 15 x 66.7 + 10 x 100 over 70 = 400/7, and 550/7 if the unknown
    turns out well. lead_capture lost 100/7 x 1.5 and reply_speed 150/7, which is the same, so the
    edition's order decides.
    """
    shop = SOLO | {"buying_path": "counter", "customers_so_far": "under_five"}
    holds(
        printed(
            "quick",
            shop,
            3,
            3,
            lead_list=1,
            first_reply="unknown",
            follow_up=2,
            symptoms=["not_enough_leads"],
        ),
        path="counter",
        separation=(100, 100, "clear"),
        handoff=(Fraction(400, 7), Fraction(550, 7), "passed"),
        legs=(100, Fraction(400, 7), 100),
        archetype="good_legs_loose_grip",
        weakest_exchange="reply_speed",
        troubles=[{"id": "not_enough_leads", "points_to": "lead_capture", "explained": True}],
        contradictions=["rule_without_list"],
        plan=[
            step("lead_list", 1, 3, "trouble:not_enough_leads"),
            step("first_reply", 0, 3, "most_lost"),
            step("follow_up", 2, 3, "most_lost"),
        ],
        money=None,
        money_refused="not_for_this_path",
        consult={"recommended": "optional", "topic": "not_enough_leads", "reason": "early"},
    )
