"""A structure that does not hold together is refused, with the place that is wrong."""

from dataclasses import replace
from typing import Any

import pytest

from consult.questionnaire.conditions import ALWAYS, answered, is_, rung
from consult.questionnaire.model import Dimension, JobLine, Rule
from consult.questionnaire.questions import (
    EditionError,
    Fact,
    Kind,
    Question,
    choice,
    item,
    page,
    part,
)
from tests.support.small_edition import PARTS, ROLES, structure

SPEED = Dimension("speed", "handoff", 3, ("reply",))
ORDER = Dimension("order", "separation", 2, ("list",))
NEW = Dimension("new", "handoff", 1, ("odd",))


def sorting_card(id: str) -> Question:
    return Question(id, Kind.SORT, ("marketing", "sales"), required=True, answer="sales")


def with_page(*questions: Any, id: str = "more") -> dict[str, Any]:
    return {"parts": (*PARTS, part("more", page(id, *questions)))}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (with_page(choice("seller", "me")), "seller is there twice"),
        (with_page(choice("mode", "me")), "mode is there twice"),
        (with_page(choice("speed", "me")), "speed is there twice"),
        (with_page(choice("new", "me"), id="run"), "pages: run is there twice"),
        (
            {"contradictions": (Rule("a", ALWAYS), Rule("b", ALWAYS), Rule("a", ALWAYS))},
            "rules: a is there twice",
        ),
        (
            with_page(choice("late", "me", asked=answered("later")), choice("later", "me")),
            "late on page more depends on later, which is not answered before that page",
        ),
        (
            with_page(choice("same", "me"), choice("late", "me", asked=answered("same"))),
            "late on page more depends on same, which is not answered before that page",
        ),
        (
            {
                "parts": (
                    part("first", page("early", choice("x", "a", asked=is_("mode", "solo")))),
                    *PARTS,
                )
            },
            "x on page early depends on mode, which is not answered before that page",
        ),
        ({"flags": (Rule("odd", rung("no_item", 0)),)}, "odd reads unknown id no_item"),
        ({"contradictions": (Rule("odd", rung("no_item", 0)),)}, "odd reads unknown id no_item"),
        (
            {"contradictions": (Rule("odd", ALWAYS, impossible=rung("no_item", 0)),)},
            "odd reads unknown id no_item",
        ),
        ({"notes": (Rule("odd", answered("no_item")),)}, "odd reads unknown id no_item"),
        ({"not_asked": (Rule("odd", answered("no_item")),)}, "odd reads unknown id no_item"),
        (
            {"dimensions": (SPEED, Dimension("order", "separation", 2, ("list", "reply")))},
            "dimensions: reply is there twice",
        ),
        ({"dimensions": (SPEED,)}, "items and dimensions disagree on list"),
        (
            {"dimensions": (SPEED, ORDER, Dimension("new", "handoff", 1, ("card", "new_item")))},
            "items and dimensions disagree on card, new_item",
        ),
        (
            with_page(*(sorting_card(f"card_{number}") for number in range(5))),
            "5 scored cards do not divide the scale evenly",
        ),
        *(
            (
                with_page(odd) | {"dimensions": (SPEED, ORDER, NEW)},
                f"odd: {count} rungs do not divide the scale evenly",
            )
            for count, odd in (
                (1, item("odd", rungs=1)),
                (6, item("odd", rungs=6)),
                (9, item("odd", rungs_in={"solo": 9})),
            )
        ),
    ],
)
def test_what_does_not_hold_together_is_refused_with_its_place(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(EditionError) as error:
        structure(**changes)
    assert str(error.value) == f"edition mini: {message}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"troubles": "seller"}, "troubles: seller is a question of kind choice"),
        ({"recent_jobs": "gone"}, "recent_jobs: gone is not a question"),
        ({"own_words": "tools"}, "owner’s sentence: tools is a question of kind choices"),
        ({"one_lead": {"came_from": "gone"}}, "one_lead: gone is not a question"),
        ({"one_lead": {"ended": "reply"}}, "one_lead: reply is a question of kind rung"),
        ({"one_lead": {"first_reply": "tools"}}, "one_lead: tools is a question of kind choices"),
        ({"sales_items": ("reply", "tools")}, "sales_items: tools is a question of kind choices"),
        ({"marketing_items": ("speed",)}, "marketing_items: speed is not a question"),
        ({"agreement": {"time": "price"}}, "agreement: price is a question of kind number"),
        ({"own_performance": {"x": "leads"}}, "own_performance: leads is a question of kind range"),
        ({"talking": ("list",)}, "talking: list is not a dimension"),
        ({"acting": ("speed", "gone")}, "acting: gone is not a dimension"),
        ({"figures": {"clock": "gone"}}, "figures: gone is not a dimension"),
        ({"money": {"worked": "gone"}}, "money: worked: gone is not a question"),
        ({"money": {"leads": "price"}}, "money: leads: price is a question of kind number"),
        ({"money": {"buyers": "gone"}}, "money: buyers: gone is not a question"),
        ({"money": {"new_customers": "gone"}}, "money: new_customers: gone is not a question"),
        ({"plan": {"talk": "gone"}}, "plan: gone is not a question"),
        ({"plan": {"touches": {"pen": ()}}}, "plan: tools has other choices than its table"),
        ({"plan": {"touches": {"pen": ("gone",)}}}, "plan: gone is not a dimension"),
        (
            {"jobs": {"time": JobLine(("gone",), ("reply",), ("Q1",))}},
            "jobs: gone is not a question",
        ),
        (
            {"money": {"first_sale": "leads"}},
            "money: first_sale: leads is a question of kind range",
        ),
        ({"money": {"worked_of_ten": ((0, 10),)}}, "money: reply has other choices than its table"),
        ({"money": {"leads_ranges": {}}}, "money: leads has other choices than its table"),
        (
            {"money": {"buyers_ranges": {"many": (6, 10), "few": (0, 5)}}},
            "money: buy has other choices than its table",
        ),
    ],
)
def test_a_role_that_nothing_in_the_edition_can_play_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    for inputs in {"money", "one_lead", "plan"} & changes.keys():
        changes = {inputs: replace(getattr(ROLES, inputs), **changes[inputs])}
    with pytest.raises(EditionError) as error:
        structure(roles=replace(ROLES, **changes))
    assert str(error.value) == f"edition mini: roles: {message}"


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7, 13])
def test_rungs_that_divide_the_scale_are_taken(count: int) -> None:
    made = structure(**with_page(item("odd", rungs=count)), dimensions=(SPEED, ORDER, NEW))
    assert made.questions["odd"].choices == tuple(str(rung) for rung in range(count))


