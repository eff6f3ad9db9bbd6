"""The call brief: what it says, on what each point rests, and how it prints."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import outloud
import pymupdf
import pytest

from consult.questionnaire.editions import newest
from consult.report.brief import Brief, brief_html, brief_of
from consult.report.build import build_report
from consult.report.explanations import explain
from consult.report.html_document import Recipient
from consult.report.pdf.render_pdf import html_to_pdf
from consult.settings.brand import Brand
from tests.report.samples import finding_text, firm_walk, is_accessible, report_of, walk_of
from tests.support.firms import FIRMS
from tests.support.personas import PERSONAS, Answers, Depth, one_lead

WHEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA = Recipient("Ada Okafor", "Okafor Tents", "ada@example.com", "+1 (555) 010-7788", True)
STRANGERS = (
    ADA,
    Recipient(),
    Recipient("W" * 200, "W" * 200, "w" * 60 + "@example.com", "1" * 40),
    Recipient("Nguyễn Thị Łucja 🦔", "مرحبا & <b>Co</b>", "o'neil@example.com"),
)
EVERYBODY = [(id, depth) for id in PERSONAS for depth in ("quick", "full")]


def brief(persona: str, depth: Depth = "quick") -> Brief:
    walked = walk_of(persona, depth)
    return brief_of(report_of(persona, depth), explain(walked))


def test_a_lead_that_waits_for_them_is_the_first_line() -> None:
    for ended in ("waiting_on_us", "waiting_on_them"):
        changes: Answers = {**one_lead(ended=ended)}
        walked = walk_of("baton_on_the_floor", changes=changes)
        report = build_report(walked)
        assert report.one_lead
        shown = html(brief_of(report, explain(walked)))
        if ended == "waiting_on_us":
            assert shown.index('class="topic"') < shown.index(report.one_lead.waiting)
            assert shown.index(report.one_lead.waiting) < shown.index("The report says")
        else:
            assert not report.one_lead.waiting
        assert report.one_lead.longest in shown


def html(made: Brief, owner: Recipient = ADA) -> str:
    return brief_html(made, 7, owner, WHEN, Brand(), "letter")


@cache
def printed(persona: str, owner: Recipient) -> bytes:
    return html_to_pdf(html(brief(persona, "full"), owner))


def given(persona: str, depth: Depth) -> dict[str, str]:
    report = report_of(persona, depth)
    lines = [line for axis in report.axes for part in axis.dimensions for line in part.lines]
    return {
        **{line.question: line.answer for line in lines},
        **{said.question: said.answer for said in report.answers},
    }


@pytest.mark.parametrize(("persona", "depth"), EVERYBODY)
def test_every_point_rests_on_answers_that_were_given(persona: str, depth: Depth) -> None:
    made, answers = brief(persona, depth), given(persona, depth)
    assert len(made.facts) == 3
    assert len({point.text for point in made.questions}) == 3
    for point in (*made.facts[1:], *made.questions, *made.contradictions):
        for said in point.answers:
            cards = said.question == newest().texts.sorting["prompt"]
            assert cards or answers[said.question] == said.answer
        assert point.answers or point.title == "Nothing left to raise"
    assert made.report == report_of(persona, depth)


def test_the_first_question_is_about_the_weakest_exchange_and_the_rest_follow_the_plan() -> None:
    report, made = report_of("baton_on_the_floor"), brief("baton_on_the_floor")
    words = newest().texts.findings["dimensions"]
    asked = [point.text for point in made.questions]
    assert asked[0] == words[report.weakest.id]["call_question"]
    planned = {
        words[part.id]["call_question"]
        for axis in report.axes
        for part in axis.dimensions
        for line in part.lines
        if line.id in {fix.id for fix in report.plan}
    }
    assert set(asked[1:]) <= planned


def test_what_could_not_be_found_out_is_told() -> None:
    unknown = [said for point in brief("mostly_unknown", "full").unknown for said in point.answers]
    assert len(unknown) == sum(question.unknown for question in newest().questions.values())
    assert {said.answer for said in unknown} == {"I don’t know."}
    quick = brief("two_silos")
    because = finding_text("not_asked", "quick_look")
    assert quick.unknown[-1].title == f"Not asked. {because}"


def test_who_has_everything_in_place_is_asked_how() -> None:
    made = brief("disciplined_solo", "full")
    assert made.report.consult.topic == ""
    assert [point.title for point in made.facts[1:]] == [
        "Nothing gets dropped",
        "Nothing left to raise",
    ]
    assert len(made.questions) == 3
    assert "A consult can wait." in html(made)


def test_whom_to_call_is_a_link() -> None:
    written = html(brief("two_silos"))
    assert '<a href="mailto:ada@example.com">' in written
    assert '<a href="tel:+15550107788">' in written
    assert "Requested a consult" in written
    assert "No one to call yet." in html(brief("two_silos"), Recipient())


def test_names_in_letters_that_no_font_has_are_left_out_as_a_whole_in_words() -> None:
    owner = Recipient("Giorgi გიორგი", "გიორგი Tours", "g@x.example", "+995 32 212 3456")
    written = html(brief("two_silos"), owner)
    assert "<h1>Lead 7</h1>" in written
    assert "Giorgi" not in written
    assert "Tours" not in written
    assert "Some of their contact info can’t be printed here" in written
    assert 'href="tel:+995322123456"' in written
    assert "can’t be printed here" not in html(brief("two_silos"))


def test_a_sentence_in_letters_that_no_font_has_is_left_out_in_words() -> None:
    for sentence, printed in (("Five more regulars", True), ("Fewer გიორგი quotes", False)):
        walked = walk_of("two_silos", changes={"own_words": sentence})
        written = html(brief_of(build_report(walked), explain(walked)))
        assert (f"In three months they want: “{sentence}”" in written) == printed
        assert ("What they want in three months can’t be printed here" in written) != printed
        assert printed or "quotes”" not in written


def test_what_people_type_stays_text() -> None:
    written = html(
        brief("two_silos"), Recipient("<script>", "<script>", "a?cc=b@x.example", "<b>1")
    )
    assert "<script>" not in written
    assert 'href="mailto:a%3Fcc%3Db@x.example"' in written
    assert "tel:" not in written, "it is no number"


@pytest.mark.parametrize("name", ["dental_practice", "furniture_store", "it_firm"])
def test_a_firm_that_said_much_is_on_one_page_with_nothing_over_nothing(name: str) -> None:
    walked = firm_walk(FIRMS[name])
    report = build_report(walked)
    written = html(brief_of(report, explain(walked)))
    assert f"“{report.finding}”" in written
    assert ("What the check couldn’t find out" in written) == bool(
        report.unknowns or report.not_asked or report.money_refused
    )
    reader: Any = pymupdf
    with reader.open(stream=html_to_pdf(written)) as pdf:
        assert pdf.page_count == 1


@pytest.mark.parametrize(
    ("persona", "owner"),
    [("solo_starter", ADA), *(("mostly_unknown", owner) for owner in STRANGERS)],
    ids=("least", "ada", "nobody", "long", "scripts"),
)
def test_it_prints_on_two_pages_at_most_and_keeps_the_rules_of_access(
    persona: str, owner: Recipient, tmp_path: Path
) -> None:
    content = printed(persona, owner)
    reader: Any = pymupdf
    with reader.open(stream=content) as pdf:
        assert pdf.page_count <= 2
        text = pdf[0].get_text()
    assert "Ask first" in text
    assert is_accessible(content)
    file = tmp_path / "brief.pdf"
    file.write_bytes(content)
    assert [finding.message for finding in outloud.check(str(file)).findings] == []


def test_it_is_the_same_file_each_time() -> None:
    written = html(brief("mostly_unknown", "full"), STRANGERS[-1])
    assert html_to_pdf(written) == printed("mostly_unknown", STRANGERS[-1])
