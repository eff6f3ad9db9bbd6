"""The forms on the page of a lead: which are there, what was typed, and what is wrong with a field.

What the lead's state rules out, the verbs in ``consult.storage.leads.actions`` refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, get_args

from wtforms import Field, Form, IntegerField, StringField, TimeField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Optional, ValidationError

from consult.report.email_drafts import EmailKind
from consult.staff.times import (
    agency_time,
    agency_today,
    attempts_text,
    exactly,
    follow_up_text,
    written_date,
)
from consult.storage.leads.actions import CHANNELS
from consult.storage.leads.leads import standing
from consult.storage.leads.notes import TEXT_MAX
from consult.storage.search.today import NEXT_KINDS
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.web.text import (
    DayField,
    LineField,
    at_most,
    many_lines,
    one_line,
    parse_id,
    read_amount,
)
from consult.workflow.stages import (
    CALLED_OFF,
    CLOSING_REASONS,
    DECLINE_REASONS,
    MOVES,
    OUTCOMES,
    STAGES,
    to_do,
)

_COMMENT_MAX = 1000
_AMOUNT_MAX = 1_000_000_000


@dataclass(frozen=True, slots=True)
class FormState:
    """A form that was refused: what was typed, and why.

    `errors` are by the name of the field; what is about the state of the lead is under "". `since`
    is the version of the lead that its sender saw, if others have changed it in the meantime;
    `newer_text` is the text that was written in another window to the note that was edited.
    """

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    since: int | None = None
    newer_text: str = ""

    @property
    def problems(self) -> list[tuple[str, str]]:
        """What is wrong, each with the id of the field to go to."""
        return [
            (f"{self.form}-{name}" if name else "next-title", text)
            for name, text in self.errors.items()
        ]


class _Id(IntegerField):
    """The id of a row; anything else is refused with the field's message."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            self.data = parse_id(valuelist[0]) if valuelist else None
        except ValueError:
            self.data = None


class _Time(TimeField):
    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter a time, such as 14:30.") from None


class _Amount(StringField):
    """An amount of money in hundredths, as people type it; None without one."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        amount = read_amount(one_line(valuelist[0]), _AMOUNT_MAX) if valuelist else None
        self.data = None if amount is None else int(amount * 100)


class ActionForm(Form):
    """A form about a lead, as it was when its page was opened: a `version` is always sent."""

    version = _Id()


class CommentForm(ActionForm):
    comment = LineField(validators=[at_most(_COMMENT_MAX)])


class ContactForm(CommentForm):
    """A call or a message: the button that was pressed says whether they were reached.

    A button with the day of the next try alone means that they were not. `draft` is the email that
    was opened before.
    """

    channel = LineField()
    reached = LineField()
    draft = LineField(validators=[AnyOf(("", *get_args(EmailKind)), "Choose one of the drafts.")])
    next_on = DayField(validators=[Optional()])

    def validate_next_on(self, field: Field) -> None:
        _refuse_past(field)

    def validate_channel(self, field: Field) -> None:
        if self.reached.data == "emailed":  # a button of its own, whatever is chosen beside it
            field.data, self.reached.data = "mail", "no"
        if not self.reached.data and self.next_on.data:
            self.reached.data = "no"
        if self.reached.data not in ("yes", "no"):
            raise ValidationError("Choose Reached or No answer.")
        if field.data not in CHANNELS:
            raise ValidationError("Choose how you got in touch.")


class ConsultForm(ActionForm):
    day = DayField(validators=[InputRequired("Enter a date.")])
    time = _Time(
        format=["%H:%M", "%H:%M:%S"], validators=[InputRequired("Enter a time, such as 14:30.")]
    )

    def consult_at(self, zone: tzinfo) -> datetime:
        day, at = self.day.data, self.time.data
        return datetime.combine(day, at, zone)


class MoveForm(CommentForm):
    stage = LineField(validators=[AnyOf(STAGES, "Choose a stage.")])
    reason = LineField()
    amount = _Amount()

    def validate_reason(self, field: Field) -> None:
        reasons = CLOSING_REASONS.get(self.stage.data)
        if reasons and field.data not in reasons:
            raise ValidationError("Choose a reason.")


class BookForm(ConsultForm, MoveForm):
    """The stage "Consult scheduled", with its date and time."""


class FollowUpForm(ActionForm):
    on = DayField(validators=[InputRequired("Enter a date.")])

    def validate_on(self, field: Field) -> None:
        _refuse_past(field)


class AmountForm(ActionForm):
    """What a win is worth, corrected."""

    amount = _Amount()


class HandOverForm(CommentForm):
    to = _Id(validators=[DataRequired("Choose a colleague.")])


class DeclineForm(CommentForm):
    reason = LineField(validators=[AnyOf(DECLINE_REASONS, "Choose a reason.")])


def _refuse_past(field: Field) -> None:
    if field.data and field.data < agency_today():
        raise ValidationError("Choose today or a later date.")


class NoteForm(Form):
    text = StringField(
        filters=[many_lines], validators=[DataRequired("Write something first."), at_most(TEXT_MAX)]
    )


# --- Which forms there are ------------------------------------------------------------------------


def next_step(
    lead: LeadRow,
    me: int,
    now: datetime,
    *,
    has_contact: bool,
    booking: BookingRow | None,
    events: Sequence[LeadEventRow],
) -> tuple[str, str]:
    """Return the id of the form for the one next step, or "", and the step in words."""
    if lead.suspect and not lead.is_closed:
        return "", "Is it spam?"
    if lead.offered_to_id == me:
        return "answer", "Accept or return this lead"
    if lead.is_closed:
        return "", "Closed. Nothing to do"
    if lead.anonymised_at:
        return "", "Anonymized. Nothing to do"
    is_requested = booking is not None and booking.state == "requested"
    what = to_do(lead, now, is_requested=is_requested)
    if what == "confirm" and is_to_confirm(booking):
        return "confirm-consult", "Check the time they picked, and confirm it"
    if lead.follow_up_on and what in ("first_reply", "follow_up"):
        return "contact", follow_up_text(lead.follow_up_on, now.date(), _called_off(events))
    if lead.follow_up_on and what is None:
        return "", f"Snoozed until {written_date(lead.follow_up_on)}"
    if not has_contact and lead.stage in ("new", "taken"):
        return "", "No contact info yet. Nothing to do"
    return _next_by_stage(lead, me, now, events)


def _called_off(events: Sequence[LeadEventRow]) -> str:
    """Why a consult didn't take place, as long as nothing was done about it."""
    last = next((event for event in reversed(events) if event.kind in NEXT_KINDS), None)
    return CALLED_OFF.get(last.data.get("because", ""), "") if last else ""


