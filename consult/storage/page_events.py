"""Statistics of responses, written with each save and summed by the insights.

They hold names of pages and questions, counts and times, and never an answer. Deleting a draft or
lead unlinks its rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, select, update

from consult.questionnaire.editions import newest
from consult.storage.db.base import Base
from consult.storage.db.database import INSERTS, Session, insert_into
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import (
    MAX_SOURCE,
    DraftRow,
    PageVisitRow,
    ResponseStatsRow,
    StartPageViewRow,
)
from consult.workflow.stages import Stage, counted_source

REVIEW = "review"
"""The page after the last question, by the same name as in its address."""

MAX_DWELL = timedelta(minutes=15)
"""A longer time between two saves was a break, and says nothing about the page."""

MAX_VIEWS_A_DAY = 20_000
"""More views of one kind are not counted, so that no program can fill the table."""

_TEST = "test"
"""The source of test responses: the address of the start page with ``?ref=test``."""

_REACHED: Mapping[str, frozenset[Stage]] = {
    "reached": frozenset({"reached", "consult_booked", "consult_held", "won"}),
    "booked": frozenset({"consult_booked", "consult_held"}),
    "held": frozenset({"consult_held"}),
}


_TIMED = ("pressed", "booked", "held", "won")
"""The steps from the result to a client, for which the insights show how long they took."""


@dataclass(frozen=True, slots=True)
class PageVisit:
    """A page as its owner sees it, with the questions that it asks on this path.

    `open` are those without an answer, `unknown` those answered with "I don't know".
    """

    page: str
    asked: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def questions(self) -> str:
        """As it is stored: see ``PageVisitRow.questions``."""
        marks = {**dict.fromkeys(self.unknown, "?"), **dict.fromkeys(self.open, "-")}
        return " ".join(id + marks.get(id, "") for id in self.asked)


@dataclass(frozen=True, slots=True)
class SaveEvent:
    """One save: the page as it is now, and the page shown next; the same if it was ``refused``."""

    saved: PageVisit
    then: PageVisit
    refused: bool = False


def keys_of(day: date, depth: str, source: Mapping[str, str], *, demo: bool) -> dict[str, Any]:
    """The columns that something is counted by; `source` holds the tags of the link followed."""
    name = counted_source(source)[:MAX_SOURCE]
    kind = "demo" if demo else "test" if name.casefold() == _TEST else "real"
    return {"day": day, "kind": kind, "depth": depth, "source": name}


def record_view(
    session: Session,
    depth: str,
    source: Mapping[str, str],
    *,
    framed: bool,
    demo: bool = False,
    count: int = 1,
) -> None:
    keys = keys_of(session.now().date(), depth, source, demo=demo)
    of_day = (StartPageViewRow.day == keys["day"], StartPageViewRow.kind == keys["kind"])
    seen = session.scalar(select(func.sum(StartPageViewRow.count)).where(*of_day)) or 0
    if seen >= MAX_VIEWS_A_DAY:
        return
    adding = insert_into(session, StartPageViewRow).values(**keys, framed=framed, count=count)
    session.execute(
        adding.on_conflict_do_update(
            index_elements=[*keys, "framed"],
            set_={"count": StartPageViewRow.count + adding.excluded.count},
        )
    )


def record_start(
    session: Session, draft: DraftRow, first: PageVisit | None, *, framed: bool
) -> None:
    """Count a response that starts, with its first page where one is shown."""
    keys = keys_of(draft.created_at.date(), draft.depth, draft.source, demo=draft.demo)
    furthest = _place(first.page) if first else 0
    row = {**keys, "draft_id": draft.id, "framed": framed, "furthest": furthest}
    session.connection().execute(_STATS.insert(), row)
    if first:
        _write_visits(session, keys, draft.id, [_shown(first)])


def record_save(
    session: Session, draft_id: int, keys: Mapping[str, Any], event: SaveEvent, before: datetime
) -> None:
    """Count a save into a response that the session has locked.

    `keys` are from `keys_of`. `before` is when the response was last saved, or started: then this
    page came into view. After a Back, the time on the page gone back from counts for this one.
    """
    saved, then = event.saved, event.then
    connection = session.connection()  # half of what `execute` of a session costs
    connection.execute(_MOVE_ON, {"of_draft": draft_id, "saved": saved.page, "then": then.page})
    visits = [_sent(event, session.now() - before)]
    if then.page != saved.page:
        visits.append(_shown(then))
        if _place(then.page) > _place(saved.page):
            connection.execute(_ADVANCE, {"of_draft": draft_id, "place": _place(then.page)})
    _write_visits(session, keys, draft_id, visits)


def record_submission(
    session: Session, draft_id: int, keys: Mapping[str, Any], submission_id: int, before: datetime
) -> None:
    """Count a response that is being submitted: its review is done, and it was left nowhere."""
    connection, of_it = session.connection(), {"of_draft": draft_id}
    connection.execute(_LINK, {**of_it, "submitted": True, "submission_id": submission_id})
    if connection.execute(_END_VISIT, of_it).first():
        review = PageVisit(REVIEW)
        sent = _sent(SaveEvent(review, review), session.now() - before)
        _write_visits(session, keys, draft_id, [{**sent, "is_last": False}])


def record_press(session: Session, submission_id: int) -> None:
    """Count that an owner went on to book a consult, with the time of the first press."""
    _record_outcome(session, submission_id, pressed=True)


def record_stage(session: Session, submission_id: int, stage: Stage) -> None:
    """Count that a lead was moved to a stage. What it once reached stays, except ``won``."""
    reached = {name: True for name, stages in _REACHED.items() if stage in stages}
    _record_outcome(session, submission_id, **reached, **_win(session, stage == "won"))


def record_stages(session: Session, submission_id: int, stages: Sequence[Stage]) -> None:
    """Count again which stages a lead was moved to, in order, when a move was undone."""
    reached = {name: not _REACHED[name].isdisjoint(stages) for name in _REACHED}
    won = bool(stages) and stages[-1] == "won"
    _record_outcome(session, submission_id, **reached, **_win(session, won))


def _win(session: Session, won: bool) -> dict[str, Any]:
    """The present state of a win: since which day, and what it's worth."""
    session.flush()
    lead = LeadRow.submission_id == _STATS.c.submission_id
    return {
        "won": won,
        "won_on": func.coalesce(_STATS.c.won_on, session.now().date()) if won else None,
        "won_amount": select(LeadRow.won_amount).where(lead).scalar_subquery(),
        "won_currency": select(LeadRow.won_currency).where(lead).scalar_subquery(),
    }


