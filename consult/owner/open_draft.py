"""An unfinished response as the pages need it: the stored draft and the walk over its answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from consult.crypto import result_token
from consult.owner.question_form import VERSION, Posted, QuestionForm
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import Walk, WalkPage, walk
from consult.questionnaire.questions import DEPTHS, UNKNOWN
from consult.report.build import build_report
from consult.scoring.as_json import scorecard_json
from consult.scoring.scorecard import Scorecard
from consult.settings.brand import Brand
from consult.storage.db.database import Session
from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import Changes, Draft
from consult.storage.leads.submission import NewSubmission
from consult.storage.page_events import PageVisit
from consult.web.services import services

Then = Literal["", "review", "open"]
"""Where an owner goes after a page: to the next page; to the review, from which they came to
change one answer; or to the next open page. The latter two skip the pages that are answered.
"""

REVIEW: Then = "review"
OPEN: Then = "open"


@dataclass(frozen=True)
class OpenDraft:
    """A draft that can still be answered, with the walk over its answers."""

    token: str
    stored: Draft
    walk: Walk
    then: Then = ""

    @property
    def outdated(self) -> int:
        """How many answers the newest edition no longer asks for; they stay, and do not count."""
        edition = newest()
        if self.stored.edition == edition.name:
            return 0
        return sum(id not in edition.questions for id in self.stored.answers)

    @cached_property
    def root(self) -> str:
        return url_for("questionnaire.resume", token=self.token)

    @property
    def pause_url(self) -> str:
        return f"{self.root}/pause"

    def url_of(self, page: WalkPage | None) -> str:
        """Return the address of a page; None means the review."""
        if page is None:
            return f"{self.root}/review"
        query = f"?then={self.then}" if self.then else ""
        return f"{self.root}/{page.id}{query}"

    def form(self, page: WalkPage, posted: Posted | None = None) -> QuestionForm:
        """The form of a page, as it is saved or as it was posted."""
        return QuestionForm(page, posted, services().brand.currency_sign, self.stored.saved_by)

    @property
    def first_open_url(self) -> str:
        return self.url_of(self.walk.first_open_page)

    def page(self, page_id: str) -> WalkPage:
        """Return a page that may be opened now.

        Any other name redirects to the first page that is still open: it may come from an old
        link, or from another device or tab in which other answers took the page off the path.
        """
        page = self.walk.page(page_id)
        if page is None or not self.walk.can_open(page):
            url = self.first_open_url
            if VERSION in request.form:  # what they sent from there is not saved
                url += f"{'&' if '?' in url else '?'}moved=1"
            abort(redirect(url, 303))
        return page

    def with_answers(self, changes: Changes) -> OpenDraft:
        answers, given_as = drafts.merged(self.stored.answers, self.stored.given_as, changes)
        stored = replace(self.stored, edition=newest().name, answers=answers, given_as=given_as)
        return replace(self, stored=stored, walk=walk_of(stored))

    def page_after(self, page_id: str) -> WalkPage | None:
        """Return the page that follows, or None for the review."""
        page = self.walk.page(page_id)
        following = None if page is None or self.then else self.walk.next_page(page)
        if following is None or not self.walk.can_open(following):
            return self.walk.first_open_page
        return following


def walk_of(draft: Draft) -> Walk:
    """Walk the newest edition with a draft's answers, whichever edition it was started with."""
    return walk(newest(), draft.answers, DEPTHS[draft.depth], draft.given_as)


def load_draft(token: str, then: Then = "") -> OpenDraft:
    """Return the draft of a token; aborts with 404, or to the result if it was submitted."""
    return _opened(token, drafts.fetch(services().database, token), then)


def lock_draft(session: Session, token: str, then: Then = "") -> OpenDraft:
    """Return the draft as `load_draft` does, locked until the writing session ends."""
    return _opened(token, drafts.load(session, token, lock=True), then)


def _opened(token: str, draft: Draft | None, then: Then) -> OpenDraft:
    if draft is None:
        abort(404)
    if draft.submitted:
        abort(to_result(token, late=VERSION in request.form))
    return OpenDraft(token, draft, walk_of(draft), then)


def to_result(token: str, *, late: bool = False) -> Response:
    """Go to the result; `late` if the answers that were just sent came after it."""
    url = url_for("results.result", token=result_token(token), late=1 if late else None)
    return redirect(url, 303)


def visit_of(page: WalkPage | None) -> PageVisit:
    """Return what a page shows; None means the review."""
    if page is None:
        return PageVisit(REVIEW)
    return PageVisit(
        page.id,
        asked=tuple(asked.id for asked in page.questions),
        open=tuple(asked.id for asked in page.questions if asked.answer is None),
        unknown=tuple(asked.id for asked in page.questions if asked.answer == UNKNOWN),
    )


def freeze(walk: Walk, brand: Brand, *, demo: bool = False) -> NewSubmission:
    """Return what to store of a complete walk; raises ValueError for one that is not complete."""
    card = Scorecard(walk.on_path)
    wording: dict[str, object] = {
        asked.id: {
            "variant": asked.variant,
            "ask": asked.wording.ask,
            "help": asked.wording.help,
            "choices": dict(asked.wording.choices),
        }
        for asked in walk.asked
    }
    return NewSubmission(
        edition=walk.questionnaire.name,
        depth=walk.depth,
        answers=dict(walk.on_path.values),
        wording=wording,
        scorecard=scorecard_json(walk.on_path, brand.currency),
        report=build_report(walk, brand).to_json(),
        separation=float(card.separation.confirmed),
        handoff=float(card.handoff.confirmed),
        archetype=card.archetype,
        consult=card.recommendation.recommended,
        demo=demo,
    )
