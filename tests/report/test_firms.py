"""Twelve firms, and what their owners read: the advice fits them, and nothing in it is untrue."""

import pytest

from consult.questionnaire import Walk, read_answers, walk
from consult.questionnaire.editions import newest
from consult.report.build import build_report
from consult.report.report import Report
from consult.scoring import scorecard_of
from tests.support.firms import FIRMS, Firm

EVERY_FIRM = pytest.mark.parametrize("firm", FIRMS.values(), ids=FIRMS)

WEAK_LEGS = {
    "well_rehearsed_relay": set(),
    "good_legs_loose_grip": set(),
    "two_silos": {"handoff"},
    "baton_on_the_floor": {"handoff"},
    "waiting_for_the_baton": {"marketing"},
    "no_last_leg": {"sales"},
    "fast_hands_no_lanes": {"marketing", "sales"},
    "one_hat_one_bucket": {"marketing", "handoff", "sales"},
    "all_running_no_lanes": {"marketing", "handoff", "sales"},
}


def walk_of(firm: Firm) -> Walk:
    edition = newest()
    return walk(edition, read_answers(edition, firm.payload(firm.depth)["answers"]), firm.depth)


def report_of(firm: Firm) -> Report:
    return build_report(walk_of(firm))


@EVERY_FIRM
def test_a_firm_gets_the_advice_that_fits_it(firm: Firm) -> None:
    card, report = scorecard_of(walk_of(firm).on_path), report_of(firm)
    assert (report.mode, report.path) == (firm.mode, firm.path)
    assert report.archetype.id == firm.archetype
    assert tuple(step.id for step in report.plan) == firm.steps
    advice = card.recommendation
    assert (advice.reason or advice.recommended, advice.topic) == (firm.consult, firm.topic)


def test_the_firms_are_of_every_kind() -> None:
    assert {firm.archetype for firm in FIRMS.values()} == {*WEAK_LEGS, "one_strong_leg"} | {
        "running_in_the_dark"
    }
    assert {firm.path for firm in FIRMS.values()} == {"conversation", "counter", "checkout"}
    assert [firm.depth for firm in FIRMS.values()].count("quick") == len(FIRMS) / 2


@EVERY_FIRM
def test_name_picture_and_words_agree(firm: Firm) -> None:
    report = report_of(firm)
    relay = report.relay
    states = {"marketing": relay.marketing, "handoff": relay.exchange, "sales": relay.sales}
    weak = {leg for leg, state in states.items() if state == "weak"}
    if firm.archetype in WEAK_LEGS:
        assert weak == WEAK_LEGS[firm.archetype]
    elif firm.archetype == "one_strong_leg":
        assert "handoff" in weak
        assert len(weak) == 2
    if weak:
        assert report.consult.recommended != "not_now"
