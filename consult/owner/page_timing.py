"""What the trace of a check remembers of a page: what it asked, and what was left open on it."""

from __future__ import annotations

from consult.owner.draft import OpenDraft
from consult.questionnaire import UNKNOWN, WalkPage
from consult.storage.insights.page_times import REVIEW, Shown, Step

ON_REVIEW = Step(Shown(REVIEW), Shown(REVIEW))


def shown_of(page: WalkPage | None) -> Shown:
    """Return a page as the trace knows it; None means the review."""
    if page is None:
        return Shown(REVIEW)
    return Shown(
        page.id,
        asked=tuple(asked.id for asked in page.questions),
        open=tuple(asked.id for asked in page.questions if asked.answer is None),
        unsure=tuple(asked.id for asked in page.questions if asked.answer == UNKNOWN),
    )


def step_of(draft: OpenDraft, page: WalkPage, *, refused: bool) -> Step:
    """Return what saving a page means for the trace; `draft` is as it will be after that."""
    saved = shown_of(draft.walk.page(page.id) or page)
    return Step(saved, saved if refused else shown_of(draft.after(page.id)), refused)
