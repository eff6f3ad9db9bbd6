"""Going on from a quick look: what is left to answer, and a full check that keeps every answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from consult.owner.draft import OPEN, OpenDraft, walk_over
from consult.owner.page_timing import shown_of
from consult.questionnaire import Answer, Depth, Walk, walk
from consult.questionnaire.editions import newest
from consult.storage.db.database import Session
from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import as_answer
from consult.storage.leads.leads import Lead

SECONDS_AN_ANSWER = 12
"""Our estimate for a question with four answers to read."""


@dataclass(frozen=True)
class Deeper:
    """What the full check would add to a quick look.

    `answers` are those still to give, `parts` all that a full check scores for this business,
    `left_out` the names of those that the quick look did not touch.
    """

    answers: int
    minutes: int
    parts: int
    left_out: tuple[str, ...]


def deeper_than(lead: Lead) -> Deeper | None:
    """Return what is left to answer after a quick look; None when there is nothing."""
    if lead.depth != "quick":
        return None
    full = _walk_as(lead, "full")
    still_open = len(full.missing)
    if not still_open:
        return None
    parts, seen = _parts(full), _parts(_walk_as(lead, "quick"))
    return Deeper(
        answers=still_open,
        minutes=max(1, round(still_open * SECONDS_AN_ANSWER / 60)),
        parts=len(parts),
        left_out=tuple(name for id, name in parts.items() if id not in seen),
    )


def start_deeper(session: Session, lead: Lead) -> OpenDraft:
    """Start a full check with all that was answered in the quick look; that one stays as it is."""
    # The time spent so far counts as well, or nobody would seem to need long for a full check.
    spent = timedelta(seconds=lead.seconds_taken)
    shown = shown_of(_walk_as(lead, "full").first_open_page)
    token = drafts.start(session, lead.edition, "full", lead.source, spent=spent, shown=shown)
    check = drafts.save(session, token, _given(lead))
    if check is None:
        raise LookupError("the check that was just started is gone")
    return OpenDraft(token, walk_over(check), OPEN)


def _given(lead: Lead) -> dict[str, tuple[Answer, str]]:
    """Every answer with the variant of the wording that it was given under."""
    return {id: (as_answer(a), lead.wording[id]["variant"]) for id, a in lead.answers.items()}


def _walk_as(lead: Lead, depth: Depth) -> Walk:
    given = _given(lead)
    answers = {id: answer for id, (answer, _) in given.items()}
    return walk(newest(), answers, depth, {id: variant for id, (_, variant) in given.items()})


def _parts(way: Walk) -> dict[str, str]:
    """The names of the parts of both scores that a walk asks about, by id."""
    words = way.questionnaire.texts.findings["dimensions"]
    asked = {asked.id for asked in way.asked}
    return {
        dimension.id: words[dimension.id]["name"]
        for dimension in way.questionnaire.dimensions
        if asked & set(dimension.items)
    }
