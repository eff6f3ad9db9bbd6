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
from consult.storage.leads.actions import WAYS, By, Desk
from consult.storage.leads.assessments import VERDICTS
from consult.web.text import one_line, parse_id
from consult.workflow.office_hours import Office
from consult.workflow.reasons import CLOSING, RETURNING
from consult.workflow.stages import STAGES, Stage

WORDS_MAX = 1000

Fields = Mapping[str, str]
Act = Callable[[Session, int, int, int], Desk]
"""Does it: session, lead, who, and the version they saw."""


class WrongFieldsError(ValueError):
    """A form that cannot be done as it was filled in: what is wrong, by the name of the field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


def take(fields: Fields) -> Act:
    """Take a lead."""
    return lambda session, lead, by, version: actions.take(session, lead, by=by, version=version)


def contact(fields: Fields, today: date) -> Act:
    """Note a call or a message, and whether they were reached."""
    way, reached = fields.get("way", ""), fields.get("reached", "")
    errors = {}
    if way not in WAYS:
        errors["way"] = "Choose how you got in touch."
    if reached not in ("yes", "no"):
        errors["way"] = "Press one of the two buttons: reached, or tried."
    words = _words(fields, errors)
    _stop(errors)
    return lambda session, lead, by, version: actions.log_contact(
        session,
        lead,
        by=by,
        version=version,
        way=cast(By, way),
        reached=reached == "yes",
        words=words,
        today=today,
    )


def stage(fields: Fields, office: Office) -> Act:
    """Move a lead on, with what its new stage needs: a reason, or a date and a time."""
    to, reason = fields.get("stage", ""), fields.get("reason", "")
    errors: dict[str, str] = {}
    if to not in STAGES:
        errors["stage"] = "Choose a stage."
    elif to in CLOSING and reason not in CLOSING[to]:
        errors["reason"] = "Choose a reason."
    at = _moment(fields, office, errors) if to == "consult_booked" else None
    words = _words(fields, errors)
    _stop(errors)
    return lambda session, lead, by, version: actions.move(
        session,
        lead,
        cast(Stage, to),
        by=by,
        version=version,
        reason=reason,
        words=words,
        consult_at=at,
    )


def rebook(fields: Fields, office: Office) -> Act:
    """Give a consult another date."""
    errors: dict[str, str] = {}
    at = _moment(fields, office, errors)
    _stop(errors)
    moment = cast(datetime, at)
    return lambda session, lead, by, version: actions.book_again(
        session, lead, moment, by=by, version=version
    )


def not_now(fields: Fields, today: date) -> Act:
    """Note the day on which to ask again."""
    errors: dict[str, str] = {}
    on = _day(fields.get("on", ""))
    if on is None:
        errors["on"] = "Enter a day, such as 2027-01-15."
    elif on < today:
        errors["on"] = "Choose a day that is still to come."
    _stop(errors)
    day = cast(date, on)
    return lambda session, lead, by, version: actions.follow_up(
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
    words = _words(fields, errors)
    _stop(errors)
    return lambda session, lead, by, version: actions.hand_over(
        session, lead, to, by=by, version=version, words=words
    )


def accept(fields: Fields) -> Act:
    """Say yes to an offer."""
    return lambda session, lead, by, version: actions.accept(session, lead, by=by, version=version)


def give_back(fields: Fields) -> Act:
    """Say no to an offer, and why."""
    errors: dict[str, str] = {}
    reason = fields.get("reason", "")
    if reason not in RETURNING:
        errors["reason"] = "Choose a reason."
    words = _words(fields, errors)
    _stop(errors)
    return lambda session, lead, by, version: actions.return_(
        session, lead, by=by, version=version, reason=reason, words=words
    )


def withdraw(fields: Fields) -> Act:
    """Take an offer back."""
    return lambda session, lead, by, version: actions.withdraw(
        session, lead, by=by, version=version
    )


def judge(fields: Fields, edition: str) -> Act:
    """Note what the call showed, for each dimension of an edition that something is said about."""
    known = {dimension.id for dimension in load(edition).dimensions}
    found = {id: verdict for id, verdict in fields.items() if id in known and verdict in VERDICTS}
    return lambda session, lead, by, version: assessments.give(
        session, lead, found, by=by, version=version
    )


def _words(fields: Fields, errors: dict[str, str]) -> str:
    words = one_line(fields.get("words", ""))
    if len(words) > WORDS_MAX:
        errors["words"] = f"Use at most {WORDS_MAX} characters."
    return words


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
