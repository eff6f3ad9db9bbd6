"""The pages for business owners: start, questions, review, result, contact and pause."""

from consult.owner.booking_pages import booked_pages, booking_pages
from consult.owner.contact_pages import confirm_pages, contact_pages
from consult.owner.explanation_pages import explanation_pages
from consult.owner.pause_pages import pause_pages, resume_pages
from consult.owner.questionnaire_pages import questionnaire_pages
from consult.owner.result_pages import result_pages, shared_pages
from consult.owner.review_pages import review_pages

blueprints = (
    *(questionnaire_pages, review_pages, result_pages, shared_pages, contact_pages),
    *(booking_pages, booked_pages, confirm_pages, explanation_pages, pause_pages, resume_pages),
)

__all__ = ["blueprints"]
