"""Drafts: responses being answered. Start one, load it, save answers into it, delete it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, exists, select, update

from consult.crypto import new_token, token_hash
from consult.questionnaire.questions import Answer
from consult.storage import page_events
from consult.storage.db.base import Base
from consult.storage.db.database import Database, Session
from consult.storage.page_events import PageVisit, SaveEvent
from consult.storage.tables.submission_tables import DraftRow, SubmissionRow

# What one page of questions changes: an answer and the wording variant it was given under, by
# question id. None removes an answer.
Changes = Mapping[str, tuple[Answer, str] | None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A response as its owner left it, with its answers as the questionnaire knows them.

    `answers` are all that were ever saved, by question id, also those now off the path; `given_as`
    is the wording variant of each, and `saved_by` the id of the form that changed it last.
    `edition` is the one under which answers were last saved, and `source` where the owner came from
    (``utm_*``, ``ref``).
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
    saved_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def counted_by(self) -> dict[str, Any]:
        """What the statistics count it by."""
        day = self.started_at.date()
        return page_events.keys_of(day, self.depth, self.source, demo=self.demo)


def start(
    session: Session,
    edition: str,
    depth: str,
    source: Mapping[str, str],
    *,
    elapsed: timedelta = timedelta(),
    shown: PageVisit | None = None,
    framed: bool = False,
    demo: bool = False,
) -> str:
    """Make an empty draft; return its token, which is not stored and cannot be read again.

    `elapsed` is the time that went into answers which are about to be carried over, `shown` its
    first page, and `framed` whether it is started inside a page of another site.
    """
    token = new_token()
    now = session.now()
    row = DraftRow(
        token_hash=token_hash(token),
        edition=edition,
        depth=depth,
        answers={},
        source=dict(source),
        demo=demo,
        created_at=now - elapsed,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    page_events.record_start(session, row, shown, framed=framed)
    return token


def load(session: Session, token: str, *, lock: bool = False) -> Draft | None:
    """The draft behind a token, or None for a token that is unknown or whose draft has expired.

    `lock` keeps others from saving into the draft until the session, a writing one, ends: to score
    the answers and submit them in one transaction.
    """
    key = {"token_hash": token_hash(token)}
    if lock and session.get_bind().dialect.name == "postgresql":
        # A separate statement: the next one sees what was saved while this one waited for the row.
        # SQLite has one writer at a time anyway.
        session.connection().execute(_LOCK.with_for_update(), key)
    row = session.connection().execute(_LOAD, key).first()
    return _draft(row, saved_since=session.now() - session.draft_life)


def fetch(database: Database, token: str) -> Draft | None:
    """The draft behind a token as `load` returns it, to look at only: one statement, no session."""
    row = database.fetch_one(_LOAD, {"token_hash": token_hash(token)})
    return _draft(row, saved_since=database.clock() - database.draft_life)


def save(
    session: Session,
    token: str,
    changes: Changes,
    edition: str | None = None,
    event: SaveEvent | None = None,
) -> Draft | None:
    """Load a draft, and merge answers into it unless it was submitted; see `store_answers`.

    Returns the draft after the change, or None for a token that is unknown or has expired.
    """
    draft = load(session, token, lock=True)
    if draft is None or draft.submitted:
        return draft
    return store_answers(session, draft, changes, edition or draft.edition, event)


def store_answers(
    session: Session,
    draft: Draft,
    changes: Changes,
    edition: str,
    event: SaveEvent | None,
    *,
    form_id: str = "",
) -> Draft:
    """Merge a page's answers into a draft, and return it; other answers stay as they are.

    The draft was not submitted, and was loaded and locked in this writing session.
    """
    answers, given_as = merged(draft.answers, draft.given_as, changes)
    changed = {id: form_id for id in changes if answers.get(id) != draft.answers.get(id)}
    by_form = {**draft.saved_by, **changed}.items()
    saved_by = {id: by for id, by in by_form if by and id in answers}
    now = session.now()
    stored = {
        id: {"value": value, "as": given_as[id]} | ({"by": saved_by[id]} if id in saved_by else {})
        for id, value in answers.items()
    }
    values = {"answers": stored, "in_edition": edition, "updated_at": now}
    session.connection().execute(_SAVE, {"draft_id": draft.id, **values})
    if event:
        page_events.record_save(session, draft.id, draft.counted_by, event, draft.updated_at)
    return replace(
        draft,
        edition=edition,
        answers=answers,
        given_as=given_as,
        saved_by=saved_by,
        updated_at=now,
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


def delete_drafts(session: Session, which: ColumnElement[bool]) -> int:
    """Delete drafts and everything that belongs to them, with leads; return how many."""
    deleted = session.scalars(delete(DraftRow).where(which).returning(DraftRow.id))
    return len(deleted.all())


def is_unsubmitted() -> ColumnElement[bool]:
    return ~exists().where(SubmissionRow.draft_id == DraftRow.id)


def as_answer(stored: float | str | list[str]) -> Answer:
    """An answer as the questionnaire knows it; JSON turned its tuples into lists."""
    return tuple(stored) if isinstance(stored, list) else stored


# Each page of the questionnaire runs these. Built once, and past the object mapping, they take
# about a third of the time.
_DRAFTS = Base.metadata.tables[DraftRow.__tablename__]
_SUBMISSIONS = Base.metadata.tables[SubmissionRow.__tablename__]
_LOCK = select(_DRAFTS.c.id).where(_DRAFTS.c.token_hash == bindparam("token_hash"))
_SUBMITTED = exists().where(_SUBMISSIONS.c.draft_id == _DRAFTS.c.id).label("submitted")
_LOAD = select(*_DRAFTS.c, _SUBMITTED).where(_DRAFTS.c.token_hash == bindparam("token_hash"))
_SAVE = (
    update(_DRAFTS)
    .where(_DRAFTS.c.id == bindparam("draft_id"))
    .values(
        answers=bindparam("answers"),
        edition=bindparam("in_edition"),
        updated_at=bindparam("updated_at"),
    )
)


def _draft(row: Row[*tuple[Any, ...]] | None, saved_since: datetime) -> Draft | None:
    if row is None or (row.updated_at < saved_since and not row.submitted):
        return None
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
        saved_by={
            question: by for question, given in row.answers.items() if (by := given.get("by"))
        },
    )
