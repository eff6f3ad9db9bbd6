"""What the templates show: plain data in words, made from the walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from consult.owner.draft import OpenDraft
from consult.owner.question_form import options
from consult.questionnaire import Asked, Depth, Kind, Walk, WalkPage, WalkPart
from consult.questionnaire.editions import load
from consult.report.report import Report

STATED_MINUTES: Mapping[Depth, int] = {"quick": 5, "full": 10}
"""Our estimate, shown until enough owners have finished for a measured time."""

NO_ANSWER = "Not answered yet"
LEFT_OUT = "Left out"
NONE_PICKED = "None of these"


@dataclass(frozen=True)
class ReviewRow:
    """One question on the review: the answer in words and the address to change it."""

    ask: str
    answers: tuple[str, ...]
    open: bool
    url: str


@dataclass(frozen=True)
class ReviewPart:
    """The questions of one part of the track."""

    title: str
    rows: tuple[ReviewRow, ...]


@dataclass(frozen=True)
class Bar:
    """A part of a score; `is_point` marks the one that the heading is about."""

    name: str
    confirmed: int
    possible: int
    is_point: bool


@dataclass(frozen=True)
class Minutes:
    """How long a check takes, and whether owners' own times say so."""

    number: int
    measured: bool


def minutes_for(depth: Depth, seconds: int | None) -> Minutes:
    """Return the time to state for a check; `seconds` is the measured one, if there is any."""
    if seconds is None:
        return Minutes(STATED_MINUTES[depth], measured=False)
    return Minutes(max(1, round(seconds / 60)), measured=True)


def track_of(walk: Walk, page: WalkPage) -> list[tuple[int, str, str]]:
    """Return the parts of the track: number, title, and whether it is done, here or open."""
    here = walk.part_of(page)
    return [
        (
            part.number,
            part.heading.title,
            "here" if part == here else "done" if _behind(part) else "open",
        )
        for part in walk.parts
    ]


def _behind(part: WalkPart) -> bool:
    """Say whether a part is done: one that asks nothing it must know is still ahead until begun."""
    answered = (asked.answer for page in part.pages for asked in page.questions)
    return part.complete and any(answer is not None for answer in answered)


def review_of(draft: OpenDraft, currency_sign: str) -> tuple[ReviewPart, ...]:
    """Return all questions on the path by part, each with its answer in words."""
    rows = _rows(draft, currency_sign)
    return tuple(
        ReviewPart(
            part.heading.title,
            tuple(rows[asked.id] for page in part.pages for asked in page.questions),
        )
        for part in draft.walk.parts
    )


def bands_of(edition: str) -> dict[str, list[str]]:
    """Return the names of the bands of each axis, from low to high."""
    bands = load(edition).texts.findings["bands"]
    return {axis: [band["name"] for band in bands[axis].values()] for axis in bands}


def bars_of(report: Report) -> dict[str, list[Bar]]:
    """Return the parts of each score in the order of the report.

    Those of Separation come by what they lost, those of Handoff along the way of a lead.
    """
    separation, handoff = report.separation.most_to_gain, report.handoff.dimensions
    weakest = report.weakest.id if report.weakest.lost else ""
    return {
        "separation": [
            Bar(d.name, d.confirmed, d.possible, is_point=d is separation[0] and d.lost > 0)
            for d in separation
        ],
        "handoff": [
            Bar(d.name, d.confirmed, d.possible, is_point=d.id == weakest) for d in handoff
        ],
    }


def in_words(asked: Asked, currency_sign: str) -> tuple[str, ...]:
    """Return an answer as its owner would say it; several ticked answers give several texts."""
    answer = asked.answer
    if answer is None:
        return (NO_ANSWER if asked.question.required else LEFT_OUT,)
    if asked.question.kind is Kind.NUMBER:
        return (f"{currency_sign}{answer:,}",)
    offered = options(asked)
    if isinstance(answer, tuple):
        return tuple(offered[id] for id in answer) or (NONE_PICKED,)
    return (offered[str(answer)],)


def _rows(draft: OpenDraft, currency_sign: str) -> dict[str, ReviewRow]:
    return {
        asked.id: ReviewRow(
            asked.wording.ask,
            in_words(asked, currency_sign),
            asked.open,
            f"{draft.url_of(page)}#{asked.id}",
        )
        for page in draft.walk.pages
        for asked in page.questions
    }