def _next_by_stage(
    lead: LeadRow, me: int, now: datetime, events: Sequence[LeadEventRow]
) -> tuple[str, str]:
    match lead.stage:
        case "new" if lead.assignee_id != me:
            return "claim", "Assign it to yourself so others know"
        case "new" | "taken":
            attempts = [event for event in standing(events) if event.kind == "contact"]
            if not attempts:
                return "contact", "Contact them"
            last = agency_time(attempts[-1].at).date()
            return "contact", attempts_text(len(attempts), last, now.date())
        case "reached":
            return "stage-consult_booked", "Schedule the consult"
        case "consult_booked" if lead.consult_at and lead.consult_at > now:
            return "", f"Consult is scheduled for {exactly(agency_time(lead.consult_at))}"
        case "consult_booked":
            return "stage-consult_held", "How did the consult go?"
    return "outcome", "Record the outcome"


def is_to_confirm(booking: BookingRow | None) -> bool:
    """Whether staff have to confirm the time of a consult; a provider does that itself."""
    return booking is not None and booking.calendar == "own" and booking.state == "requested"


def forms_for(
    lead: LeadRow,
    me: int,
    now: datetime,
    *,
    is_admin: bool,
    booking: BookingRow | None,
) -> list[str]:
    """The ids of all forms that can be sent in the lead's state, in the order to show them.

    "outcome" are three side by side: won, lost, not a fit.
    """
    forms = []
    if lead.suspect and not lead.is_closed:
        return ["outcome"]
    if lead.offered_to_id == me:
        forms.append("answer")
    elif lead.stage == "new" or lead.assignee_id != me:
        forms.append("claim")
    forms += ["confirm-consult"] if is_to_confirm(booking) else []
    forms += [] if lead.is_closed else ["contact"]
    # Claiming and logging a contact lead to the other stages.
    not_offered = {"taken", *OUTCOMES} | ({"reached"} if lead.stage == "taken" else set())
    if lead.consult_at and lead.consult_at > now:
        not_offered.add("consult_held")
    forms += [f"stage-{stage}" for stage in MOVES[lead.stage] if stage not in not_offered]
    if lead.stage == "consult_booked":
        forms.append("rebook")
    forms += ["amount"] if lead.stage == "won" else []
    forms += [] if lead.is_closed else ["follow-up", "outcome"]
    if lead.assignee_id == me and lead.offered_to_id and not lead.is_closed:
        forms.append("cancel-handover")
    if is_admin:
        forms.append("assign")
    if lead.assignee_id == me and not lead.offered_to_id and not lead.is_closed:
        forms.append("hand-over")
    return forms
