"""What the answers mean. Pure functions with exact arithmetic; see docs/instrument.md."""

from consult.scoring.as_json import scorecard_json
from consult.scoring.axis import SORTING, AxisScore, DimensionScore, Line
from consult.scoring.money import Money
from consult.scoring.plan import Step
from consult.scoring.scorecard import Recommendation, Scorecard, score, scorecard_of

__all__ = [
    "SORTING",
    "AxisScore",
    "DimensionScore",
    "Line",
    "Money",
    "Recommendation",
    "Scorecard",
    "Step",
    "score",
    "scorecard_json",
    "scorecard_of",
]
