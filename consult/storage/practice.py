"""What the records say about the agency's own practice; ``consult.relay.own_health`` judges it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select

from consult.relay.own_health import LAST_WON, TIME_TO_ANSWER, Contacted, Practice, Record
from consult.storage.database import Session
from consult.storage.desk_tables import LeadEventRow, LeadRow
from consult.storage.timeline import Event, reachable_at

# Enough to tell what is usual, and few enough to look at on every page that shows it.
_LOOKED_AT = 100
_WALKED = 1_000
_A_YEAR = timedelta(days=365)
_KINDS = ("contact_left", "contact", "moved", "not_now")


def practice(session: Session, *, demo: bool = False) -> Practice:
    """The records of late; made-up leads are apart from real ones."""
    now = session.now()
    reachable = (LeadRow.demo.is_(demo), LeadRow.due_at.is_not(None))
    recent = _read(session, _newest().where(*reachable))
    settled = _read(session, _newest(LeadRow.submitted_at < now - TIME_TO_ANSWER).where(*reachable))
    events = _events(session, {*recent, *settled})
    records = {
        id: _record(row, events.get(id, []), now) for id, row in {**recent, **settled}.items()
    }
    won = _read(session, _newest(LeadRow.stage == "won").where(LeadRow.demo.is_(demo)))
    return Practice(
        recent=[records[id] for id in recent],
        settled=[records[id] for id in settled],
        won_sources=[row.source for row in won.values()][:LAST_WON],
    )


def reasons_returned(session: Session, *, demo: bool = False) -> list[tuple[str, int]]:
    """Why leads that were handed over came back within a year, the most frequent reason first."""
    reason = LeadEventRow.data["reason"].as_string()
    rows = session.execute(
        select(reason, func.count())
        .join(LeadRow, LeadRow.submission_id == LeadEventRow.submission_id)
        .where(
            LeadEventRow.kind == "returned",
            LeadEventRow.at > session.now() - _A_YEAR,
            LeadRow.demo.is_(demo),
        )
        .group_by(reason)
    )
    return sorted(((id, count) for id, count in rows), key=lambda one: (-one[1], one[0]))


def _newest(*where: ColumnElement[bool]) -> Select[LeadRow]:
    """The newest leads of a kind, to be narrowed down: few enough however many there are."""
    order = (LeadRow.submitted_at.desc(), LeadRow.submission_id.desc())
    walked = select(LeadRow.submission_id).where(*where).order_by(*order).limit(_WALKED).subquery()
    here = LeadRow.submission_id == walked.c.submission_id
    return select(LeadRow).join(walked, here).order_by(*order).limit(_LOOKED_AT)


def _read(session: Session, leads: Select[LeadRow]) -> dict[int, LeadRow]:
    return {row.submission_id: row for row in session.scalars(leads)}


def _events(session: Session, ids: Iterable[int]) -> Mapping[int, Sequence[Event]]:
    rows = session.scalars(
        select(LeadEventRow)
        .where(LeadEventRow.submission_id.in_(sorted(ids)), LeadEventRow.kind.in_(_KINDS))
        .order_by(LeadEventRow.id)
    )
    found: dict[int, list[Event]] = {}
    for row in rows:
        event = Event(row.id, row.at, row.by_id, row.kind, row.data, row.version)
        found.setdefault(row.submission_id, []).append(event)
    return found


def _record(row: LeadRow, events: Sequence[Event], now: datetime) -> Record:
    reasons = [event.data.get("reason", "") for event in events if event.kind == "moved"]
    consult_ahead = row.consult_at is not None and row.consult_at > now
    return Record(
        reachable_at=reachable_at(events, row.submitted_at),
        stage=row.stage,
        reason=reasons[-1] if reasons else "",
        first_contact_at=row.first_contact_at,
        contacts=[_contacted(event) for event in events if event.kind == "contact"],
        dates=[date.fromisoformat(event.data["on"]) for event in events if event.kind == "not_now"],
        planned=consult_ahead or (row.ask_again_on is not None and row.ask_again_on >= now.date()),
    )


def _contacted(event: Event) -> Contacted:
    kept = event.data.get("asked_again")
    return Contacted(event.at, event.data["reached"], date.fromisoformat(kept) if kept else None)
