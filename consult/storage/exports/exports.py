"""Exports that take a while: asked for, made piece by piece, kept for a day, withdrawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, func, select, update

from consult.storage.db.database import Database, Session
from consult.storage.jobs import EXPORT, NOBODY_WAITS, enqueue
from consult.storage.tables.export_tables import ExportPartRow, ExportRow
from consult.storage.tables.submission_tables import JobRow

Format = Literal["csv", "xlsx", "pdf"]
MOST_IN_THE_MAKING = 5
"""For one person at a time: each goes over all leads, and fills the disk for a day."""

WHOLE_PERSON = "person"
"""In place of a query: the record is to hold all leads of the same address, and not just one."""

State = Literal["making", "ready", "withdrawn", "failed"]


@dataclass(frozen=True, slots=True)
class Export:
    """A file that somebody asked for.

    Attributes:
        query: what selects the leads, in the form of `LeadSearch.query`; empty once it is made.
        lead_id: the lead whose owner's record it is; None for a table of leads.
        state: ``failed`` when the worker gave it up.
        done: how many of the ``total`` leads are in it so far.
    """

    id: int
    by_id: int
    format: Format
    query: str
    lead_id: int | None
    state: State
    done: int
    total: int
    asked_at: datetime


def ask(
    session: Session,
    by: int,
    format: Format,
    *,
    query: str = "",
    lead_id: int | None = None,
    total: int = 1,
) -> int:
    """Ask for an export, as a job of the worker; its id."""
    row = ExportRow(
        by_id=by,
        format=format,
        query=query,
        submission_id=lead_id,
        state="making",
        done=0,
        total=total,
        asked_at=session.now(),
    )
    session.add(row)
    session.flush()
    enqueue(
        session,
        EXPORT,
        {"export_id": row.id},
        dedupe_key=_key(row.id),
        submission_id=lead_id,
        # Whoever asked for it sees how far it is. An owner's report goes first.
        patience=NOBODY_WAITS,
    )
    return row.id


def get(session: Session, export_id: int) -> Export | None:
    """The export with this id, or None."""
    row = session.get(ExportRow, export_id, populate_existing=True)
    return _export(row, _gave_up(session, row)) if row else None


def asked_by(session: Session, user_id: int) -> list[Export]:
    """What somebody asked for and is still kept, the last first."""
    rows = session.scalars(
        select(ExportRow).where(ExportRow.by_id == user_id).order_by(ExportRow.id.desc())
    ).all()
    return [_export(row, _gave_up(session, row)) for row in rows]


def may_ask(session: Session, user_id: int) -> bool:
    """Whether somebody may ask for one more: not while the worker has plenty to make for them."""
    making = select(func.count()).where(ExportRow.by_id == user_id, ExportRow.state == "making")
    return (session.scalar(making) or 0) < MOST_IN_THE_MAKING


def start_over(session: Session, export_id: int) -> None:
    """Throw away what an earlier try has made."""
    session.execute(delete(ExportPartRow).where(ExportPartRow.export_id == export_id))


def note_progress(session: Session, export_id: int, done: int) -> bool:
    """Write down how many leads are in an export so far; whether anybody still wants it."""
    still_wanted = session.execute(
        update(ExportRow)
        .where(ExportRow.id == export_id, ExportRow.state == "making")
        .values(done=done)
        .returning(ExportRow.id)
    )
    return still_wanted.first() is not None


def add_part(session: Session, export_id: int, number: int, content: bytes) -> bool:
    """Keep the next piece of the file; whether anybody still wants it."""
    wanted = session.scalar(
        select(ExportRow.id)
        .where(ExportRow.id == export_id, ExportRow.state == "making")
        .with_for_update()
    )
    if wanted is not None:
        session.add(ExportPartRow(export_id=export_id, number=number, content=content))
        session.flush()
    return wanted is not None


def finish(session: Session, export_id: int, done: int) -> None:
    """The file is whole."""
    session.execute(
        update(ExportRow)
        .where(ExportRow.id == export_id, ExportRow.state == "making")
        .values(state="ready", done=done, total=done, query="", finished_at=session.now())
    )


def parts(database: Database, export_id: int) -> Iterator[bytes]:
    """The pieces of the file, each read in a session of its own."""
    number = 0
    while True:
        with database.reading() as session:
            row = session.get(ExportPartRow, (export_id, number))
        if row is None:
            return
        yield row.content
        number += 1


def withdraw_all(session: Session) -> int:
    """Empty every export, those in the making too, and leave word of it; how many there were."""
    rows = session.execute(
        update(ExportRow)
        .where(ExportRow.state != "withdrawn")
        .values(
            state="withdrawn",
            query="",
            finished_at=func.coalesce(ExportRow.finished_at, session.now()),
        )
        .returning(ExportRow.id)
    ).all()
    session.execute(delete(ExportPartRow))
    return len(rows)


def forget(session: Session, export_id: int) -> None:
    """Delete an export, its file and what is left of its job."""
    session.execute(delete(JobRow).where(JobRow.dedupe_key == _key(export_id)))
    session.execute(delete(ExportRow).where(ExportRow.id == export_id))


def forget_older(session: Session, than: datetime) -> int:
    """Delete the exports that were asked for before a moment; how many there were."""
    ids = session.scalars(select(ExportRow.id).where(ExportRow.asked_at < than)).all()
    for export_id in ids:
        forget(session, export_id)
    return len(ids)


def _key(export_id: int) -> str:
    return f"{EXPORT}:{export_id}"


def _gave_up(session: Session, row: ExportRow) -> bool:
    job = select(JobRow.state).where(JobRow.dedupe_key == _key(row.id))
    return row.state == "making" and session.scalar(job) == "dead"


def _export(row: ExportRow, gave_up: bool) -> Export:
    state: State = "failed" if gave_up else row.state  # type: ignore[assignment] # checked there
    return Export(
        id=row.id,
        by_id=row.by_id,
        format=row.format,  # type: ignore[arg-type] # a constraint says so
        query=row.query,
        lead_id=row.submission_id,
        state=state,
        done=row.done,
        total=row.total,
        asked_at=row.asked_at,
    )
