"""Which answers a result speaks of: the best behind a leg, and the worst of the firm."""

from fractions import Fraction

from consult.questionnaire.model import Dimension
from consult.scoring.archetypes import Leg, Legs, best_answer, worst_answers
from consult.scoring.axis import Line, ScoredItem


def line(
    id: str, twelfths: int, weight: int = 10, *, critical: bool = False, unknown: bool = False
) -> Line:
    dimension = Dimension("speed", "handoff", 1, (id,), critical=critical)
    item = ScoredItem(id, dimension, weight, 100, 3, ())
    return Line(item, None if unknown else 0, unknown, twelfths)


def legs(
    marketing: tuple[Line, ...] = (),
    handoff: tuple[Line, ...] = (),
    sales: tuple[Line, ...] = (),
    *,
    weak: str = "",
) -> Legs:
    """Three legs with these answers, of which those in `weak` are weak."""

    def leg(id: str) -> Fraction:
        return Fraction(49 if id in weak.split() else 50)

    return (
        Leg("marketing", leg("marketing"), Fraction(100), marketing),
        Leg("handoff", leg("handoff"), Fraction(100), handoff),
        Leg("sales", leg("sales"), Fraction(100), sales),
    )


def named(lines: list[Line]) -> list[str]:
    return [line.id for line in lines]


def test_the_best_answer_has_most_points_then_most_weight_and_is_at_75_or_more() -> None:
    light, heavy, lower = line("light", 9), line("heavy", 9, 20), line("lower", 8, 50)
    assert best_answer(legs((light, heavy, lower))[0]) is heavy
    assert best_answer(legs((heavy, light, lower))[0]) is heavy
    assert best_answer(legs((lower,))[0]) is None


def test_each_weak_leg_names_one_low_answer_and_others_none() -> None:
    low, high = (line("first", 5), line("ok", 6)), (line("second", 5), line("fine", 11))
    assert named(worst_answers(legs(low, high, weak="marketing"), (), dark=False)) == ["first"]
    both = legs(low, high, (line("third", 5),), weak="marketing sales")
    assert named(worst_answers(both, (), dark=False)) == ["first", "third"]
    assert worst_answers(legs(sales=(line("ok", 6),), weak="sales"), (), dark=False) == []


def test_where_no_leg_is_weak_any_known_low_answer_is_named() -> None:
    low, open_ = line("low", 5), line("open", 0, unknown=True)
    assert named(worst_answers(legs((open_,), (low,)), (), dark=False)) == ["low"]
    assert worst_answers(legs((open_,)), (), dark=False) == []


def test_an_unknown_is_named_of_a_weak_leg_with_nothing_else_that_is_low() -> None:
    open_ = line("open", 0, 50, critical=True, unknown=True)
    assert named(worst_answers(legs((open_, line("ok", 6)), weak="marketing"), (), False)) == [
        "open"
    ]
    made = legs((open_, line("low", 5)), weak="marketing")
    assert named(worst_answers(made, ("open",), dark=False)) == ["low"]


def test_of_a_leg_the_plan_comes_first_then_what_is_critical_then_what_costs_most() -> None:
    cheap, dear = line("cheap", 5), line("dear", 5, 30)
    critical, planned = line("critical", 5, critical=True), line("planned", 5, 1)

    def worst(*lines: Line, plan: tuple[str, ...] = ()) -> list[str]:
        return named(worst_answers(legs(lines, weak="marketing"), plan, dark=False))

    assert worst(cheap, dear) == ["dear"]
    assert worst(dear, critical) == ["critical"]
    assert worst(dear, critical, planned, plan=("planned",)) == ["planned"]
    assert worst(planned, cheap, plan=("cheap", "planned")) == ["cheap"]


def test_legs_follow_the_plan_and_else_what_costs_most() -> None:
    cheap, dear, planned = line("cheap", 5, 5), line("dear", 5, 30), line("planned", 5, 1)
    made = legs((cheap,), (dear,), (planned,), weak="marketing handoff sales")
    assert named(worst_answers(made, ("planned",), dark=False)) == ["planned", "dear", "cheap"]
    assert named(worst_answers(made, ("cheap", "planned"), dark=False)) == [
        *("cheap", "planned", "dear")
    ]


def test_in_the_dark_all_unknowns_are_named_in_that_order_and_nothing_low() -> None:
    cheap, dear = line("cheap", 0, 5, unknown=True), line("dear", 0, 30, unknown=True)
    planned, low = line("planned", 0, 1, unknown=True), line("low", 0, 50)
    made = legs((low, cheap), (dear,), (planned,), weak="marketing")
    assert named(worst_answers(made, ("planned",), dark=True)) == ["planned", "dear", "cheap"]
