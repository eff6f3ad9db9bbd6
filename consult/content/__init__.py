"""Whether an edition is fit to be shown, and how it looks on paper."""

from consult.content.check import check
from consult.content.document import document
from consult.content.problem import Problem

__all__ = ["Problem", "check", "document"]
