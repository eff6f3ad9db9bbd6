"""Free times as an owner picks one: radio buttons by day, in the time zone that they choose.

Without JavaScript their zone isn't known. So times are first in the agency's zone, by its name, and
a form beside them shows another one; ``zone.js`` does that where it can.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from zoneinfo import available_timezones

from flask import request

from consult.report.display import consult_time, slot_label, weekday, zone_label
from consult.settings.setting_types import time_zone
from consult.storage.booking import own_calendar
from consult.storage.db.database import Session
from consult.storage.tables.booking_tables import BookingRow
from consult.web.services import services
from consult.workflow.slots import BookingRules

OPEN_DAYS, FOLDED_DAYS = 2, 8
"""How many days with free times a page shows, and how many more it has folded."""

_SLOT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_ZONES: Mapping[str, Sequence[str]] = {
    "United States": (
        *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix"),
        *("America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"),
    ),
    "Americas": (
        *("America/Halifax", "America/St_Johns", "America/Toronto", "America/Winnipeg"),
        *("America/Edmonton", "America/Vancouver", "America/Mexico_City", "America/Bogota"),
        *("America/Lima", "America/Santiago", "America/Sao_Paulo", "America/Puerto_Rico"),
    ),
    "Europe and Africa": (
        *("Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Paris", "Europe/Berlin"),
        *("Europe/Zurich", "Europe/Madrid", "Europe/Rome", "Europe/Athens", "Europe/Helsinki"),
        *("Europe/Istanbul", "Africa/Lagos", "Africa/Cairo", "Africa/Johannesburg"),
        "Africa/Nairobi",
    ),
    "Asia and Pacific": (
        *("Asia/Jerusalem", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Kathmandu"),
        *("Asia/Bangkok", "Asia/Singapore", "Asia/Shanghai", "Asia/Manila", "Asia/Tokyo"),
        *("Asia/Seoul", "Australia/Perth", "Australia/Adelaide", "Australia/Brisbane"),
        *("Australia/Sydney", "Pacific/Auckland"),
    ),
}


_RENAMED = {
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Europe/Kiev": "Europe/Kyiv",
}
"""Zones that Chrome still calls by an old name."""


@dataclass(frozen=True, slots=True)
class Time:
    """A time to pick: what is sent, and what is read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    times: Sequence[Time]


@dataclass(frozen=True, slots=True)
class Picker:
    """What the template ``parts/times.html`` shows of the free times.

    `open` are the days in view, from the one `asked` for on, and `folded` some more; `earlier`
    and `later` are days to go on from. `is_guessing` is whether the browser may say the zone, and
    `is_sure` whether the times can be relied on.
    """

    zone: str
    zone_label: str
    zones: Mapping[str, Sequence[tuple[str, str]]]
    open: Sequence[Day]
    folded: Sequence[Day]
    asked: date | None
    earlier: date | None
    later: date | None
    chosen: str
    is_guessing: bool
    is_sure: bool

    @property
    def is_chosen_folded(self) -> bool:
        return any(time.value == self.chosen for day in self.folded for time in day.times)


@dataclass(frozen=True, slots=True)
class BookedConsult:
    """A consult that was booked, as its owner reads about it."""

    when: str
    place: str
    is_requested: bool


def booked_consult(booking: BookingRow) -> BookedConsult:
    when = consult_time(booking.starts_at, booking.zone)
    when = re.sub(" (?=[AP]M)", "\N{NO-BREAK SPACE}", when)
    return BookedConsult(when, booking.place, booking.state == "requested")


def booking_rules() -> BookingRules:
    """By which the agency offers times."""
    settings = services().settings
    return BookingRules(
        office=settings.booking_office,
        length=timedelta(minutes=services().brand.minutes),
        soonest=timedelta(hours=settings.booking_hours_before),
        days_ahead=settings.booking_days_ahead,
        max_a_day=settings.booking_max_a_day,
        buffer=timedelta(minutes=settings.booking_buffer_minutes),
    )


def sent_slot() -> datetime | None:
    """The time that a form was sent with; None for anything that is not one."""
    text = request.form.get("slot", "")
    try:
        return datetime.fromisoformat(text) if _SLOT.fullmatch(text) else None
    except ValueError:  # such as the thirtieth of February
        return None


def chosen_zone(known: str = "") -> str:
    """The zone to show times in: the one asked for, or else the one known, or the agency's."""
    sent = request.values.get("zone", "")
    zone = _RENAMED.get(sent, sent)
    return zone if zone in _known_zones() else known or services().settings.time_zone


@cache
def _known_zones() -> frozenset[str]:
    areas = {zone.partition("/")[0] for group in _ZONES.values() for zone in group}
    return frozenset(
        zone for zone in available_timezones() if zone.partition("/")[0] in {*areas, "Atlantic"}
    ) | {"UTC"}


def picker(session: Session, booking: BookingRow | None = None) -> Picker:
    """The free times, for the page of a request; also those of a booking that may be moved."""
    zone = chosen_zone(booking.zone if booking else "")
    but_of = booking.submission_id if booking else None
    times, is_sure = own_calendar.free(session, booking_rules(), but_of)
    starts = [start.astimezone(time_zone(zone)) for start in times]
    days = [(day, list(of_day)) for day, of_day in groupby(starts, datetime.date)]
    asked = _asked_day()
    at = next((n for n, (day, _) in enumerate(days) if asked and day >= asked), 0)
    first_later = at + OPEN_DAYS + FOLDED_DAYS
    return Picker(
        zone=zone,
        zone_label=zone_label(zone),
        zones=_zones_with(zone),
        open=[_day(*one) for one in days[at : at + OPEN_DAYS]],
        folded=[_day(*one) for one in days[at + OPEN_DAYS : first_later]],
        asked=asked,
        earlier=days[max(0, at - OPEN_DAYS - FOLDED_DAYS)][0] if at else None,
        later=days[first_later][0] if len(days) > first_later else None,
        chosen=request.form.get("slot", ""),
        is_guessing=request.method == "GET" and booking is None and "zone" not in request.args,
        is_sure=is_sure,
    )


def _asked_day() -> date | None:
    """The day to show times from, if the page was asked for one."""
    text = request.args.get("day", "")
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _day(day: date, starts: Sequence[datetime]) -> Day:
    times = [Time(f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}", slot_label(at)) for at in starts]
    return Day(weekday(day), times)


def _zones_with(zone: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    """The zones to choose from, by region, with the present one and the agency's."""
    listed = {one for group in _ZONES.values() for one in group}
    more = [
        one for one in dict.fromkeys((zone, services().settings.time_zone)) if one not in listed
    ]
    groups = {"": more, **_ZONES} if more else _ZONES
    return {
        name: [(one, zone_label(one).removesuffix(" time")) for one in group]
        for name, group in groups.items()
    }
