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
TWO_SILOS = "two_silos"

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
        case False, False, False if _rehearsed(separation, handoff):
            return WELL_REHEARSED_RELAY
        case False, False, False:
            return "good_legs_loose_grip"
        case False, True, False:
            return TWO_SILOS if not solo and talks_less(handoff, roles) else "baton_on_the_floor"
        case True, False, False:
            return "waiting_for_the_baton"
        case False, False, True:
            return "no_last_leg"
        case True, False, True:
            return "fast_hands_no_lanes"
        case True, True, True:
            return "one_hat_one_bucket" if solo else "all_running_no_lanes"
    return "one_strong_leg"


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
