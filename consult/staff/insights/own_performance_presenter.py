"""The agency's own handoff health in the words of the questionnaire."""

from collections.abc import Sequence
from dataclasses import dataclass

from consult.questionnaire.editions import newest
from consult.questionnaire.model import BASE
from consult.storage.db.database import Session
from consult.storage.insights.performance_records import practice
from consult.workflow.office_hours import Office
from consult.workflow.own_performance import MINIMUM, Measure, own_health

_RECORDS = {
    "reply_time": "leads",
    "tries": "silent leads",
    "outcomes": "leads",
    "dates_kept": "dates",
    "known_sources": "won",
}


@dataclass(frozen=True, slots=True)
class OwnItem:
    """An item as the agency answers it. `rung` is -1 and `answer` empty while there is too little.

    `rung` of `top` is drawn; `rests_on` says on how many records it rests, or how many it takes.
    """

    title: str
    question: str
    answer: str
    rung: int
    top: int
    rests_on: str
    fix: str


@dataclass(frozen=True, slots=True)
class OwnHealth:
    """All items; `demo` says that they are those of made-up leads, as there are no others."""

    items: Sequence[OwnItem]
    demo: bool


def own_health_view(session: Session, office: Office, *, demo: bool | None = None) -> OwnHealth:
    """The agency's own handoff health.

    Args:
        session: any.
        office: when the agency is open.
        demo: whether to look at made-up leads; None looks at them only while there are no others.
    """
    found = practice(session, demo=bool(demo))
    shows_demo = bool(demo)
    if demo is None and not found.recent:
        found = practice(session, demo=True)
        shows_demo = bool(found.recent)
    measures = own_health(found, office, session.now())
    return OwnHealth([_item(measure) for measure in measures], shows_demo)


def _item(measure: Measure) -> OwnItem:
    edition = newest()
    wording = edition.wording(edition.structure.roles.own_performance[measure.id], BASE)
    texts = list(wording.choices.values())
    records = _RECORDS[measure.id]
    few = f"{measure.count} of {MINIMUM[measure.id]} {records} needed"
    return OwnItem(
        title=wording.title,
        question=wording.ask,
        answer="" if measure.rung is None else texts[measure.rung],
        rung=-1 if measure.rung is None else measure.rung,
        top=len(texts) - 1,
        rests_on=few if measure.rung is None else f"From {measure.count} {records}",
        fix="" if measure.rung is None or measure.rung == len(texts) - 1 else wording.fix,
    )
