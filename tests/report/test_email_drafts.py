"""Emails that staff write, half written: short, plain, repeatable, each sentence with a source."""

import re
import unicodedata
from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.editing.language import HIGHEST_GRADE, grade
from consult.questionnaire.editions import newest
from consult.questionnaire.questions import Answer, Depth
from consult.report.build import build_report
from consult.report.email_drafts import (
    LONGEST_LINK,
    MOST_WORDS,
    Correspondence,
    EmailDraft,
    EmailKind,
    draft_email,
)
from consult.report.report import Report, from_json
from consult.settings.brand import Brand
from tests.report.samples import firm_report
from tests.support.firms import FIRMS, Firm
from tests.support.strategies import BRANCHES, DEPTHS, answered, complete_answers, walked

KINDS: tuple[EmailKind, ...] = ("first", "after_call")
LINK = "https://marketingmaven.example/consult"
CASE = Correspondence("Ada Okafor", "ada@example.com", False, "Grace Hopper", Brand(), LINK)
CASES = st.builds(
    replace,
    st.just(CASE),
    wants_consult=st.booleans(),
    held=st.booleans(),
    books_on_result=st.booleans(),
    booking_link=st.sampled_from(("", LINK, "https://example.com/?" + "a=1&" * 50)),
    consult_at=st.sampled_from(("", "Tuesday, December 1 at 10:00 AM EST")),
    follow_up_on=st.sampled_from(("", "December 9, 2026")),
)
HOSTILE = (
    "Ada\r\nBcc: everyone@example.com",
    "x&body=Pay now&bcc=everyone@example.com",
    "\u202eevil\u2066 \u05e9\u05dc\u05d5\u05dd مرحبا",
    "🦔👩‍👩‍👧" * 40,
    "{name} {0} %s {{ 7 * 7 }} “quoted” [FILL IN: x]",
    "W" * 4000,
    "a lot to say " * 300,
    "\x00\x1b[31m\ud800",
)
ASKS = {
    "yes": "Want to talk it through?",
    "optional": "If you get stuck",
    "not_now": "You don’t need us",
}
ITS_OWN_NUMBERS = re.compile(r"\d+[ -]minute")


def sentences_of(draft: EmailDraft) -> list[tuple[str, str]]:
    return [(one.text, one.source) for paragraph in draft.paragraphs for one in paragraph]


def check(draft: EmailDraft, report: Report, case: Correspondence) -> None:
    """What holds of every email, whatever the answers are."""
    assert len(draft.text.split()) <= MOST_WORDS
    assert draft.link.startswith("mailto:ada@example.com?subject=")
    assert len(draft.link) <= LONGEST_LINK
    assert parse_qs(urlsplit(draft.link).query)["body"] == [draft.text.replace("\n", "\r\n")]
    sentences = sentences_of(draft)
    assert all(text.strip() and source for text, source in sentences)
    assert [source for _, source in draft.notes] == [
        source
        for at, (_, source) in enumerate(sentences)
        if at == 0 or sentences[at - 1][1] != source
    ]
    own = next((text for text, _ in sentences if text.startswith("Three months")), "")
    ours = draft.text.replace(own, "").replace(case.booking_link or LINK, "")
    assert grade(ours) <= HIGHEST_GRADE
    assert not re.search(r"[{}]|\bNone\b| {2}|of 100|\bpoints?\b", ours)
    assert not set(re.findall(r"\w+", ours)) & {id for id in newest().questions if "_" in id}
    step = report.first_step
    shown = f"{step.start} {step.why}" if step else ""
    said = re.findall(r"\d+", f"{shown} {case.consult_at} {case.follow_up_on}")
    assert set(re.findall(r"\d+", ITS_OWN_NUMBERS.sub("", ours))) <= set(said)


@given(complete_answers(), CASES)
def test_an_email_is_short_plain_and_sourced(
    given_answers: tuple[dict[str, Answer], Depth], case: Correspondence
) -> None:
    report = build_report(walked(*given_answers))
    for kind in KINDS:
        draft = draft_email(kind, report, case)
        check(draft, report, case)
        assert draft_email(kind, from_json(report.to_json()), replace(case)) == draft


