"""Answers from outside: what is not offered is refused by name, and never with a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.questionnaire import AnswerError, read_answers, walk
from tests.support.strategies import EDITION, complete_answers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("no_such_question", 1),
        ("H3a", 1),
        ("marketing_owner", 4),
        ("marketing_owner", -1),
        ("marketing_owner", 1.0),
        ("marketing_owner", True),
        ("marketing_owner", "2"),
        ("marketing_owner", None),
        ("marketing_owner", [1]),
        ("marketing_owner", "unknown"),
        ("patience", "unkown"),
        ("marketing_by", "nobody else"),
        ("marketing_by", ["me"]),
        ("symptoms", "no_time"),
        ("symptoms", ["no_time", "no_time"]),
        ("symptoms", ["no_time", "poor_leads", "leads_go_quiet", "cannot_close"]),
        ("symptoms", [["no_time"]]),
        ("first_sale_value", -1),
        ("first_sale_value", "1200"),
        ("first_sale_value", float("nan")),
        ("first_sale_value", float("inf")),
        ("buy_of_ten", 11),
        ("leads_per_month", "20_50"),
        ("sort_demo", "both"),
    ],
)
def test_an_answer_that_is_not_offered_is_refused_by_its_id(id: str, value: object) -> None:
    with pytest.raises(AnswerError) as refused:
        read_answers(EDITION, {id: value})
    assert refused.value.id == id
    assert str(refused.value).startswith(f"{id}: ")
    assert "\n" not in str(refused.value)


def test_the_range_of_rungs_follows_the_wording_that_the_other_answers_lead_to() -> None:
    assert read_answers(EDITION, {"first_reply": 4}) == {"first_reply": 4}
    with pytest.raises(AnswerError, match=r"first_reply: 4 is not offered.*from 0 to 3"):
        read_answers(EDITION, {"first_reply": 4, "buying_path": "counter"})


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
