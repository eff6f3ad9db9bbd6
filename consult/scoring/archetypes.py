"""The three legs of the relay, and which of eleven firms that makes: the first match wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from consult.questionnaire import POINT_SCALE
from consult.questionnaire.model import Roles
from consult.scoring.axis import AxisScore, DimensionScore
from consult.scoring.lines import Line

RUNNING_IN_THE_DARK = "running_in_the_dark"
WELL_REHEARSED_RELAY = "well_rehearsed_relay"
GOOD_LEGS_LOOSE_GRIP = "good_legs_loose_grip"
TWO_SILOS = "two_silos"
BATON_ON_THE_FLOOR = "baton_on_the_floor"
WAITING_FOR_THE_BATON = "waiting_for_the_baton"
NO_LAST_LEG = "no_last_leg"
FAST_HANDS_NO_LANES = "fast_hands_no_lanes"
ONE_STRONG_LEG = "one_strong_leg"
ONE_HAT_ONE_BUCKET = "one_hat_one_bucket"
ALL_RUNNING_NO_LANES = "all_running_no_lanes"

WEAK = 50
"""A leg is weak below this many points: an average answer there means "by chance"."""

REHEARSED = 75
"""Both scores of a relay that runs well."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg's mean points, confirmed and possible (0-100), unknowns as in an axis."""

    id: Literal["marketing", "handoff", "sales"]
    confirmed: Fraction
    possible: Fraction

    @property
    def weak(self) -> bool:
        return self.confirmed < WEAK


Legs = tuple[Leg, Leg, Leg]
"""Marketing, the handoff between, and sales: what is drawn, and what names the firm."""


def legs_of(separation: AxisScore, handoff: AxisScore, roles: Roles) -> Legs:
    """The two legs from their own items, wherever these are scored, and the handoff's score."""
    marketing = [line for line in separation.lines if line.id in roles.marketing_items]
    sales = [line for line in separation.lines if line.id in roles.sales_items]
    return (
        Leg("marketing", *_means(marketing)),
        Leg("handoff", handoff.confirmed, handoff.possible),
        Leg("sales", *_means(sales)),
    )


def archetype_of(
    separation: AxisScore, handoff: AxisScore, legs: Legs, solo: bool, roles: Roles
) -> str:
    """The id of the archetype; see instrument.md, "Which firm it is like"."""
    if separation.too_much_unknown or handoff.too_much_unknown:
        return RUNNING_IN_THE_DARK
    marketing, between, sales = (leg.weak for leg in legs)
    match marketing, between, sales:
        case False, False, False:
            return WELL_REHEARSED_RELAY if _rehearsed(separation, handoff) else GOOD_LEGS_LOOSE_GRIP
        case False, True, False:
            return TWO_SILOS if not solo and talks_less(handoff, roles) else BATON_ON_THE_FLOOR
        case True, False, False:
            return WAITING_FOR_THE_BATON
        case False, False, True:
            return NO_LAST_LEG
        case True, False, True:
            return FAST_HANDS_NO_LANES
        case True, True, True:
            return ONE_HAT_ONE_BUCKET if solo else ALL_RUNNING_NO_LANES
    return ONE_STRONG_LEG


def exchanges(handoff: AxisScore) -> tuple[DimensionScore, ...]:
    """The dimensions where a lead can physically drop."""
    return tuple(score for score in handoff.dimensions if score.dimension.critical)


def weakest_exchange(handoff: AxisScore) -> DimensionScore:
    """The lowest exchange: a relay is as fast as its worst one. Ties go to the earlier."""
    return min(exchanges(handoff), key=lambda exchange: exchange.confirmed)


def mean_of(handoff: AxisScore, ids: Sequence[str]) -> Fraction:
    """The mean of those dimensions that were asked about."""
    scores = [score.confirmed for score in handoff.dimensions if score.id in ids]
    return sum(scores, Fraction()) / len(scores)


def talks_less(handoff: AxisScore, roles: Roles) -> bool:
    """Whether a firm talks less than it acts on leads; False where its talk was not asked about."""
    asked = {score.id for score in handoff.dimensions}
    return asked.issuperset(roles.talking) and (
        mean_of(handoff, roles.talking) < mean_of(handoff, roles.acting)
    )


def _rehearsed(separation: AxisScore, handoff: AxisScore) -> bool:
    return (
        separation.confirmed >= REHEARSED
        and handoff.confirmed >= REHEARSED
        and all(exchange.confirmed >= WEAK for exchange in exchanges(handoff))
    )


def _means(lines: Sequence[Line]) -> tuple[Fraction, Fraction]:
    scale = POINT_SCALE * len(lines)
    confirmed = sum(line.twelfths for line in lines)
    possible = sum(line.best_twelfths for line in lines)
    return Fraction(100 * confirmed, scale), Fraction(100 * possible, scale)
