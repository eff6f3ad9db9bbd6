"""What the staff templates get: plain data in words, made from what is stored."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from consult.report.explanations import Reasons, reasons_of
from consult.report.report import Axis, Dimension, Report, from_json
from consult.staff.times import ago, duration, exactly
from consult.storage.documents import PdfState
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.sources import SOURCE_WORDS

_JOB_WORDS = {"render_report": "PDF report", "render_brief": "Call brief"}


@dataclass(frozen=True, slots=True)
class DisplayTime:
    """A point in time: for the machine, for a glance, and exactly."""

    iso: str
    ago: str
    exact: str


@dataclass(frozen=True, slots=True)
class Step:
    """How far something that is made or sent for a lead has got."""

    what: str
    state: str
    when: DisplayTime
    note: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF about a lead: where it is, and how the newest state of it stands."""

    name: str
    url: str
    state: PdfState
    is_there: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Who left a contact, with links to mail and call them; `tel` is empty without a phone."""

    name: str
    business: str
    email: str
    mailto: str
    phone: str
    tel: str
    wants_consult: bool
    consent_text: str
    consented: DisplayTime


@dataclass(frozen=True, slots=True)
class Measure:
    """A bar in the picture of a score; `is_point` marks the one to look at."""

    name: str
    confirmed: int
    possible: int
    is_point: bool


@dataclass(frozen=True, slots=True)
class Score:
    """One of the two scores: its parts as bars, most lost first, and the answers behind them."""

    name: str
    axis: Axis
    measures: Sequence[Measure]


@dataclass(frozen=True, slots=True)
class LeadView:
    """Everything that the page of a lead shows."""

    id: int
    title: str
    submitted: DisplayTime
    took: str
    edition: str
    depth: str
    demo: bool
    person: Person | None
    source: Sequence[tuple[str, str]]
    report: Report
    reasons: Reasons
    scores: Sequence[Score]
    papers: Sequence[Paper]
    steps: Sequence[Step]

    @property
    def gave_up(self) -> bool:
        """Whether something that was to be made failed."""
        return any(step.failed for step in self.steps)


def display_time(then: datetime, now: datetime) -> DisplayTime:
    """A point in time as the templates show it, in the time zone of `now`."""
    exact = exactly(then.astimezone(now.tzinfo))
    return DisplayTime(then.isoformat(timespec="seconds"), ago(then, now), exact)


def lead_view(
    lead: SubmissionRow,
    papers: Sequence[Paper],
    jobs: Sequence[JobRow],
    now: datetime,
) -> LeadView:
    """A lead as its own page shows it."""
    report = from_json(json.dumps(lead.report))
    return LeadView(
        id=lead.id,
        title=lead.contact.business if lead.contact else f"Lead {lead.id}",
        submitted=display_time(lead.submitted_at, now),
        took=duration(lead.seconds_taken),
        edition=lead.edition,
        depth=lead.depth,
        demo=lead.demo,
        person=_person(lead, now),
        source=[(SOURCE_WORDS.get(key, key), text) for key, text in lead.source.items()],
        report=report,
        reasons=reasons_of(lead.edition, lead.depth, lead.answers),
        scores=[_score(axis, report.weakest) for axis in report.axes],
        papers=papers,
        steps=[_step(job, now) for job in jobs],
    )


def _person(lead: SubmissionRow, now: datetime) -> Person | None:
    contact = lead.contact
    if contact is None:
        return None
    phone = contact.phone or ""
    return Person(
        name=contact.name,
        business=contact.business,
        email=contact.email,
        # Whatever else an address holds must not become a second address or a header of the mail.
        mailto="mailto:" + quote(contact.email, safe="@"),
        phone=phone,
        tel="tel:" + re.sub(r"[^\d+]", "", phone) if phone else "",
        wants_consult=contact.wants_consult,
        consent_text=contact.consent_text,
        consented=display_time(contact.consented_at, now),
    )


def _score(axis: Axis, weakest: Dimension) -> Score:
    measures = [
        Measure(part.name, part.confirmed, part.possible, part.id == weakest.id)
        for part in axis.most_to_gain
    ]
    return Score(axis.name, axis, measures)


def _step(job: JobRow, now: datetime) -> Step:
    attempts = "1 attempt" if job.attempts == 1 else f"{job.attempts} attempts"
    when, note = job.created_at, ""
    match job.state:
        case "done":
            state, when = "Done", job.finished_at or when
        case "leased":
            state = "In progress"
        case "failed":
            state, when = "Failed", job.finished_at or when
            note = f"After {attempts}. {job.last_error or ''}".strip()
        case _ if job.attempts:
            state = "Will retry"
            next_attempt = exactly(job.run_at.astimezone(now.tzinfo))
            note = f"Next attempt {next_attempt}, after {attempts}. {job.last_error or ''}"
        case _:
            state = "Queued"
    return Step(
        what=_JOB_WORDS.get(job.kind, job.kind.replace("_", " ")),
        state=state,
        when=display_time(when, now),
        note=note.strip(),
        failed=job.state == "failed",
    )
