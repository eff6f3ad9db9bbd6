"""The questionnaire from start to submission, one page of questions after the other.

Each route loads the answers, computes the walk, validates, saves and redirects. Where an owner is
in it is never stored: it follows from the answers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Blueprint, after_this_request, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from consult.owner.open_draft import (
    DEPTHS,
    OPEN,
    REVIEW,
    OpenDraft,
    Then,
    freeze,
    load_draft,
    lock_draft,
    page_saved,
    review_saved,
    to_result,
    visit_of,
)
from consult.owner.question_form import QuestionForm
from consult.owner.review import SHOWN, answers_by_part, contradictions_form, contradictions_of
from consult.owner.visitors import campaign_tags, is_framed, is_person, with_referrer
from consult.questionnaire import Depth, Kind, Walk, WalkPage, WalkPart, walk
from consult.questionnaire.editions import newest
from consult.storage import page_events
from consult.storage.drafts import drafts
from consult.storage.leads import leads, submission
from consult.web.limits import network_of
from consult.web.services import services

ESTIMATED_MINUTES: dict[Depth, int] = {"quick": 5, "full": 10}
"""Shown until enough owners have finished for a measured time."""

_log = logging.getLogger(__name__)
_TIMEOUT = 0.5
"""Seconds to wait for another writer before a view is not counted."""

questionnaire_pages = Blueprint("questionnaire", __name__)


@questionnaire_pages.get("/")
def start_page() -> str:
    """Show what the check gives, how long it takes and what happens with the answers."""
    depth = DEPTHS.get(request.args.get("depth", ""), "quick")
    settings = services().settings
    source = with_referrer(campaign_tags(request.args), request.referrer, settings.base_url)
    with services().database.reading() as session:
        seconds = leads.usual_seconds(session, depth)
    if is_person():
        _count_view_afterwards(depth, source, framed=is_framed())
    return render_template(
        "owner/start.html",
        depth=depth,
        minutes=ESTIMATED_MINUTES[depth] if seconds is None else measured_minutes(seconds),
        measured=seconds is not None,
        source=source,
        retention_days=settings.retention_days_drafts,
        contact_before=settings.contact_before,
        base_url=settings.base_url,
    )


def _count_view_afterwards(depth: Depth, source: Mapping[str, str], *, framed: bool) -> None:
    """Count a view after the page was sent, if that is possible at once: no page waits for it."""
    database = services().database

    def count() -> None:
        try:
            with database.writing(timeout=_TIMEOUT) as session:
                page_events.record_view(session, depth, source, framed=framed)
        except (SQLAlchemyError, TimeoutError):
            _log.warning("a view of the start page was not counted")

    @after_this_request
    def count_when_sent(response: Response) -> Response:
        response.call_on_close(count)
        return response


@questionnaire_pages.post("/start")
def start() -> Response:
    """Create a draft and go to its first page."""
    made = services()
    made.limits.consume("starts", made.settings.limit_starts, network_of(request.remote_addr))
    depth = DEPTHS.get(request.form.get("depth", ""), "quick")
    questionnaire, source = newest(), campaign_tags(request.form)
    first = walk(questionnaire, {}, depth).pages[0]
    with made.database.writing() as session:
        token = drafts.start(
            session, questionnaire.name, depth, source, shown=visit_of(first), framed=is_framed()
        )
    return redirect(url_for(".questions", token=token, page_id=first.id), 303)


@questionnaire_pages.get("/check/<token>")
def resume(token: str) -> Response:
    """Go to the first open page: a link that lost its end still leads somewhere."""
    return redirect(load_draft(token).first_open_url, 303)


@questionnaire_pages.get("/check/<token>/<page_id>")
def questions(token: str, page_id: str) -> str:
    """Show one page of questions with the answers so far."""
    draft = load_draft(token, _then())
    page = draft.page(page_id)
    return _questions(draft, page, QuestionForm(page))


@questionnaire_pages.post("/check/<token>/<page_id>")
def save_answers(token: str, page_id: str) -> ResponseReturnValue:
    """Save what is valid of a page; go on, or show the page again with what is wrong."""
    posted, then = request.form, _then()  # read before the transaction: it may come slowly
    with services().database.writing() as session:
        draft = lock_draft(session, token, then)
        page = draft.page(page_id)
        form = QuestionForm(page, posted)
        valid = form.validate()
        saved = draft.with_answers(form.given)
        event = page_saved(saved, page, refused=not valid)
        drafts.store_answers(session, draft.stored, form.given, newest().name, event)
    if not valid:
        return _questions(draft, page, form), 422
    return redirect(saved.url_of(saved.page_after(page_id)), 303)


@questionnaire_pages.get("/check/<token>/review")
def review(token: str) -> str:
    """Show all answers, what is still open, and answers that seem to contradict each other."""
    draft = load_draft(token, REVIEW)
    return _review(draft, contradictions_form(draft.walk))


@questionnaire_pages.post("/check/<token>/contradictions")
def save_contradictions(token: str) -> ResponseReturnValue:
    """Save the answers that were asked about once more, and show the review again."""
    posted = request.form
    with services().database.writing() as session:
        draft = lock_draft(session, token, REVIEW)
        form = contradictions_form(draft.walk, posted)
        valid = form.validate()
        event = review_saved(refused=not valid)
        drafts.store_answers(session, draft.stored, form.given, newest().name, event)
    if not valid:
        return _review(draft, form), 422
    return redirect(url_for(".review", token=token, saved=1), 303)


@questionnaire_pages.post("/check/<token>/review")
def submit(token: str) -> Response:
    """Freeze the response, once, and go to its result; if incomplete, to its first open page."""
    made = services()
    with made.database.writing() as session:
        draft = lock_draft(session, token, REVIEW)
        if not draft.walk.complete:
            return redirect(f"{draft.first_open_url}&open=1", 303)
        frozen = freeze(draft.walk, made.brand)
        submission.submit(session, token, frozen, made.settings.office, draft=draft.stored)
    return to_result(token)


def _then() -> Then:
    wanted = request.args.get("then")
    return REVIEW if wanted == REVIEW else OPEN if wanted == OPEN else ""


def _review(draft: OpenDraft, form: QuestionForm) -> str:
    return render_template(
        "owner/review.html",
        token=draft.token,
        outdated=draft.outdated,
        parts=answers_by_part(draft, services().brand.currency_sign),
        contradictions=contradictions_of(draft.walk, form),
        shown=SHOWN,
        names=[field.name for field in form.fields],
        problems=[(field.name, field.problem) for field in form.fields if field.errors],
        saved="saved" in request.args,
        first_open=draft.first_open_url,
        complete=draft.walk.complete,
        pause_url=draft.pause_url,
        back=draft.url_of(draft.walk.pages[-1]),
    )


def _questions(draft: OpenDraft, page: WalkPage, form: QuestionForm) -> str:
    sorting = page.questions[0].question.kind is Kind.SORT
    return render_template(
        "owner/questions.html",
        page=page,
        form=form,
        problems=[(field.name, field.problem) for field in form.fields if field.errors],
        parts=_track(draft.walk, page),
        here=draft.walk.part_of(page),
        action=draft.url_of(page),
        back=_back(draft, page),
        pause_url=draft.pause_url,
        to_review=draft.to_review,
        outdated=draft.outdated,
        still_open="open" in request.args,
        carried_over="more" in request.args,
        decision_test=draft.walk.questionnaire.texts.sorting["test"] if sorting else "",
    )


def _back(draft: OpenDraft, page: WalkPage) -> str:
    if draft.to_review:
        return draft.url_of(None)
    previous = draft.walk.previous_page(page)
    return draft.url_of(previous) if previous else url_for(".start_page")


def _track(walk: Walk, page: WalkPage) -> list[tuple[int, str, str]]:
    """The parts of the track: number, title, and whether it is done, here or open."""
    return [
        (
            part.number,
            part.heading.title,
            "here" if part.id == page.part_id else "done" if _is_done(part) else "open",
        )
        for part in walk.parts
    ]


def _is_done(part: WalkPart) -> bool:
    """Whether a part is done: one with optional questions only is open until one is answered."""
    asked = [asked for page in part.pages for asked in page.questions]
    answered = [one for one in asked if one.answer is not None]
    return bool(answered) and not any(one.open for one in asked)


def measured_minutes(seconds: int) -> int:
    """Return a measured time in whole minutes, at least one."""
    return max(1, round(seconds / 60))
