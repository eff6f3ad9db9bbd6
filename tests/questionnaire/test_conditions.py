"""The vocabulary of conditions: what holds, what is read, and why it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.questionnaire.conditions import (
    ALWAYS,
    Condition,
    Given,
    all_of,
    answered,
    any_of,
    at_least,
    at_most,
    includes,
    is_,
    not_,
    rung,
    some_of,
)

IDS = ("a", "b", "c")
GIVEN: st.SearchStrategy[Given] = st.dictionaries(
    st.sampled_from(IDS),
    st.integers(0, 3) | st.sampled_from(["x", "y", "unknown"]) | st.just(("x",)),
)
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(is_, st.sampled_from(IDS), st.sampled_from("xy")),
    st.builds(includes, st.sampled_from(IDS), st.sampled_from("xy")),
    st.builds(answered, st.sampled_from(IDS)),
    st.builds(rung, st.sampled_from(IDS), st.integers(0, 3)),
    st.builds(at_least, st.sampled_from(IDS), st.integers(0, 3)),
    st.builds(at_most, st.sampled_from(IDS), st.integers(0, 3)),
    st.just(ALWAYS),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(all_of, inner, inner), st.builds(some_of, inner, inner), st.builds(not_, inner)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("condition", "holding", "failing"),
    [
        (is_("a", "x"), {"a": "x"}, {"a": "y"}),
        (any_of("a", "x", "y"), {"a": "y"}, {"a": "z"}),
        (includes("a", "x"), {"a": ("y", "x")}, {"a": ("y",)}),
        (answered("a"), {"a": ()}, {"b": ()}),
        (rung("a", 1), {"a": 1}, {"a": 2}),
        (at_least("a", 2), {"a": 2}, {"a": 1}),
        (at_most("a", 1), {"a": 1}, {"a": 2}),
        (all_of(rung("a", 1), rung("b", 1)), {"a": 1, "b": 1}, {"a": 1, "b": 0}),
        (some_of(rung("a", 1), rung("b", 1)), {"b": 1}, {"a": 0}),
        (not_(rung("a", 1)), {}, {"a": 1}),
        (ALWAYS, {}, None),
    ],
)
def test_each_word_of_the_vocabulary(
    condition: Condition, holding: Given, failing: Given | None
) -> None:
    assert condition.holds(holding)
    assert failing is None or not condition.holds(failing)


@pytest.mark.parametrize(
    "condition", [rung("a", 0), at_least("a", 0), at_most("a", 3), includes("a", "unknown")]
)
@pytest.mark.parametrize("given", [{}, {"a": "unknown"}])
def test_what_is_unknown_or_was_not_given_satisfies_nothing(
    condition: Condition, given: Given
) -> None:
    assert not condition.holds(given)
    assert condition.because(given) == ()


@given(CONDITIONS, GIVEN)
def test_only_what_is_read_matters(condition: Condition, given: Given) -> None:
    read = {id: value for id, value in given.items() if id in condition.reads()}
    assert condition.holds(read) == condition.holds(given)
    assert condition.because(read) == condition.because(given)


@given(CONDITIONS, GIVEN)
def test_the_reasons_are_read_and_there_are_none_when_it_does_not_hold(
    condition: Condition, given: Given
) -> None:
    assert set(condition.because(given)) <= set(condition.reads())
    if not condition.holds(given):
        assert condition.because(given) == ()


def test_the_reasons_leave_out_the_ways_that_did_not_come_true() -> None:
    condition = all_of(is_("a", "x"), some_of(rung("b", 0), rung("c", 0)))
    assert condition.because({"a": "x", "b": 1, "c": 0}) == ("a", "c")
    assert condition.reads() == ("a", "b", "c")


def test_a_condition_reads_like_a_sentence() -> None:
    condition = all_of(is_("path", "counter"), some_of(at_most("a", 1), not_(answered("b"))))
    assert str(condition) == "path is counter and (a is at most 1 or not (b is answered))"
