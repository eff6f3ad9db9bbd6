"""The laws that every score keeps, whatever was answered (docs/instrument.md, "What must hold")."""

from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consult.questionnaire.journey import Asked
from consult.questionnaire.questions import UNKNOWN, Answer, Depth, Kind
from consult.scoring.archetypes import WELL_REHEARSED_RELAY
from consult.scoring.axis import BANDS, SORTING, TOO_MUCH_UNKNOWN
from consult.scoring.scorecard import Scorecard
from tests.support.example_firms import scored
from tests.support.strategies import (
    BRANCHES,
    DEPTHS,
    EDITION,
    answered,
    complete_answers,
    offered,
    walked,
)

Sample = tuple[dict[str, Answer], Depth]


def headlines(card: Scorecard) -> tuple[Fraction, Fraction]:
    return card.separation.confirmed, card.handoff.confirmed


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("branch", BRANCHES)
def test_all_lowest_is_0_and_all_highest_is_100_in_every_branch(
    branch: dict[str, Answer], depth: Depth
) -> None:
    assert headlines(scored(answered(branch, depth, "lowest"), depth)) == (Fraction(0), Fraction(0))
    assert headlines(scored(answered(branch, depth, "highest"), depth)) == (
        Fraction(100),
        Fraction(100),
    )


@given(complete_answers(), st.data())
def test_a_better_answer_never_lowers_a_score(sample: Sample, data: st.DataObject) -> None:
    answers, depth = sample
    walk = walked(answers, depth)
    items = [asked for asked in walk.asked if asked.question.kind is Kind.RUNG]
    raised = data.draw(st.sampled_from(items))
    choices = offered(raised)
    better = [c for c in choices if choices.index(c) > choices.index(answers[raised.id])]
    assume(better)
    before = scored(answers, depth)
    after = scored({**answers, raised.id: data.draw(st.sampled_from(better))}, depth)
    for old, new in zip(before.axes, after.axes, strict=True):
        assert new.confirmed >= old.confirmed
    if answers[raised.id] != UNKNOWN:
        assert sum(headlines(after)) > sum(headlines(before))
    if before.archetype == WELL_REHEARSED_RELAY:
        assert after.archetype == WELL_REHEARSED_RELAY


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_every_rung_of_every_item_is_worth_strictly_more_than_the_one_below(
    branch: dict[str, Answer], depth: Depth, end: str
) -> None:
    answers = answered(branch, depth, "highest" if end == "highest" else "lowest")
    for asked in walked(answers, depth).asked:
        if asked.question.kind is Kind.RUNG:
            rungs = [answer for answer in offered(asked) if answer != UNKNOWN]
            sums = [sum(headlines(scored({**answers, asked.id: rung}, depth))) for rung in rungs]
            assert sums == sorted(set(sums)), asked.id


@given(complete_answers(), st.data())
def test_a_right_card_never_scores_below_not_sure_nor_that_below_a_wrong_one(
    sample: Sample, data: st.DataObject
) -> None:
    answers, depth = sample
    asked = [asked.question for asked in walked(answers, depth).asked]
    cards = [q for q in asked if q.kind is Kind.SORT and q.required]
    card = data.draw(st.sampled_from(cards))
    wrong = "sales" if card.answer == "marketing" else "marketing"
    assert card.answer is not None
    by_answer = [
        scored({**answers, card.id: given}, depth).separation.confirmed
        for given in (wrong, "not_sure", card.answer)
    ]
    assert by_answer == sorted(by_answer)


@pytest.mark.parametrize(
    ("right", "wrong", "points"),
    [
        (12, 0, 100),
        (0, 12, 0),
        (0, 0, 0),
        (6, 6, 0),
        (3, 9, 0),
        (9, 3, 50),
        (3, 0, 25),
        (1, 0, Fraction(25, 3)),
    ],
)
def test_the_cards_are_worth_the_right_ones_less_the_wrong_ones(
    right: int, wrong: int, points: Fraction
) -> None:
    cards = [q for q in EDITION.questions.values() if q.kind is Kind.SORT and q.required]
    answers = answered(BRANCHES[0], "full", "highest")
    for place, card in enumerate(cards):
        if place >= right:
            mistaken = "sales" if card.answer == "marketing" else "marketing"
            answers[card.id] = mistaken if place < right + wrong else "not_sure"
    lines = scored(answers, "full").separation.lines
    assert [line.points for line in lines if line.id == SORTING] == [points]


@given(complete_answers())
def test_confirmed_never_exceeds_possible_and_they_meet_when_nothing_is_unknown(
    sample: Sample,
) -> None:
    card = scored(*sample)
    for axis in card.axes:
        assert 0 <= axis.confirmed <= axis.possible <= 100
        assert (axis.confirmed == axis.possible) == (axis.unknown_share == 0)
        for dimension in axis.dimensions:
            assert 0 <= dimension.confirmed <= dimension.possible <= 100


@given(complete_answers(), st.data())
def test_possible_is_the_score_if_every_unknown_turns_out_well(
    sample: Sample, data: st.DataObject
) -> None:
    answers, depth = sample
    walk = walked(answers, depth)
    well = {
        asked.id: offered(asked)[-1] for asked in walk.asked if answers.get(asked.id) == UNKNOWN
    }
    before, after = scored(answers, depth), scored({**answers, **well}, depth)
    for old, new in zip(before.axes, after.axes, strict=True):
        assert old.possible == new.confirmed


