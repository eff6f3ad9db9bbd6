"""Making leads go, down to the files they left: what the database cannot do by itself."""

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial

from consult.delivery.mail.transport import FileTransport
from consult.delivery.worker import Commit, Postpone, no_op
from consult.storage import deliveries
from consult.storage.db.database import Database, Session
from consult.storage.jobs import FORGET, enqueue
from consult.storage.privacy import erasure, retention
from consult.storage.privacy.erasure import How
from consult.storage.tables.delivery_tables import JobRow

_AT_ONCE = 100
_WAIT = timedelta(minutes=1)


def erase(
    database: Database,
    folder: FileTransport,
    lead_ids: Collection[int],
    how: How,
    *,
    by: int | None,
    why: str,
) -> int:
    """Delete leads or make them anonymous, with the mails about them that lie in the folder.

    SQLite's log, the last place where something could be read, is emptied as well; should somebody
    be reading from it just now, the worker sees to it within minutes.

    Returns:
        To how many leads it happened.
    """
    gone = 0
    for some in _bundles(sorted(lead_ids)):
        with database.writing() as session:
            tokens = deliveries.report_tokens(session, some)
            gone += len(erasure.erase(session, some, how, by=by, why=why))
            _ask_to_forget(session)
        folder.delete_for_leads(some, tokens)
    database.forget_deleted()
    return gone


def end_old_leads(database: Database, folder: FileTransport, lead_days: int, how: How) -> int:
    """Delete the leads whose time is over, or make them anonymous; how many there were."""
    with database.reading() as session:
        old = retention.leads_over(session, lead_days=lead_days, at_the_end=how)
    return erase(database, folder, old, how, by=None, why="retention")


def delete_old_pdfs(database: Database, pdf_days: int) -> None:
    """Delete PDFs that have been kept long enough."""
    _bit_by_bit(database, partial(retention.delete_pdfs, pdf_days=pdf_days))


def empty_old_mails(database: Database, mail_days: int) -> None:
    """Forget what mails said that have been kept long enough."""
    _bit_by_bit(database, partial(retention.empty_mails, mail_days=mail_days))


def _bit_by_bit(database: Database, some: Callable[[Session], int]) -> None:
    """Do something until nothing is left of it, in transactions that others can wait for."""
    left = 1
    while left:
        with database.writing() as session:
            left = some(session)


def forget(database: Database, _job: JobRow) -> Commit:
    """Empty SQLite's log; if somebody is reading from it, a minute later."""
    if not database.forget_deleted():
        raise Postpone(_WAIT)
    return no_op


def _bundles(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _ask_to_forget(session: Session) -> None:
    enqueue(session, FORGET, {}, dedupe_key=f"{FORGET}:{session.now().isoformat()}")