def test_where_there_is_no_room_the_trouble_is_left_out() -> None:
    answers = answered(BRANCHES[0], "full", "lowest") | {"symptoms": ("not_enough_leads",)}
    report = build_report(walked(answers, "full"))
    case = replace(CASE, wants_consult=True, booking_link="", follow_up_on="December 9, 2026")
    assert "what’s bothering you" in draft_email("after_call", report, case).text
    long = replace(case, brand=Brand(name="A B C D E F G H I J K L M and N"))
    draft = draft_email("after_call", report, long)
    check(draft, report, long)
    assert "what’s bothering you" not in draft.text


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_so_are_those_of_the_best_and_the_weakest(depth: Depth, end: str) -> None:
    for branch in BRANCHES:
        answers = answered(branch, depth, "highest" if end == "highest" else "lowest")
        report = build_report(walked(answers, depth))
        for kind in KINDS:
            draft = draft_email(kind, report, CASE)
            check(draft, report, CASE)
            assert ("That may be all" in draft.text) <= (kind == "first" and bool(report.plan))
            assert ("[FILL IN: what]" in draft.text) == (kind == "after_call" and not report.plan)


@pytest.mark.parametrize("firm", FIRMS.values(), ids=FIRMS)
def test_an_owner_is_quoted_and_asked_what_the_report_advises(firm: Firm) -> None:
    report = firm_report(firm)
    first, after = (draft_email(kind, report, CASE) for kind in KINDS)
    for draft in (first, after):
        check(draft, report, CASE)
        assert report.own_words in draft.text
        assert report.first_step
        assert report.first_step.why in draft.text
        assert draft.text.count(LINK) == 1
        if report.path != "conversation":
            assert not re.search(r"\bleads?\b", draft.text, re.IGNORECASE)
    assert any(trouble.name in first.text for trouble in report.troubles)
    assert ASKS[report.consult.recommended] in first.text
    assert after.blanks == ["date"]
    assert first.blanks == []


def test_what_is_agreed_goes_into_the_email_after_a_call() -> None:
    report = firm_report(FIRMS["gym"])
    booked = replace(
        CASE, consult_at="Tuesday, March 2 at 9:30 AM EST", follow_up_on="March 1, 2027"
    )
    text = draft_email("after_call", report, booked).text
    assert "I’ll check in with you on March 1, 2027.\n\nOur consult is on Tuesday, March 2" in text
    assert LINK not in text
    first = draft_email("first", report, booked).text
    assert "Our consult is on Tuesday, March 2" in first
    assert LINK not in first
    held = draft_email("after_call", report, replace(CASE, held=True)).text
    assert f"If you get stuck, let’s talk again. You can book here anytime: {LINK}" in held
    without = draft_email("first", report, replace(CASE, booking_link="", wants_consult=True))
    assert without.subject == "Your consult with Marketing Maven"
    assert "Reply with a time that works for you." in without.text
    own = replace(CASE, booking_link="", books_on_result=True)
    assert "You can pick a time on your result page." in draft_email("first", report, own).text


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_people_typed_stays_one_line_of_the_text(typed: str) -> None:
    report = replace(firm_report(FIRMS["photographer"]), own_words=typed)
    case = replace(CASE, name=typed, writer=typed, email="a?cc=b&body=c@example.com")
    for kind in KINDS:
        draft = draft_email(kind, report, case)
        address, _, query = draft.link.removeprefix("mailto:").partition("?")
        assert unquote(address) == case.email
        assert not re.search(r"[?&\s]", address)
        assert list(parse_qs(query)) in (["subject", "body"], ["subject"])
        assert len(draft.link) <= LONGEST_LINK
        assert len(draft.text.split()) <= MOST_WORDS
        assert draft.text.splitlines()[2].startswith("Thanks for ")
        odd = [one for one in draft.text if unicodedata.category(one)[0] == "C"]
        assert set(odd) <= {"\n", "\u200d"}
        assert "\nBcc" not in draft.text


@pytest.mark.parametrize(
    ("name", "hello"),
    [("Ada", "Hi Ada,"), ("Dr. Ada Okafor", "Hi Dr. Ada Okafor,"), ("\u202e", "Hi there,")],
)
def test_a_person_is_greeted_by_the_name_they_left(name: str, hello: str) -> None:
    draft = draft_email("first", firm_report(FIRMS["gym"]), replace(CASE, name=name))
    assert draft.text.startswith(f"{hello}\n\n")


def test_a_text_too_long_for_a_link_is_left_to_copy() -> None:
    case = replace(CASE, booking_link="https://example.com/" + "é" * 400)
    draft = draft_email("first", firm_report(FIRMS["gym"]), case)
    assert case.booking_link in draft.text
    assert list(parse_qs(urlsplit(draft.link).query)) == ["subject"]
