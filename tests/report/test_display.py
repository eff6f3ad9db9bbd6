"""Printed numbers and names: rounded for the eye, never at odds with what was measured or typed.

Printed points add up, whatever was answered: lines to parts, parts to the score, all to 100.
"""

import re
import unicodedata
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
    phone_link,
    printed_points,
    safe_text,
    share_out,
    significant,
    tenths,
    whole,
)
from consult.scoring.axis import CUTS
from consult.scoring.scorecard import scorecard_of
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
    for axis in scorecard_of(walked(*found).on_path).axes:
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


PHONES = [
    ("tel:+15550100", ["+1 555 0100"]),
    (
        "tel:5551234",
        ["555-1234", "555-1234 or 555-9876", "555-1234/555-9876", "555-1234 / 555-9876"],
    ),
    (
        "tel:5551234567",
        [
            "(555) 123-4567",
            "555.123.4567",
            "555-123-4567, 555-987-6543",
            "555 123 4567;555 987 6543",
            "555-123-4567 or 555-987-6543 ext. 12",
            "555-123-4567 call after 5",
            "555-123-4567 (call after 5)",
            "555-123-4567, after 5 pm",
            "call after 5: 555-123-4567",
            "cell: 555-123-4567",
            "(c) 555-123-4567",
            "555-123-4567 (cell)",
            "555-123-4567 cell / 555-987-6543 home",
            "Anna 555-123-4567",
            "(555)123-4567",
            "5551234567",
            "555-123-4567 and 555-987-6543",
            "555-123-4567 & 555-987-6543",
            "555-123-4567 - ask for Jo",
            "555-123-4567.",
            "555-123-4567 x",
            "555-123-4567 extra quiet",
        ],
    ),
    ("tel:15551234567", ["1 (555) 123-4567"]),
    ("tel:18005550199", ["1-800-555-0199"]),
    ("tel:01712345678", ["0171 2345678 oder 030 123456", "0171/2345678"]),
    ("tel:0301234567", ["030/1234567"]),
    ("tel:02151123456", ["02151 / 123456"]),
    ("tel:030123456", ["030/123-456", "Tel. 030 123456"]),
    ("tel:+442079460958", ["+44 (0)20 7946 0958", "+44(0)20 7946 0958", "(+44) 20 7946 0958"]),
    ("tel:+49301234567", ["+49 (0) 30 1234567"]),
    ("tel:00442079460958", ["0044 (0)20 7946 0958"]),
    ("tel:02079460958", ["020 7946 0958", "(020) 7946 0958"]),
    ("tel:+33123456789", ["+33 1 23 45 67 89"]),
    (
        "tel:5551234567;ext=12",
        [
            "555-123-4567 ext. 12",
            "555-123-4567 ext 12",
            "555-123-4567 x12",
            "555-123-4567x12",
            "555-123-4567 (ext. 12)",
            "555-123-4567, ext. 12",
            "555-123-4567, extension 12",
            "555-123-4567 #12",
            "555-123-4567 ext. 12 or 555-987-6543",
        ],
    ),
    ("tel:03012345;ext=67", ["030 12345 Durchwahl 67"]),
    ("tel:18003569377", ["1-800-FLOWERS", "1-800-FLOWERS (call after 5)"]),
    ("tel:18004633339", ["1 800 GO FEDEX", "1-800-GO-FEDEX"]),
    ("tel:8003569377", ["(800) FLOWERS"]),
    ("tel:5557663464", ["555-ROOFING "]),
    ("tel:08007346377", ["0800 REIMERS"]),
    (
        "",
        [
            "call after 5",
            "call after 5 pm",
            "call after 5 555-123-4567",
            "after 17:30 555 123 4567",
            "555-123-4567 5 pm",
            "555-123-4567 9am",
            "555-123-4567 2nd floor",
            "n/a",
            "none",
            "-",
            "",
            "0",
            "911",
            "24/7",
            "x",
            "555 123 4567 555 987 6543",
            "anna@example.com",
            "*67 555-1234",
            "#31#5551234",
            "555-12O4",
            "+",
            "+++5551234",
            "+1234567890123456789",
            "555 1234 - 555 9876",
            "[555] 123-4567",
        ],
    ),
    ("tel:0501234567", ["\u0660\u0665\u0660 \u0661\u0662\u0663 \u0664\u0665\u0666\u0667"]),
    (
        "tel:+971501234567",
        ["+\u0669\u0667\u0661 \u0665\u0660 \u0661\u0662\u0663 \u0664\u0665\u0666\u0667"],
    ),
    ("tel:09123456789", ["\u06f0\u06f9\u06f1\u06f2 \u06f3\u06f4\u06f5 \u06f6\u06f7\u06f8\u06f9"]),
    ("tel:0987654321", ["\u0966\u096f\u096e\u096d\u096c\u096b\u096a\u0969\u0968\u0967"]),
    (
        "tel:+819012345678",
        ["\uff0b\uff18\uff11 \uff19\uff10 \uff11\uff12\uff13\uff14 \uff15\uff16\uff17\uff18"],
    ),
    (
        "tel:+15551234567",
        [
            "+1\u00a0555\u2011123\u20134567",
            "+1 555 123 4567 +1 555 987 6543",
            "\u202a+1 555 123 4567\u202c",
        ],
    ),
    ("tel:+4930123456", ["Tel.: +49 30 123456"]),
    ("tel:07700900123", ["Mobile 07700 900123, office 020 7946 0958"]),
    ("tel:+491712345678", ["WhatsApp +49 171 2345678"]),
    ("tel:+4311234567", ["+43 1 12345-67"]),
    ("tel:12345", ["12345"]),
    ("tel:+61298765432;ext=7", ["+61 2 9876 5432 ext.7"]),
]


def test_a_phone_link_dials_the_first_number_as_typed_or_is_none() -> None:
    links = {typed: link for link, many in PHONES for typed in many}
    assert {typed: phone_link(typed) for typed in links} == links


@given(st.text(st.sampled_from("0123456789+-()/., #*x:ext orABCapm٣\u202a"), max_size=40))
def test_a_phone_link_dials_nothing_that_was_not_typed(typed: str) -> None:
    link = phone_link(typed)
    found = re.fullmatch(r"(?:tel:\+?([0-9]{5,15})(?:;ext=[0-9]{1,6})?)?", link)
    assert found
    if link and not re.search("[A-Z]{3}", typed):
        digits = iter(str(unicodedata.decimal(one)) for one in typed if one.isdecimal())
        assert all(digit in digits for digit in found[1]), "in the order typed"
