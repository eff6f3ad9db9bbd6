"""What each kind of job does. A handler does the slow part and returns the effect to commit."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial

from consult.delivery.outbox import Job
from consult.delivery.worker import Effect, Handler
from consult.storage import documents, jobs, leads, retention
from consult.storage.database import Database, Session
from consult.storage.leads import Lead

PURGE = "purge"


def make_handlers(
    database: Database,
    *,
    write: Callable[[Lead], str],
    render: Callable[[str], bytes],
    lead_days: int,
) -> dict[str, Handler]:
    """The handlers of this application, by kind of job.

    Args:
        database: the one the worker works on.
        write: a lead's report as one HTML document; see ``reports.report_writer``.
        render: HTML to PDF, with its own time limit.
        lead_days: how long a lead is kept.
    """
    return {
        jobs.RENDER_REPORT: partial(render_report, database, write, render),
        PURGE: partial(purge, database, lead_days),
    }


def render_report(
    database: Database, write: Callable[[Lead], str], render: Callable[[str], bytes], job: Job
) -> Effect:
    """Make the PDF of a submission at the revision the job names, unless there is no need."""
    lead_id: int = job.payload["submission_id"]
    revision: int = job.payload["revision"]
    with database.reading() as session:
        lead = leads.by_id(session, lead_id)
        stored = documents.stored_revision(session, lead_id, documents.REPORT)
    if lead is None or stored >= revision or lead.report_revision > revision:
        return _nothing  # deleted, made already, or a later job makes the one that counts
    content = render(write(lead))

    def keep(session: Session) -> None:
        documents.put(session, lead_id, documents.REPORT, revision, content)

    return keep


def purge(database: Database, lead_days: int, _job: Job) -> Effect:
    """Delete what has been kept long enough, and do so again tomorrow."""
    with database.writing() as session:
        retention.purge(session, lead_days=lead_days)
    database.forget_deleted()
    return schedule_purge


def schedule_purge(session: Session) -> None:
    """Make sure that the next purge is planned; workers call this when they start."""
    tomorrow = session.now().date() + timedelta(days=1)
    jobs.enqueue(
        session,
        PURGE,
        {},
        dedupe_key=f"{PURGE}:{tomorrow}",
        run_at=datetime.combine(tomorrow, time(hour=3), UTC),
    )


def _nothing(_session: Session) -> None:
    """There is nothing to write down."""
