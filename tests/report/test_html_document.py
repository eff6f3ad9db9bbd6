"""The document: the whole Report in plain words, asking for nothing outside itself.

Its charts say in words what they show, and differ in pattern and not only in color.
"""

import itertools
import re
from dataclasses import replace
from typing import Any

import pymupdf
import pytest
from jinja2 import Environment, FileSystemLoader
from markupsafe import escape

from consult.report import TEMPLATES
from consult.report.html_document import STATE_TEXTS, Recipient, document_html, printed_templates
from consult.report.pdf.render_pdf import html_to_pdf
from consult.report.report import Relay, State
from consult.settings.brand import Brand, Colors, Logo
from tests.report.samples import (
    DAY,
    EVERYONE,
    check_valid,
    cover_of,
    document_of,
    finding_text,
    printed_text,
    report_of,
)
from tests.support.personas import Depth

COLORS = Colors()
PICTURES: Any = printed_templates().get_template("pictures.html").module
STATES: tuple[State, ...] = ("strong", "partly", "weak", "unknown")
FORBIDDEN_FIGURES = (
    *("79%", "73%", "208%", "$1 trillion", "80% of sales", "391%", "78%", "National Sales"),
    *("21 times", "100 times"),
)
"""Popular figures that no one could trace to a source."""


@pytest.mark.parametrize(("persona", "depth"), EVERYONE)
def test_a_document_is_valid_complete_and_honest(persona: str, depth: Depth) -> None:
    html = document_of(persona, depth)
    assert html.count("<h1") == 1
    report = report_of(persona, depth)
    check_valid(html)
    text = printed_text(html)
    for axis in report.axes:
        assert f"{axis.id.capitalize()}: {axis.total} of 100 points" in text
        for part in axis.dimensions:
            for line in part.lines:
                assert line.question in text
                assert line.answer in text
    for said in (*report.contradictions[:3], *report.flags):
        assert said.text in text
    assert f"<h1>{escape(report.finding)}</h1>" in html
    assert f"<title>{escape(report.finding)}</title>" in html
    assert report.archetype.name in text
    assert report.consult.title in text
    assert not [figure for figure in FORBIDDEN_FIGURES if figure in text]
    assert text.count("Yours may differ") + text.count("yours may differ") <= 3
    for word in ("you are losing", "average firm", "scientifically", "guarantee", "Oops"):
        assert word not in text


@pytest.mark.parametrize(("persona", "depth"), EVERYONE)
def test_a_chart_shows_what_its_heading_says(persona: str, depth: Depth) -> None:
    lanes = re.split(r'<div class="lane">', document_of(persona, depth))[3:]
    for axis, lane in zip(report_of(persona, depth).axes, lanes, strict=True):
        (heading,) = re.findall("<h3>(.*)</h3>", lane.split("Two jobs, side by side")[0])
        charts = re.findall('<table class="gains">(.*?)</table>', lane, re.DOTALL)
        names = [re.findall('<th scope="row">(.*?)</th>', chart) for chart in charts]
        gains = {escape(part.name): part.lost for part in axis.dimensions}
        if charts:
            assert sorted(itertools.chain(*names)) == sorted(gains)
            assert any(word in heading for word in (names[0][0], "Several", "any", "can’t tell"))
        else:
            assert not any(gains.values())
        for shown in names:
            assert [gains[name] for name in shown] == sorted(
                map(gains.__getitem__, shown), reverse=True
            )
        if axis.id == "handoff" and charts:
            assert set(names[0]) == {escape(p.name) for p in axis.dimensions if p.critical}


def test_a_document_fetches_nothing() -> None:
    brand = Brand(consult_url="https://maven.test/consult")
    html = document_html(report_of("solo_starter"), DAY, brand=brand)
    addresses = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\')\s>]+)', html)
    assert set(addresses) == {"https://maven.test/consult"}
    assert "<a href" in html  # a link is followed by the reader and not by us


