"""A check in progress, as the pages need it: what was saved, and the walk over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from consult.questionnaire import Depth, Walk, WalkPage, walk
from consult.questionnaire.editions import newest
from consult.storage.db.tokens import result_token
from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import Changes, Draft
from consult.web.services import services

DEPTHS: dict[str, Depth] = {"quick": "quick", "full": "full"}

Then = Literal["", "review", "open"]
"""Where an owner goes on after a page: to the next page; to the review, from which they came to
change one answer; or to what is still open. The latter two skip the pages that are answered.
"""

REVIEW: Then = "review"
OPEN: Then = "open"


@dataclass(frozen=True)
class OpenDraft:
    """A check that can still be answered, with the walk over its answers.

    `outdated` counts the answers to questions that the newest edition no longer asks, until the
    next answers are saved: they stay stored, and count for nothing. `given_as` has the variant of
    the wording that each answer was given under.
    """

    token: str
    walk: Walk
    then: Then = ""
    outdated: int = 0
    given_as: Mapping[str, str] = field(default_factory=dict)

    @property
    def to_review(self) -> bool:
        return self.then == REVIEW

    def url_of(self, page: WalkPage | None) -> str:
        """Return the address of a page; None means the review."""
        if page is None:
            return url_for("check.review", token=self.token)
        return url_for("check.questions", token=self.token, page_id=page.id, then=self.then or None)

    def page(self, page_id: str) -> WalkPage:
        """Return a page that may be opened now.

        Any other name redirects to the first page that is still open: it may come from an old
        link, or from a second tab in which other answers took the page off the path.
        """
        page = self.walk.page(page_id)
        if page is None or not self.walk.can_open(page):
            abort(redirect(self.url_of(self.walk.first_open_page), 303))
        return page

    def with_answers(self, changes: Changes) -> OpenDraft:
        """Return the draft as it will be once changes are saved, if nobody saves others before."""
        answers, given_as = drafts.merged(self.walk.given, self.given_as, changes)
        way = walk(newest(), answers, self.walk.depth, given_as)
        return replace(self, walk=way, outdated=0, given_as=given_as)

    def if_saved(self, check: Draft | None) -> OpenDraft:
        """Return the draft that was saved, which is this one unless another tab saved as well.

        Aborts like `open_draft` where there is none any more.
        """
        if check and not check.submitted and check.answers == self.walk.given:
            return self
        return as_draft(self.token, check, self.then)

    def after(self, page_id: str) -> WalkPage | None:
        """Return the page that follows, or None for the review."""
        page = self.walk.page(page_id)
        following = None if page is None or self.then else self.walk.next_page(page)
        if following is None or not self.walk.can_open(following):
            return self.walk.first_open_page
        return following


def walk_over(check: Draft) -> Walk:
    """Walk the newest edition with a check's answers, whichever edition it was started with."""
    return walk(newest(), check.answers, DEPTHS[check.depth], check.given_as)


def open_draft(token: str, then: Then = "") -> OpenDraft:
    """Return the draft behind a token.

    Answers 404 for a token that is unknown or too old, and redirects to the result of a check that
    was handed in.
    """
    with services().database.reading() as session:
        check = drafts.load(session, token)
    return as_draft(token, check, then)


def as_draft(token: str, check: Draft | None, then: Then = "") -> OpenDraft:
    """Return what was loaded or saved as a draft; see `open_draft`."""
    if check is None:
        abort(404)
    if check.submitted:
        abort(to_result(token))
    return OpenDraft(token, walk_over(check), then, _outdated(check), check.given_as)


def _outdated(check: Draft) -> int:
    edition = newest()
    if check.edition == edition.name:
        return 0
    return sum(id not in edition.questions for id in check.answers)


def to_result(token: str) -> Response:
    """Return the redirect from a check that was handed in to its result."""
    return redirect(url_for("results.result", token=result_token(token)), 303)
