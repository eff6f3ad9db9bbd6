"""The content check: everything that an edition's texts have to be before an owner sees them."""

from consult.content.coverage import coverage_problems
from consult.content.language import language_problems
from consult.content.problem import Problem
from consult.content.readers import reader_problems
from consult.content.texts import texts_of
from consult.questionnaire import Questionnaire


def check(questionnaire: Questionnaire) -> list[Problem]:
    """Everything to change in the edition, in words for an editor; empty when it is fit."""
    return [
        *coverage_problems(questionnaire),
        *reader_problems(questionnaire),
        *language_problems(texts_of(questionnaire)),
    ]
