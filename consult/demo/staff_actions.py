"""What staff did with a made-up lead: the rows that the verbs of the desk would have left.

Not by those verbs, because each of them signs an entry of the audit log with a real name, and that
log is to be believed. A test plays the rows back through the verbs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, update

from consult.demo.names import Staff
from consult.questionnaire.editions import load
from consult.storage.db.database import Session
from consult.storage.search_index import index_lead
from consult.storage.tables.lead_tables import CallAssessmentRow, LeadEventRow, LeadRow, NoteRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.office_hours import Office
from consult.workflow.stages import Stage

_WAYS = ("phone", "phone", "phone", "mail", "mail", "message")
_LOST = ("not_needed", "price", "price", "chose_other", "chose_other", "other")
_NOT_A_FIT = ("outside", "size", "not_a_buyer", "not_real")
_RETURNED = ("no_time", "no_time", "facts_missing", "facts_missing", "not_ready", "somebody_else")
_NOTES = (
    "Made up: asked for a call on a weekday morning.",
    "Made up: the partner decides, call again when both are there.",
    "Made up: writes the leads on paper, has tried a spreadsheet twice.",
    "Made up: good talk. Wants to start with the reply time.",
    "Made up: had an agency before and was not happy with the reports.",
    "Made up: two people answer the phone, and nobody writes down who called.",
)


class _NothingMore(Exception):
    """The lead has its answer, or what comes next lies in the future."""


@dataclass
class DeskWork:
    """The rows of many leads, to be written in one go."""

    leads: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    assessments: list[dict[str, Any]] = field(default_factory=list)

    def write(self, session: Session) -> None:
        """Write what was collected, and forget it."""
        for table, rows in (
            (LeadEventRow, self.events),
            (NoteRow, self.notes),
            (CallAssessmentRow, self.assessments),
        ):
            if rows:
                session.execute(insert(table), rows)
        for lead in self.leads:
            session.execute(
                update(LeadRow)
                .where(LeadRow.submission_id == lead["submission_id"])
                .values({key: value for key, value in lead.items() if key != "submission_id"})
                .execution_options(synchronize_session=False)
            )
        for lead_id in {note["submission_id"] for note in self.notes}:
            index_lead(session, lead_id)
        for rows in (self.leads, self.events, self.notes, self.assessments):
            rows.clear()


@dataclass
class _Desk:
    """One lead on its way through the desk, and the moment it has come to."""

    lead_id: int
    office: Office
    now: datetime
    at: datetime
    work: DeskWork
    assignee: int | None
    stage: Stage = "new"
    stages: list[Stage] = field(default_factory=list)
    version: int = 1
    row: dict[str, Any] = field(default_factory=dict)

    def pass_time(self, open_hours: float) -> None:
        """Let so much of the agency's opening time pass."""
        wait = replace(self.office, reply_within=timedelta(hours=open_hours))
        self.at = wait.due_at(self.at)
        if self.at > self.now:
            raise _NothingMore

    def act(self, by: int, *events: tuple[str, dict[str, Any]]) -> None:
        """Note events that together make a new version."""
        self.version += 1
        for kind, data in events:
            self.work.events.append(
                {
                    "submission_id": self.lead_id,
                    "at": self.at,
                    "by_id": by,
                    "kind": kind,
                    "data": data,
                    "version": self.version,
                }
            )

    def moved(self, stage: Stage, **more: Any) -> tuple[str, dict[str, Any]]:
        """Move on, and return the event of it."""
        event = ("moved", {"to": stage, "from": self.stage, **more})
        self.stage = stage
        self.stages.append(stage)
        self.row["stage_since"] = self.at
        if stage != "consult_held":
            self.row["consult_at"] = None
        return event

    def taken(self, by: int, *, has_account: bool) -> list[tuple[str, dict[str, Any]]]:
        """Take a lead that is new, and return the events of it."""
        events: list[tuple[str, dict[str, Any]]] = []
        if has_account and self.assignee != by:
            events.append(("claimed", {"from": self.assignee}))
            self.assignee = by
        return [*events, self.moved("taken")]


