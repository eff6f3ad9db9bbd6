"""Answers from outside: what is not offered is refused by name, and never with a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.questionnaire.journey import walk
from consult.questionnaire.questionnaire import AnswerError, read_answers
from consult.questionnaire.questions import Answer
from tests.support.strategies import EDITION, complete_answers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


SYMPTOMS = list(EDITION.questions["symptoms"].choices)


@pytest.mark.parametrize(
    ("id", "values"),
    [
        ("no_such_question", [1]),
        ("H3a", [1]),
        ("marketing_owner", [4, -1, 1.0, True, "2", None, [1], [[1]], {}, "unknown"]),
        ("patience", ["unkown"]),
        ("marketing_by", ["nobody else", ["me"]]),
        ("symptoms", ["no_time", ["no_time"] * 2, SYMPTOMS[:4], [["no_time"]], {"no_time": True}]),
        ("first_sale_value", [-1, "1200", float("nan"), float("inf"), 1_000_000_001, True]),
        ("buy_of_ten", [11, 10.5]),
        ("leads_per_month", ["20_50"]),
        ("sort_demo", ["both"]),
    ],
)
def test_an_answer_that_is_not_offered_is_refused_by_its_id(id: str, values: list[object]) -> None:
    for value in values:
        with pytest.raises(AnswerError) as refused:
            read_answers(EDITION, {id: value})
        assert refused.value.id == id
        assert str(refused.value).startswith(f"{id}: ")
        assert "\n" not in str(refused.value)


def test_the_range_of_rungs_follows_the_wording_that_the_other_answers_lead_to() -> None:
    assert read_answers(EDITION, {"first_reply": 4}) == {"first_reply": 4}
    with pytest.raises(AnswerError, match=r"first_reply: 4 is not offered.*from 0 to 3"):
        read_answers(EDITION, {"first_reply": 4, "buying_path": "counter"})


OF_TEN = "0_1, 2_3, 4_5, 6_7, 8_10"
BUYERS = "businesses, people, both"
CARDS = ", ".join(EDITION.questions["done_last_30_days"].accepted)


@pytest.mark.parametrize(
    ("id", "value", "message"),
    [
        ("H3a", 1, f"is not a question of edition {EDITION.name}"),
        ("marketing_owner", 4, "4 is not offered; it takes a whole number from 0 to 3"),
        ("first_reply", 5, '5 is not offered; it takes a whole number from 0 to 4, or "unknown"'),
        ("first_sale_value", -1, "-1 is not offered; it takes a number from 0 to 1000000000"),
        (
            "buy_of_ten",
            -1,
            f"-1 is not offered; it takes one of {OF_TEN}, or a number from 0 to 10",
        ),
        ("buyers", "cats", "'cats' is not offered; it takes one of businesses, people, both"),
        ("buyers", ["cats"], "['cats'] is not offered; it takes one of businesses, people, both"),
        ("sort_demo", "no", "'no' is not offered; it takes one of marketing, sales, not_sure"),
        ("symptoms", 1, f"1 is not offered; it takes a list with up to 3 of {', '.join(SYMPTOMS)}"),
        ("done_last_30_days", 1, f"1 is not offered; it takes a list with any of {CARDS}"),
        ("own_words", 1, "1 is not offered; it takes a text of up to 300 characters"),
        ("buyers", "x" * 38, f"'{'x' * 38}' is not offered; it takes one of {BUYERS}"),
        ("buyers", "x" * 39, f"'{'x' * 36}... is not offered; it takes one of {BUYERS}"),
    ],
)
def test_the_refusal_says_what_was_given_and_what_is_offered(
    id: str, value: object, message: str
) -> None:
    with pytest.raises(AnswerError) as refused:
        read_answers(EDITION, {id: value})
    assert str(refused.value) == f"{id}: {message}"


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("marketing_owner", 0),
        ("marketing_owner", 3),
        ("first_reply", "unknown"),
        ("first_sale_value", 0),
        ("first_sale_value", 1200.5),
        ("first_sale_value", 1_000_000_000),
        ("buy_of_ten", 10),
        ("buy_of_ten", "8_10"),
        ("symptoms", ()),
        ("symptoms", ("no_time", "poor_leads", "cannot_close")),
        ("sort_demo", "not_sure"),
    ],
)
def test_both_ends_of_what_is_offered_are_taken(id: str, value: Answer) -> None:
    raw = list(value) if isinstance(value, tuple) else value
    assert read_answers(EDITION, {id: raw}) == {id: value}
    assert walk(EDITION, {id: value}).on_path.ignored == ()


def test_a_list_of_ticks_is_taken_whatever_its_length_where_no_limit_is_set() -> None:
    cards = tuple(EDITION.questions["done_last_30_days"].choices)
    read = read_answers(EDITION, {"done_last_30_days": list(cards)})
    assert read == {"done_last_30_days": cards}


@given(complete_answers())
def test_whatever_the_questionnaire_offers_is_read_back_unchanged(
    sample: tuple[dict[str, object], str],
) -> None:
    as_json = {id: list(v) if isinstance(v, tuple) else v for id, v in sample[0].items()}
    assert read_answers(EDITION, as_json) == sample[0]


@given(st.dictionaries(st.sampled_from(sorted(EDITION.questions)) | st.text(), JSON, max_size=4))
def test_any_json_is_either_refused_by_name_or_walks(raw: dict[str, object]) -> None:
    try:
        answers = read_answers(EDITION, raw)
    except AnswerError:
        answers = {}
    on_path = walk(EDITION, answers, "full").on_path
    assert set(on_path.values) | set(on_path.ignored) == set(answers)
