"""The forms on the page of a lead: what was posted, read into one act on the desk.

Each reader takes the fields of its form and gives a function that does it, or raises
WrongFieldsError with a sentence for each field that is missing or makes no sense. What the lead
does not allow, the desk itself refuses.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import cast

from consult.questionnaire.editions import load
from consult.storage.db.database import Session
from consult.storage.leads import actions, assessments
from consult.storage.leads.actions import CHANNELS, Channel
from consult.storage.leads.assessments import ASSESSMENTS
from consult.storage.tables.lead_tables import LeadRow
from consult.web.text import one_line, parse_id
from consult.workflow.office_hours import Office
from consult.workflow.stages import CLOSING_REASONS, DECLINE_REASONS, STAGES, Stage

WORDS_MAX = 1000

Fields = Mapping[str, str]
Act = Callable[[Session, int, int, int], LeadRow]
"""Does it: session, lead, who, and the version they saw."""


class WrongFieldsError(ValueError):
    """A form that cannot be done as it was filled in: what is wrong, by the name of the field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


def take(fields: Fields) -> Act:
    """Take a lead."""
    return lambda session, lead, by, version: actions.claim(session, lead, by=by, version=version)


def contact(fields: Fields, today: date) -> Act:
    """Note a call or a message, and whether they were reached."""
    channel, reached = fields.get("channel", ""), fields.get("reached", "")
    errors = {}
    if channel not in CHANNELS:
        errors["channel"] = "Choose how you got in touch."
    if reached not in ("yes", "no"):
        errors["channel"] = "Press one of the two buttons: reached, or tried."
    comment = _comment(fields, errors)
    _stop(errors)
    return lambda session, lead, by, version: actions.log_contact(
        session,
        lead,
        by=by,
        version=version,
        channel=cast(Channel, channel),
        reached=reached == "yes",
        comment=comment,
        today=today,
    )


def stage(fields: Fields, office: Office) -> Act:
    """Move a lead on, with what its new stage needs: a reason, or a date and a time."""
    to, reason = fields.get("stage", ""), fields.get("reason", "")
    errors: dict[str, str] = {}
    if to not in STAGES:
        errors["stage"] = "Choose a stage."
    elif to in CLOSING_REASONS and reason not in CLOSING_REASONS[to]:
        errors["reason"] = "Choose a reason."
    at = _moment(fields, office, errors) if to == "consult_booked" else None
    comment = _comment(fields, errors)
    _stop(errors)
    return lambda session, lead, by, version: actions.move(
        session,
        lead,
        cast(Stage, to),
        by=by,
        version=version,
        reason=reason,
        comment=comment,
        consult_at=at,
    )


def rebook(fields: Fields, office: Office) -> Act:
    """Give a consult another date."""
    errors: dict[str, str] = {}
    at = _moment(fields, office, errors)
    _stop(errors)
    moment = cast(datetime, at)
    return lambda session, lead, by, version: actions.rebook(
        session, lead, moment, by=by, version=version
    )


def not_now(fields: Fields, today: date) -> Act:
    """Note the day on which to ask again."""
    errors: dict[str, str] = {}
    on = _day(fields.get("on", ""))
    if on is None:
        errors["on"] = "Enter a day, such as 2027-01-15."
    elif on < today:
        errors["on"] = "Choose a date in the future."
    _stop(errors)
    day = cast(date, on)
    return lambda session, lead, by, version: actions.schedule_follow_up(
        session, lead, day, by=by, version=version, today=today
    )


def offer(fields: Fields) -> Act:
    """Offer a lead to a colleague."""
    errors: dict[str, str] = {}
    to = 0
    try:
        to = parse_id(fields.get("to", ""))
    except ValueError:
        errors["to"] = "Choose a colleague."
    comment = _comment(fields, errors)
    _stop(errors)
    return lambda session, lead, by, version: actions.hand_over(
        session, lead, to, by=by, version=version, comment=comment
    )


def accept(fields: Fields) -> Act:
    """Say yes to an offer."""
    return lambda session, lead, by, version: actions.accept(session, lead, by=by, version=version)


def give_back(fields: Fields) -> Act:
    """Say no to an offer, and why."""
    errors: dict[str, str] = {}
    reason = fields.get("reason", "")
    if reason not in DECLINE_REASONS:
        errors["reason"] = "Choose a reason."
    comment = _comment(fields, errors)
    _stop(errors)
    return lambda session, lead, by, version: actions.decline(
        session, lead, by=by, version=version, reason=reason, comment=comment
    )


def withdraw(fields: Fields) -> Act:
    """Take an offer back."""
    return lambda session, lead, by, version: actions.cancel_handover(
        session, lead, by=by, version=version
    )


def judge(fields: Fields, edition: str) -> Act:
    """Note what the call showed, for each dimension of an edition that something is said about."""
    known = {dimension.id for dimension in load(edition).dimensions}
    found = {id: value for id, value in fields.items() if id in known and value in ASSESSMENTS}
    return lambda session, lead, by, version: assessments.assess(
        session, lead, found, by=by, version=version
    )


def _comment(fields: Fields, errors: dict[str, str]) -> str:
    comment = one_line(fields.get("comment", ""))
    if len(comment) > WORDS_MAX:
        errors["comment"] = f"Use at most {WORDS_MAX} characters."
    return comment


def _moment(fields: Fields, office: Office, errors: dict[str, str]) -> datetime | None:
    day = _day(fields.get("day", ""))
    if day is None:
        errors["day"] = "Enter a day, such as 2027-01-15."
    try:
        at = time.fromisoformat(fields.get("time", ""))
    except ValueError:
        errors["time"] = "Enter a time, such as 14:30."
        return None
    return datetime.combine(day, at.replace(tzinfo=None), office.zone) if day else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _stop(errors: Mapping[str, str]) -> None:
    if errors:
        raise WrongFieldsError(errors)
