"""Whether an edition is fit to be shown: its texts and what they cover."""

from consult.content.check import check
from consult.content.language import can_grade
from consult.content.problem import Problem

__all__ = ["Problem", "can_grade", "check"]