def test_a_page_may_depend_on_pages_before_it_and_on_facts_that_they_settle() -> None:
    late = choice("late", "me", asked=is_("mode", "solo"))
    later = choice("later", "me", asked=answered("seller"))
    assert {"late", "later"} <= set(structure(**with_page(late, later)).questions)
    you, *others = PARTS[0].pages  # the very page that gives the last answer settles a fact
    parts = (part("shop", you, page("next", late), *others), PARTS[1])
    assert "late" in structure(parts=parts).questions


def test_a_fact_is_not_settled_before_all_of_its_cases_are() -> None:
    mode = Fact("mode", (("solo", is_("seller", "me")), ("listed", answered("list"))), "team")
    with pytest.raises(EditionError, match=r"list on page run depends on mode, which is not"):
        structure(facts=(mode,))


def test_rules_may_read_answers_facts_and_the_sorting_score() -> None:
    rules = tuple(Rule(id, answered(id)) for id in ("reply", "mode", "sorting"))
    assert structure(contradictions=rules, flags=rules, not_asked=rules).flags == rules


def test_a_fact_takes_the_first_case_that_holds_and_lists_its_values_once() -> None:
    fact = Fact("size", (("big", answered("a")), ("odd", answered("b")), ("big", ALWAYS)), "small")
    assert fact.values == ("big", "odd", "small")
    assert fact.value({"a": 1, "b": 1}) == "big"
    assert fact.value({"b": 1}) == "odd"
    assert Fact("size", (("big", answered("a")),), "small").value({}) == "small"


def test_items_are_required_and_part_of_the_quick_look_only_with_a_star() -> None:
    plain, star = item("a"), item("b", "Q1", star=True, best_first=True, unknown=True)
    assert (plain.required, plain.quick, plain.best_first, plain.unknown) == (True, *[False] * 3)
    assert (star.required, star.quick, star.best_first, star.unknown) == (True, *[True] * 3)
    assert (plain.claims, star.claims) == ((), ("Q1",))
    assert len(plain.choices) == 4


def test_a_question_has_other_rungs_in_another_wording() -> None:
    reply = structure().questions["reply"]
    assert reply.choices_as("base") == ("0", "1", "2")
    assert reply.choices_as("solo") == ("0", "1")
