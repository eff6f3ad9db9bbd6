"""What is asked: questions, pages, branches and words. Knows neither web nor database."""

from consult.questionnaire.journey import (
    Asked,
    NotAsked,
    OnPathAnswers,
    Walk,
    WalkPage,
    WalkPart,
    profiles,
    walk,
)
from consult.questionnaire.model import Dimension, Structure
from consult.questionnaire.questionnaire import AnswerError, Questionnaire, read_answers
from consult.questionnaire.questions import (
    BASE,
    NOT_SURE,
    POINT_SCALE,
    SKIP,
    UNKNOWN,
    Answer,
    Axis,
    Depth,
    EditionError,
    Kind,
    Question,
)
from consult.questionnaire.wording import EditionTexts, Effort, Heading, Tool, Wording

__all__ = [
    "BASE",
    "NOT_SURE",
    "POINT_SCALE",
    "SKIP",
    "UNKNOWN",
    "Answer",
    "AnswerError",
    "Asked",
    "Axis",
    "Depth",
    "Dimension",
    "EditionError",
    "EditionTexts",
    "Effort",
    "Heading",
    "Kind",
    "NotAsked",
    "OnPathAnswers",
    "Question",
    "Questionnaire",
    "Structure",
    "Tool",
    "Walk",
    "WalkPage",
    "WalkPart",
    "Wording",
    "profiles",
    "read_answers",
    "walk",
]
