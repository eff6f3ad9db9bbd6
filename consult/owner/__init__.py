"""The pages for business owners: the start, the questions, the review, the result."""

from consult.owner.explanation_pages import explanation_pages
from consult.owner.pause_pages import stop_pages
from consult.owner.questionnaire_pages import check_pages
from consult.owner.result_pages import result_pages

blueprints = (check_pages, result_pages, explanation_pages, stop_pages)

__all__ = ["blueprints"]
