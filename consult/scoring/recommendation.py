"""Whether a free consult is worth the owner's time, and on which topic (4.8, Q17).

Where two good legs meet in clean exchanges the honest answer is that it can wait.
"""

from dataclasses import dataclass
from typing import Literal

from consult.scoring.archetypes import (
    FAST_HANDS_NO_LANES,
    GOOD_LEGS_LOOSE_GRIP,
    WELL_REHEARSED_RELAY,
)
from consult.scoring.changes import Change

_CAN_WAIT = (WELL_REHEARSED_RELAY,)
_OPTIONAL = (GOOD_LEGS_LOOSE_GRIP, FAST_HANDS_NO_LANES)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """``topic`` is the id of the dimension to talk about; None when the consult can wait."""

    recommended: Literal["yes", "optional", "not_now"]
    topic: str | None


def recommend(archetype: str, best_change: Change | None) -> Recommendation:
    """Recommend by archetype; the topic is where the best change lies."""
    if archetype in _CAN_WAIT or best_change is None:
        return Recommendation("not_now", None)
    topic = best_change.line.slot.dimension.id
    return Recommendation("optional" if archetype in _OPTIONAL else "yes", topic)
