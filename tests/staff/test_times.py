"""Times as text."""

from datetime import UTC, datetime, timedelta

import pytest

from consult.staff.times import ago, duration, exactly

NOW = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        ({"seconds": -20}, "just now"),
        ({"seconds": 59}, "just now"),
        ({"seconds": 60}, "1 minute ago"),
        ({"minutes": 59}, "59 minutes ago"),
        ({"hours": 1}, "1 hour ago"),
        ({"hours": 23, "minutes": 59}, "23 hours ago"),
        ({"days": 1}, "1 day ago"),
        ({"days": 13, "hours": 23}, "13 days ago"),
        ({"days": 14}, "2 weeks ago"),
        ({"days": 59}, "8 weeks ago"),
        ({"days": 60}, "2 months ago"),
        ({"days": 729}, "24 months ago"),
        ({"days": 730}, "2 years ago"),
    ],
)
def test_how_long_ago(passed: dict[str, float], text: str) -> None:
    assert ago(NOW - timedelta(**passed), NOW) == text


def test_the_exact_time_is_in_utc() -> None:
    assert exactly(NOW) == "Nov 23, 2026, 7:05 AM UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (3900, "1 h 5 min")],
)
def test_how_long_something_took(seconds: int, text: str) -> None:
    assert duration(seconds) == text
