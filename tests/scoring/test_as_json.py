"""The scorecard as JSON: one example written out, and what stands there without a result."""

from typing import Any

import pytest

from consult.questionnaire import read_answers
from consult.scoring import score, scorecard_json
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
PRINTED: dict[str, Any] = scorecard_json(FIRM, currency="EUR")


def without_details(axis: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in axis.items() if key not in ("dimensions", "lines")}


def test_the_head_says_which_edition_was_answered_and_how() -> None:
    head = ("edition", "depth", "mode", "path", "complete", "missing", "ignored")
    assert {key: PRINTED[key] for key in head} == {
        "edition": "2026-12",
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
        "near": None,
        "unknown_share": 0.0,
    }
    assert without_details(PRINTED["handoff"]) == {
        "confirmed": pytest.approx(2 / 3 * 100 - 7.5),  # 2.5 and 5 short of two thirds
        "possible": pytest.approx(2 / 3 * 100),
        "band": "passed",
        "near": None,
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
    start = PRINTED["handoff"]["confirmed"]
    assert (PRINTED["archetype"], PRINTED["near_archetype"]) == ("good_legs_loose_grip", None)
    assert PRINTED["weakest_exchange"] == "reply_speed"
    assert PRINTED["contradictions"] == ["poor_leads_undefined"]
    assert PRINTED["flags"] == ["no_first_runner"]
    first, second, third = PRINTED["plan"]
    assert first == PRINTED["best_change"]
    assert first == {
        "id": "first_reply",
        "from": 0,
        "to": 4,
        "axis": "handoff",
        "before": start,
        "after": pytest.approx(start + 7.5),
    }
    assert second == {
        "id": "lead_definition",
        "from": 1,
        "to": 3,
        "axis": "handoff",
        "before": pytest.approx(start + 7.5),
        "after": pytest.approx(start + 12.5),
    }
    assert (third["id"], third["axis"], third["from"]) == ("marketing_owner", "separation", 2)
    assert PRINTED["consult"] == {"recommended": "optional", "topic": "reply_speed"}


def test_the_arithmetic_of_the_money_range_is_printed_step_by_step() -> None:
    assert "money_refused" not in PRINTED
    assert PRINTED["money"] == {
        "low": pytest.approx(40 * 0.2 * 0.2 * 0.25 * 1200.5),
        "high": pytest.approx(40 * 0.3 * 0.3 * 0.75 * 1200.5),
        "currency": "EUR",
        "steps": [
            "leads a month: 40 to 40",
            "of ten, without a clear answer: 2 to 3",
            "so leads a month without a clear answer: 8 to 12",
            "of ten that are talked with, buy: 2 to 3",
            "leads without an answer may buy 25% to 75% as often as the others (our assumption)",
            "so sales a month: 0.4 to 2.7",
            "first sale: 1200.5 EUR",
            "so a month, in EUR: 480.2 to 3241.35",
        ],
    }


def test_a_refused_range_gives_its_reason_and_dollars_are_the_default() -> None:
    refused = scorecard_json(card())
    assert (refused["money"], refused["money_refused"]) == (None, "numbers_missing")
    in_dollars: dict[str, Any] = scorecard_json(FIRM)
    assert in_dollars["money"]["currency"] == "USD"


def test_with_everything_at_the_top_there_is_no_change_to_make() -> None:
    top = scorecard_json(card(separation=3, handoff=3, first_reply=4))
    assert (top["best_change"], top["plan"]) == (None, [])
    assert top["consult"] == {"recommended": "not_now", "topic": None}


def test_whoever_asks_may_change_what_they_got() -> None:
    mine: dict[str, Any] = scorecard_json(FIRM)
    mine["handoff"]["lines"][0]["claims"].append("mine")
    mine["handoff"]["lines"][0]["rung"] = mine["handoff"]["dimensions"][0]["weight"] = 99
    assert scorecard_json(FIRM, currency="EUR") == PRINTED


def test_unfinished_answers_get_nothing_imputed() -> None:
    answers = read_answers(EDITION, {"marketing_by": "agency", "not_now": 2, "selling_by": "me"})
    way = walked({**answers, "buying_path": "checkout"}, "quick")
    nothing = dict.fromkeys(["confirmed", "possible", "band", "near", "unknown_share"])
    printed = scorecard_json(score(way.on_path))
    assert printed == {
        "edition": "2026-12",
        "depth": "quick",
        "mode": "team",
        "path": "checkout",
        "complete": False,
        "missing": list(way.missing),
        "ignored": ["not_now"],
        "separation": {**nothing, "dimensions": [], "lines": []},
        "handoff": {**nothing, "dimensions": [], "lines": []},
        "archetype": None,
        "near_archetype": None,
        "weakest_exchange": None,
        "contradictions": [],
        "flags": [],
        "best_change": None,
        "plan": [],
        "money": None,
        "money_refused": "incomplete",
        "consult": None,
    }