def test_names_are_shown_as_text() -> None:
    html = document_html(
        report_of("solo_starter"), DAY, Recipient("<i>Jo</i>", "{{ 7 * 7 }}<script>")
    )
    assert "<script>" not in html
    assert "<i>Jo" not in html
    assert "{{ 7 * 7 }}&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("name", "business", "says"),
    [
        ("Giorgi გიორგი", "Café Zoë", "Your name can’t be printed here"),
        ("Ada", "გიორგი Tours", "The name of your business can’t be printed here"),
        (
            "山田 太郎",
            "山田 Dental",
            "Your name and the name of your business can’t be printed here",
        ),
        ("Łukasz Żak", "مطعم النخيل", ""),
    ],
)
def test_a_name_is_printed_whole_or_left_out_in_words(name: str, business: str, says: str) -> None:
    html = document_html(report_of("solo_starter"), DAY, Recipient(name, business))
    for typed in (name, business):
        assert (typed in html) == (not re.search("[ა-ჿ一-鿿]", typed))
    assert not re.search("Giorgi|Tours|Dental", html)
    assert says in html
    assert ("can’t be printed here" in html) == bool(says)


@pytest.mark.parametrize(
    ("sentence", "printed"),
    [
        ("More Fridays off, and żadnych długów", True),
        ("المزيد من العملاء", True),
        ("新しいお客さまを毎月五人", False),
        ("Fewer late quotes for the გიორგი tours", False),
        ("W" * 299 + "山", False),
    ],
)
def test_a_sentence_is_printed_whole_or_left_out_in_words(sentence: str, printed: bool) -> None:
    report = report_of("mostly_unknown", "full", {"own_words": sentence})
    assert report.own_words == sentence, "a page has all letters"
    strangers = Recipient("山田 太郎", "山田 Dental"), Recipient("Ada", "Okafor Tents " * 6)
    for recipient in strangers:
        html = document_html(report, DAY, recipient)
        assert (f"“{sentence}”" in html) == printed
        assert ("What should be different in three months can’t be printed here" in html) != printed
        assert printed or not re.search("Fewer late|WWW|tours", html)
        reader: Any = pymupdf
        with reader.open(stream=html_to_pdf(cover_of(html))) as pdf:
            (cover,) = (sheet.get_text() for sheet in pdf)
        assert "Handoff:" in cover
        assert "Check again on" in cover


@pytest.mark.parametrize(
    ("brand", "says"),
    [
        (Brand(), "Use the button on the page with your result."),
        (Brand(phone="+1 555 0100"), "Call +1 555 0100, or use the button on the page"),
        (Brand(email="a@b.co", phone="1"), "Call 1, or write to a@b.co, or use the button"),
        (Brand(consult_url="https://b.co/x", phone="1"), "https://b.co/x, or call 1."),
    ],
)
def test_only_ways_that_exist_lead_to_the_consult(brand: Brand, says: str) -> None:
    html = document_html(report_of("two_silos"), DAY, brand=brand)
    check_valid(html)
    assert says in printed_text(html).replace(" ,", ",")
    assert ("QR code" in html) == bool(brand.consult_url)
    assert (".example" in html) is False


def test_what_a_tool_lists_in_columns_is_a_table_with_empty_rows_to_fill_in() -> None:
    """Blanks side by side wrap in the middle of a row; a line that has no heads stays a line."""
    report = report_of("solo_starter", "full")
    tool = "Name | Need | Date\nRuiz | Fence | May 6\n____ | “____” | ____\n1. ____ | by ____"
    plan = (replace(report.plan[0], tool_text=tool), *report.plan[1:])
    html = document_html(replace(report, plan=plan), DAY, Recipient(), Brand())
    lines = html.split('<table class="sheet">')[1].split("</table>")[0].split("</tr>")
    rows = [re.findall('<t[hd](?: scope="col")?>(.*?)</t', line) for line in lines[:-1]]
    blank = '<span class="blank">…</span>'
    assert rows == [["Name", "Need", "Date"], ["Ruiz", "Fence", "May 6"], ["", f"“{blank}”", ""]]
    assert f"<p>1. {blank} | by {blank}</p>" in html