@given(complete_answers())
def test_every_complete_set_of_answers_gets_a_band_an_archetype_and_a_recommendation(
    sample: Sample,
) -> None:
    card = scored(*sample)
    for axis in card.axes:
        assert axis.band in (*BANDS[axis.axis], TOO_MUCH_UNKNOWN)
    assert card.archetype in EDITION.texts.findings["archetypes"]
    explained = any(trouble.explained for trouble in card.troubles)
    assert (card.recommendation.topic is None) == (not card.plan and not explained)


@given(complete_answers(), st.data())
def test_the_order_of_the_answers_changes_nothing(sample: Sample, data: st.DataObject) -> None:
    answers, depth = sample
    shuffled = dict(data.draw(st.permutations(list(answers.items()))))
    assert headlines(scored(answers, depth)) == headlines(scored(shuffled, depth))
    assert scored(answers, depth).plan == scored(shuffled, depth).plan


@given(complete_answers())
def test_what_was_earned_is_the_score_and_with_what_was_lost_100(sample: Sample) -> None:
    for axis in scored(*sample).axes:
        assert sum(line.earned for line in axis.lines) == axis.confirmed
        assert sum(line.earned + line.lost for line in axis.lines) == 100
        assert sum(dimension.weight for dimension in axis.dimensions) == 100
        by_dimension = sum(d.weight * d.confirmed for d in axis.dimensions) / 100
        assert by_dimension == axis.confirmed


@given(complete_answers())
def test_one_person_and_a_team_with_the_same_rungs_score_the_same(sample: Sample) -> None:
    answers, depth = sample
    assume(answers.get("selling_by") != "website")
    alone = scored({**answers, "marketing_by": "me", "selling_by": "me"}, depth)
    team = scored({**answers, "marketing_by": "agency", "selling_by": "staff"}, depth)
    assert headlines(alone) == headlines(team)
    pairs = {("baton_on_the_floor", "two_silos"), ("one_hat_one_bucket", "all_running_no_lanes")}
    assert alone.archetype == team.archetype or (alone.archetype, team.archetype) in pairs


@given(complete_answers(), complete_answers())
def test_items_of_one_axis_never_move_the_other(one: Sample, other: Sample) -> None:
    answers, depth = one
    for axis, untouched in (("separation", 1), ("handoff", 0)):
        items = {id for d in EDITION.dimensions if d.axis == axis for id in d.items}
        walk = walked(answers, depth)
        swapped = {
            asked.id: other[0][asked.id]
            for asked in walk.asked
            if asked.id in items and asked.id in other[0] and other[0][asked.id] in offered(asked)
        }
        after = scored({**answers, **swapped}, depth)
        assert headlines(after)[untouched] == headlines(scored(answers, depth))[untouched]


UNSCORED = [q.id for q in EDITION.questions.values() if not q.required]


@given(complete_answers(), complete_answers())
def test_who_buys_symptoms_ticks_numbers_and_open_cards_never_move_a_score(
    one: Sample, other: Sample
) -> None:
    answers, depth = one
    changed = {id: other[0][id] for id in UNSCORED if id in other[0]}
    bare = {id: answer for id, answer in answers.items() if id not in UNSCORED}
    for varied in ({**answers, **changed}, bare):
        assert headlines(scored(varied, depth)) == headlines(scored(answers, depth))
        assert scored(varied, depth).archetype == scored(answers, depth).archetype


@given(complete_answers(branch=BRANCHES[0], depth="full"))
def test_what_does_not_apply_leaves_the_score_that_the_rest_gives(sample: Sample) -> None:
    answers, depth = sample
    young = {**answers, "customers_so_far": "under_five"}
    card = scored(young, depth)
    rest = card.handoff.lines
    assert {"lead_source", "clear_answers"}.isdisjoint(line.id for line in rest)
    weights = {d.id: d.weight for d in EDITION.dimensions if d.axis == "handoff"}
    by_dimension: dict[str, list[Fraction]] = {}
    for line in rest:
        by_dimension.setdefault(line.item.dimension.id, []).append(line.points)
    means = {id: sum(points, Fraction()) / len(points) for id, points in by_dimension.items()}
    expected = sum(weights[id] * mean for id, mean in means.items()) / sum(
        weights[id] for id in means
    )
    assert card.handoff.confirmed == expected


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("branch", BRANCHES)
def test_two_items_of_a_dimension_add_up_without_touching_each_other(
    branch: dict[str, Answer], depth: Depth
) -> None:
    # For every pair of rungs of every pair of items in a dimension: the points of one are the same
    # whatever the other's answer is, and nothing outside the dimension changes. The lowest rung is
    # where all of them start.
    answers = answered(branch, depth, "lowest")
    lowest = scored(answers, depth)
    asked = {a.id: a for a in walked(answers, depth).asked}
    for dimension in EDITION.dimensions:
        items = [asked[id] for id in dimension.items if id in asked]
        alone = {
            (item.id, rung): scored({**answers, item.id: rung}, depth)
            for item in items
            for rung in _rungs(item)
        }
        for one, other in combinations(items, 2):
            for a, b in product(_rungs(one), _rungs(other)):
                both = scored({**answers, one.id: a, other.id: b}, depth)
                apart = (alone[one.id, a], alone[other.id, b])
                assert sum(headlines(both)) - sum(headlines(lowest)) == sum(
                    sum(headlines(card)) - sum(headlines(lowest)) for card in apart
                )
                elsewhere = [d.confirmed for axis in both.axes for d in axis.dimensions]
                assert sum(c > 0 for c in elsewhere) <= 1


def _rungs(asked: Asked) -> list[Answer]:
    return [answer for answer in offered(asked) if answer not in (UNKNOWN, 0)]
