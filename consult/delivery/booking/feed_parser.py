"""When a calendar is busy, read from its file in a process of its own that can't run away.

A file may have anything in it: an event that repeats each second until the year 9999 takes hours
and all memory there is. So `feed_reader` runs this with limits, as
`python -m consult.delivery.booking.feed_parser SINCE UNTIL ZONE CPU_SECONDS MEMORY_MB`.

A calendar has years of events in it, and each takes the parser a millisecond. Those that can't be
of the time that counts are left out before, with all that says what an event is about.

In doubt a time is busy, as a consult then is only offered at another: an event of which someone is
not sure, the hour that clocks show twice, and one with the id of another. An event that can't be
read at all is an error.
"""

import json
import re
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component

Interval = tuple[datetime, datetime]

MOST_TIMES = 5_000
_MARGIN = timedelta(days=2)
"""A day has another date elsewhere."""

_FOLD = re.compile(r"\r?\n[ \t]")
_ALARM = re.compile(r"^BEGIN:VALARM$.*?^END:VALARM$\n?", re.M | re.S | re.I)
_EVENT = re.compile(r"^BEGIN:VEVENT$(.*?)^END:VEVENT$\n?", re.M | re.S | re.I)
_OF_TIME = re.compile(
    r"^(?:UID|SEQUENCE|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|STATUS|TRANSP"
    r"|X-MICROSOFT-CDO-BUSYSTATUS)[;:].*$",
    re.M | re.I,
)
_DATES = re.compile(r"^(?:DTSTART|DTEND|RECURRENCE-ID)\b.*?:(\d{8})", re.M | re.I)
_REPEATS = re.compile(r"^(?:RRULE|RDATE|RECURRENCE-ID)\b", re.M | re.I)
_ANY_DAY = re.compile(r"^(?:RRULE|RDATE|DURATION)\b|^RECURRENCE-ID;.*RANGE=", re.M | re.I)
_UID = re.compile(r"^UID[;:].*$\n?", re.M | re.I)
_UNTIL_A_DAY = re.compile(r"(UNTIL=\d{8})(?=;|$)", re.M | re.I)
_WHOLE_DAYS = re.compile(r"^DTSTART;.*VALUE=DATE(?![-\w])", re.M | re.I)
_ZONE = re.compile(r"^X-WR-TIMEZONE:(.*)$\n?", re.M | re.I)
_TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}


class NotReadableError(Exception):
    """The file can't be read; the message says why, for staff."""


def busy_in(content: bytes, since: datetime, until: datetime, zone: tzinfo) -> list[Interval]:
    """When a calendar is busy within a time, in UTC and in no order.

    What has no time zone of its own is in `zone`. Raises NotReadableError.
    """
    found = set[Interval]()
    for calendar in Calendar.from_ical(_relevant(content, since, until), multiple=True):
        for span in _spans(calendar, since.astimezone(zone), until.astimezone(zone)):
            start, end = _in_utc(span[0], zone)[0], _in_utc(span[1], zone)[1]
            if start < end and start < until and end > since:
                found.add((max(start, since), min(end, until)))
        if len(found) > MOST_TIMES:
            raise NotReadableError("It has more events than we can use.")
    return list(found)


def _relevant(content: bytes, since: datetime, until: datetime) -> str:
    """The file with only those events that may count, and only what says when they are."""
    text = _FOLD.sub("", content.decode("utf-8-sig", "replace")).replace("\r\n", "\n")
    begins, ends = (
        len(re.findall(rf"^{word}:VCALENDAR\s*$", text, re.M | re.I)) for word in ("BEGIN", "END")
    )
    if not begins:
        raise NotReadableError("There’s no calendar at this address. It should end in .ics.")
    if begins != ends:
        raise NotReadableError("The calendar breaks off in the middle.")
    first, last = (f"{day:%Y%m%d}" for day in (since - _MARGIN, until + _MARGIN))
    events: list[str] = []

    def shortened(event: re.Match[str]) -> str:
        lines = "\n".join(_OF_TIME.findall(event[1])) + "\n"
        dates = _DATES.findall(lines)
        if dates and not _ANY_DAY.search(lines) and (max(dates) < first or min(dates) > last):
            return ""
        events.append(lines)
        if not _REPEATS.search(lines):
            lines = f"UID:{len(events)}\n{_UID.sub('', lines)}"
        if not _WHOLE_DAYS.search(lines):
            lines = _UNTIL_A_DAY.sub(r"\1T235959Z", lines)
        return f"BEGIN:VEVENT\n{lines}END:VEVENT\n"

    text = _EVENT.sub(shortened, _ALARM.sub("", text))
    return _ZONE.sub(lambda line: line[0] if _is_zone(line[1]) else "", text)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name.strip())
    except (OSError, ValueError, LookupError):
        return False
    return True


def _spans(calendar: Component, since: datetime, until: datetime) -> Iterator[tuple[Any, Any]]:
    """When each event of a calendar begins and ends that takes time."""
    for event in calendar.walk("VEVENT"):
        if "DTSTART" not in event or any(name in _TIMES for name, _ in event.errors):
            raise NotReadableError("One of its events has no time that we can read.")
    for event in recurring_ical_events.of(calendar).between(since, until):
        if _takes_time(event):
            yield event["DTSTART"].dt, event["DTEND"].dt
    for free_busy in calendar.walk("VFREEBUSY"):
        lines = free_busy.get("FREEBUSY", [])
        for periods in lines if isinstance(lines, list) else [lines]:
            if str(periods.params.get("FBTYPE", "")).upper() != "FREE":
                yield periods.start, periods.end


def _takes_time(event: Component) -> bool:
    status, transparent, outlook = (
        str(event.get(name, "")).upper()
        for name in ("STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS")
    )
    is_free = transparent == "TRANSPARENT" or outlook in ("FREE", "WORKINGELSEWHERE")
    return status != "CANCELLED" and not is_free


def _in_utc(at: date, zone: tzinfo) -> Interval:
    """The first and the last time that is meant: clocks may show it twice, or skip it."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    first, second = (at.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(first, second), max(first, second)


def main(since: str, until: str, zone: str, cpu_seconds: str, memory_mb: str) -> None:
    """Read a file from the standard input, and print the times or what is wrong with it."""
    size, seconds = int(memory_mb) * 1024 * 1024, int(cpu_seconds)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform != "darwin":  # macOS refuses a limit on the address space
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    within = (datetime.fromisoformat(since), datetime.fromisoformat(until), ZoneInfo(zone))
    try:
        busy = busy_in(sys.stdin.buffer.read(), *within)
    except NotReadableError as error:
        answer: dict[str, Any] = {"error": str(error)}
    except MemoryError:
        raise SystemExit("out of memory") from None
    except Exception:  # what the file has in it may be in the message
        answer = {"error": "One of its events can’t be read."}
    else:
        answer = {"busy": [[start.isoformat(), end.isoformat()] for start, end in sorted(busy)]}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
