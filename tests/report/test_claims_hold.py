"""What the result says of a firm is true of its answers, whatever they are.

Each text about a part of a score claims something about single answers; `LOW` and `STRONG` name
what. Change a text, and look here whether its claim is still the one that is checked.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given

from consult.questionnaire.journey import Walk, walk
from consult.questionnaire.questions import Answer, Depth, Kind
from consult.report.build import build_report
from consult.report.report import Report
from consult.scoring.axis import SORTING, DimensionScore
from consult.scoring.scorecard import Scorecard
from tests.support.strategies import BRANCHES, DEPTHS, EDITION, answered, complete_answers, offered

MOSTLY_DONE = 66
"""Points of an answer that is one step below the top of four: the habit is there."""

STRONG = {
    "distinct_jobs": {SORTING: 50},
    "lead_capture": {"lead_list": MOSTLY_DONE},
    "reply_speed": {"first_reply": 50},
    "own_time_and_money": {"busy_week": MOSTLY_DONE},
    "lead_story": {"promise_match": MOSTLY_DONE},
    "feedback": {"buyer_words": MOSTLY_DONE},
}
"""The points that a text for a strong part claims for single items; by default for all asked."""

MOSTLY = {"own_goals", "fair_measures"}
"""Texts for strong parts that say "mostly": they hold if all but one of the items are done."""


def _sorting(walked: Walk, share: int) -> dict[str, Answer]:
    """The scored cards, so many quarters of them on the right side."""
    scored = [a for a in walked.asked if a.question.kind is Kind.SORT and a.question.required]
    right = len(scored) * share // 4
    return {
        asked.id: str(asked.question.answer) if n < right else "not_sure"
        for n, asked in enumerate(scored)
    }


def _every_part_at_every_level(branch: dict[str, Answer], depth: Depth) -> Iterator[Walk]:
    """Walks in which each dimension has every combination of its answers at least once.

    Each owner names other troubles.
    """
    every_trouble = tuple(EDITION.structure.roles.plan.touches)
    base = answered(branch, depth, "highest")
    first = walk(EDITION, base, depth)
    asked = {one.id: one for one in first.asked}
    parts = [[asked[id] for id in d.items if id in asked] for d in EDITION.dimensions]
    combinations = [list(product(*(offered(one) for one in part))) for part in parts]
    for n in range(max(map(len, combinations))):
        answers = dict(base) | _sorting(first, n // 2 % 5)
        for part, choices in zip(parts, combinations, strict=True):
            answers |= dict(zip((one.id for one in part), choices[n % len(choices)], strict=True))
        answers[EDITION.structure.roles.troubles] = every_trouble[n % 5 : n % 5 + 3]
        yield walk(EDITION, answers, depth)


def _claim_of_low(part: DimensionScore) -> bool:
    """Texts for weak parts say "at least one", "some", "may" or "or": one low answer is enough."""
    return any(line.points < MOSTLY_DONE and not line.unknown for line in part.lines)


def _claim_of_strong(part: DimensionScore) -> bool:
    named = STRONG.get(part.id)
    points = {line.id: line.points for line in part.lines}
    if part.id in MOSTLY:
        return sum(value >= MOSTLY_DONE for value in points.values()) >= min(2, len(points))
    claimed = named or dict.fromkeys(points, MOSTLY_DONE)
    return all(points[id] >= least for id, least in claimed.items() if id in points)


def _check_parts(card: Scorecard, report: Report) -> None:
    shown = {part.id: part for axis in report.axes for part in axis.dimensions}
    for part in (part for axis in card.axes for part in axis.dimensions):
        if shown[part.id].state == "weak":
            assert _claim_of_low(part), part.id
        elif shown[part.id].state == "strong":
            assert _claim_of_strong(part), part.id


def _check_name(card: Scorecard, report: Report) -> None:
    legs: dict[str, bool] = {leg.id: leg.weak for leg in card.legs}
    says, name = report.archetype.says, report.archetype.id
    if name == "running_in_the_dark":
        return
    for leg, other in (("marketing", "sales"), ("sales", "marketing")):
        assert (f"that’s {leg}" in says) == (name == "one_strong_leg" and not legs[leg])
        holds = f"{leg.capitalize()} holds" in says or "so does sales" in says
        assert not (holds and legs[leg] and legs[other])
    if "Marketing holds" in says or "Marketing and sales both hold" in says:
        assert not legs["marketing"]
    if "Sales holds" in says or "so does sales" in says or "Marketing and sales both hold" in says:
        assert not legs["sales"]
    if "so does the handoff" in says or "runs smoothly" in says:
        assert not legs["handoff"]
    assert any(legs.values()) == ("weak" in says or "dropped" in says)
    if "where the two should talk" in says:
        assert report.depth == "full"
    if any(legs.values()):
        assert report.consult.recommended != "not_now"


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("branch", BRANCHES, ids=lambda branch: "-".join(map(str, branch.values())))
def test_no_text_says_more_than_the_answers(branch: dict[str, Answer], depth: Depth) -> None:
    for way in _every_part_at_every_level(branch, depth):
        card = Scorecard(way.on_path)
        report = build_report(way)
        _check_parts(card, report)
        _check_name(card, report)
        _check_troubles(card, report)


def _check_troubles(card: Scorecard, report: Report) -> None:
    low = EDITION.texts.findings["dimensions"]
    for trouble, said in zip(card.troubles, report.troubles, strict=True):
        part = trouble.points_to
        texts = [
            low[part.id]["low"],
            *(own.get("low") for own in low[part.id].get("in", {}).values()),
        ]
        if any(text and text in said.says for text in texts):
            assert _claim_of_low(part), said.says
    if report.path != "conversation":
        sentences = [said.says for said in report.troubles]
        assert "lead" not in " ".join([report.archetype.says, *sentences]).lower().split()


@given(complete_answers())
def test_the_finding_says_what_single_answers_say_and_what_the_legs_show(
    given: tuple[dict[str, Answer], Depth],
) -> None:
    way = walk(EDITION, *given)
    card = Scorecard(way.on_path)
    finding = build_report(way).finding
    texts = EDITION.texts.findings["finding"]
    lines = {line.id: (leg.weak, line) for leg in card.legs for line in leg.lines}
    parts = [
        (way.for_owner(own)[kind].lower(), kind, id)
        for kind, entries in (("good", "answers"), ("low", "answers"), ("text", "unknowns"))
        for id, own in texts[entries].items()
    ]
    parts = [part for part in parts if part[0] in finding.lower()]
    dark = card.archetype == "running_in_the_dark"
    said = Counter[str]()
    for text, kind, id in parts:
        if any(text in longer and text != longer for longer, *_ in parts):
            continue  # "what brings buyers in" is open, and also what one may know
        said[kind] += 1
        weak, line = lines[id]  # so it was asked
        assert line.unknown == (kind == "text")
        assert line.points >= 75 if kind == "good" else line.points < 50
        # In the dark, what is open is what to say, also of a leg that it may hold up.
        assert kind == "good" or weak or dark or not any(leg.weak for leg in card.legs)
    assert not (dark and said["low"])
    assert said["low"] + said["text"] or not (dark or any(leg.weak for leg in card.legs))
    for leg in card.legs:
        assert not (leg.weak and texts["holds"][leg.id] in finding.lower())
    assert texts["steady"] not in finding or not any(leg.weak for leg in card.legs)
    assert finding.endswith(".")
    assert 4 <= len(finding.split()) <= 18
    assert finding[:2] != finding[:2].lower()
