"""Whether an edition is fit to be shown, and how it looks on paper."""

from consult.content.coverage import coverage_problems
from consult.content.edition_document import document
from consult.content.language import language_problems
from consult.content.readers import reader_problems, tool_problems
from consult.content.texts import Problem, texts_of
from consult.questionnaire.questionnaire import Questionnaire

__all__ = ["Problem", "check", "document"]


def check(questionnaire: Questionnaire) -> list[Problem]:
    """Everything to change in the edition, in words for an editor; empty when it is fit."""
    return [
        *coverage_problems(questionnaire),
        *reader_problems(questionnaire),
        *tool_problems(questionnaire),
        *language_problems(texts_of(questionnaire)),
    ]