def test_nobody_in_particular_is_fine() -> None:
    html = document_html(report_of("solo_starter"), DAY)
    assert "Marketing and sales at" not in html
    assert "For " not in html.split("dateline")[1][:40]


def test_a_brand_puts_its_name_colors_and_logo_on_it() -> None:
    logo = Logo("image/png", b"\x89PNG\r\n\x1a\n")
    colors = replace(Brand().colours, sales="#003366")
    phone, email = "+1 555 0100", "a@b.example"
    brand = Brand(
        "Northside & Sons", phone=phone, email=email, logo=logo, colours=colors,
        person="Ana Ruiz", person_line="Twelve years in sales", portrait=logo,
    )  # fmt: skip
    html = document_html(report_of("solo_starter"), DAY, brand=brand)
    for shown in (
        logo.data_uri,
        'alt="Northside &amp; Sons"',
        "#003366",
        phone,
        email,
        brand.person_line,
    ):
        assert shown in html
    assert "Marketing Maven" not in html
    assert 'alt="Ana Ruiz"' in html


def test_alone_it_brings_its_stylesheet() -> None:
    alone = document_html(report_of("solo_starter"), DAY, standalone=True)
    assert "@page" in alone
    assert len(alone) > len(document_of("solo_starter")) + 5000


def test_the_strong_are_told_that_it_can_wait() -> None:
    text = printed_text(document_of("disciplined_solo", "full"))
    assert finding_text("consult", "not_now", "title") in text
    assert "Your plan" not in text


def title_of(svg: str) -> str:
    (title,) = re.findall(r"<title>(.*?)</title>", svg)
    return str(title)


@pytest.mark.parametrize(("confirmed", "possible"), [(0, 0), (0, 100), (33, 67), (100, 100)])
def test_a_bar_says_its_numbers(confirmed: int, possible: int) -> None:
    title = title_of(PICTURES.score_bar("Handoff", confirmed, possible, "#000"))
    assert "Handoff" in title
    assert f"{confirmed}" in title
    assert ("up to" in title) is (possible > confirmed)


def test_a_name_cannot_break_out_of_a_bar() -> None:
    assert "<script>" not in PICTURES.score_bar("</title><script>", 1, 2, "#000")


def test_the_relay_says_its_states() -> None:
    for states in itertools.product(STATES, repeat=3):
        marketing, exchange, sales = (STATE_TEXTS[state] for state in states)
        assert title_of(PICTURES.relay_picture(Relay(*states), COLORS)) == (
            f"The relay: marketing is {marketing}, the handoff is {exchange}, sales is {sales}."
        )


def test_each_state_is_drawn_in_another_way() -> None:
    legs = {PICTURES.relay_picture(Relay(state, "strong", "strong"), COLORS) for state in STATES}
    exchanges = {
        PICTURES.relay_picture(Relay("strong", state, "strong"), COLORS) for state in STATES
    }
    assert len(legs) == len(exchanges) == len(STATES)


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_drawn_as_on_the_result_page(state: State) -> None:
    pages = Environment(loader=FileSystemLoader(TEMPLATES.parent), autoescape=True)
    legs = [{"name": name, "state": state, "says": state} for name in ("one", "two", "three")]
    web: Any = pages.get_template("parts/relay.html").module
    drawings = (
        web.picture(legs, "relay"),
        PICTURES.relay_picture(Relay(state, state, state), COLORS),
    )
    for shape in (
        r' d="(M\d+ \d+h[^"]+)"',
        r'stroke-dasharray="([^"]+)"',
        r"(rotate\([^)]+320 69\))",
    ):
        on_page, on_paper = (set(re.findall(shape, one)) for one in drawings)
        assert on_page == on_paper