def _record_outcome(session: Session, submission_id: int, **reached: Any) -> None:
    """Count how far a lead got; of the steps to a client, how long after the result at first.

    A consult counts from when it took place, and not from when staff said so.
    """
    lead, now = session.get_one(LeadRow, submission_id), session.now()
    for name in [name for name in _TIMED if name in reached]:
        at = min(lead.consult_at or now, now) if name == "held" else now
        after = _STATS.c[f"{name}_after"]
        since = round((at - lead.submitted_at).total_seconds())
        reached[after.name] = func.coalesce(after, since) if reached[name] else None
    record_reached(session, submission_id, **reached)


def record_reached(session: Session, submission_id: int, **reached: Any) -> None:
    of_it = update(_STATS).where(_STATS.c.submission_id == submission_id)
    session.connection().execute(of_it.values(**reached))


def pages_of(session: Session, draft_id: int) -> list[PageVisitRow]:
    """The pages of a response, in the order in which they were first shown."""
    query = select(PageVisitRow).where(PageVisitRow.draft_id == draft_id)
    return list(session.scalars(query.order_by(PageVisitRow.id)))


def unlink_pages(session: Session, draft_id: int) -> None:
    """Keep the pages of a response as numbers only, without the link to it."""
    session.execute(update(_VISITS).where(_VISITS.c.draft_id == draft_id).values(draft_id=None))


_STATS = Base.metadata.tables[ResponseStatsRow.__tablename__]
_VISITS = Base.metadata.tables[PageVisitRow.__tablename__]
# Each page of the questionnaire runs some of these; built once, and past the object mapping.
_MOVE_ON = (
    update(_VISITS)
    .where(
        _VISITS.c.draft_id == bindparam("of_draft"),
        _VISITS.c.is_last,
        _VISITS.c.page.not_in([bindparam("saved"), bindparam("then")]),
    )
    .values(is_last=False)
)
_ADVANCE = (
    update(_STATS)
    .where(_STATS.c.draft_id == bindparam("of_draft"), _STATS.c.furthest < bindparam("place"))
    .values(furthest=bindparam("place"))
)
_LINK = update(_STATS).where(_STATS.c.draft_id == bindparam("of_draft"))
_END_VISIT = (
    update(_VISITS)
    .where(_VISITS.c.draft_id == bindparam("of_draft"), _VISITS.c.is_last)
    .values(is_last=False)
    .returning(_VISITS.c.id)
)


def _shown(visit: PageVisit) -> dict[str, Any]:
    zero = {"saves": 0, "refused": 0, "seconds": None}
    return {"page": visit.page, "questions": visit.questions, "is_last": True, **zero}


def _sent(event: SaveEvent, dwell: timedelta) -> dict[str, Any]:
    return {
        "page": event.saved.page,
        "questions": event.saved.questions,
        "is_last": event.then.page == event.saved.page,
        "saves": 0 if event.refused else 1,
        "refused": 1 if event.refused else 0,
        "seconds": round(dwell.total_seconds()) if dwell <= MAX_DWELL else None,
    }


def _write_visits(
    session: Session, keys: Mapping[str, Any], draft_id: int, visits: list[dict[str, Any]]
) -> None:
    rows = [{**keys, "draft_id": draft_id, **visit} for visit in visits]
    session.connection().execute(_upsert(session.get_bind().dialect.name), rows)


@lru_cache
def _upsert(dialect: str) -> Any:
    """Add a page to a response, or add to the page that is there."""
    insert = INSERTS[dialect](_VISITS)
    old, new = _VISITS.c, insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["draft_id", "page"],
        set_={
            "questions": new.questions,
            "is_last": new.is_last,
            "saves": old.saves + new.saves,
            "refused": old.refused + new.refused,
            "seconds": func.coalesce(old.seconds + new.seconds, new.seconds, old.seconds),
        },
    )


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    """In which part of the questionnaire each page is, counted from 1; the review comes last."""
    parts = newest().structure.parts
    pages = {page.id: place for place, part in enumerate(parts, 1) for page in part.pages}
    return {**pages, REVIEW: len(parts) + 1}


def _place(page: str) -> int:
    return _places().get(page, 0)
