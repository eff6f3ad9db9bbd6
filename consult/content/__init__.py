"""Whether an edition is fit to be shown, and how it looks on paper."""

from consult.content.content_check import check
from consult.content.edition_document import document
from consult.content.problem import Problem

__all__ = ["Problem", "check", "document"]
