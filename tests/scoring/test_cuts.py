"""Where the lines are drawn: bands, too much unknown, weak legs and the eleven names."""

from fractions import Fraction

import pytest

from consult.questionnaire.questions import Axis
from consult.scoring.archetypes import Leg, Legs, archetype_of, legs_of, mean_of, weakest_exchange
from consult.scoring.axis import AxisScore, Line, ScoredItem
from tests.support.example_firms import card
from tests.support.strategies import EDITION

TOTAL = 3_000_000
JUST = Fraction(1, 10_000)
DIMENSIONS = {dimension.id: dimension for dimension in EDITION.dimensions}
ROLES = EDITION.structure.roles
TALK, RUN = ROLES.talking, ROLES.acting


def axis_at(
    score: Fraction | float, axis: Axis = "separation", unknown: int = 0, **twelfths: int
) -> AxisScore:
    """An axis with exactly this score, ``unknown`` of its `TOTAL` shares unknown.

    ``twelfths`` are the points of single dimensions of next to no weight.
    """
    filler = "lead_story" if axis == "handoff" else "own_goals"

    def line(dimension: str, share: int, points: int, unknown: bool = False) -> Line:
        item = ScoredItem(dimension, DIMENSIONS[dimension], share, TOTAL, 3, ())
        return Line(item, None, unknown, points)

    parts = [line(dimension, 1, points) for dimension, points in twelfths.items()]
    earned = Fraction(score) * TOTAL * 12 / 100 - sum(twelfths.values())
    full, rest = divmod(earned, 12)
    assert rest.denominator == 1, "not a score that can be made exactly"
    parts += [line(filler, int(full), 12), line(filler, 1, int(rest))]
    parts += [line(filler, unknown, 0, unknown=True)] if unknown else []
    missing = TOTAL - sum(part.item.share for part in parts)
    made = AxisScore(axis, (*parts, line(filler, missing, 0)))
    assert made.confirmed == score
    return made


def handoff_at(score: Fraction | float, talk: int = 6, run: int = 6) -> AxisScore:
    return axis_at(score, "handoff", **dict.fromkeys(TALK, talk), **dict.fromkeys(RUN, run))


def legs_at(marketing: Fraction | float, handoff: AxisScore, sales: Fraction | float) -> Legs:
    return (
        Leg("marketing", Fraction(marketing), Fraction(100)),
        Leg("handoff", handoff.confirmed, handoff.possible),
        Leg("sales", Fraction(sales), Fraction(100)),
    )


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, "blended"),
        (25 - JUST, "blended"),
        (25, "blurred"),
        (50 - JUST, "blurred"),
        (50, "marked"),
        (75 - JUST, "marked"),
        (75, "clear"),
        (100 - JUST, "clear"),
    ],
)
def test_a_band_begins_at_its_cut(score: Fraction, band: str) -> None:
    assert axis_at(score).band == band


