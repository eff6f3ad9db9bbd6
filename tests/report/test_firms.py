"""Twelve firms, and what their owners read: the advice fits them, and nothing in it is untrue."""

import re
from datetime import date

import pytest

from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.questionnaire.questions import Answer
from consult.report.build import build_report
from consult.scoring.scorecard import Scorecard
from tests.report.samples import firm_report, firm_walk
from tests.support.firms import FIRMS, Firm
from tests.support.strategies import BRANCHES, answered

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


@EVERY_FIRM
def test_a_firm_gets_the_advice_that_fits_it(firm: Firm) -> None:
    card, report = Scorecard(firm_walk(firm).on_path), firm_report(firm)
    assert (report.mode, report.path) == (firm.mode, firm.path)
    assert report.archetype.id == firm.archetype
    assert tuple(step.id for step in report.plan) == firm.steps
    advice = card.recommendation
    assert (advice.reason or advice.recommended, advice.topic) == (firm.consult, firm.topic)
    again = report.check_again_on(date(2026, 11, 28))
    assert again == (date(2027, 11, 28) if firm.consult == "not_now" else date(2027, 2, 26))


def test_half_of_the_firms_took_the_quick_look() -> None:
    assert [firm.depth for firm in FIRMS.values()].count("quick") == len(FIRMS) / 2
    assert {firm.path for firm in FIRMS.values()} == {"conversation", "counter", "checkout"}


@EVERY_FIRM
def test_name_picture_and_words_agree(firm: Firm) -> None:
    report = firm_report(firm)
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


FRAMED = {
    "Q3": "need each other",
    "Q4": "pays to look at how they run",
    "Q5": "planned or not",
    "Q13": "relay team",
    "Q15": "the two talk",
    "Q16": "neither is responsible",
    "Q17": "consult",
}
"""Claims of the source that the result makes around the five lines of the two jobs, and how."""


@pytest.mark.parametrize("branch", BRANCHES, ids=lambda branch: "-".join(map(str, branch.values())))
def test_a_quick_look_finds_every_claim_of_the_source(branch: dict[str, Answer]) -> None:
    report = build_report(walk(newest(), answered(branch, "quick", "lowest"), "quick"))
    assert report.jobs is not None
    framed = (report.jobs.intro, report.jobs.together, report.consult.button)
    said = {claim for claim, words in FRAMED.items() if any(words in text for text in framed)}
    assert said == set(FRAMED)
    lines = [line for axis in report.axes for part in axis.dimensions for line in part.lines]
    on_items = {claim for line in lines for claim in line.claims}
    in_table = {claim for line in newest().structure.roles.jobs.values() for claim in line.claims}
    assert len(report.jobs.lines) == 5
    assert said | on_items | in_table == {f"Q{number}" for number in range(1, 18)}


@EVERY_FIRM
def test_a_shop_reads_of_no_lead(firm: Firm) -> None:
    report = firm_report(firm)
    read = [report.archetype.says, *(axis.means for axis in report.axes)]
    read += [trouble.says for trouble in report.troubles]
    read += [found.text for found in (*report.contradictions, *report.flags)]
    for step in report.plan:
        read += [*step.reasons, step.why, step.start, step.next, step.aim, step.proof]
        read += [step.tool, step.tool_text]
    read += [line.sales for line in report.jobs.lines] if report.jobs else []
    if firm.path != "conversation":
        assert not [text for text in read if re.search(r"\bleads?\b", text, re.IGNORECASE)]


@EVERY_FIRM
def test_the_plan_quotes_a_trouble_once(firm: Firm) -> None:
    reasons = " ".join(reason for step in firm_report(firm).plan for reason in step.reasons)
    for trouble in firm_report(firm).troubles:
        assert reasons.count(f"“{trouble.name}") <= 1
    assert reasons.count("comes first") <= 1
