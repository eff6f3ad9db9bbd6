"""Deletes or anonymizes leads, with the files about them that the database doesn't know."""

from collections.abc import Callable, Collection
from datetime import timedelta

from consult.delivery.context import Context
from consult.delivery.mail.transport import FileTransport
from consult.delivery.worker import Commit, Postpone, no_op
from consult.storage import deliveries
from consult.storage.db.database import Database, Session
from consult.storage.jobs import FORGET, enqueue
from consult.storage.privacy import erasure, retention
from consult.storage.privacy.erasure import Method
from consult.storage.tables.delivery_tables import JobRow

_BATCH = 100
_RETRY_AFTER = timedelta(minutes=1)


def erase(
    database: Database,
    folder: FileTransport,
    lead_ids: Collection[int],
    method: Method,
    *,
    by: int | None,
    reason: str,
) -> int:
    """Delete or anonymize leads, and the emails about them in the mail folder; return how many.

    SQLite's log, the last place where their data could be read, is emptied as well. While it is in
    use, that fails; then the worker does it within minutes.
    """
    erased = 0
    ids = sorted(lead_ids)
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        with database.writing() as session:
            tokens = deliveries.report_tokens(session, batch)
            erased += len(erasure.erase(session, batch, method, by=by, reason=reason))
            enqueue(session, FORGET, {}, dedupe_key=f"{FORGET}:{session.now().isoformat()}")
        folder.delete_for_leads(batch, tokens)
    database.forget_deleted()
    return erased


def erase_old_leads(
    database: Database, folder: FileTransport, lead_days: int, method: Method
) -> int:
    """Delete or anonymize the leads whose retention period ended; returns how many."""
    with database.reading() as session:
        old = retention.expired_leads(session, lead_days=lead_days, method=method)
    return erase(database, folder, old, method, by=None, reason="retention")


def delete_in_batches(database: Database, delete_batch: Callable[[Session], int]) -> None:
    """Repeat until nothing is left, each time in its own transaction, so that others can write."""
    deleted = 1
    while deleted:
        with database.writing() as session:
            deleted = delete_batch(session)


def forget(context: Context, _job: JobRow) -> Commit:
    """Empty SQLite's log; while it is in use, try again a minute later."""
    if not context.database.forget_deleted():
        raise Postpone(_RETRY_AFTER)
    return no_op
