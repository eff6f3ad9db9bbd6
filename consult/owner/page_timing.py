"""What a save records about a page: what it asked, and what was left open on it."""

from __future__ import annotations

from consult.owner.open_draft import OpenDraft
from consult.questionnaire import UNKNOWN, WalkPage
from consult.storage.page_events import REVIEW, PageVisit, SaveEvent


def visit_of(page: WalkPage | None) -> PageVisit:
    """Return what a page shows; None means the review."""
    if page is None:
        return PageVisit(REVIEW)
    return PageVisit(
        page.id,
        asked=tuple(asked.id for asked in page.questions),
        open=tuple(asked.id for asked in page.questions if asked.answer is None),
        unsure=tuple(asked.id for asked in page.questions if asked.answer == UNKNOWN),
    )


def page_saved(draft: OpenDraft, page: WalkPage, *, refused: bool) -> SaveEvent:
    """Return what to record of a saved page; `draft` is as it is after the save."""
    saved = visit_of(draft.walk.page(page.id) or page)
    return SaveEvent(saved, saved if refused else visit_of(draft.page_after(page.id)), refused)


def review_saved(*, refused: bool) -> SaveEvent:
    """Return what to record of a save on the review."""
    return SaveEvent(PageVisit(REVIEW), PageVisit(REVIEW), refused)
