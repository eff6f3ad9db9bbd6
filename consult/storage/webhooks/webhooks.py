"""Webhooks: what is to go to each address that is told, and what came of every try."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import Select, String, exists, literal, or_, select
from sqlalchemy import cast as sql_cast

from consult.storage.db.database import Session
from consult.storage.jobs import NOBODY_WAITS, WEBHOOK, enqueue
from consult.storage.notifications.notifications import Notice
from consult.storage.tables.notification_tables import EndpointRow, MessageRow, NoticeRow, TryRow
from consult.storage.tables.submission_tables import JobRow
from consult.storage.webhooks import endpoints

BREATH = timedelta(minutes=1)
"""For so long, an address that kept us waiting in vain is left alone."""

_LONG = 2_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook to one endpoint; ``notice_id`` is None for a test."""

    id: int
    endpoint_id: int
    notice_id: int | None
    kind: str
    webhook_id: str
    round: int
    created_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Try:
    """One try: when, how long it took, and what came of it. ``error`` is empty if it went well."""

    at: datetime
    milliseconds: int
    status: int | None
    error: str
    answer: str


@dataclass(frozen=True, slots=True)
class Logged:
    """A message as the log shows it: its lead, its tries, and how its job stands."""

    message: Message
    lead_id: int | None
    address: str
    tries: Sequence[Try]
    state: str | None
    run_at: datetime | None
    last_error: str


def plan(session: Session, endpoint_id: int, notice: Notice | None = None) -> int:
    """Ask for a webhook to be sent: of a notice, or to test the address. Returns its id."""
    row = MessageRow(
        endpoint_id=endpoint_id,
        notice_id=notice.id if notice else None,
        kind=notice.kind if notice else "test",
        webhook_id=f"msg_{token_hex(16)}",
        round=1,
        created_at=session.now(),
    )
    session.add(row)
    session.flush()
    _enqueue(session, row, notice.lead_id if notice else None)
    return row.id


def send_again(session: Session, message_id: int) -> None:
    """Ask for a message once more, under its old webhook-id, with all tries anew.

    Does nothing while the message is still on its way.
    """
    row = session.get_one(MessageRow, message_id, with_for_update=True)
    open_job = session.scalar(
        select(JobRow.id).where(
            JobRow.dedupe_key == _key(row.id, row.round), JobRow.state.in_(("ready", "leased"))
        )
    )
    if open_job is not None:
        return
    row.round += 1
    row.delivered_at = None
    session.flush()
    lead_id = session.scalar(select(NoticeRow.submission_id).where(NoticeRow.id == row.notice_id))
    _enqueue(session, row, lead_id)


def message(session: Session, message_id: int) -> Message | None:
    """The message with this id, or None: it went with its lead or its endpoint."""
    row = session.get(MessageRow, message_id)
    return _message(row) if row else None


def record_try(session: Session, message_id: int, made: Try) -> bool:
    """Write down a try, as soon as it is over.

    Returns:
        Whether the address has now failed for so long that it was switched off.
    """
    row = session.get(MessageRow, message_id)
    if row is None:
        return False
    session.add(
        TryRow(
            message_id=message_id,
            at=made.at,
            milliseconds=made.milliseconds,
            status=made.status,
            error=made.error[:300],
            answer=made.answer[:200],
        )
    )
    if not made.error:
        row.delivered_at = session.now()
    return endpoints.note_try(session, row.endpoint_id, made.at, failed=bool(made.error))


def keeps_us_waiting(session: Session, endpoint_id: int) -> bool:
    """Whether the last try at an address was a moment ago, took seconds, and was in vain."""
    latest = session.scalar(
        select(TryRow)
        .join(MessageRow, MessageRow.id == TryRow.message_id)
        .where(MessageRow.endpoint_id == endpoint_id, TryRow.at > session.now() - BREATH)
        .order_by(TryRow.id.desc())
        .limit(1)
    )
    return latest is not None and bool(latest.error) and latest.milliseconds >= _LONG


def log_of(
    session: Session,
    endpoint_id: int,
    limit: int = 50,
    *,
    before: int | None = None,
    failed: bool = False,
) -> Sequence[Logged]:
    """The messages to an endpoint, the newest first.

    Args:
        session: any.
        endpoint_id: the endpoint's.
        limit: how many at most.
        before: only those with a smaller id than this one.
        failed: only those that did not arrive: tried in vain, given up, or not sent.
    """
    query = _LOG.where(MessageRow.endpoint_id == endpoint_id)
    if before is not None:
        query = query.where(MessageRow.id < before)
    if failed:
        tried = exists().where(TryRow.message_id == MessageRow.id)
        over = or_(JobRow.state.is_(None), JobRow.state.not_in(("ready", "leased")))
        query = query.where(MessageRow.delivered_at.is_(None), or_(tried, over))
    return _logged(session, query.order_by(MessageRow.id.desc()).limit(limit))


def log_of_lead(session: Session, lead_id: int) -> Sequence[Logged]:
    """The messages about a lead, the first first."""
    query = _LOG.where(NoticeRow.submission_id == lead_id)
    return _logged(session, query.order_by(MessageRow.id))


def _key(message_id: int, round: int) -> str:
    return f"{WEBHOOK}:{message_id}:{round}"


def _enqueue(session: Session, row: MessageRow, lead_id: int | None) -> None:
    enqueue(
        session,
        WEBHOOK,
        {"message_id": row.id},
        dedupe_key=_key(row.id, row.round),
        submission_id=lead_id,
        # An address that answers slowly must not keep an owner from a report.
        patience=NOBODY_WAITS,
    )


_LOG: Select[MessageRow, int | None, str, JobRow | None] = (
    select(MessageRow, NoticeRow.submission_id, EndpointRow.address, JobRow)
    .join(EndpointRow, EndpointRow.id == MessageRow.endpoint_id)
    .outerjoin(NoticeRow, NoticeRow.id == MessageRow.notice_id)
    .outerjoin(
        JobRow,
        JobRow.dedupe_key
        == literal(f"{WEBHOOK}:")
        + sql_cast(MessageRow.id, String)
        + ":"
        + sql_cast(MessageRow.round, String),
    )
)


def _logged(
    session: Session, query: Select[MessageRow, int | None, str, JobRow | None]
) -> Sequence[Logged]:
    rows = session.execute(query).all()
    tries: dict[int, list[Try]] = {row.id: [] for row, *_ in rows}
    if not tries:
        return []
    made = select(TryRow).where(TryRow.message_id.in_(tries)).order_by(TryRow.id)
    for each in session.scalars(made):
        tries[each.message_id].append(
            Try(each.at, each.milliseconds, each.status, each.error, each.answer)
        )
    return [
        Logged(
            message=_message(row),
            lead_id=lead_id,
            address=address,
            tries=tries[row.id],
            state=job.state if job else None,
            run_at=job.run_at if job else None,
            last_error=(job.last_error or "") if job else "",
        )
        for row, lead_id, address, job in rows
    ]


def _message(row: MessageRow) -> Message:
    return Message(
        id=row.id,
        endpoint_id=row.endpoint_id,
        notice_id=row.notice_id,
        kind=row.kind,
        webhook_id=row.webhook_id,
        round=row.round,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )
