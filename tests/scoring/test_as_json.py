"""The scorecard as JSON: one example written out, and what stands there without a result."""

from typing import Any

import pytest

from consult.questionnaire.questionnaire import read_answers
from consult.scoring.as_json import scorecard_json
from tests.support.example_firms import card
from tests.support.strategies import EDITION, walked

# A middling firm that counts nothing, does not know how fast it answers, and calls leads poor
# without having said what a good one is.
FIRM = card(
    first_reply="unknown",
    lead_definition=1,
    symptoms=("poor_leads",),
    done_last_30_days=("proposal",),
    leads_per_month=40,
    buy_of_ten="2_3",
    first_sale_value=1200.5,
)
PRINTED: dict[str, Any] = scorecard_json(FIRM.answers, currency="EUR")


def without_details(axis: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in axis.items() if key not in ("dimensions", "lines")}


def test_the_head_says_which_edition_was_answered_and_how() -> None:
    head = ("edition", "depth", "mode", "path", "complete", "missing", "ignored")
    assert {key: PRINTED[key] for key in head} == {
        "edition": EDITION.name,
        "depth": "full",
        "mode": "solo",
        "path": "conversation",
        "complete": True,
        "missing": [],
        "ignored": [],
    }
    assert list(PRINTED)[: len(head)] == list(head)


def test_an_axis_gives_both_scores_its_band_and_what_is_unknown() -> None:
    assert without_details(PRINTED["separation"]) == {
        "confirmed": pytest.approx(2 / 3 * 95 + 5),  # the cards, 5 of 100, are all right
        "possible": pytest.approx(2 / 3 * 95 + 5),
        "band": "marked",
        "unknown_share": 0.0,
    }
    assert without_details(PRINTED["handoff"]) == {
        "confirmed": pytest.approx(2 / 3 * 100 - 7.5),  # 2.5 and 5 short of two thirds
        "possible": pytest.approx(2 / 3 * 100),
        "band": "passed",
        "unknown_share": 0.075,
    }


def test_dimensions_come_in_the_editions_order_with_their_weights() -> None:
    for axis in ("separation", "handoff"):
        assert [(d["id"], d["weight"]) for d in PRINTED[axis]["dimensions"]] == [
            (d.id, d.weight) for d in EDITION.dimensions if d.axis == axis
        ]
    speed = next(d for d in PRINTED["handoff"]["dimensions"] if d["id"] == "reply_speed")
    assert speed == {
        "id": "reply_speed",
        "confirmed": pytest.approx(100 / 3),
        "possible": pytest.approx(250 / 3),
        "weight": 15.0,
    }


def test_a_line_says_what_was_answered_earned_and_lost_and_what_it_rests_on() -> None:
    lines = {
        line["id"]: line for axis in ("separation", "handoff") for line in PRINTED[axis]["lines"]
    }
    assert lines["lead_definition"] == {
        "id": "lead_definition",
        "dimension": "lead_meaning",
        "rung": 1,
        "points": pytest.approx(100 / 3),
        "weight": 7.5,
        "earned": 2.5,
        "lost": 5.0,
        "claims": ["Q13", "Q15"],
    }
    assert lines["first_reply"] == {
        "id": "first_reply",
        "dimension": "reply_speed",
        "rung": "unknown",
        "points": 0.0,
        "weight": 7.5,
        "earned": 0.0,
        "lost": 7.5,
        "claims": ["Q11", "Q13"],
    }
    assert lines["sorting"] == {
        "id": "sorting",
        "dimension": "distinct_jobs",
        "rung": None,
        "points": 100.0,
        "weight": 5.0,
        "earned": 5.0,
        "lost": 0.0,
        "claims": ["Q1", "Q2", "Q3"],
    }


def test_findings_plan_and_consult_are_ids_and_unrounded_scores() -> None:
    assert PRINTED["legs"] == {
        "marketing": pytest.approx(200 / 3),
        "handoff": PRINTED["handoff"]["confirmed"],
        "sales": pytest.approx(200 / 3),
    }
    assert PRINTED["archetype"] == "good_legs_loose_grip"
    assert PRINTED["weakest_exchange"] == "reply_speed"
    assert PRINTED["contradictions"] == ["poor_leads_undefined"]
    assert PRINTED["flags"] == ["no_first_runner"]
    assert PRINTED["troubles"] == [
        {"id": "poor_leads", "points_to": "lead_meaning", "explained": True}
    ]
    # 1.5 x (5 + 2.5) points are lost in what a lead is, 7.5 + 2.5 in the first reply, and of what
    # is left, three times 6.67 in goals and measures, so these come first.
    assert [step["id"] for step in PRINTED["plan"]] == [
        "lead_definition",
        "first_reply",
        "marketing_goal",
    ]
    assert PRINTED["plan"][0] == {
        "id": "lead_definition",
        "from": 1,
        "next": 2,
        "to": 3,
        "because": ["trouble:poor_leads"],
    }
    assert PRINTED["consult"] == {"recommended": "optional", "topic": "poor_leads", "reason": None}


def test_with_everything_at_the_top_there_is_no_change_to_make() -> None:
    top = scorecard_json(card(separation=3, handoff=3, first_reply=4).answers)
    assert top["plan"] == []
    assert top["consult"] == {"recommended": "not_now", "topic": None, "reason": None}


def test_whoever_asks_may_change_what_they_got() -> None:
    mine: dict[str, Any] = scorecard_json(FIRM.answers)
    mine["handoff"]["lines"][0]["claims"].append("mine")
    mine["handoff"]["lines"][0]["rung"] = mine["handoff"]["dimensions"][0]["weight"] = 99
    assert scorecard_json(FIRM.answers, currency="EUR") == PRINTED


def test_unfinished_answers_get_nothing_imputed() -> None:
    answers = read_answers(EDITION, {"marketing_by": "agency", "not_now": 2, "selling_by": "me"})
    way = walked({**answers, "buying_path": "checkout"}, "quick")
    nothing = dict.fromkeys(["confirmed", "possible", "band", "unknown_share"])
    printed = scorecard_json(way.on_path)
    assert printed == {
        "edition": EDITION.name,
        "depth": "quick",
        "mode": "team",
        "path": "checkout",
        "complete": False,
        "missing": list(way.missing),
        "ignored": ["not_now"],
        "separation": {**nothing, "dimensions": [], "lines": []},
        "handoff": {**nothing, "dimensions": [], "lines": []},
        "legs": {"marketing": None, "handoff": None, "sales": None},
        "archetype": None,
        "weakest_exchange": None,
        "troubles": [],
        "contradictions": [],
        "flags": [],
        "plan": [],
        "money": None,
        "money_refused": "incomplete",
        "consult": None,
    }
