"""What the page of a lead says about its desk: the stage, the clock, what to do next, the notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from consult.staff.leads.timeline_presenter import People, name_of
from consult.staff.presenters import DisplayTime, display_time
from consult.staff.times import duration, exactly
from consult.storage.leads.timeline import reachable_at, was_reached
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow, NoteRow
from consult.workflow.office_hours import Office
from consult.workflow.stages import (
    CLOSED,
    CLOSING_REASONS,
    DECLINE_REASONS,
    MOVES,
    NAMES,
    STAGES,
    Stage,
)

CHANNELS = {"phone": "Phone", "mail": "Mail", "message": "Message", "meeting": "In person"}
ASSESSMENTS = {"as_said": "As they said", "better": "Better", "worse": "Worse"}
CHOICES = {
    "channels": CHANNELS,
    "closing": CLOSING_REASONS,
    "declining": DECLINE_REASONS,
    "assessments": ASSESSMENTS,
}
"""What there is to choose from in the forms of a lead, by the name the templates know it by."""

DONE = {
    "claim": "You have it now.",
    "accept": "You have it now.",
    "decline": "It went back, with your reason.",
    "hand-over": "It is offered. You keep it until they accept.",
    "cancel-handover": "The offer is taken back.",
    "contact": "Noted.",
    "stage-reached": "It is back at Reached.",
    "stage-consult_booked": "The consult is booked.",
    "stage-consult_held": "The consult was held: noted. What did it show?",
    "stage-won": "Won: noted.",
    "stage-lost": "Lost: noted.",
    "stage-not_a_fit": "Not a fit: noted.",
    "rebook": "The consult is moved.",
    "follow-up": "The day to ask again is kept.",
    "assessments": "What the call showed is kept.",
    "note": "The note is kept.",
    "resolved": "The note is done with.",
    "reopened": "The note is open again.",
}
"""What the page says after something was done, by the name that its address then has for it."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How the clock of the first reply stands, in words; `late` marks what is or was overdue."""

    text: str
    late: bool
    running: bool
    due: DisplayTime | None


