"""How much there is of everything, for the person who watches over a running system."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from consult.storage.db.database import Session
from consult.storage.tables.submission_tables import ContactRow, DraftRow, JobRow, SubmissionRow


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by kind; ``jobs`` by state, ``overdue_seconds`` how long the oldest due job waits."""

    checks: int
    submissions: int
    contacts: int
    jobs: Mapping[str, int]
    overdue_seconds: float


def counts(session: Session) -> Counts:
    """Count what is stored. Names nobody: only how many."""
    by_state = select(JobRow.state, func.count()).group_by(JobRow.state)
    oldest = session.scalar(select(func.min(JobRow.run_at)).where(JobRow.state == "ready"))
    waited = (session.now() - oldest).total_seconds() if oldest else 0.0
    return Counts(
        checks=_rows(session, DraftRow),
        submissions=_rows(session, SubmissionRow),
        contacts=_rows(session, ContactRow),
        jobs=dict(session.execute(by_state).all()),
        overdue_seconds=max(0.0, waited),
    )


def _rows(session: Session, table: type[DraftRow | SubmissionRow | ContactRow]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0
