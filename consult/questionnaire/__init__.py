"""What is asked: questions, pages, branches and words. Knows neither web nor database."""

from consult.questionnaire.journey import Asked, OnPathAnswers, Walk, WalkPage, profiles, walk
from consult.questionnaire.model import Dimension
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
from consult.questionnaire.wording import Heading, Tool, Wording

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
    "Heading",
    "Kind",
    "OnPathAnswers",
    "Question",
    "Questionnaire",
    "Tool",
    "Walk",
    "WalkPage",
    "Wording",
    "profiles",
    "read_answers",
    "walk",
]
