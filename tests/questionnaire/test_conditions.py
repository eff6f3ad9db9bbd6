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


ONE, OTHER = rung("a", 1), rung("b", 1)


@pytest.mark.parametrize(
    ("condition", "reads_like", "holding", "failing"),
    [
        (is_("a", "x"), "a is x", {"a": "x"}, {"a": "y"}),
        (any_of("a", "x", "y"), "a is x or y", {"a": "y"}, {"a": "z"}),
        (includes("a", "x"), "a includes x", {"a": ("y", "x")}, {"a": ("y",)}),
        (includes("a", "x"), "a includes x", {"a": ("x",)}, {"a": "x"}),
        (answered("a"), "a is answered", {"a": ()}, {"b": ()}),
        (rung("a", 1), "a is 1", {"a": 1}, {"a": 2}),
        (rung("a", 1), "a is 1", {"a": 1}, {"a": 0}),
        (at_least("a", 2), "a is at least 2", {"a": 2}, {"a": 1}),
        (at_least("a", 66.5), "a is at least 66.5", {"a": 66.5}, {"a": 66}),
        (at_most("a", 1), "a is at most 1", {"a": 1}, {"a": 2}),
        (all_of(ONE, rung("a", 1)), "a is 1 and a is 1", {"a": 1}, {"a": 0}),
        (some_of(ONE, rung("a", 2)), "a is 1 or a is 2", {"a": 2}, {"a": 0}),
        (not_(rung("a", 1)), "not (a is 1)", {"a": 0}, {"a": 1}),
    ],
)
def test_each_word_of_the_vocabulary(
    condition: Condition, reads_like: str, holding: Given, failing: Given
) -> None:
    assert str(condition) == reads_like
    assert condition.reads() == ("a",)
    assert condition.holds(holding)
    assert condition.evidence(holding) == ("a",)
    assert not condition.holds(failing)
    assert condition.evidence(failing) == ()


def test_all_of_needs_every_part_and_some_of_one() -> None:
    both, one = {"a": 1, "b": 1}, {"a": 0, "b": 1}
    assert all_of(ONE, OTHER).holds(both)
    assert not all_of(ONE, OTHER).holds(one)
    assert some_of(ONE, OTHER).holds(one)
    assert not some_of(ONE, OTHER).holds({"a": 0})
    assert all_of(ONE, OTHER).evidence(both) == some_of(ONE, OTHER).evidence(both) == ("a", "b")
    assert all_of(ONE, OTHER).evidence(one) == ()
    assert some_of(ONE, OTHER).evidence(one) == ("b",)


def test_always_holds_and_reads_nothing() -> None:
    assert ALWAYS.holds({})
    assert (ALWAYS.reads(), ALWAYS.evidence({}), str(ALWAYS)) == ((), (), "always")


def test_what_is_not_given_is_not_so() -> None:
    assert not_(ONE).holds({})
    assert not_(ONE).evidence({}) == ("a",)


@pytest.mark.parametrize(
    "condition", [rung("a", 0), at_least("a", 0), at_most("a", 3), includes("a", "unknown")]
)
@pytest.mark.parametrize("given", [{}, {"a": "unknown"}])
def test_what_is_unknown_or_was_not_given_satisfies_nothing(
    condition: Condition, given: Given
) -> None:
    assert not condition.holds(given)
    assert condition.evidence(given) == ()


@given(CONDITIONS, GIVEN)
def test_only_what_is_read_matters(condition: Condition, given: Given) -> None:
    read = {id: value for id, value in given.items() if id in condition.reads()}
    assert condition.holds(read) == condition.holds(given)
    assert condition.evidence(read) == condition.evidence(given)


@given(CONDITIONS, GIVEN)
def test_the_reasons_are_read_and_there_are_none_when_it_does_not_hold(
    condition: Condition, given: Given
) -> None:
    assert set(condition.evidence(given)) <= set(condition.reads())
    if not condition.holds(given):
        assert condition.evidence(given) == ()


def test_the_reasons_leave_out_the_ways_that_did_not_come_true() -> None:
    condition = all_of(is_("a", "x"), some_of(rung("b", 0), rung("c", 0)))
    assert condition.evidence({"a": "x", "b": 1, "c": 0}) == ("a", "c")
    assert condition.reads() == ("a", "b", "c")


def test_a_condition_reads_like_a_sentence() -> None:
    condition = all_of(is_("path", "counter"), some_of(at_most("a", 1), not_(answered("b"))))
    assert str(condition) == "path is counter and (a is at most 1 or not (b is answered))"
    assert str(some_of(ONE, all_of(OTHER, ALWAYS))) == "a is 1 or (b is 1 and always)"
    assert str(all_of(all_of(ONE, OTHER), ONE)) == "a is 1 and b is 1 and a is 1"
    assert str(some_of(some_of(ONE, OTHER), ONE)) == "a is 1 or b is 1 or a is 1"
