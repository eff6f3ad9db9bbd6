"""Moments in words: how long ago for a glance, and the exact time for the record."""

from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was, as in "5 minutes ago"; "just now" also for the near future."""
    passed = now - then
    if passed < _MINUTE:
        return "just now"
    if passed < _HOUR:
        return _count(passed // _MINUTE, "minute")
    if passed < _DAY:
        return _count(passed // _HOUR, "hour")
    if passed < 14 * _DAY:
        return _count(passed // _DAY, "day")
    if passed < 60 * _DAY:
        return _count(passed // (7 * _DAY), "week")
    if passed < 730 * _DAY:
        return _count(passed // (30 * _DAY), "month")
    return _count(passed // (365 * _DAY), "year")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def exactly(moment: datetime) -> str:
    """A moment as a person writes it down, as in "23 Nov 2026, 07:12 UTC"."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def duration(seconds: int) -> str:
    """How long something took, as in "7 min" or "1 h 5 min"; under a minute, seconds."""
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
