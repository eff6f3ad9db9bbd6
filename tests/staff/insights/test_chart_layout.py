"""Charts stay inside their drawing, mark small samples, and break where there is no value."""

from datetime import datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.staff.insights import chart_layout
from consult.staff.insights.chart_layout import FEW, Row, Share
from consult.staff.insights.insight_pages import replies_of
from consult.storage.leads.leads import start_clock
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.office_hours import Office, read_hours
from tests.support.databases import Clock

PERCENT = st.integers(0, 100)
SHARES = st.lists(
    st.builds(lambda part, rest: Share(part, part + rest), st.integers(0, 50), st.integers(0, 50)),
    min_size=1,
    max_size=160,
)


@given(st.text("aW é🌴", max_size=200), PERCENT, PERCENT)
def test_a_bar_leaves_room_for_its_value(name: str, one: int, other: int) -> None:
    row = Row(name, width=abs(one - other), start=min(one, other), middle=max(one, other))
    assert 0 <= row.left <= row.right <= 67
    assert row.left <= (row.mark or 0) <= row.right
    assert len(row.label) <= chart_layout.NAME_MAX
    assert bool(row.wide) == (one != other), "any bar above zero can be seen"


@given(st.lists(st.integers(0, 5) | st.integers(0, 10**6), min_size=10, max_size=10))
def test_columns_start_at_the_axis_and_leave_room_for_numbers(counts: list[int]) -> None:
    drawn = chart_layout.columns(counts, ["low", "fair", "good", "high"])
    for column, count in zip(drawn.columns, counts, strict=True):
        assert column.top + column.high == pytest.approx(drawn.ground)
        assert column.top >= 1.5
        assert column.left + column.wide <= 100
        assert bool(column.count) == bool(count)
        assert len(column.count) <= 5
        assert column.few == (sum(counts) < FEW)


@given(SHARES)
def test_a_line_runs_from_left_to_right_and_never_over_a_gap(shares: list[Share]) -> None:
    drawn = chart_layout.line(shares)
    across = [point.x for point in drawn.points]
    assert across == sorted(across)
    assert all(0 < x <= 100 for x in across)
    assert all(0 < point.y <= drawn.ground for point in drawn.points)
    assert [point.few for point in drawn.points] == [s.few for s in shares if s.whole]
    both = sum(bool(one.whole and other.whole) for one, other in pairwise(shares))
    assert len(drawn.segments) == both


@pytest.mark.parametrize(
    ("count", "text"), [(999, "999"), (1_000, "1.0k"), (9_940, "9.9k"), (12_345, "12k")]
)
def test_a_count_fits_above_a_column(count: int, text: str) -> None:
    assert chart_layout.short(count) == text


def answered(at: datetime, minutes: int | None) -> SimpleNamespace:
    first = None if minutes is None else at + timedelta(minutes=minutes)
    due = {"due_at": at + timedelta(hours=1), "clock_started_at": at, "clock_hours": None}
    return SimpleNamespace(submitted_at=at, first_contact_at=first, **due)


def test_replies_are_shown_by_week_with_weeks_without_leads() -> None:
    monday = Clock()()  # at half past nine in the morning
    later = monday + timedelta(days=14)
    found = replies_of(
        [answered(monday, 30), answered(monday, 90), answered(later, None), answered(later, 20)],
        Office(),
        later + timedelta(minutes=30),
        "week",
    )
    assert found is not None
    assert [(span.name, span.leads, span.hours) for span in found.spans] == [
        ("Mar 2, 2026", 2, 1.0),
        ("Mar 9, 2026", 0, None),
        ("Mar 16, 2026", 2, 0.4),
    ]
    assert [span.on_time.percent for span in found.spans] == [50, None, 100]
    assert found.total.on_time.whole == 3, "one can still be answered on time"
    assert found.title == "How fast we reply", "three are too few for a headline"


def test_a_reply_is_measured_by_the_hours_under_which_it_was_promised() -> None:
    """Whatever the hours are now: the share in time and the median cannot contradict each other."""
    opening = Clock()().replace(hour=2, minute=0)  # 9 p.m. in New York, where nobody is in
    before = Office(week=read_hours("mon-sun 00:00-24:00"))
    after = Office(zone=ZoneInfo("America/New_York"))
    late = opening + timedelta(hours=9)
    lead = LeadRow(submitted_at=opening, first_contact_at=late)
    start_clock(lead, before, opening)
    found = replies_of([lead] * FEW, after, late, "week")
    assert found is not None
    assert (found.total.on_time.percent, found.median) == (0, "9 hours")


def test_replies_over_a_long_time_are_shown_by_month() -> None:
    start = Clock()()
    many = [answered(start + timedelta(days=42 * (n % 2)), 30) for n in range(FEW)]
    found = replies_of(many, Office(), start + timedelta(days=90), "month")
    assert found is not None
    assert [span.name for span in found.spans] == ["Mar 2026", "Apr 2026"]
    assert found.title == "100% were contacted on time"
    assert found.median == "30 minutes"
