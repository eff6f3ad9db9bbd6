"""The three legs of the relay, and which of eleven firms that makes: the first match wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from consult.questionnaire.model import Roles
from consult.questionnaire.questions import POINT_SCALE
from consult.scoring.axis import AxisScore, DimensionScore, Line

RUNNING_IN_THE_DARK = "running_in_the_dark"
WELL_REHEARSED_RELAY = "well_rehearsed_relay"
TWO_SILOS = "two_silos"

WEAK = 50
"""A leg is weak below this many points: an average answer there means "by chance"."""

REHEARSED = 75
"""Both scores of a relay that runs well."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg's mean points, confirmed and possible (0-100), unknowns as in an axis; its answers."""

    id: Literal["marketing", "handoff", "sales"]
    confirmed: Fraction
    possible: Fraction
    lines: tuple[Line, ...] = ()

    @property
    def weak(self) -> bool:
        return self.confirmed < WEAK


Legs = tuple[Leg, Leg, Leg]
"""Marketing, the handoff between, and sales: what is drawn, and what names the firm."""


def legs_of(separation: AxisScore, handoff: AxisScore, roles: Roles) -> Legs:
    """The two legs from their own items, wherever these are scored, and the handoff's score."""
    marketing = tuple(line for line in separation.lines if line.id in roles.marketing_items)
    sales = tuple(line for line in separation.lines if line.id in roles.sales_items)
    return (
        Leg("marketing", *_means(marketing), marketing),
        Leg("handoff", handoff.confirmed, handoff.possible, handoff.lines),
        Leg("sales", *_means(sales), sales),
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


def best_answer(leg: Leg) -> Line | None:
    """The best answer behind a leg; None where no answer is good."""
    best = max(leg.lines, key=lambda line: (line.points, line.weight))
    return best if best.points >= REHEARSED else None


def worst_answers(legs: Legs, plan: Sequence[str], dark: bool) -> list[Line]:
    """What the result has to say first: steps of the plan, then what costs most.

    One low answer of each weak leg, or of any where none is weak; an unknown only where nothing
    else makes its leg weak. In the dark it's the unknowns, and nothing is called low.
    """

    def first(line: Line) -> tuple[int, Fraction]:
        return plan.index(line.id) if line.id in plan else len(plan), -line.lost

    def order(line: Line) -> tuple[bool, int, bool, Fraction]:
        place, lost = first(line)
        return line.unknown, place, not line.item.dimension.critical, lost

    if dark:
        return sorted((line for leg in legs for line in leg.lines if line.unknown), key=first)
    worst = []
    for leg in [leg for leg in legs if leg.weak] or legs:
        low = [line for line in leg.lines if line.points < WEAK and (leg.weak or not line.unknown)]
        worst += [min(low, key=order)] if low else []
    return sorted(worst, key=first)


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
