"""The questionnaire from start to submission, one page of questions after the other.

Each route loads the answers, computes the walk, validates, saves and redirects. Where an owner is
in it is never stored: it follows from the answers.
"""

from collections.abc import Mapping
from functools import cache

from flask import Blueprint, after_this_request, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.owner.open_draft import (
    OPEN,
    REVIEW,
    OpenDraft,
    Then,
    load_draft,
    lock_draft,
    visit_of,
)
from consult.owner.question_form import QuestionForm, version_of
from consult.owner.review_pages import both_answers
from consult.owner.visitors import (
    is_frame_unseen,
    is_person,
    plain_names,
    posted_source,
    source_of,
)
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import Walk, WalkPage, estimated_minutes, walk
from consult.questionnaire.questions import DEPTHS, Depth, Kind
from consult.report.display import mid_sentence
from consult.storage import page_events
from consult.storage.db.database import Session
from consult.storage.drafts import drafts
from consult.storage.leads import leads
from consult.storage.page_events import SaveEvent
from consult.web.embed import is_framed
from consult.web.limits import network_of
from consult.web.services import services

_estimated_minutes = cache(estimated_minutes)
"""Shown until enough owners have finished for a measured time."""

questionnaire_pages = Blueprint("questionnaire", __name__)


@questionnaire_pages.get("/")
def start_page() -> str:
    """Show what the check gives, how long it takes and what happens with the answers."""
    fields = plain_names(request.args)
    depth = DEPTHS.get(fields.get("depth", ""), "quick")
    settings = services().settings
    source = source_of(request.args, request.referrer, settings.base_url)
    with services().database.reading() as session:
        seconds = leads.usual_seconds(session, depth)
    framed = is_framed()
    unseen = framed and is_frame_unseen(request.referrer, settings.base_url, settings.embed_origins)
    if is_person() and not unseen:
        _count_view_afterwards(depth, source, framed=framed)
    return render_template(
        "owner/start.html",
        depth=depth,
        minutes=_estimated_minutes(newest(), depth)
        if seconds is None
        else measured_minutes(seconds),
        measured=seconds is not None,
        source=source,
        retention_days=settings.retention_days_drafts,
        contact_before=settings.contact_before,
        base_url=settings.base_url,
    )


def _count_view_afterwards(depth: Depth, source: Mapping[str, str], *, framed: bool) -> None:
    """Count a view after the page was sent, if that is possible at once: no page waits for it."""
    database = services().database

    def record(session: Session) -> None:
        page_events.record_view(session, depth, source, framed=framed)

    @after_this_request
    def count_when_sent(response: Response) -> Response:
        response.call_on_close(lambda: database.write_if_free(record, "a view of the start page"))
        return response


@questionnaire_pages.post("/start")
def start() -> Response:
    made = services()
    made.limits.consume("starts", made.settings.limit_starts, network_of(request.remote_addr))
    depth = DEPTHS.get(request.form.get("depth", ""), "quick")
    questionnaire, source = newest(), posted_source(request.form, made.settings.base_url)
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
    draft = load_draft(token, _then())
    page = draft.page(page_id)
    return _questions(draft, page, draft.form(page))


@questionnaire_pages.post("/check/<token>/<page_id>")
def save_answers(token: str, page_id: str) -> ResponseReturnValue:
    """Save what is valid of a page; go on, or show the page again with what is wrong."""
    posted, then = request.form, _then()  # read before the transaction: it may come slowly
    with services().database.writing() as session:
        draft = lock_draft(session, token, then)
        page = draft.page(page_id)
        form = draft.form(page, posted)
        saved = draft.with_answers(form.given)
        sent = visit_of(saved.walk.page(page_id) or page)
        then_shown = visit_of(saved.page_after(page_id)) if form.valid else sent
        event = SaveEvent(sent, then_shown, refused=not form.valid)
        drafts.store_answers(
            session, draft.stored, form.given, newest().name, event, form_id=form.id
        )
    if not form.valid:
        return _questions(draft, page, form, saved), 409 if form.overtaken else 422
    return redirect(saved.url_of(saved.page_after(page_id)), 303)


def _then() -> Then:
    wanted = request.args.get("then")
    return REVIEW if wanted == REVIEW else OPEN if wanted == OPEN else ""


def _questions(
    draft: OpenDraft, page: WalkPage, form: QuestionForm, saved: OpenDraft | None = None
) -> str:
    """The page with its form; `saved` is the draft after a save, if the form came back."""
    now = saved.walk.page(page.id) if saved else page
    only_cards = all(asked.question.kind is Kind.SORT for asked in page.questions)
    return render_template(
        "owner/questions.html",
        depth=draft.walk.depth,
        page=page,
        form=form,
        version=version_of(now or page),
        overtaken=both_answers(form),
        moved="moved" in request.args,
        problems=form.problems,
        stretches=_track(draft.walk, page),
        progress=draft.walk.progress(page),
        is_last=draft.page_after(page.id) is None,
        review_url=draft.url_of(None),
        action=draft.url_of(page),
        back=_back(draft, page),
        pause_url=draft.pause_url if draft.stored.answers else "",  # else nothing is saved yet
        to_review=draft.then == REVIEW,
        outdated=draft.outdated,
        still_open="open" in request.args,
        carried_over="more" in request.args,
        feedback=_feedback(draft, page),
        decision_test=draft.walk.questionnaire.texts.sorting["test"] if only_cards else "",
    )


def _feedback(draft: OpenDraft, page: WalkPage) -> str:
    """What to say about the cards of the page before this one; empty where it had none."""
    walk = draft.walk
    earlier = list(walk.pages[: walk.pages.index(page)])
    if draft.then == OPEN:  # the pages in between, which have nothing open, are not shown
        earlier = [one for one in earlier if any(a.question.required for a in one.questions)]
    if draft.then == REVIEW or not earlier:
        return ""
    cards = [
        asked
        for asked in earlier[-1].questions
        if asked.question.kind is Kind.SORT and asked.question.required
    ]
    if not cards or not earlier[-1].complete:
        return ""
    texts = walk.questionnaire.texts.sorting["feedback"]
    missed = [card for card in cards if card.answer != card.question.answer]
    if not missed:
        return str(texts["all"].format(count=len(cards)))
    first = missed[0]
    text = texts["some"].format(
        right=len(cards) - len(missed),
        count=len(cards),
        card=first.wording.ask,
        side=mid_sentence(first.wording.choices[str(first.question.answer)]),
        note=first.wording.note,
    )
    return str(text)


def _back(draft: OpenDraft, page: WalkPage) -> str:
    if draft.then == REVIEW:
        return draft.url_of(None)
    previous = draft.walk.previous_page(page)
    return draft.url_of(previous) if previous else url_for(".start_page")


def _track(walk: Walk, page: WalkPage) -> list[tuple[str, list[str]]]:
    """The parts of the track: the title of each, and which of its pages is done, here or open."""
    answered = {
        one.id
        for one in walk.pages
        if one.complete and any(a.answer is not None for a in one.questions)
    }
    ids = [id for _, pages in walk.stretches for id in pages]
    done = answered | set(ids[: ids.index(page.id)])
    titles = walk.questionnaire.texts.parts
    return [
        (
            titles[part.id].title,
            ["here" if id == page.id else "done" if id in done else "open" for id in pages],
        )
        for part, pages in walk.stretches
    ]


def measured_minutes(seconds: int) -> int:
    return max(1, round(seconds / 60))
