"""Whether an edition is fit to be shown."""

from consult.editing.coverage import coverage_problems
from consult.editing.language import choice_problems, language_problems
from consult.editing.readers import reader_problems, tool_problems
from consult.editing.texts import Problem, texts_of
from consult.questionnaire.editions import folder
from consult.questionnaire.questionnaire import Questionnaire


def check(questionnaire: Questionnaire) -> list[Problem]:
    """Everything to change in the edition, in words for an editor; empty when it is fit."""
    return [
        *coverage_problems(questionnaire),
        *reader_problems(questionnaire),
        *tool_problems(questionnaire),
        *choice_problems(questionnaire),
        *language_problems(texts_of(folder(questionnaire.name) / "wording")),
    ]
