"""The pages for business owners: the start, the questions, the review, the result."""

from consult.owner.explanations import explanation_pages
from consult.owner.pages import check_pages
from consult.owner.results import result_pages
from consult.owner.stopping import stop_pages

blueprints = (check_pages, result_pages, explanation_pages, stop_pages)

__all__ = ["blueprints"]
