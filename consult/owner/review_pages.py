"""The review: every answer before it is submitted, and one question about those in doubt."""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consult.owner.open_draft import (
    REVIEW,
    OpenDraft,
    freeze,
    load_draft,
    lock_draft,
    to_result,
)
from consult.owner.question_form import Posted, QuestionForm, version_of
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import Asked, Walk, WalkPage
from consult.questionnaire.wording import Heading
from consult.report.display import in_words
from consult.report.one_lead import far_from_usual
from consult.report.report_sections import disagreement
from consult.scoring.scorecard import Scorecard
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from consult.storage.page_events import PageVisit, SaveEvent
from consult.web.services import services

SHOWN = "shown"
"""The field that names the form's questions: an empty list of checkboxes sends no other sign."""

review_pages = Blueprint("review", __name__, url_prefix="/check/<token>")


@review_pages.get("/review")
def review(token: str) -> str:
    draft = load_draft(token, REVIEW)
    return _review(draft)


@review_pages.post("/contradictions")
def save_contradictions(token: str) -> ResponseReturnValue:
    posted = request.form
    with services().database.writing() as session:
        draft = lock_draft(session, token, REVIEW)
        form = _double_check_form(draft, posted.get(SHOWN, "").split(), posted)
        event = SaveEvent(PageVisit(REVIEW), PageVisit(REVIEW), refused=not form.valid)
        drafts.store_answers(
            session, draft.stored, form.given, newest().name, event, form_id=form.id
        )
    if not form.valid:
        return _review(draft.with_answers(form.given), form), 409 if form.overtaken else 422
    return redirect(url_for(".review", token=token, saved=1), 303)


@review_pages.post("/review")
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


def _review(draft: OpenDraft, form: QuestionForm | None = None) -> str:
    question, ids = _double_check(draft.walk)
    form = form or _double_check_form(draft, ids)
    names = [field.name for field in form.fields]
    saved = _double_check_page(draft.walk, names)
    return render_template(
        "owner/review.html",
        token=draft.token,
        outdated=draft.outdated,
        parts=draft.walk.parts,
        url_of=draft.url_of,
        answer_texts=answer_texts,
        # Another tab may have settled what this form is about.
        question=question if set(names) == set(ids) else "",
        form=form,
        version=version_of(saved),
        overtaken=both_answers(form),
        moved="moved" in request.args,
        shown=SHOWN,
        names=names,
        problems=form.problems,
        saved="saved" in request.args,
        first_open=draft.first_open_url,
        complete=draft.walk.complete,
        pause_url=draft.pause_url,
        back=draft.url_of(draft.walk.pages[-1]),
    )


def answer_texts(asked: Asked) -> tuple[str, ...]:
    """An answer in the words of its choices; several checked boxes give several texts."""
    answer = asked.answer
    if answer is None:
        return ("Not answered yet" if asked.question.required else "Skipped",)
    if answer and isinstance(answer, tuple):
        return tuple(asked.wording.choices[id] for id in answer)
    return (in_words(asked, services().brand.currency_sign),)


def both_answers(form: QuestionForm) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    """Each question that was answered differently elsewhere: as it is saved, and as it was sent."""
    return [
        (
            field.asked.wording.ask,
            answer_texts(field.asked),
            answer_texts(field.asked._replace(answer=field.answer)),
        )
        for field in form.overtaken
    ]


def _double_check_form(
    draft: OpenDraft, ids: Sequence[str], posted: Posted | None = None
) -> QuestionForm:
    """The form of the answers in doubt, by their ids: those that hold now, or those posted."""
    return draft.form(_double_check_page(draft.walk, ids), posted)


def _double_check_page(walk: Walk, ids: Sequence[str]) -> WalkPage:
    questions = tuple(walk.by_id[id] for id in dict.fromkeys(ids) if id in walk.by_id)
    return WalkPage("contradictions", "", Heading(""), questions)


def _double_check(walk: Walk) -> tuple[str, Sequence[str]]:
    """The one question to ask about answers that cannot all be right, and the ids of those.

    It never holds an owner up. Numbers that disagree go first; a lead that fared otherwise than
    they usually do is asked about last, since both can be true.
    """
    if not walk.complete:
        return "", ()
    card = Scorecard(walk.on_path)
    texts = walk.questionnaire.texts.findings["double_check"]
    if card.money.disagreeing:
        inputs = walk.questionnaire.structure.roles.money
        ids = (inputs.new_customers, inputs.leads, inputs.worked, inputs.buyers)
        return disagreement(card.money, texts["numbers"]), ids
    for rule in card.impossible:
        # A fact is no single answer that could be changed here.
        return texts[rule.id], [id for id in card.evidence(rule) if id in walk.by_id]
    one_lead = walk.questionnaire.structure.roles.one_lead
    odd = far_from_usual(walk)
    return odd, (one_lead.first_reply, one_lead.heard_back) if odd else ()
