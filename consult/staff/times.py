"""Times as staff read them, in the agency's own time zone: how long ago, and exactly."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from markupsafe import Markup

from consult.report.display import clock_time, month_day, number_of
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.services import services

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
LONGEST_BY_WEEK = 26 * 7 * _DAY
"""Over more days, numbers are shown by month: a week is too narrow, and has too few."""

_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was, as in "5 minutes ago"; "just now" also for the near future."""
    passed = now - then
    return "just now" if passed < _MINUTE else f"{span(passed)} ago"


def ahead(then: datetime, now: datetime) -> str:
    """How long it is until something, as in "in 5 minutes"; "now" also for what is just over."""
    left = then - now
    return "now" if left < _MINUTE else f"in {span(left)}"


def span(time: timedelta) -> str:
    """How long something takes in one unit, as in "5 minutes" or "2 days"."""
    if time < _HOUR:
        return number_of(time // _MINUTE, "minute")
    if time < _DAY:
        return number_of(time // _HOUR, "hour")
    if time < 14 * _DAY:
        return number_of(time // _DAY, "day")
    if time < 60 * _DAY:
        return number_of(time // (7 * _DAY), "week")
    if time < 730 * _DAY:
        return number_of(time // (30 * _DAY), "month")
    return number_of(time // (365 * _DAY), "year")


def short_date(day: date, today: date) -> str:
    """A day as in "Nov 28", with its year if that is another one."""
    return month_day(day) if day.year == today.year else written_date(day)


def short(time: datetime, now: datetime) -> str:
    """A time as in "Nov 28, 10:12 AM", in its own time zone."""
    return f"{short_date(time, now)}, {clock_time(time)}"


def near_day(day: date, today: date) -> str:
    """A day as people say it: "today", "Mon", "last Tue", or its date if that is a week away."""
    away = (day - today).days
    if away in _NEAR:
        return _NEAR[away]
    if abs(away) < 7:
        return f"{day:%a}" if away > 0 else f"last {day:%a}"
    return short_date(day, today)


def follow_up_text(on: date, today: date, why: str = "") -> str:
    """When to follow up with an owner, and why: "Canceled their consult. Follow up today"."""
    due = f"Follow up{': due' if on < today else ''} {near_day(on, today)}"
    return f"{why}. {due}" if why else due


def attempts_text(attempts: int, last: date, today: date) -> str:
    """How often nobody answered, and when last: "No answer 2×, last Thu"."""
    times = f" {attempts}×" if attempts > 1 else ""
    return f"No answer{times}, {near_day(last, today)}"


def near_time(time: datetime, now: datetime) -> str:
    """A time as in "today 10:00 AM", "Mon 10:00 AM" or "Jan 15, 10:00 AM"."""
    day = near_day(time.date(), now.date())
    return f"{day}{',' if day[-1].isdigit() else ''} {clock_time(time)}"


def exactly(time: datetime) -> str:
    """A time as a person writes it down, in its own time zone: "Nov 23, 2026, 7:12 AM UTC"."""
    return f"{written_date(time)}, {clock_time(time)} {time:%Z}"


def written_date(day: date) -> str:
    return f"{month_day(day)}, {day.year}"


def period_name(first: date, last: date) -> str:
    """By what numbers over these days are shown: weeks, or months if they are many."""
    return "week" if last - first < LONGEST_BY_WEEK else "month"


def starts(first: date, last: date, by: str) -> list[date]:
    """The first days of all weeks or months that have one of these days."""
    days = (first + timedelta(days=day) for day in range((last - first).days + 1))
    return list(dict.fromkeys(start_of(day, by) for day in days))


def start_of(day: date, by: str) -> date:
    return day - timedelta(days=day.weekday()) if by == "week" else day.replace(day=1)


def written_start(start: date, by: str) -> str:
    return written_date(start) if by == "week" else f"{start:%b %Y}"


def duration(seconds: int) -> str:
    """How long something took, as in "7 min", "1 h" or "1 h 5 min"; under a minute, seconds."""
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min")) if count]
    return " ".join(parts)


def agency_time(time: datetime) -> datetime:
    return time.astimezone(services().settings.office.zone)


def away_text(user: StaffUserRow, now: datetime) -> str:
    """What is said behind the name of someone who is away; nothing about anyone else."""
    if not (user.away_until and user.is_away(now)):
        return ""
    return f" (away, back {written_date(agency_time(user.away_until))})"


def colleagues_of(users: Iterable[StaffUserRow], me: int, now: datetime) -> list[tuple[int, str]]:
    """Who can be given a lead, by name; of those who are away, until when."""
    others = (user for user in users if user.active and user.id != me)
    return [
        (user.id, user.name + away_text(user, now))
        for user in sorted(others, key=lambda user: user.name.casefold())
    ]


def agency_today() -> date:
    made = services()
    return made.settings.office.today(made.database.clock())


# --- Filters of the templates: a `time` element in the agency's time zone -------------------------


def when(then: datetime) -> Markup:
    return _time_element(then, exactly(agency_time(then)))


def time_ago(then: datetime) -> Markup:
    return _time_element(then, ago(then, services().database.clock()))


def _time_element(then: datetime, text: str) -> Markup:
    iso = then.isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(iso, text)


TEMPLATE_FILTERS = (
    *(ago, ahead, agency_time, exactly, short, duration, month_day, written_date),
    *(when, time_ago),
)
