"""The call brief: what staff should know before they call an owner, on a page or two.

Made by rules from the frozen Report and the answers behind it, and from nothing else. Every point
carries the answers that it rests on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from consult.questionnaire.editions import load
from consult.report.display import I_DO_NOT_KNOW, mid_sentence, safe_text
from consult.report.explanations import Reasons
from consult.report.html_document import Paper, Recipient, staff_html
from consult.report.report import Axis, Dimension, QuestionAnswer, Report, ScoredAnswer
from consult.settings.brand import Brand
from consult.workflow.telephone import phone_link

QUESTIONS = 3
_MOST_CONTRADICTIONS = 3


@dataclass(frozen=True)
class Point:
    """Something to know or to ask, and the answers that it rests on."""

    text: str
    answers: tuple[QuestionAnswer, ...]
    title: str = ""


@dataclass(frozen=True)
class Brief:
    """What the brief says about the answers, beside what is in the report."""

    report: Report
    numbers: tuple[QuestionAnswer, ...]
    facts: tuple[Point, ...]
    questions: tuple[Point, ...]
    contradictions: tuple[Point, ...]
    unknown: tuple[Point, ...]


def brief_of(report: Report, reasons: Reasons) -> Brief:
    """The brief for a Report. `reasons` have to be those of the same answers."""
    return Brief(
        report,
        numbers=tuple(_numbers(report, reasons)),
        facts=tuple(_facts(report)),
        questions=tuple(_questions(report)),
        contradictions=tuple(
            Point(finding.text, reasons.findings[finding.id].read, finding.name)
            for finding in (*report.contradictions, *report.flags)[:_MOST_CONTRADICTIONS]
        ),
        unknown=tuple(_unknown(report)),
    )


_NUMBERS = ("Leads a month", "Buy, out of 10", "First sale", "New customers last month")


def _numbers(report: Report, reasons: Reasons) -> Iterator[QuestionAnswer]:
    """The numbers that they gave, as they gave them, each with its name for staff."""
    given = {said.question: said.answer for said in report.answers}
    for name, question in zip(_NUMBERS, reasons.numbers, strict=True):
        if question:
            yield QuestionAnswer(name, given[question])


def _facts(report: Report) -> Iterator[Point]:
    """Where they stand, where leads get lost first, and what would help most."""
    lines = [line for axis in report.axes for part in axis.dimensions for line in part.lines]
    open_lines = sum(line.unknown for line in lines)
    rests_on = f"all {len(lines)} scored answers, {open_lines or 'none'} of them “I don’t know.”"
    yield Point(
        f"{scores_of(report)}, out of 100. Their report says: “{report.finding}”",
        (QuestionAnswer("From", rests_on),),
        report.archetype.name,
    )
    weakest = report.weakest
    yield Point(
        f"{_range(weakest)} of 100. {weakest.says}",
        (_answered(_costliest(weakest)),),
        f"Weakest handoff point: {weakest.name}" if weakest.lost else "Nothing gets dropped",
    )
    fix = report.first_step
    if fix:
        line = next(line for line in lines if line.id == fix.id)
        yield Point(
            f"{fix.axis_name} may go from {fix.before} to {fix.after}. Aim: {fix.aim}",
            (_answered(line),),
            f"Their first step: {fix.title}",
        )
    else:
        yield Point("Every answer is at its best.", (), "Nothing left to raise")


def _questions(report: Report) -> Iterator[Point]:
    """What to ask first: about the weakest exchange, then where the plan begins, then by loss."""
    texts = load(report.edition).texts.findings["dimensions"]
    parts = [part for axis in report.axes for part in axis.dimensions]
    of_fix = {line.id: part for part in parts for line in part.lines}
    by_loss = sorted(parts, key=lambda part: -part.lost)
    wanted = [report.weakest, *(of_fix[fix.id] for fix in report.plan), *by_loss]
    in_order = list({part.id: part for part in wanted}.values())
    for part in in_order[:QUESTIONS]:
        yield Point(texts[part.id]["call_question"], (_answered(_costliest(part)),), part.name)


def scores_of(report: Report) -> str:
    """Both scores, as ranges where answers aren't known."""
    return ", ".join(f"{axis.name} {_range(axis)}" for axis in report.axes)


def first_question(report: Report) -> str:
    return next(_questions(report)).text


def _unknown(report: Report) -> Iterator[Point]:
    """What the questionnaire could not find out: answers unknown, left out, or never asked."""
    for unknown in report.unknowns:
        yield Point("", (QuestionAnswer(unknown.question, I_DO_NOT_KNOW),), unknown.title)
    if report.money_refused:
        yield Point(report.money_refused, (), "What lost leads may be worth")
    for left_out in report.not_asked:
        first, *others = left_out.titles
        listed = "; ".join([first, *map(mid_sentence, others)])
        yield Point(f"{listed}.", (), f"Not asked. {left_out.reason}")


def _costliest(part: Dimension) -> ScoredAnswer:
    return max(part.lines, key=lambda line: line.lost)


def _answered(line: ScoredAnswer) -> QuestionAnswer:
    return QuestionAnswer(line.question, line.answer)


def _range(scored: Axis | Dimension) -> str:
    upper = f" to {scored.possible}" if scored.possible > scored.confirmed else ""
    return f"{scored.confirmed}{upper}"


def brief_html(
    brief: Brief, lead_id: int, owner: Recipient, submitted_at: datetime, brand: Brand, paper: Paper
) -> str:
    """The brief as one HTML document for print; the same arguments give the same."""
    title = safe_text(owner.business, 80) or f"Lead {lead_id}"
    return staff_html(
        "brief.html",
        title,
        submitted_at,
        brand,
        paper,
        brief=brief,
        report=brief.report,
        lead_id=lead_id,
        short_title=safe_text(title, 40),
        name=safe_text(owner.name, 80),
        email=safe_text(owner.email, 254),
        mailto="mailto:" + quote(owner.email, safe="@"),
        phone=safe_text(owner.phone, 40),
        tel=phone_link(owner.phone),
        best_time=safe_text(owner.best_time, 80),
        left_out=any(
            typed and not safe_text(typed)
            for typed in (owner.business, owner.name, owner.email, owner.phone, owner.best_time)
        ),
        own_words=safe_text(brief.report.own_words, len(brief.report.own_words)),
        has_contact=bool(owner.email),
        wants_consult=owner.wants_consult,
    )
