"""What a save records about a page: what it asked, and what was left open on it."""

from __future__ import annotations

from consult.owner.open_draft import OpenDraft
from consult.questionnaire import UNKNOWN, WalkPage
from consult.storage.insights.page_times import REVIEW, Shown, Step


def shown_of(page: WalkPage | None) -> Shown:
    """Return what a page shows; None means the review."""
    if page is None:
        return Shown(REVIEW)
    return Shown(
        page.id,
        asked=tuple(asked.id for asked in page.questions),
        open=tuple(asked.id for asked in page.questions if asked.answer is None),
        unsure=tuple(asked.id for asked in page.questions if asked.answer == UNKNOWN),
    )


def page_saved(draft: OpenDraft, page: WalkPage, *, refused: bool) -> Step:
    """Return what to record of a saved page; `draft` is as it is after the save."""
    saved = shown_of(draft.walk.page(page.id) or page)
    return Step(saved, saved if refused else shown_of(draft.page_after(page.id)), refused)


def review_saved(*, refused: bool) -> Step:
    """Return what to record of a save on the review."""
    return Step(Shown(REVIEW), Shown(REVIEW), refused)
