"""Which of the eight firms this one is like: a complete partition, the first match wins (4.7)."""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from consult.questionnaire.model import Roles
from consult.scoring.axis import AxisScore, DimensionScore, near_cut, past_cut

RUNNING_IN_THE_DARK = "running_in_the_dark"
WELL_REHEARSED_RELAY = "well_rehearsed_relay"
GOOD_LEGS_LOOSE_GRIP = "good_legs_loose_grip"
TWO_SILOS = "two_silos"
BATON_ON_THE_FLOOR = "baton_on_the_floor"
FAST_HANDS_NO_LANES = "fast_hands_no_lanes"
ONE_HAT_ONE_BUCKET = "one_hat_one_bucket"
ALL_RUNNING_NO_LANES = "all_running_no_lanes"

_CUTS = (50, 75)


@dataclass(frozen=True, slots=True)
class _Criteria:
    """What decides an archetype. ``talks_less`` is true when a team's talk lags its running."""

    separation: Fraction
    handoff: Fraction
    exchanges_hold: bool
    solo: bool
    talks_less: bool


def archetype_of(
    separation: AxisScore, handoff: AxisScore, solo: bool, roles: Roles
) -> tuple[str, str | None]:
    """The archetype's id, and the id of the one past the cut when a score is close to a cut."""
    if separation.too_much_unknown or handoff.too_much_unknown:
        return RUNNING_IN_THE_DARK, None
    criteria = _Criteria(
        separation.confirmed,
        handoff.confirmed,
        exchanges_hold=all(exchange.confirmed >= 50 for exchange in exchanges(handoff)),
        solo=solo,
        talks_less=mean_of(handoff, roles.talking) < mean_of(handoff, roles.acting),
    )
    return _name(criteria), _near_name(criteria)


def exchanges(handoff: AxisScore) -> tuple[DimensionScore, ...]:
    """The dimensions where a lead can physically drop."""
    return tuple(score for score in handoff.dimensions if score.dimension.critical)


def weakest_exchange(handoff: AxisScore) -> DimensionScore:
    """The lowest exchange: a relay is as fast as its worst one. Ties go to the earlier."""
    return min(exchanges(handoff), key=lambda exchange: exchange.confirmed)


def mean_of(handoff: AxisScore, ids: tuple[str, ...]) -> Fraction:
    """The mean of those dimensions that apply."""
    scores = [score.confirmed for score in handoff.dimensions if score.id in ids]
    return sum(scores, Fraction()) / len(scores)


def _name(criteria: _Criteria) -> str:
    own_lanes, clean_grip = criteria.separation >= 50, criteria.handoff >= 50
    match own_lanes, clean_grip:
        case True, True:
            top = criteria.separation >= 75 and criteria.handoff >= 75
            rehearsed = top and criteria.exchanges_hold
            return WELL_REHEARSED_RELAY if rehearsed else GOOD_LEGS_LOOSE_GRIP
        case True, False:
            silos = not criteria.solo and criteria.talks_less
            return TWO_SILOS if silos else BATON_ON_THE_FLOOR
        case False, True:
            return FAST_HANDS_NO_LANES
    return ONE_HAT_ONE_BUCKET if criteria.solo else ALL_RUNNING_NO_LANES


def _near_name(criteria: _Criteria) -> str | None:
    """The name that a small change would give: one score past_cut its line first, then both."""
    scores = {"separation": criteria.separation, "handoff": criteria.handoff}
    moves = {
        axis: (abs(score - cut), past_cut(score, cut))
        for axis, score in scores.items()
        if (cut := near_cut(score, _CUTS)) is not None
    }
    nearest_first = sorted(moves, key=lambda axis: moves[axis][0])
    for count in range(1, len(moves) + 1):
        for axes in combinations(nearest_first, count):
            at = {**scores, **{axis: moves[axis][1] for axis in axes}}
            moved = replace(criteria, separation=at["separation"], handoff=at["handoff"])
            if _name(moved) != _name(criteria):
                return _name(moved)
    return None
