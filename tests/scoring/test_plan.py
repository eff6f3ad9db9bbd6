"""The plan: where most is lost first, what a step rests on before it, and why."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consult.questionnaire.questions import UNKNOWN, Answer, Depth, Kind
from consult.scoring.scorecard import Scorecard
from tests.support.example_firms import SOLO, TEAM, card, scored
from tests.support.strategies import EDITION, complete_answers, offered, walked
from tools.simulate_advice import AT_LEAST, simulate

Sample = tuple[dict[str, Answer], Depth]
RULES = EDITION.structure.roles.plan
ITEMS = {id: dimension for dimension in EDITION.dimensions for id in dimension.items}


def ids(made: Scorecard) -> list[str]:
    return [step.id for step in made.plan]


def lower(made: Scorecard) -> str | None:
    ahead = made.separation.confirmed - made.handoff.confirmed
    if abs(ahead) <= 5:
        return None
    return "handoff" if ahead > 0 else "separation"


@given(complete_answers(), st.data())
def test_raising_an_answer_never_moves_it_up_its_own_plan(
    sample: Sample, data: st.DataObject
) -> None:
    answers, depth = sample
    before = scored(answers, depth)
    asked = [a for a in walked(answers, depth).asked if a.question.kind is Kind.RUNG]
    raised = data.draw(st.sampled_from(asked))
    choices = offered(raised)
    better = choices[choices.index(answers[raised.id]) + 1 :]
    assume(better)
    after = scored({**answers, raised.id: data.draw(st.sampled_from(better))}, depth)
    assume((before.archetype, lower(before)) == (after.archetype, lower(after)))
    if raised.id in ids(after):
        assert raised.id in ids(before)
        assert ids(before).index(raised.id) <= ids(after).index(raised.id)


@given(complete_answers())
def test_no_step_comes_without_its_groundwork(sample: Sample) -> None:
    made = scored(*sample)
    lines = {line.id: line for axis in made.axes for line in axis.lines}
    for place, step in enumerate(made.plan):
        for id, mark in RULES.gates.get(step.id, {}).items():
            if id in lines and lines[id].points < mark:
                assert id in ids(made)[:place]


@given(complete_answers())
def test_a_plan_has_up_to_three_different_steps_that_can_be_taken(sample: Sample) -> None:
    made = scored(*sample)
    assert len(made.plan) == len(set(ids(made))) <= 3
    for step in made.plan:
        assert step.from_rung < step.next_rung <= step.to_rung == step.line.item.top
        assert step.because
        assert set(step.because) <= {
            "most_lost",
            *(f"lower:{axis.axis}" for axis in made.axes),
            *(f"trouble:{trouble.id}" for trouble in made.troubles),
            *(f"groundwork:{id}" for id, gates in RULES.gates.items()),
        }
    if made.archetype != "two_silos":
        dimensions = [ITEMS[id].id for id in ids(made)]
        assert len(dimensions) == len(set(dimensions))


@given(complete_answers())
def test_the_plan_is_empty_only_when_every_item_is_at_its_top(sample: Sample) -> None:
    made = scored(*sample)
    below = [line.id for axis in made.axes for line in axis.lines if line.id in ITEMS and line.lost]
    assert bool(made.plan) == bool(below)


@given(complete_answers())
def test_every_named_trouble_points_to_a_part_that_it_touches(sample: Sample) -> None:
    answers, depth = sample
    made = scored(answers, depth)
    named = answers.get("symptoms", ())
    assert isinstance(named, tuple)
    assert [trouble.id for trouble in made.troubles] == [id for id in RULES.touches if id in named]
    parts = {part.id: part for axis in made.axes for part in axis.dimensions}
    for trouble in made.troubles:
        touched = [parts[id] for id in RULES.touches[trouble.id] if id in parts]
        assert trouble.points_to in touched
        assert trouble.points_to.confirmed == min(part.confirmed for part in touched)
        assert trouble.explained == (3 * trouble.points_to.confirmed < 200)


def test_a_named_trouble_counts_half_as_much_again() -> None:
    low: dict[str, Answer] = dict.fromkeys(
        ("follow_up", "clear_answers", "lead_list", "lead_source"), 1
    )
    plain, named = card(also=low), card(also=low, symptoms=("leads_go_quiet",))
    assert ids(plain)[:2] == ["lead_list", "follow_up"]
    assert ids(named)[:2] == ["follow_up", "lead_list"]
    assert named.plan[0].because == ("trouble:leads_go_quiet",)


def test_groundwork_of_groundwork_comes_first() -> None:
    """Follow-up lost most (15), then the list (7.5); the reasons rest on both of them."""
    made = card(SOLO, 3, 3, lost_reasons=0, clear_answers=0, follow_up=0, lead_list=0)
    assert [(step.id, step.because) for step in made.plan] == [
        ("lead_list", ("groundwork:follow_up",)),
        ("follow_up", ("most_lost",)),
        ("first_reply", ("most_lost",)),
    ]


def test_two_silos_start_to_talk() -> None:
    silent = dict.fromkeys(
        ("lead_definition", "handoff_moment", "buyer_words", "won_by_source", "joint_review"), 0
    )
    made = card(TEAM, 3, 1, also=silent)
    assert made.archetype == "two_silos"
    assert ids(made)[2] == "joint_review"
    assert "joint_review" not in ids(card(SOLO, 3, 1, also=silent))


def test_an_unknown_counts_as_the_lowest_rung() -> None:
    made = card(SOLO, 3, 3, first_reply=UNKNOWN)
    step = made.plan[0]
    assert (step.id, step.from_rung, step.next_rung, step.to_rung) == ("first_reply", 0, 1, 4)


@pytest.mark.parametrize(("rungs", "first"), [((1, 1), "sales_list"), ((1, 2), "audience")])
def test_a_list_comes_before_the_crowd(rungs: tuple[int, int], first: str) -> None:
    audience, sales_list = rungs
    made = card(SOLO, 3, 3, audience=audience, sales_list=sales_list, first_reply=4)
    assert ids(made)[0] == first


def test_simulated_owners_get_advice_that_holds_and_is_about_what_they_asked() -> None:
    shares = simulate(owners=300)
    assert shares.same_first_step >= AT_LEAST.same_first_step
    assert shares.first_step_on_trouble >= AT_LEAST.first_step_on_trouble
    assert shares.silent >= AT_LEAST.silent
    assert shares.money_range >= AT_LEAST.money_range