def work_on(
    work: DeskWork, lead: SubmissionRow, staff: Staff, assignee: int | None, office: Office,
    now: datetime, random: Random,
) -> Sequence[Stage]:  # fmt: skip
    """Do with a lead what staff would have done by `now`; returns the stages that it came to."""
    desk = _Desk(lead.id, office, now, lead.submitted_at, work, assignee)
    by = random.choice(staff.working)
    try:
        if lead.contact is None:
            _without_contact(desk, by, random)
        else:
            _first_reply(desk, by, staff, _year_ago(lead, now), random)
            _hand_over(desk, by, staff, random)
            _talk(desk, by, lead, random)
    except _NothingMore:
        pass
    if desk.version > 1:
        desk.row |= {"version": desk.version, "stage": desk.stage, "assignee_id": desk.assignee}
        work.leads.append({"submission_id": lead.id, **desk.row})
    return desk.stages


def _year_ago(lead: SubmissionRow, now: datetime) -> float:
    return min(1.0, (now - lead.submitted_at) / timedelta(days=365))


def _without_contact(desk: _Desk, by: int, random: Random) -> None:
    desk.pass_time(random.uniform(4, 30))
    closing = {"reason": "other", "comment": "Left no way to be reached."}
    desk.act(by, desk.moved("not_a_fit", **closing))


def _first_reply(desk: _Desk, by: int, staff: Staff, year_ago: float, random: Random) -> None:
    """Somebody writes or calls: within hours a year ago, and within the hour these days."""
    usual = 0.6 + 4.5 * year_ago
    desk.pass_time(min(40, usual * random.lognormvariate(0, 0.9)))
    if random.random() < 0.03:
        desk.act(by, desk.moved("not_a_fit", reason=random.choice(_NOT_A_FIT)))
        raise _NothingMore
    reached = random.random() < 0.45
    desk.row["first_contact_at"] = desk.at
    has_account = by in staff.active
    events = [
        *desk.taken(by, has_account=has_account),
        ("contact", {"channel": random.choice(_WAYS), "reached": reached}),
    ]
    if reached:
        events.append(desk.moved("reached"))
    desk.act(by, *events)
    if random.random() < 0.3:
        _write_note(desk, by, random)


def _hand_over(desk: _Desk, by: int, staff: Staff, random: Random) -> None:
    """Offer some leads to a colleague; a made-up one always sends them back."""
    others = staff.others(by)
    if desk.assignee != by or not others or random.random() > 0.14:
        return
    to = random.choice(others)
    desk.pass_time(random.uniform(0.5, 6))
    desk.act(by, ("offered", {"to": to}))
    offered = {"offered_to_id": to, "offered_at": desk.at}
    try:
        desk.pass_time(random.uniform(0.5, 9))
    except _NothingMore:
        # Nobody waits for the answer of an account that is closed.
        desk.row |= offered if to in staff.active else {}
        if to not in staff.active:
            desk.act(by, ("cancelled", {}))
        raise
    if to in staff.active and random.random() < 0.65:
        desk.assignee = to
        desk.act(to, ("accepted", {"from": by}))
    else:
        reason = random.choice(_RETURNED)
        desk.act(to, ("declined", {"reason": reason}))


def _talk(desk: _Desk, by: int, lead: SubmissionRow, random: Random) -> None:
    """From the first reply to a clear yes or no, or to "not now"."""
    by = desk.assignee or by
    wants = lead.contact is not None and lead.contact.wants_consult
    _reach(desk, by, random)
    desk.pass_time(random.uniform(1, 20))
    chance = random.random()
    if chance < (0.72 if wants else 0.3):
        _book(desk, by, lead, random)
    elif chance < (0.82 if wants else 0.5):
        _not_now(desk, by, random)
    else:
        desk.pass_time(random.uniform(4, 60))
        _close(desk, by, "lost", random.choice(_LOST))


def _reach(desk: _Desk, by: int, random: Random) -> None:
    for _ in range(5):
        if desk.stage == "reached":
            return
        desk.pass_time(random.uniform(5, 24))
        reached = random.random() < 0.4
        contact = ("contact", {"channel": random.choice(_WAYS), "reached": reached})
        desk.act(by, contact, *([desk.moved("reached")] if reached else []))
    if desk.stage != "reached":
        desk.pass_time(random.uniform(10, 40))
        _close(desk, by, "lost", "no_answer")


