"""Printed numbers and names: rounded for the eye, never at odds with what was measured or typed.

Printed points add up, whatever was answered: lines to parts, parts to the score, all to 100.
"""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.questionnaire.questions import Answer, Depth
from consult.report.display import (
    Points,
    mid_sentence,
    number_of,
    printed_points,
    safe_text,
    share_out,
    significant,
    tenths,
    whole,
)
from consult.scoring.axis import CUTS
from consult.scoring.scorecard import Scorecard
from tests.report.samples import report_of
from tests.support.strategies import complete_answers, walked

LINES = (*CUTS, 100)
SCORES = st.fractions(0, 100, max_denominator=400)
ROWS = st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 9000)), min_size=1, max_size=9)
ANYTHING = st.text(st.characters(codec=None), max_size=300)


def test_one_of_a_thing_is_no_plural() -> None:
    counted = [number_of(number, "lead") for number in (0, 1, 2, 1_000)]
    assert counted == ["0 leads", "1 lead", "2 leads", "1,000 leads"]


@pytest.mark.parametrize(
    ("score", "printed"),
    [("0", 0), ("41.4", 41), ("41.5", 42), ("49.6", 49), ("50", 50), ("74.99", 74), ("99.9", 99)],
)
def test_a_score_never_looks_better_than_its_band(score: str, printed: int) -> None:
    assert whole(Fraction(score)) == printed


@given(SCORES)
def test_a_printed_score_lies_in_the_band_of_the_exact_one(score: Fraction) -> None:
    assert abs(tenths(score) - 10 * score) < 1
    assert abs(whole(score) - score) < 1
    for printed in (whole(score), Fraction(tenths(score), 10)):
        assert [printed >= line for line in (*CUTS, 100)] == [
            score >= line for line in (*CUTS, 100)
        ]


@given(SCORES, SCORES)
def test_a_better_score_never_prints_lower(one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    assert whole(low) <= whole(high)
    assert tenths(low) <= tenths(high)


@given(SCORES)
def test_the_whole_number_is_the_one_with_a_decimal_rounded(score: Fraction) -> None:
    rounded = (tenths(score) + 5) // 10
    assert whole(score) == (rounded - 1 if rounded in LINES and rounded > score else rounded)


@pytest.mark.parametrize(
    ("amount", "printed"), [("3240", 3200), ("480", 480), ("0", 0), ("7.4", 7), ("98765", 99000)]
)
def test_money_has_two_figures(amount: str, printed: int) -> None:
    assert significant(Fraction(amount)) == printed


@given(complete_answers())
def test_what_is_printed_adds_up(found: tuple[dict[str, Answer], Depth]) -> None:
    for axis in Scorecard(walked(*found).on_path).axes:
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


@given(ROWS, st.integers(1, 36), st.data())
def test_any_rounding_of_the_sums_can_be_shared_out(
    rows: list[tuple[int, int]], parts: int, data: st.DataObject
) -> None:
    earned, lost = (Fraction(sum(column), parts) for column in zip(*rows, strict=True))
    options = [
        Points(e, n)
        for e in {floor(earned), ceil(earned)}
        for n in {floor(lost), ceil(lost)}
        if floor(earned + lost) <= e + n <= ceil(earned + lost)
    ]
    total = data.draw(st.sampled_from(options))
    shared = share_out(tuple(rows), total, parts)
    assert sum(one.earned for one in shared) == total.earned
    assert sum(one.lost for one in shared) == total.lost


def test_a_total_that_is_no_rounding_is_refused() -> None:
    with pytest.raises(ValueError, match="is no rounding"):
        share_out(((1, 2),), Points(2, 1), 1)


@pytest.mark.parametrize("persona", ["baton_on_the_floor", "solo_starter", "two_silos"])
def test_weights_read_as_they_are_written_in_the_edition(persona: str) -> None:
    separation, handoff = report_of(persona, "full").axes
    assert [part.weight for part in separation.dimensions] == [10, 15, 20, 20, 10, 10, 15]
    assert [part.weight for part in handoff.dimensions] == [15, 15, 15, 5, 15, 5, 10, 10, 10]


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("  Miller \n\t House  ", "Miller House"),
        ("Zakład Łódź & Żółć", "Zakład Łódź & Żółć"),
        ("Nguyễn Thị Ánh", "Nguyễn Thị Ánh"),
        ("مطعم النخيل", "مطعم النخيل"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("half\ud800 pair", "half pair"),
        ("東京 Dental", ""),
        ("Giorgi გიორგი", ""),
        ("Bloom \U0001fae8 Flowers", "Bloom Flowers"),
        ("Room ๕", ""),
        ("東京", ""),
        ("e\u0301t\u00e9", "ét\u00e9"),
        ("Z" + "\u0300" * 500, "Z\u0300\u0300"),
    ],
)
def test_what_is_typed_and_what_is_printed(typed: str, printed: str) -> None:
    assert safe_text(typed) == printed


def test_a_long_word_can_break() -> None:
    pieces = safe_text("A" * 10_000, limit=100).split("\u200b")
    assert len(pieces) > 3
    assert max(map(len, pieces)) == 30


def test_too_much_is_cut_with_a_mark() -> None:
    assert safe_text("word " * 100, limit=20) == "word word word word…"


@given(ANYTHING)
def test_any_text_becomes_one_clean_line(typed: str) -> None:
    printed = safe_text(typed, 40)
    assert len(printed.replace("\u200b", "")) <= 40
    assert printed.isprintable() or "\u200b" in printed
    printed.encode()
    assert "\n" not in printed


@pytest.mark.parametrize(
    ("alone", "inside"),
    [
        ("The next day", "the next day"),
        ("A goal for each", "a goal for each"),
        ("I have no time", "I have no time"),
        ("I’m not sure", "I’m not sure"),
        ("CRM and list", "CRM and list"),
        ("“Not now” isn’t “no”", "“Not now” isn’t “no”"),
        ("In a week I call", "in a week I call"),
        ("", ""),
    ],
)
def test_a_text_inside_a_sentence_keeps_the_capitals_that_are_not_its_beginning(
    alone: str, inside: str
) -> None:
    assert mid_sentence(alone) == inside


def test_a_text_that_cannot_be_printed_is_replaced_as_a_whole() -> None:
    assert safe_text("Giorgi გიორგი", otherwise="(left out)") == "(left out)"
