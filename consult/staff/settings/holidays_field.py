"""Single days as a form: a field for each, and some more that are empty; and back to a text."""

from collections.abc import Mapping, Sequence
from datetime import date

_MORE = 4


def shown(text: str) -> list[str]:
    """What the fields of a form show for a text of days such as `2026-12-25, 2027-01-01`."""
    return [*sorted(text.replace(",", " ").split()), *[""] * _MORE]


def filled_in(days: Sequence[str], posted: Mapping[str, str], field: str) -> list[str]:
    """The same fields with what was filled in; no more of them than were shown."""
    return [posted.get(f"{field}-{number}", "").strip()[:20] for number in range(1, len(days) + 1)]


def as_text(filled: Sequence[str]) -> str:
    """The days that were filled in, in order and each once; what is no day stays as it is."""
    return ", ".join(sorted({day for day in filled if day}))


def in_words(text: str) -> str:
    """Days for people, as in "25 Dec 2026, 1 Jan 2027"."""
    days = map(date.fromisoformat, text.replace(",", " ").split())
    return ", ".join(f"{day.day} {day:%b %Y}" for day in days)