def _book(desk: _Desk, by: int, lead: SubmissionRow, random: Random) -> None:
    consult_at = (desk.at + timedelta(days=random.randint(2, 9))).replace(
        hour=random.randint(9, 15), minute=0, second=0, microsecond=0
    )
    booked = desk.moved("consult_booked", consult_at=consult_at.isoformat(timespec="seconds"))
    desk.act(by, booked)
    desk.row["consult_at"] = consult_at
    desk.at = consult_at + timedelta(minutes=random.randint(35, 75))
    if desk.at > desk.now:
        raise _NothingMore
    if random.random() < 0.13:  # nobody came
        desk.act(by, desk.moved("reached"))
        desk.pass_time(random.uniform(20, 80))
        _close(desk, by, "lost", "no_answer")
    desk.act(by, desk.moved("consult_held"))
    if random.random() < 0.7:
        _judge(desk, by, lead, random)
    if random.random() < 0.5:
        _write_note(desk, by, random)
    desk.pass_time(random.lognormvariate(3.2, 0.8))
    if random.random() < 0.52:
        desk.act(by, desk.moved("won"))
    else:
        _close(desk, by, "lost", random.choice(_LOST))


def _not_now(desk: _Desk, by: int, random: Random) -> None:
    """They want to be asked again, which is kept in time more often than not."""
    on = desk.at.date() + timedelta(days=random.randint(20, 120))
    desk.act(by, ("follow_up", {"on": on.isoformat()}))
    desk.row["follow_up_on"] = on
    asked_on = on + timedelta(days=random.choice((0, 0, 0, 1, 2, 5, 12)))
    _next_day(desk, asked_on)
    reached = random.random() < 0.6
    told = {"channel": "phone", "reached": reached, "follow_up_on": on.isoformat()}
    desk.act(by, ("contact", told))
    desk.row["follow_up_on"] = None
    desk.pass_time(random.uniform(4, 60))
    if reached and random.random() < 0.4:
        desk.act(by, desk.moved("won"))
    else:
        _close(desk, by, "lost", random.choice(_LOST))


def _next_day(desk: _Desk, day: date) -> None:
    desk.at = max(desk.at, datetime.combine(day, desk.at.timetz()))
    desk.pass_time(0.25)


def _close(desk: _Desk, by: int, stage: Stage, reason: str) -> None:
    desk.act(by, desk.moved(stage, reason=reason))
    raise _NothingMore


def _judge(desk: _Desk, by: int, lead: SubmissionRow, random: Random) -> None:
    """Say of some dimensions whether they were as the owner said."""
    dimensions = [
        part["id"]
        for axis in ("separation", "handoff")
        for part in lead.scorecard[axis]["dimensions"]
    ]
    often_wrong = load(lead.edition).structure.roles.acting
    found = {
        dimension: _assessment(0.4 if dimension in often_wrong else 0.18, random)
        for dimension in dimensions
        if random.random() < 0.6
    }
    if not found:
        return
    desk.act(by, ("assessed", {"assessments": found}))
    desk.work.assessments += [
        {
            "submission_id": desk.lead_id,
            "dimension": dimension,
            "assessment": assessment,
            "by_id": by,
            "at": desk.at,
        }
        for dimension, assessment in found.items()
    ]


def _assessment(misleading: float, random: Random) -> str:
    if random.random() > misleading:
        return "as_said"
    return "worse" if random.random() < 0.75 else "better"


def _write_note(desk: _Desk, by: int, random: Random) -> None:
    resolved = desk.at + timedelta(days=random.randint(1, 20))
    is_resolved = resolved < desk.now and random.random() < 0.5
    desk.work.notes.append(
        {
            "submission_id": desk.lead_id,
            "author_id": by,
            "text": random.choice(_NOTES),
            "created_at": desk.at,
            "edited_at": None,
            "resolved_at": resolved if is_resolved else None,
            "resolved_by_id": by if is_resolved else None,
        }
    )
