"""The form of a page: what it accepts, what it refuses in which words, and how it is drawn."""

from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from werkzeug.datastructures import MultiDict

from consult.owner import question_form
from consult.owner.question_form import QuestionField, QuestionForm
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import WalkPage, walk
from consult.questionnaire.questions import Answer
from consult.questionnaire.wording import Heading
from consult.settings import PROJECT_FOLDER
from tests.support.page import Document, Form, text_of
from tests.support.personas import BATON_ON_THE_FLOOR as TEAM

ANSWERS: dict[str, Answer] = {
    id: tuple(value) if isinstance(value, list) else value
    for id, value in TEAM.payload()["answers"].items()
}


def page_with(question_id: str, **answers: Any) -> WalkPage:
    walked = walk(newest(), {**ANSWERS, **answers})
    return next(p for p in walked.pages if question_id in [q.id for q in p.questions])


def posted(question_id: str, *values: str) -> tuple[QuestionForm, str | None]:
    """The form after one question was posted, and the first complaint about it."""
    form = QuestionForm(page_with(question_id), MultiDict([(question_id, v) for v in values]))
    return form, field_of(form, question_id).error or None


def field_of(form: QuestionForm, question_id: str) -> QuestionField:
    return next(field for field in form.fields if field.name == question_id)


@pytest.mark.parametrize(
    ("question_id", "sent", "saved"),
    [
        ("marketing_by", ["agency"], "agency"),
        ("first_reply", ["4"], 4),
        ("first_reply", ["unknown"], "unknown"),
        ("sort_demo", ["not_sure"], "not_sure"),
        ("symptoms", ["no_time", "poor_leads"], ("poor_leads", "no_time")),
        ("symptoms", [], ()),
        ("leads_per_month", ["20_49"], "20_49"),
        ("first_sale_value", ["1200"], 1200),
        ("first_sale_value", [" $1,200.50 "], 1200.5),
        ("first_sale_value", ["1 200 €"], 1200),
        ("first_sale_value", ["CHF 1,200"], 1200),
        ("first_sale_value", ["1’200"], 1200),
        ("first_sale_value", ["Fr. 1'200.–"], 1200),
        ("first_sale_value", ["1’234’567.50"], 1234567.5),
        ("first_sale_value", ["1.200,50"], 1200.5),
        ("first_sale_value", ["1.200,- €"], 1200),
        ("first_sale_value", ["1.200.000"], 1_200_000),
        ("first_sale_value", ["1200,5"], 1200.5),
        ("first_sale_value", ["1200 EUR"], 1200),
        ("first_sale_value", ["1200 euros"], 1200),
        ("first_sale_value", ["A$1\u202f200"], 1200),
        ("first_sale_value", ["₹1,00,000"], 100_000),
        ("first_sale_value", ["Rs. 12,34,567.50"], 1_234_567.5),
        ("first_sale_value", ["10k"], 10_000),
        ("first_sale_value", ["$2.5 K"], 2500),
        ("first_sale_value", ["1200."], 1200),
        ("first_sale_value", ["kr 1.200,-"], 1200),
        ("first_sale_value", ["1 200 zł"], 1200),
        ("first_sale_value", ["R1,200"], 1200),
        ("first_sale_value", ["₦1,200"], 1200),
        ("first_sale_value", ["Rs.1200/-"], 1200),
        ("new_customers_last_month", ["1’200"], 1200),
        ("first_sale_value", ["٣٠٠"], 300),
        ("new_customers_last_month", ["1,200"], 1200),
        ("new_customers_last_month", ["0"], 0),
        (
            "own_words",
            [" Fewer  late \u202equotes\r\n\r\nand one list "],
            "Fewer late quotes\n\nand one list",
        ),
        ("own_words", ["x" * 300], "x" * 300),
        ("lead_evidence", ["skip"], "skip"),
    ],
)
def test_an_answer_is_taken(question_id: str, sent: list[str], saved: Answer) -> None:
    form, complaint = posted(question_id, *sent)
    assert complaint is None
    given = form.given[question_id]
    assert given is not None
    assert given[0] == saved
    assert type(given[0]) is type(saved)


@pytest.mark.parametrize(
    "question_id", ["buyers", "leads_per_month", "first_sale_value", "own_words"]
)
def test_an_unscored_question_may_be_left_out_or_taken_back(question_id: str) -> None:
    form, complaint = posted(question_id)
    assert (complaint, form.given[question_id]) == (None, None)