def test_a_third_unknown_is_too_much_and_a_little_less_is_not() -> None:
    third = axis_at(50, unknown=TOTAL // 3)
    in_handoff = axis_at(50, "handoff", TOTAL // 3, lead_capture=0)
    assert third.band == in_handoff.band == "too_much_unknown"
    for separation, handoff in ((third, handoff_at(90)), (axis_at(90), in_handoff)):
        legs = legs_at(90, handoff, 90)
        assert archetype_of(separation, handoff, legs, True, ROLES) == "running_in_the_dark"
    assert axis_at(50, unknown=TOTAL // 3 - 1).band == "marked"


def test_the_share_of_unknowns_is_by_weight() -> None:
    made = axis_at(40, unknown=900_000)
    assert made.unknown_share == Fraction(3, 10)
    assert made.possible == 70


def test_a_part_is_unknown_when_any_of_its_answers_is() -> None:
    parts = {part.id: part.unknown for part in card(first_reply="unknown").handoff.dimensions}
    assert [id for id, unknown in parts.items() if unknown] == ["reply_speed"]
    assert not any(part.unknown for part in card().separation.dimensions)


NAMES = [
    # separation, marketing leg, handoff, sales leg, twelfths of talk and run, solo -> name
    (90, 90, 90, 90, 6, 6, True, "well_rehearsed_relay"),
    (75, 50, 75, 50, 6, 6, False, "well_rehearsed_relay"),
    (90, 90, 90, 90, 6, 5, True, "good_legs_loose_grip"),
    (75 - JUST, 90, 90, 90, 6, 6, True, "good_legs_loose_grip"),
    (90, 90, 75 - JUST, 90, 6, 6, True, "good_legs_loose_grip"),
    (40, 50, 50, 50, 6, 6, True, "good_legs_loose_grip"),
    (60, 50, 50 - JUST, 50, 6, 6, False, "baton_on_the_floor"),
    (60, 60, 40, 60, 7, 6, False, "baton_on_the_floor"),
    (60, 60, 40, 60, 5, 6, False, "two_silos"),
    (60, 60, 40, 60, 5, 6, True, "baton_on_the_floor"),
    (60, 50 - JUST, 50, 50, 6, 6, True, "waiting_for_the_baton"),
    (90, 40, 90, 90, 6, 6, True, "waiting_for_the_baton"),
    (60, 50, 50, 50 - JUST, 6, 6, False, "no_last_leg"),
    (60, 50 - JUST, 50, 50 - JUST, 6, 6, False, "fast_hands_no_lanes"),
    (60, 40, 40, 50, 5, 6, False, "one_strong_leg"),
    (60, 50, 40, 40, 5, 6, True, "one_strong_leg"),
    (90, 40, 40, 40, 6, 6, True, "one_hat_one_bucket"),
    (90, 40, 40, 40, 5, 6, False, "all_running_no_lanes"),
]


@pytest.mark.parametrize(
    ("separation", "marketing", "handoff", "sales", "talk", "run", "solo", "name"), NAMES
)
def test_weak_legs_name_the_firm(
    separation: Fraction,
    marketing: Fraction,
    handoff: Fraction,
    sales: Fraction,
    talk: int,
    run: int,
    solo: bool,
    name: str,
) -> None:
    between = handoff_at(handoff, talk, run)
    legs = legs_at(marketing, between, sales)
    assert archetype_of(axis_at(separation), between, legs, solo, ROLES) == name


def test_a_leg_is_the_mean_of_its_own_answers_and_an_unknown_counts_0() -> None:
    made = card(separation=3, marketing_goal=1, patience="unknown", sales_steps=0, handoff=2)
    marketing, handoff, sales = made.legs
    assert (marketing.confirmed, marketing.possible) == (
        Fraction(1600, 3) / 7,
        Fraction(1900, 3) / 7,
    )
    assert (handoff.confirmed, handoff.possible) == (made.handoff.confirmed, made.handoff.possible)
    assert sales.confirmed == sales.possible == 80
    assert made.legs == legs_of(made.separation, made.handoff, ROLES)


@pytest.mark.parametrize("dropped", ["lead_capture", "reply_speed", "persistence"])
def test_one_exchange_below_fifty_is_enough_to_miss_the_best_name(dropped: str) -> None:
    others = {id: 12 for id in RUN if id != dropped}

    def name(points: int) -> str:
        handoff = axis_at(90, "handoff", **others, **{dropped: points}, lead_meaning=12)
        return archetype_of(axis_at(90), handoff, legs_at(90, handoff, 90), True, ROLES)

    assert name(6) == "well_rehearsed_relay"
    assert name(5) == "good_legs_loose_grip"


def test_a_mean_is_that_of_the_parts_that_apply() -> None:
    handoff = handoff_at(40, talk=3, run=9)
    assert mean_of(handoff, TALK) == 25
    assert mean_of(handoff, ("feedback", "persistence")) == 50
    assert mean_of(handoff, ("feedback", "recycling")) == 25


@pytest.mark.parametrize("quiet", TALK)
@pytest.mark.parametrize("running", RUN)
def test_talk_is_a_mean_over_three_parts_and_so_is_running(quiet: str, running: str) -> None:
    def name(**changed: int) -> str:
        points = dict.fromkeys((*TALK, *RUN), 6) | changed
        handoff = axis_at(40, "handoff", **points)
        return archetype_of(axis_at(60), handoff, legs_at(60, handoff, 60), False, ROLES)

    assert name(**{quiet: 5}) == name(**{running: 7}) == "two_silos"
    assert name(**{quiet: 5, running: 5}) == "baton_on_the_floor"


def test_a_firm_whose_talk_was_not_asked_about_is_never_two_silos() -> None:
    silent = axis_at(40, "handoff", lead_meaning=0, feedback=0, **dict.fromkeys(RUN, 6))
    legs = legs_at(60, silent, 60)
    assert archetype_of(axis_at(60), silent, legs, False, ROLES) == "baton_on_the_floor"


def test_the_weakest_exchange_is_the_lowest_and_of_equals_the_first() -> None:
    critical = [dimension.id for dimension in EDITION.dimensions if dimension.critical]
    assert card(handoff=0).weakest_exchange.id == critical[0]
    for id in critical:
        points = dict.fromkeys(critical, 7) | {id: 6}
        assert weakest_exchange(axis_at(60, "handoff", **points)).id == id
