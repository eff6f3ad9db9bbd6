"""The way through a check: start, one page of questions after the other, review, hand in.

Each route loads the answers, walks over them, validates, saves and redirects. Where an owner
stands is never stored: it follows from the answers.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.owner.bot_detection import is_framed, is_person
from consult.owner.campaign_source import source_of, with_referrer
from consult.owner.contradictions import SHOWN, doubts_form, doubts_of
from consult.owner.draft import (
    DEPTHS,
    OPEN,
    REVIEW,
    OpenDraft,
    Then,
    as_draft,
    open_draft,
    to_result,
)
from consult.owner.freeze_submission import freeze
from consult.owner.owner_presenter import minutes_for, review_of, track_of
from consult.owner.page_timing import ON_REVIEW, shown_of, step_of
from consult.owner.question_form import QuestionForm
from consult.questionnaire import Kind, WalkPage, walk
from consult.questionnaire.editions import newest
from consult.storage.drafts import drafts
from consult.storage.insights import page_views
from consult.storage.leads import leads, submission
from consult.web.limits import network_of
from consult.web.services import services

check_pages = Blueprint("check", __name__)


@check_pages.get("/")
def start_page() -> str:
    """Show what a check gives, how long it takes and what happens with the answers."""
    depth = DEPTHS.get(request.args.get("depth", ""), "quick")
    settings = services().settings
    source = with_referrer(source_of(request.args), request.referrer, settings.base_url)
    with services().database.reading() as session:
        seconds = leads.usual_seconds(session, depth)
    if is_person():
        services().views.count(depth, source, framed=is_framed())
    return render_template(
        "owner/start.html",
        depth=depth,
        minutes=minutes_for(depth, seconds),
        source=source,
        retention_days=settings.retention_days_drafts,
        contact_before=settings.contact_before,
        base_url=settings.base_url,
    )


@check_pages.post("/start")
def start() -> Response:
    """Make a check and go to its first page."""
    made = services()
    made.limits.spend("starts", made.settings.limit_starts, network_of(request.remote_addr))
    depth = DEPTHS.get(request.form.get("depth", ""), "quick")
    questionnaire, source = newest(), source_of(request.form)
    first = walk(questionnaire, {}, depth).pages[0]
    with made.database.writing() as session:
        token = drafts.start(session, questionnaire.name, depth, source, shown=shown_of(first))
        if is_framed():
            page_views.count_framed_start(session, depth, source)
    return redirect(url_for(".questions", token=token, page_id=first.id), 303)


@check_pages.get("/check/<token>")
def resume(token: str) -> Response:
    """Go on where the check is open: a link that lost its end still leads somewhere."""
    draft = open_draft(token)
    return redirect(draft.url_of(draft.walk.first_open_page), 303)


@check_pages.get("/check/<token>/<page_id>")
def questions(token: str, page_id: str) -> str:
    """Show one page of questions with the answers so far."""
    draft = open_draft(token, _then())
    page = draft.page(page_id)
    return _questions(draft, page, QuestionForm(page))


@check_pages.post("/check/<token>/<page_id>")
def save_answers(token: str, page_id: str) -> ResponseReturnValue:
    """Save what is right of a page; go on, or show the page again with what is wrong."""
    draft = open_draft(token, _then())
    page = draft.page(page_id)
    form = QuestionForm(page, request.form)
    valid = form.validate()
    # The walk is done before the save, during which others have to wait.
    ahead = draft.with_answers(form.given)
    step = step_of(ahead, page, refused=not valid)
    with services().database.writing() as session:
        saved = drafts.save(session, token, form.given, newest().name, step)
    if not valid:
        return _questions(draft, page, form), 422
    draft = ahead.if_saved(saved)
    return redirect(draft.url_of(draft.after(page_id)), 303)


@check_pages.get("/check/<token>/review")
def review(token: str) -> str:
    """Show all answers, what is still open, and answers that do not seem to fit together."""
    draft = open_draft(token, REVIEW)
    return _review(draft, doubts_form(draft.walk))


@check_pages.post("/check/<token>/doubts")
def settle_doubts(token: str) -> ResponseReturnValue:
    """Save the answers that were asked about once more, and show the review again."""
    draft = open_draft(token, REVIEW)
    form = doubts_form(draft.walk, request.form)
    valid = form.validate()
    step = replace(ON_REVIEW, refused=not valid)
    with services().database.writing() as session:
        saved = drafts.save(session, token, form.given, newest().name, step)
    if not valid:
        return _review(draft, form), 422
    as_draft(token, saved)
    return redirect(url_for(".review", token=token, saved=1), 303)


@check_pages.post("/check/<token>/review")
def hand_in(token: str) -> Response:
    """Freeze the check, once, and go to its result; an incomplete one goes on where it is open."""
    made = services()
    with made.database.writing() as session:
        check = drafts.load(session, token, hold=True)
        draft = as_draft(token, check, REVIEW)
        if not draft.walk.complete:
            return redirect(f"{draft.url_of(draft.walk.first_open_page)}&open=1", 303)
        submission.submit(session, token, freeze(draft.walk, made.brand), made.settings.office)
    return to_result(token)


def _then() -> Then:
    wanted = request.args.get("then")
    return REVIEW if wanted == REVIEW else OPEN if wanted == OPEN else ""


def _review(draft: OpenDraft, form: QuestionForm) -> str:
    return render_template(
        "owner/review.html",
        token=draft.token,
        outdated=draft.outdated,
        parts=review_of(draft, services().brand.currency_sign),
        doubts=doubts_of(draft.walk, form),
        shown=SHOWN,
        names=[field.name for field in form.fields],
        problems=[(field.name, field.problem) for field in form.fields if field.errors],
        saved="saved" in request.args,
        first_open=draft.url_of(draft.walk.first_open_page),
        complete=draft.walk.complete,
        later=url_for("stop.stop", token=draft.token),
        back=draft.url_of(draft.walk.pages[-1]),
    )


def _questions(draft: OpenDraft, page: WalkPage, form: QuestionForm) -> str:
    sorting = page.questions[0].question.kind is Kind.SORT
    return render_template(
        "owner/questions.html",
        page=page,
        form=form,
        problems=[(field.name, field.problem) for field in form.fields if field.errors],
        parts=track_of(draft.walk, page),
        action=draft.url_of(page),
        back=_back(draft, page),
        later=url_for("stop.stop", token=draft.token),
        to_review=draft.to_review,
        outdated=draft.outdated,
        still_open="open" in request.args,
        carried_over="more" in request.args,
        decision_test=draft.walk.questionnaire.words.sorting["test"] if sorting else "",
    )


def _back(draft: OpenDraft, page: WalkPage) -> str:
    previous = draft.walk.previous_page(page)
    if draft.to_review:
        return draft.url_of(None)
    return draft.url_of(previous) if previous else url_for(".start_page")