@pytest.mark.parametrize(
    ("question_id", "sent", "complaint"),
    [
        ("marketing_by", [], "Choose the closest answer"),
        ("sort_demo", [], "Choose Marketing, Sales, or Not sure"),
        ("marketing_by", ["everybody"], "Choose one of these answers"),
        ("first_reply", ["5"], "Choose one of these answers"),
        ("first_reply", ["-1"], "Choose one of these answers"),
        ("first_reply", ["٣"], "Choose one of these answers"),
        ("first_reply", ["x" * 10_000], "Choose one of these answers"),
        ("marketing_goal", ["unknown"], "Choose one of these answers"),
        ("symptoms", ["no_time", "<b>"], "Choose one of these answers"),
        ("symptoms", ["no_time", "poor_leads", "cannot_close", "leads_go_quiet"], "Choose up to 3"),
        ("first_sale_value", ["a lot"], "Enter a number, like 1200"),
        ("first_sale_value", ["-5"], "Enter a number, like 1200"),
        ("first_sale_value", ["1.200"], "Did you mean 1200? Enter it without the period."),
        ("first_sale_value", ["1.200."], "Did you mean 1200?"),
        ("first_sale_value", ["€ 12.500"], "Did you mean 12500?"),
        ("first_sale_value", ["1,2,3"], "Enter a number, like 1200"),
        ("first_sale_value", ["1,200,50"], "Enter a number, like 1200"),
        ("first_sale_value", ["1.200.50"], "Enter a number, like 1200"),
        ("first_sale_value", ["1200 1500"], "Enter a number, like 1200"),
        ("first_sale_value", ["1200-1500"], "Enter a number, like 1200"),
        ("first_sale_value", ["1,2,000"], "Enter a number, like 1200"),
        ("first_sale_value", ["10m"], "Enter a number, like 1200"),
        ("first_sale_value", ["1200 per job"], "Enter a number, like 1200"),
        ("first_sale_value", ["12 apples"], "Enter a number, like 1200"),
        ("first_sale_value", ["1e9"], "Enter a number, like 1200"),
        ("first_sale_value", ["9" * 30], "Enter a number up to"),
        ("first_sale_value", ["9" * 10_000], "Enter a number up to"),
        ("new_customers_last_month", ["a few"], "Enter a whole number, like 5"),
        ("new_customers_last_month", ["2.5"], "Enter a whole number, like 5"),
        ("new_customers_last_month", ["$5"], "Enter a whole number, like 5"),
        ("own_words", ["x" * 301], "That’s 301 characters. Please keep it to 300."),
    ],
)
def test_anything_else_is_refused_and_not_saved(
    question_id: str, sent: list[str], complaint: str
) -> None:
    form, said = posted(question_id, *sent)
    assert said is not None
    assert said.startswith(complaint)
    assert len(said) < 200
    assert question_id not in form.given


TEMPLATES = Environment(loader=FileSystemLoader(PROJECT_FOLDER / "templates"), autoescape=True)


def html_of(question_id: str, form: QuestionForm) -> str:
    template: Any = TEMPLATES.get_template("owner/question.html").module
    return field_of(form, question_id).drawn_by(template.question)


def drawn(question_id: str, form: QuestionForm) -> Document:
    return Document(f"<form>{html_of(question_id, form)}</form>")


def test_what_was_typed_is_not_kept_as_drawn() -> None:
    kept = question_form._drawn.cache_info().currsize
    form, _ = posted("own_words", "Our Mr. Okafor never calls back.")
    assert "Okafor" in html_of("own_words", form)
    assert question_form._drawn.cache_info().currsize == kept


def test_a_question_shows_its_answer_and_every_choice_once() -> None:
    document = drawn("first_reply", QuestionForm(page_with("first_reply", first_reply=3)))
    (form,) = document.all("form")
    field = Form(document, form, "/").fields["first_reply"]
    assert sorted(field.offered) == ["0", "1", "2", "3", "4", "unknown"]
    assert field.values == ["3"]


def test_best_first_turns_what_is_shown_and_not_what_is_stored() -> None:
    document = drawn("marketing_owner", QuestionForm(page_with("marketing_owner")))
    assert [e.attrib["value"] for e in document.all("input")] == ["3", "2", "1", "0"]


@pytest.mark.parametrize("question_id", ["first_sale_value", "new_customers_last_month"])
def test_what_was_typed_wrongly_is_shown_again_as_text(question_id: str) -> None:
    form, _ = posted(question_id, '"><script>alert(1)</script>')
    document = drawn(question_id, form)
    assert not document.all("script")
    assert document.by_id[question_id].attrib["value"] == '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    ("question_id", "sign"), [("first_sale_value", "$"), ("new_customers_last_month", "")]
)
def test_an_amount_of_money_has_the_currency_beside_it(question_id: str, sign: str) -> None:
    document = drawn(question_id, QuestionForm(page_with(question_id), None, "$"))
    labels = document.by_id[question_id].attrib["aria-labelledby"].split()
    assert labels[0] == f"{question_id}-ask"
    assert [text_of(document.by_id[id]) for id in labels[1:]] == ([sign] if sign else [])


def test_what_was_done_lately_is_asked_in_two_groups_and_other_cards_are_taken() -> None:
    question = newest().questions["done_last_30_days"]
    page = page_with("done_last_30_days", done_last_30_days=("social_post", "demo"))
    (asked,) = [asked for asked in page.questions if asked.question is question]
    assert asked.answer == ("social_post", "demo")
    document = drawn(asked.id, QuestionForm(WalkPage("", "", Heading(""), (asked,))))
    groups = [e for e in document.all("div") if e.attrib.get("role") == "group"]
    assert [text_of(document.by_id[g.attrib["aria-labelledby"]]) for g in groups] == list(
        asked.wording.groups.values()
    )
    shown = [[box.attrib["value"] for box in g.iter("input")] for g in groups]
    assert [tuple(ids) for ids in shown] == list(question.groups.values())
    assert sum(map(len, shown)) == 8


def test_help_and_error_belong_to_their_question() -> None:
    form, complaint = posted("marketing_by")
    document = drawn("marketing_by", form)
    (group,) = document.all("fieldset")
    described = group.attrib["aria-describedby"].split()
    assert complaint
    assert complaint in " ".join(text_of(document.by_id[id]) for id in described)


def test_a_sentence_is_shown_as_text() -> None:
    page = page_with("own_words", own_words="</textarea><b>\nhi")
    html = html_of("own_words", QuestionForm(page))
    assert "&lt;/textarea&gt;&lt;b&gt;\nhi</textarea>" in html
    form, _ = posted("own_words", "<b>" + "x" * 300)
    assert f"&lt;b&gt;{'x' * 300}</textarea>" in html_of("own_words", form)


def test_a_question_with_its_own_way_to_skip_offers_no_other() -> None:
    html = html_of("lead_evidence", QuestionForm(page_with("lead_evidence")))
    assert 'value="skip"' in html
    assert "Skip this one" not in html
