"""Checks: questionnaires being answered. Start one, load it, save answers into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, exists, select, update

from consult.crypto import new_token, token_hash
from consult.questionnaire import Answer
from consult.storage.db.base import Base
from consult.storage.db.database import Session
from consult.storage.insights import source_limiter
from consult.storage.insights.daily_counters import Day
from consult.storage.insights.idle_drafts import go_on
from consult.storage.insights.page_times import Shown, Step, Trace, begun, went_on
from consult.storage.tables.submission_tables import DraftRow, SubmissionRow

# What one page of questions changes: an answer and the wording variant it was given under, by
# question id. None takes an answer back.
Changes = Mapping[str, tuple[Answer, str] | None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A check as its owner left it.

    Attributes:
        edition: the one under which answers were last saved.
        answers: every answer ever saved, by question id, also those now off the path.
        given_as: the wording variant each answer was given under, by question id.
        source: where the owner came from (``utm_*``, ``ref``).
        submitted: whether a submission was made of it; its answers no longer change then.
        demo: made up; never counted among real ones.
        trace: see ``traces``; only of a check that is held.
    """

    id: int
    edition: str
    depth: str
    answers: Mapping[str, Answer]
    given_as: Mapping[str, str]
    source: Mapping[str, str]
    started_at: datetime
    updated_at: datetime
    submitted: bool
    demo: bool = False
    trace: Trace = field(default_factory=dict)


def start(
    session: Session,
    edition: str,
    depth: str,
    source: Mapping[str, str],
    *,
    spent: timedelta = timedelta(),
    shown: Shown | None = None,
    demo: bool = False,
) -> str:
    """Make an empty check.

    Args:
        session: a writing one.
        edition: the one that its questions come from.
        depth: ``quick`` or ``full``.
        source: where the owner came from.
        spent: the time that went into answers which are about to be carried over.
        shown: its first page, for the trace.
        demo: made up.

    Returns:
        Its token, which is stored nowhere and cannot be had again.
    """
    token = new_token()
    now = session.now()
    started_at = now - spent
    session.add(
        DraftRow(
            token_hash=token_hash(token),
            edition=edition,
            depth=depth,
            answers={},
            source=dict(source)
            if demo
            else source_limiter.begun(session, started_at, depth, source),
            trace=dict(begun(shown, now)),
            demo=demo,
            created_at=started_at,
            updated_at=now,
        )
    )
    session.flush()
    return token


def load(session: Session, token: str, *, hold: bool = False) -> Draft | None:
    """The check behind a token, or None for a token that is unknown or whose draft has expired.

    Args:
        session: a writing one, if ``hold`` is set.
        token: as ``start`` returned it.
        hold: nobody else can save into the check until the session ends. Use it to score the
            answers and submit them in one transaction.
    """
    key = {"token_hash": token_hash(token)}
    if hold and session.get_bind().dialect.name == "postgresql":
        # A statement of its own: what was saved while we waited for the row, the next one sees.
        # On SQLite nobody else writes while we do.
        session.execute(_HOLD, key)
    row = session.execute(_LOAD_TO_CHANGE if hold else _LOAD, key).first()
    if row is None:
        return None
    expired = row.updated_at < session.now() - session.draft_life
    return None if expired and not row.submitted else _check(row, row.trace if hold else {})


def save(
    session: Session,
    token: str,
    changes: Changes,
    edition: str | None = None,
    step: Step | None = None,
) -> Draft | None:
    """Merge answers into a draft; see `store_answers`.

    A draft that was submitted is left alone: see ``Draft.submitted`` of what comes back.

    Args:
        session: a writing one.
        token: as ``start`` returned it.
        changes: the answers.
        edition: the one under which they were given, if it is another than before.
        step: what this means for the trace.

    Returns:
        The draft after the change, or None for a token that is unknown or has expired.
    """
    draft = load(session, token, hold=True)
    if draft is None or draft.submitted:
        return draft
    return store_answers(session, draft, changes, edition or draft.edition, step)


def store_answers(
    session: Session, draft: Draft, changes: Changes, edition: str, step: Step | None = None
) -> Draft:
    """Merge a page's answers into a draft; answers to other questions stay as they are.

    Args:
        session: the writing one in which the draft was loaded and locked.
        draft: one that was not submitted.
        changes: the answers.
        edition: the one under which they were given.
        step: what this means for the trace.

    Returns:
        The draft after the change.
    """
    answers, given_as = merged(draft.answers, draft.given_as, changes)
    now = session.now()
    trace = went_on(awake(session, draft), step, draft.updated_at, now) if step else draft.trace
    session.execute(
        _SAVE,
        {
            "draft_id": draft.id,
            "answers": {id: {"value": value, "as": given_as[id]} for id, value in answers.items()},
            "in_edition": edition,
            "updated_at": now,
            "trace": trace,
        },
    )
    return replace(
        draft, edition=edition, answers=answers, given_as=given_as, updated_at=now, trace=trace
    )


def merged(
    answers: Mapping[str, Answer], given_as: Mapping[str, str], changes: Changes
) -> tuple[dict[str, Answer], dict[str, str]]:
    """Answers, and the variants they were given under, as they are once changes are saved."""
    new_answers, new_given_as = dict(answers), dict(given_as)
    for question, given in changes.items():
        if given is None:
            new_answers.pop(question, None)
            new_given_as.pop(question, None)
        else:
            new_answers[question], new_given_as[question] = given
    return new_answers, new_given_as


def awake(session: Session, check: Draft) -> Trace:
    """The trace of a check that goes on: its numbers are taken back, if it was at rest."""
    day = Day.of(check.started_at, check.depth, check.source, demo=check.demo)
    return go_on(session, day, check.trace)


def as_answer(stored: float | str | list[str]) -> Answer:
    """An answer as the questionnaire knows it; JSON turned its tuples into lists."""
    return tuple(stored) if isinstance(stored, list) else stored


# Each page of the questionnaire runs these. Built once, and past the object mapping, they take
# about a third of the time.
_CHECKS = Base.metadata.tables[DraftRow.__tablename__]
_SUBMISSIONS = Base.metadata.tables[SubmissionRow.__tablename__]
_HOLD = (
    select(_CHECKS.c.id).where(_CHECKS.c.token_hash == bindparam("token_hash")).with_for_update()
)
_LOAD_TO_CHANGE = select(
    *_CHECKS.c,
    exists().where(_SUBMISSIONS.c.draft_id == _CHECKS.c.id).label("submitted"),
).where(_CHECKS.c.token_hash == bindparam("token_hash"))
# Who only looks has no use for the trace.
_LOAD = _LOAD_TO_CHANGE.with_only_columns(
    *(column for column in _LOAD_TO_CHANGE.selected_columns if column.key != "trace")
)
_SAVE = (
    update(_CHECKS)
    .where(_CHECKS.c.id == bindparam("draft_id"))
    .values(
        answers=bindparam("answers"),
        edition=bindparam("in_edition"),
        updated_at=bindparam("updated_at"),
        trace=bindparam("trace"),
    )
)


def _check(row: Row[*tuple[Any, ...]], trace: Trace) -> Draft:
    return Draft(
        id=row.id,
        edition=row.edition,
        depth=row.depth,
        answers={question: as_answer(given["value"]) for question, given in row.answers.items()},
        given_as={question: given["as"] for question, given in row.answers.items()},
        source=row.source,
        started_at=row.created_at,
        updated_at=row.updated_at,
        submitted=row.submitted,
        demo=row.demo,
        trace=trace,
    )
