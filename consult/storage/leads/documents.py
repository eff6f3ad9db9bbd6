"""Documents: the rendered files of a submission, kept until the submission is deleted."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from consult.crypto import token_hash
from consult.storage.db.database import Database, Session
from consult.storage.tables.submission_tables import ContactRow, DocumentRow, SubmissionRow

REPORT = "report"
"""What the owner gets."""

BRIEF = "brief"
"""What staff read before they call."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was rendered. ``revision`` says which state of the submission it shows."""

    kind: str
    revision: int
    content: bytes
    sha256: str
    rendered_at: datetime


@dataclass(frozen=True, slots=True)
class Handout:
    """A file that is ready for whoever holds the link to its result.

    ``has_contact`` says whether they left one.
    """

    content: bytes
    submitted_at: datetime
    has_contact: bool


def put(session: Session, submission_id: int, kind: str, revision: int, content: bytes) -> bool:
    """Keep a rendered file, unless the same or a newer revision of it is already there.

    Returns:
        Whether it was kept. False as well if the submission was deleted meanwhile.
    """
    # The row of the submission is the lock: two workers may come here with two revisions at once.
    known = session.scalar(
        select(SubmissionRow.id)
        .where(SubmissionRow.id == submission_id)
        .with_for_update(key_share=True)
    )
    if known is None:
        return False
    row = session.get(DocumentRow, (submission_id, kind), with_for_update=True)
    if row is None:
        row = DocumentRow(submission_id=submission_id, kind=kind)
        session.add(row)
    elif row.revision >= revision:
        return False
    row.revision = revision
    row.content = content
    row.sha256 = hashlib.sha256(content).hexdigest()
    row.rendered_at = session.now()
    session.flush()
    return True


def get(session: Session, submission_id: int, kind: str) -> Document | None:
    """The stored file of a kind, or None while there is none.

    Whether it is the current one: compare ``Document.revision`` with ``Lead.report_revision``.
    """
    row = session.get(DocumentRow, (submission_id, kind))
    if row is None:
        return None
    return Document(
        kind=row.kind,
        revision=row.revision,
        content=row.content,
        sha256=row.sha256,
        rendered_at=row.rendered_at,
    )


def ready_behind(database: Database, result_token: str, kind: str) -> Handout | None:
    """The current file behind a result link, or None if it has to be made, or there is no result.

    One statement: a download is to cost little more than a file from the disk.
    """
    row = database.fetch_one(_READY, {"hash": token_hash(result_token), "kind": kind})
    return Handout(row[0], row[1], row[2] is not None) if row else None


_READY = (
    select(DocumentRow.content, SubmissionRow.submitted_at, ContactRow.submission_id)
    .join(SubmissionRow, SubmissionRow.id == DocumentRow.submission_id)
    .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
    .where(
        SubmissionRow.result_token_hash == bindparam("hash"),
        DocumentRow.kind == bindparam("kind"),
        DocumentRow.revision >= SubmissionRow.report_revision,
    )
)


def stored_revision(session: Session, submission_id: int, kind: str) -> int:
    """The revision of the stored file, 0 while there is none; reads no content."""
    query = select(DocumentRow.revision).where(
        DocumentRow.submission_id == submission_id, DocumentRow.kind == kind
    )
    return session.scalar(query) or 0
