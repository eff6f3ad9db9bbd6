"""Checks: questionnaires being answered. Start one, load it, save answers into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from consult.questionnaire import Answer
from consult.storage.database import Session
from consult.storage.models import CheckRow, SubmissionRow
from consult.storage.tokens import new_token, token_hash

# What one page of questions changes: an answer and the wording variant it was given under, by
# question id. None takes an answer back.
Changes = Mapping[str, tuple[Answer, str] | None]


@dataclass(frozen=True, slots=True)
class Check:
    """A check as its owner left it.

    Attributes:
        answers: every answer ever saved, by question id, also those now off the path.
        given_as: the wording variant each answer was given under, by question id.
        source: where the owner came from (``utm_*``, ``ref``).
        submitted: whether a submission was made of it; its answers no longer change then.
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


def start(session: Session, edition: str, depth: str, source: Mapping[str, str]) -> str:
    """Make an empty check.

    Returns:
        Its token, which is stored nowhere and cannot be had again.
    """
    token = new_token()
    now = session.now()
    session.add(
        CheckRow(
            token_hash=token_hash(token),
            edition=edition,
            depth=depth,
            answers={},
            source=dict(source),
            created_at=now,
            updated_at=now,
        )
    )
    session.flush()
    return token


def load(session: Session, token: str, *, hold: bool = False) -> Check | None:
    """The check behind a token, or None for a token that is unknown or whose draft has expired.

    Args:
        session: a writing one, if ``hold`` is set.
        token: as ``start`` returned it.
        hold: nobody else can save into the check until the session ends. Use it to score the
            answers and submit them in one transaction.
    """
    found = find(session, token, hold=hold)
    return None if found is None else _view(*found)


def save(session: Session, token: str, changes: Changes) -> Check | None:
    """Merge a page's answers into a check; answers to other questions stay as they are.

    A check that was submitted is left alone: see ``Check.submitted`` of what comes back.

    Returns:
        The check after the change, or None for a token that is unknown or has expired.
    """
    found = find(session, token, hold=True)
    if found is None:
        return None
    row, submitted = found
    if not submitted:
        answers = dict(row.answers)
        for question, given in changes.items():
            if given is None:
                answers.pop(question, None)
            else:
                value, variant = given
                answers[question] = {"value": value, "as": variant}
        row.answers = answers
        row.updated_at = session.now()
        session.flush()
    return _view(row, submitted)


def find(session: Session, token: str, *, hold: bool) -> tuple[CheckRow, bool] | None:
    """The row behind a token and whether it was submitted, for the verbs of this package."""
    query = select(CheckRow).where(CheckRow.token_hash == token_hash(token))
    if hold:
        # Whoever had to wait for the row must see what was saved meanwhile, hence a fresh read.
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None:
        return None
    # A statement of its own: joined to the first, it would see the time before the wait.
    submitted = bool(session.scalar(select(exists().where(SubmissionRow.check_id == row.id))))
    expired = row.updated_at < session.now() - session.draft_life
    return None if expired and not submitted else (row, submitted)


def _view(row: CheckRow, submitted: bool) -> Check:
    return Check(
        id=row.id,
        edition=row.edition,
        depth=row.depth,
        answers={question: as_answer(given["value"]) for question, given in row.answers.items()},
        given_as={question: given["as"] for question, given in row.answers.items()},
        source=row.source,
        started_at=row.created_at,
        updated_at=row.updated_at,
        submitted=submitted,
    )


def as_answer(stored: float | str | list[str]) -> Answer:
    """An answer as the questionnaire knows it; JSON turned its tuples into lists."""
    return tuple(stored) if isinstance(stored, list) else stored
