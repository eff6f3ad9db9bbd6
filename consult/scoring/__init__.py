"""What the answers mean. Pure functions with exact arithmetic; see docs/instrument.md."""

from consult.scoring.as_json import scorecard_json
from consult.scoring.axis import AxisScore, DimensionScore
from consult.scoring.lines import SORTING, Line
from consult.scoring.money import MoneyRange, Range
from consult.scoring.scorecard import (
    Change,
    Recommendation,
    Scorecard,
    Unfinished,
    score,
    scorecard_of,
)

__all__ = [
    "SORTING",
    "AxisScore",
    "Change",
    "DimensionScore",
    "Line",
    "MoneyRange",
    "Range",
    "Recommendation",
    "Scorecard",
    "Unfinished",
    "score",
    "scorecard_json",
    "scorecard_of",
]
