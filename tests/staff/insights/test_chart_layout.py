"""Charts stay inside their drawing, tell few from many, and break off where there is nothing."""

from datetime import datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.staff.insights import chart_layout
from consult.staff.insights.chart_layout import Row
from consult.staff.insights.reply_times import LONGEST_BY_WEEK, replies_of, replies_title
from consult.staff.insights.shares import FEW
from consult.workflow.office_hours import Office
from tests.support.databases import Clock

PERCENT = st.integers(0, 100)
SHARES = st.lists(st.tuples(st.none() | PERCENT, st.booleans()), min_size=1, max_size=160)


@given(st.text(max_size=200), PERCENT, PERCENT)
def test_a_bar_leaves_room_for_what_it_says(name: str, one: int, other: int) -> None:
    row = Row(name, "1", width=abs(one - other), start=min(one, other), middle=max(one, other))
    assert 0 <= row.left <= row.right <= 67
    assert row.left <= (row.mark or 0) <= row.right
    assert len(row.label) <= chart_layout.NAME_MAX
    assert bool(row.wide) == (one != other), "something, however little, can be seen"


@given(st.lists(st.integers(0, 10**6), min_size=10, max_size=10), st.booleans())
def test_columns_stand_on_the_ground_and_the_highest_has_room_for_its_number(
    counts: list[int], few: bool
) -> None:
    drawn = chart_layout.columns(counts, ["low", "high"], few=few)
    for column, count in zip(drawn.columns, counts, strict=True):
        assert column.top + column.high == pytest.approx(drawn.ground)
        assert column.top >= 1.5
        assert column.left + column.wide <= 100
        assert bool(column.count) == bool(count)
        assert len(column.count) <= 5
        assert column.few == few


@given(SHARES)
def test_a_line_goes_from_left_to_right_and_never_over_a_gap(
    shares: list[tuple[int | None, bool]],
) -> None:
    drawn = chart_layout.line(shares, "first", "last")
    across = [point.x for point in drawn.points]
    assert across == sorted(across)
    assert all(0 < x <= 100 for x in across)
    assert all(0 < point.y <= drawn.ground for point in drawn.points)
    assert len(drawn.points) == sum(share is not None for share, _ in shares)
    both = sum(one[0] is not None and other[0] is not None for one, other in pairwise(shares))
    assert len(drawn.ways) == both


@pytest.mark.parametrize(
    ("count", "words"), [(999, "999"), (1_000, "1.0k"), (9_940, "9.9k"), (12_345, "12k")]
)
def test_a_count_fits_above_a_column(count: int, words: str) -> None:
    assert chart_layout.short(count) == words


def answered(at: datetime, minutes: int | None) -> SimpleNamespace:
    first = None if minutes is None else at + timedelta(minutes=minutes)
    return SimpleNamespace(submitted_at=at, first_contact_at=first, due_at=at + timedelta(hours=1))


def test_replies_are_told_by_week_with_the_weeks_in_which_nobody_came() -> None:
    monday = Clock()()  # at half past nine in the morning
    later = monday + timedelta(days=14)
    found = replies_of(
        [answered(monday, 30), answered(monday, 90), answered(later, None), answered(later, 20)],
        Office(),
        later + timedelta(minutes=30),
        90,
    )
    assert found is not None
    assert [(span.name, span.leads, span.hours) for span in found.spans] == [
        ("2 Mar 2026", 2, 1.0),
        ("9 Mar 2026", 0, None),
        ("16 Mar 2026", 2, 0.4),
    ]
    assert [span.in_time.percent for span in found.spans] == [50, None, 100]
    assert found.all.in_time.whole == 3, "one may still be answered in time"
    assert found.promised == "1 hour"
    assert replies_title(found) == "How fast we reply", "three are too few for a headline"


def test_over_a_long_time_replies_are_told_by_month() -> None:
    start = Clock()()
    many = [answered(start + timedelta(days=42 * (n % 2)), 30) for n in range(FEW)]
    found = replies_of(many, Office(), start + timedelta(days=90), LONGEST_BY_WEEK + 1)
    assert found is not None
    assert [span.name for span in found.spans] == ["Mar 2026", "Apr 2026"]
    assert replies_title(found) == "Of 100 leads, 100 heard from us in time"
    assert found.in_words == "30 minutes"