@dataclass(frozen=True, slots=True)
class StageMark:
    """A stage on the way that a lead goes."""

    name: str
    done: bool
    here: bool


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note, as whoever looks may treat it. An edit says with ``seen`` which text it is of."""

    id: int
    author: str
    text: str
    written: DisplayTime
    edited: DisplayTime | None
    resolved: DisplayTime | None
    resolved_by: str
    mine: bool
    seen: str


@dataclass(frozen=True, slots=True)
class FormState:
    """A form that was sent and not done: what was typed, and why not.

    `errors` are by the name of the field; what is about the lead as it stands is under "".
    `newer_text` is the text that was written in another window instead of the one that was edited.
    """

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    newer_text: str = ""

    @property
    def problems(self) -> list[tuple[str, str]]:
        """What is wrong, each with the id of the field to go to."""
        return [
            (f"{self.form}-{name}" if name else "next-title", text)
            for name, text in self.errors.items()
        ]


@dataclass(frozen=True, slots=True)
class DeskView:
    """A desk as its page shows it.

    Attributes:
        next: the id of the one form to show openly; empty when there is nothing to do now.
        next_words: what to do next, also where no form does it.
        more: the ids of the other forms, in order.
        offer_words: what was said when it was offered, while nobody has answered.
    """

    version: int
    stage: Stage
    stage_name: str
    since: DisplayTime
    track: Sequence[StageMark]
    assignee: str
    mine: bool
    offered_to: str
    offered_to_me: bool
    offer_words: str
    clock: Clock
    consult: str
    follow_up: str
    closed: bool
    next: str
    next_words: str
    more: Sequence[str]
    can_assess: bool
    assess_now: bool


def desk_view(
    desk: LeadRow,
    submitted_at: datetime,
    events: Sequence[LeadEventRow],
    people: People,
    me: int,
    office: Office,
    now: datetime,
    *,
    known: bool,
) -> DeskView:
    """A desk in words for `me`; `now` is in the agency's time zone.

    `known` says whether there is somebody to get in touch with.
    """
    next_form, next_words = next_step(desk, me, office, now, known=known)
    return DeskView(
        version=desk.version,
        stage=desk.stage,
        stage_name=NAMES[desk.stage],
        since=display_time(desk.stage_since, now),
        track=_track(desk.stage),
        assignee=name_of(people, desk.assignee_id) if desk.assignee_id else "",
        mine=desk.assignee_id == me,
        offered_to=name_of(people, desk.offered_to_id) if desk.offered_to_id else "",
        offered_to_me=desk.offered_to_id == me,
        offer_words=_offer_words(events) if desk.offered_to_id else "",
        clock=clock_of(desk, reachable_at(events, submitted_at), office, now),
        consult=exactly(desk.consult_at.astimezone(office.zone)) if desk.consult_at else "",
        follow_up=f"{desk.follow_up_on.day} {desk.follow_up_on:%b %Y}" if desk.follow_up_on else "",
        closed=desk.is_closed,
        next=next_form,
        next_words=next_words,
        more=[form for form in forms_for(desk, me) if form != next_form],
        can_assess=was_reached(events),
        assess_now=desk.stage == "consult_held" or desk.is_closed,
    )


def _offer_words(events: Sequence[LeadEventRow]) -> str:
    offers = (event for event in reversed(events) if event.kind == "offered")
    return next((str(event.data.get("comment", "")) for event in offers), "")


def colleagues(people: People, me: int) -> list[tuple[int, str]]:
    """To whom `me` can hand a lead over, by name."""
    there = [(id, one.name) for id, one in people.items() if one.active and id != me]
    return sorted(there, key=lambda one: one[1].casefold())


def next_step(
    desk: LeadRow, me: int, office: Office, now: datetime, *, known: bool
) -> tuple[str, str]:
    """The form for the one next thing to do, or none, and what it is in words."""
    today = office.today(now)
    if desk.offered_to_id == me:
        return "answer", "Say whether you take it over"
    if desk.stage in CLOSED:
        return "", "Nothing: there was a clear answer"
    if desk.follow_up_on and desk.stage != "new":
        if desk.follow_up_on > today:
            return "", "Wait for the day to ask again"
        return "contact", "Ask again: the day has come"
    if not known and desk.stage in ("new", "taken"):
        return "", "Nothing, while nobody knows who they are"
    return _by_stage(desk, now)


def _by_stage(desk: LeadRow, now: datetime) -> tuple[str, str]:
    match desk.stage:
        case "new":
            return "claim", "Take it, so that the others know"
        case "taken":
            return "contact", "Get in touch"
        case "reached":
            return "stage-consult_booked", "Book the consult"
        case "consult_booked" if desk.consult_at and desk.consult_at > now:
            return "", "Hold the consult when it is time"
        case "consult_booked":
            return "stage-consult_held", "Say whether the consult was held"
    return "stage-won", "Ask for a clear yes or no"


def forms_for(desk: LeadRow, me: int) -> list[str]:
    """The ids of all forms that can be sent as a desk stands, in the order to show them."""
    forms = []
    if desk.offered_to_id == me:
        forms.append("answer")
    if desk.stage == "new" or desk.assignee_id != me:
        forms.append("claim")
    if desk.stage not in CLOSED:
        forms.append("contact")
    moves = MOVES[desk.stage]
    forms += [
        f"stage-{stage}"
        for stage in moves
        # "Taken" and "reached" come of taking and of getting in touch.
        if stage != "taken" and not (stage == "reached" and desk.stage == "taken")
    ]
    if desk.stage == "consult_booked":
        forms.append("rebook")
    if desk.stage not in CLOSED:
        forms.append("follow-up")
    if desk.assignee_id == me:
        forms.append("cancel-handover" if desk.offered_to_id else "hand-over")
    return forms


def _track(stage: Stage) -> list[StageMark]:
    """The way to a clear answer; of the three answers, the one that was given."""
    answer = stage if stage in CLOSED else "won"
    way = [*(one for one in STAGES if one not in CLOSED), answer]
    here = way.index(stage)
    return [
        StageMark(
            "Yes or no" if one in CLOSED and stage not in CLOSED else NAMES[one],
            done=at < here and stage not in ("lost", "not_a_fit"),
            here=at == here,
        )
        for at, one in enumerate(way)
    ]


def clock_of(desk: LeadRow, reachable_at: datetime, office: Office, now: datetime) -> Clock:
    """The clock in words, which began at `reachable_at`; durations are in opening time."""
    due = display_time(desk.due_at, now) if desk.due_at else None
    if desk.first_contact_at:
        took = office.open_time(reachable_at, desk.first_contact_at)
        late = desk.due_at is not None and desk.first_contact_at > desk.due_at
        text = f"First reply after {_words(took.total_seconds())}"
        return Clock(text, late, running=False, due=due)
    if desk.is_closed:
        return Clock("Closed without a reply", late=False, running=False, due=due)
    if desk.due_at is None:
        return Clock("Runs once they say who they are", late=False, running=False, due=None)
    if desk.is_overdue(now):
        by = _between(desk.due_at, now, office)
        return Clock(f"Overdue by {by}", late=True, running=True, due=due)
    left = _between(now, desk.due_at, office)
    return Clock(f"Reply due in {left}", late=False, running=True, due=due)


def _between(one: datetime, other: datetime, office: Office) -> str:
    open_time = office.open_time(one, other)
    with_a_break = open_time < other - one  # a night, or the hour of lunch
    return _words(open_time.total_seconds()) + (" of opening time" if with_a_break else "")


def _words(seconds: float) -> str:
    return duration(round(seconds)) if seconds >= 60 else "less than a minute"


def note_view(note: NoteRow, people: People, me: int, now: datetime) -> NoteView:
    """A note as `me` sees it."""
    return NoteView(
        id=note.id,
        author=name_of(people, note.author_id),
        text=note.text,
        written=display_time(note.created_at, now),
        edited=display_time(note.edited_at, now) if note.edited_at else None,
        resolved=display_time(note.resolved_at, now) if note.resolved_at else None,
        resolved_by=name_of(people, note.resolved_by_id) if note.resolved_by_id else "",
        mine=note.author_id == me,
        seen=note.edited_at.isoformat() if note.edited_at else "",
    )
