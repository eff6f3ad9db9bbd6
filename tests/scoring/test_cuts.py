"""Where the lines are drawn: bands, "on the line", too much unknown, and the eight names."""

from fractions import Fraction

import pytest

from consult.questionnaire import Axis
from consult.scoring import AxisScore, Line
from consult.scoring.archetypes import archetype_of, mean_of, weakest_exchange
from consult.scoring.lines import ScoredItem
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


@pytest.mark.parametrize(
    ("score", "band", "near"),
    [
        (0, "blended", None),
        (22 - JUST, "blended", None),
        (22, "blended", "blurred"),
        (25 - JUST, "blended", "blurred"),
        (25, "blurred", "blended"),
        (28, "blurred", "blended"),
        (28 + JUST, "blurred", None),
        (47 - JUST, "blurred", None),
        (47, "blurred", "marked"),
        (50 - JUST, "blurred", "marked"),
        (50, "marked", "blurred"),
        (53, "marked", "blurred"),
        (53 + JUST, "marked", None),
        (72 - JUST, "marked", None),
        (72, "marked", "clear"),
        (75 - JUST, "marked", "clear"),
        (75, "clear", "marked"),
        (78, "clear", "marked"),
        (78 + JUST, "clear", None),
        (100 - JUST, "clear", None),
    ],
)
def test_a_band_begins_at_its_cut_and_three_points_around_it_are_on_the_line(
    score: Fraction, band: str, near: str | None
) -> None:
    made = axis_at(score)
    assert (made.band, made.near) == (band, near)


def test_a_third_unknown_is_too_much_and_a_little_less_is_not() -> None:
    third = axis_at(50, unknown=TOTAL // 3)
    assert (third.band, third.near) == ("too_much_unknown", None)
    assert archetype_of(third, handoff_at(90), True, ROLES) == ("running_in_the_dark", None)
    assert archetype_of(
        axis_at(90), axis_at(50, "handoff", TOTAL // 3, lead_capture=0), True, ROLES
    ) == ("running_in_the_dark", None)
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
    # separation, handoff, points of talk and run in twelfths, solo -> name, name across the line
    (90, 90, 6, 6, True, "well_rehearsed_relay", None),
    (78 + JUST, 78 + JUST, 6, 6, True, "well_rehearsed_relay", None),
    (75, 90, 6, 6, True, "well_rehearsed_relay", "good_legs_loose_grip"),
    (90, 75, 6, 6, True, "well_rehearsed_relay", "good_legs_loose_grip"),
    (90, 90, 6, 5, True, "good_legs_loose_grip", None),
    (75 - JUST, 90, 6, 6, True, "good_legs_loose_grip", "well_rehearsed_relay"),
    (90, 75 - JUST, 6, 6, True, "good_legs_loose_grip", "well_rehearsed_relay"),
    (74, 73, 6, 6, True, "good_legs_loose_grip", "well_rehearsed_relay"),
    (74, 73, 6, 5, True, "good_legs_loose_grip", None),
    (60, 73, 6, 6, True, "good_legs_loose_grip", None),
    (60, 60, 6, 6, True, "good_legs_loose_grip", None),
    (50, 60, 6, 6, True, "good_legs_loose_grip", "fast_hands_no_lanes"),
    (60, 50, 6, 6, True, "good_legs_loose_grip", "baton_on_the_floor"),
    (60, 50, 5, 6, False, "good_legs_loose_grip", "two_silos"),
    (52, 51, 6, 6, True, "good_legs_loose_grip", "baton_on_the_floor"),  # the nearer line
    (51, 52, 6, 6, True, "good_legs_loose_grip", "fast_hands_no_lanes"),
    (51, 51, 6, 6, True, "good_legs_loose_grip", "fast_hands_no_lanes"),
    (60, 50 - JUST, 6, 6, False, "baton_on_the_floor", "good_legs_loose_grip"),
    (60, 40, 6, 6, False, "baton_on_the_floor", None),
    (60, 40, 7, 6, False, "baton_on_the_floor", None),
    (60, 40, 5, 6, False, "two_silos", None),
    (60, 40, 5, 6, True, "baton_on_the_floor", None),
    (50 - JUST, 60, 6, 6, False, "fast_hands_no_lanes", "good_legs_loose_grip"),
    (40, 60, 6, 6, False, "fast_hands_no_lanes", None),
    (40, 90, 6, 6, True, "fast_hands_no_lanes", None),
    (40, 40, 6, 6, True, "one_hat_one_bucket", None),
    (40, 40, 6, 6, False, "all_running_no_lanes", None),
    (49, 48, 6, 6, False, "all_running_no_lanes", "baton_on_the_floor"),
    (48, 49, 6, 6, True, "one_hat_one_bucket", "fast_hands_no_lanes"),
]


@pytest.mark.parametrize(("separation", "handoff", "talk", "run", "solo", "name", "near"), NAMES)
def test_every_firm_has_one_name_and_on_the_line_a_second(
    separation: Fraction, handoff: Fraction, talk: int, run: int, solo: bool, name: str, near: str
) -> None:
    found = archetype_of(axis_at(separation), handoff_at(handoff, talk, run), solo, ROLES)
    assert found == (name, near)


@pytest.mark.parametrize("dropped", ["lead_capture", "reply_speed", "persistence"])
def test_one_exchange_below_fifty_is_enough_to_miss_the_best_name(dropped: str) -> None:
    others = {id: 12 for id in RUN if id != dropped}

    def name(points: int) -> str:
        handoff = axis_at(90, "handoff", **others, **{dropped: points}, lead_meaning=12)
        return archetype_of(axis_at(90), handoff, True, ROLES)[0]

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
        return archetype_of(axis_at(60), axis_at(40, "handoff", **points), False, ROLES)[0]

    assert name(**{quiet: 5}) == name(**{running: 7}) == "two_silos"
    assert name(**{quiet: 5, running: 5}) == "baton_on_the_floor"


def test_the_weakest_exchange_is_the_lowest_and_of_equals_the_first() -> None:
    critical = [dimension.id for dimension in EDITION.dimensions if dimension.critical]
    assert card(handoff=0).weakest_exchange.id == critical[0]
    for id in critical:
        points = dict.fromkeys(critical, 7) | {id: 6}
        assert weakest_exchange(axis_at(60, "handoff", **points)).id == id
