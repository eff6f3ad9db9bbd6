"""Printed points add up, whatever was answered: lines to parts, parts to the score, all to 100."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.questionnaire import Answer, Depth
from consult.report.display import Points, printed_points, share_out, tenths
from consult.scoring import AxisScore, scorecard_of
from tests.report.samples import report_of
from tests.support.strategies import complete_answers, walked

ROWS = st.lists(
    st.tuples(*(st.fractions(0, 250, max_denominator=36) for _ in range(2))), min_size=1, max_size=9
)


def axes_of(found: tuple[dict[str, Answer], Depth]) -> tuple[AxisScore, AxisScore]:
    return scorecard_of(walked(*found).on_path).axes


@given(complete_answers())
def test_what_is_printed_adds_up(found: tuple[dict[str, Answer], Depth]) -> None:
    for axis in axes_of(found):
        points = printed_points(axis)
        assert sum(one.earned for one in points.values()) == tenths(axis.confirmed)
        assert sum(one.possible for one in points.values()) == 1000
        for part in axis.dimensions:
            weight = sum(points[line.id].possible for line in part.lines)
            assert abs(weight - 10 * part.weight) < 1
        for line in axis.lines:
            printed = points[line.id]
            assert abs(printed.earned - 10 * line.earned) < 1
            assert abs(printed.possible - 10 * line.weight) < 1
            assert printed.earned == 0 or line.earned > 0, "a zero prints as one"
            assert printed.lost == 0 or line.lost > 0, "a full answer prints all its points"


@given(ROWS, st.data())
def test_any_rounding_of_the_sums_can_be_shared_out(
    rows: list[tuple[Fraction, Fraction]], data: st.DataObject
) -> None:
    earned, lost = (sum(column) for column in zip(*rows, strict=True))
    options = [
        Points(e, n)
        for e in {floor(earned), ceil(earned)}
        for n in {floor(lost), ceil(lost)}
        if floor(earned + lost) <= e + n <= ceil(earned + lost)
    ]
    total = data.draw(st.sampled_from(options))
    shared = share_out(rows, total)
    assert sum(one.earned for one in shared) == total.earned
    assert sum(one.lost for one in shared) == total.lost


def test_a_total_that_is_no_rounding_is_refused() -> None:
    with pytest.raises(ValueError, match="is no rounding"):
        share_out([(Fraction(1), Fraction(2))], Points(2, 1))


@pytest.mark.parametrize("persona", ["baton_on_the_floor", "solo_starter", "two_silos"])
def test_weights_read_as_they_are_written_in_the_edition(persona: str) -> None:
    separation, handoff = report_of(persona, "full").axes
    assert [part.weight for part in separation.dimensions] == [10, 15, 20, 20, 10, 10, 15]
    assert [part.weight for part in handoff.dimensions] == [15, 15, 15, 10, 15, 5, 10, 5, 10]
