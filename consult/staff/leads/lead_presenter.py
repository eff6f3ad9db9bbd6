"""Texts on the page of a lead: the next step, the first reply, the timeline, the money."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, cast

from consult.report.display import consult_time, short_time
from consult.report.report import Money
from consult.report.report_sections import money_in_figures
from consult.scoring.money import Money as Figures
from consult.settings.brand import CURRENCY_SIGNS
from consult.settings.setting_types import time_zone
from consult.staff.times import agency_time, duration, exactly, written_date
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow, NoteRow
from consult.workflow.calendars import PROVIDER_NAMES
from consult.workflow.office_hours import Office
from consult.workflow.stages import (
    BOOKING_EVENTS,
    CALLED_OFF,
    CLOSED,
    CLOSING_REASONS,
    DECLINE_REASONS,
    NAMES,
    STAGES,
    Stage,
    is_overdue,
)

People = Mapping[int, StaffUserRow]

CHOICES: Mapping[str, Mapping[Any, Any]] = {
    "channels": {
        "phone": "Phone",
        "mail": "Email",
        "message": "Text message",
        "meeting": "In person",
    },
    "closing": CLOSING_REASONS,
    "declining": DECLINE_REASONS,
    "assessments": {"as_said": "As stated", "better": "Better", "worse": "Worse"},
    "drafts": {"first": "first email", "after_call": "after-call email"},
}
"""What there is to choose from in the forms of a lead, by the name the templates know it by."""


def consult_facts(lead: LeadRow, booking: BookingRow) -> list[str]:
    """What staff read beside the time of a consult: how to meet, and when it is for its owner."""
    here = agency_time(booking.starts_at)
    there = here.astimezone(time_zone(booking.zone))
    facts = [booking.place] if booking.place else []
    if here.utcoffset() != there.utcoffset():
        facts.append(f"For them: {consult_time(booking.starts_at, booking.zone)}")
    if lead.stage == "consult_booked" and lead.consult_at == booking.starts_at:
        return facts
    if booking.calendar == "own":
        return [*facts, "A minute after you change it, they get an email"]
    where = PROVIDER_NAMES[booking.calendar]
    return [*facts, f"{where} has it at {short_time(here)}. Change it there, too"]


def stage_track(stage: Stage) -> list[tuple[str, list[str]]]:
    """The stages up to an outcome: the name of each, and if it is "done", "here" or "open"."""
    track = [*(one for one in STAGES if one not in CLOSED), stage if stage in CLOSED else "won"]
    here = track.index(stage)
    names = [NAMES[one] for one in track[:-1]] + [NAMES[stage] if stage in CLOSED else "Outcome"]
    before = "open" if stage in ("lost", "not_a_fit") else "done"
    return [
        (name, [before if at < here else "here" if at == here else "open"])
        for at, name in enumerate(names)
    ]


def first_reply(lead: LeadRow, present: Office, now: datetime) -> tuple[str, bool]:
    """How the first reply is going, and whether it is or was late.

    In the business hours under which it was promised, which may not be the `present` ones.
    """
    office = present.under(lead.clock_hours)
    if lead.due_at is None and lead.clock_started_at and not lead.anonymised_at:
        return "They booked a consult before anyone replied", False
    if lead.first_contact_at:
        start = lead.clock_started_at or lead.submitted_at
        took = office.open_time(start, lead.first_contact_at).total_seconds()
        text = f"after {duration(round(took))}" if took >= 60 else "in under a minute"
        late = lead.due_at is not None and lead.first_contact_at > lead.due_at
        return f"First contacted {text}", late
    if lead.is_closed:
        return "Closed without a reply", False
    if lead.suspect:
        return "Starts once it’s clear that this isn’t spam", False
    if lead.due_at is None:
        return "Starts when they leave contact info", False
    if is_overdue(lead, now):
        return f"Overdue by {_business_time(lead.due_at, now, office)}", True
    return f"Reply due in {_business_time(now, lead.due_at, office)}", False


def _business_time(start: datetime, end: datetime, office: Office) -> str:
    time = office.open_time(start, end)
    text = duration(round(time.total_seconds())) if time.seconds >= 60 or time.days else "a minute"
    return f"{text} (business hours)" if time < end - start else text


def last_words(
    notes: Iterable[NoteRow], events: Iterable[LeadEventRow]
) -> list[tuple[datetime, int | None, str]]:
    """The last two things that staff wrote and did not resolve: when, who and what."""
    said: list[tuple[datetime, int | None, str]] = [
        *((note.created_at, note.author_id, note.text) for note in notes if not note.resolved_at),
        *(
            (event.at, event.by_id, event.data["comment"])
            for event in events
            if event.data.get("comment")
        ),
    ]
    return sorted(said, key=lambda one: one[0], reverse=True)[:2]


def money(amount: int, currency: str) -> str:
    """An amount in hundredths as people read it, as in "$1,200" or "CHF 1,200.50"."""
    whole, cents = divmod(amount, 100)
    return f"{CURRENCY_SIGNS[currency]}{whole:,}" + (f".{cents:02}" if cents else "")


def amount_of(lead: LeadRow) -> str:
    if lead.won_amount is None or lead.won_currency is None:
        return ""
    return money(lead.won_amount, lead.won_currency)


def name_of(people: People, user_id: int | None) -> str:
    found = people.get(user_id) if user_id else None
    return found.name if found else "Someone"


_EVENTS = {
    "contact_left": "Left contact info",
    "cleared": "Marked as not spam",
    "confirmed": "Confirmed their email",
    "claimed": "Assigned to self",
    "cancelled": "Handover canceled",
    "assessed": "Saved call findings",
}
_WROTE = {"mail": "Emailed them", "message": "Texted them"}
_BY = {"phone": "by phone", "mail": "by email", "message": "by text", "meeting": "in person"}


def describe_event(event: LeadEventRow, people: People) -> str:
    if event.kind == "undone":
        return f"Undone: {_describe(event.data['what'], event.data, people)}"
    return _describe(event.kind, event.data, people)


def _describe(kind: str, data: Mapping[str, Any], people: People) -> str:
    match kind:
        case "assigned":
            return f"Assigned to {name_of(people, data.get('to'))}"
        case "moved":
            return _describe_move(data)
        case "contact":
            return _describe_contact(data)
        case "follow_up":
            return f"Snoozed until {_day(data['on'])}"
        case "rebooked" | "booking":
            what = f"{BOOKING_EVENTS[data.get('what', 'rebooked')]} {_time(data['consult_at'])}"
            return f"{what}{_matched(data)}"
        case "offered":
            return f"Handed over to {name_of(people, data.get('to'))}"
        case "accepted":
            return f"Accepted from {name_of(people, data.get('from'))}"
        case "declined":
            return f"Returned: {DECLINE_REASONS[data['reason']]}"
        case "amount":
            return f"Amount: {_amount(data) or 'none'}"
    return _EVENTS.get(kind, kind.replace("_", " ").capitalize())


def _describe_contact(data: Mapping[str, Any]) -> str:
    if not data["reached"] and data["channel"] in _WROTE:
        done = _WROTE[data["channel"]]
    else:
        done = f"{'Reached' if data['reached'] else 'Tried to reach'} them {_BY[data['channel']]}"
    if data.get("draft"):
        done += f" (draft used: {CHOICES['drafts'][data['draft']]})"
    planned = data.get("follow_up_on")
    return done + (f", as planned for {_day(planned)}" if planned else "")


def _describe_move(data: Mapping[str, Any]) -> str:
    stage = cast(Stage, data["to"])
    reason = CLOSING_REASONS.get(stage, {}).get(data.get("reason", ""))
    if reason:
        return f"{NAMES[stage]}: {reason}"
    if amount := _amount(data):
        return f"{NAMES[stage]}: {amount}"
    consult_at = data.get("consult_at")
    moved = f"{NAMES[stage]} for {_time(consult_at)}" if consult_at else NAMES[stage]
    moved += _matched(data)
    return CALLED_OFF.get(data.get("because", ""), moved)


def _matched(data: Mapping[str, Any]) -> str:
    """What to say of a booking that came without our key."""
    return ", matched by address: check it’s theirs" if data.get("matched_by") == "email" else ""


def _amount(data: Mapping[str, Any]) -> str:
    return money(data["amount"], data["currency"]) if data.get("amount") is not None else ""


def _time(iso: str) -> str:
    return exactly(agency_time(datetime.fromisoformat(iso)))


def _day(iso: str) -> str:
    return written_date(date.fromisoformat(iso))


_SILENT = (
    "Each month, {silent} of their leads may end without a clear answer. A first sale is worth "
    "{each}."
)
_MONEY = (
    " Those leads may be worth {low} to {high} a month, or about {sales_low} to {sales_high} sales."
)
_MONEY_BASIS = (
    "From their numbers: {leads} leads a month, {worked} of ten with a clear yes or no. They close "
    "{buy} of 10 at {value} per first sale. We estimate that leads left waiting buy at {discount} "
    "of that rate."
)
NO_ESTIMATE = {
    "not_for_this_path": "Walk-in shops aren’t asked for these numbers.",
    "numbers_missing": "They didn’t give all three numbers: leads a month, how many of ten buy, "
    "and what a first sale is worth.",
    "clear_answers_unknown": "They don’t know how many leads get a clear yes or no.",
    "too_few_customers": "They have too few customers so far.",
    "too_few_leads": "They get fewer than five leads a month.",
    "open_ended": "They get more leads than our ranges cover.",
    "numbers_disagree": "Their new customers last month don’t fit their other numbers. Ask for the "
    "numbers again.",
}


def money_text(found: Figures, shown: Money | None) -> tuple[str, str]:
    """What lost leads may cost, said to staff, and what that is based on ("" without a range).

    `found` is worked out from the answers, `shown` is what the owner read of it.
    """
    figures = money_in_figures(found, shown) if shown else {}
    silent = _SILENT.format(**figures) if figures else ""
    if found.estimate and figures:
        return silent + _MONEY.format(**figures), _MONEY_BASIS.format(**figures)
    return f"{silent} No estimate. {NO_ESTIMATE.get(str(found.refused), '')}".strip(), ""
