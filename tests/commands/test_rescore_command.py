"""What another edition would have said: every stored submission is counted once."""

from hypothesis import given
from hypothesis import strategies as st

from consult.commands.lead_commands import AXES, Scored, compare, step_of
from consult.questionnaire.questions import Answer, Depth
from consult.scoring.as_json import scorecard_json
from tests.support.strategies import BRANCHES, EDITION, answered, complete_answers, walked

Sample = tuple[dict[str, Answer], Depth]


def stored(sample: Sample) -> Scored:
    answers = walked(*sample).on_path
    return sample[1], answers.values, scorecard_json(answers)


@given(st.lists(complete_answers(), min_size=1, max_size=3))
def test_the_same_edition_moves_nothing(samples: list[Sample]) -> None:
    found = compare([stored(sample) for sample in samples], EDITION)
    assert found.compared == len(samples)
    assert (found.unfinished, found.dropped.total()) == (0, 0)
    for axis in AXES:
        assert dict(found.moves[axis]) == {step_of(0): len(samples)}
        assert all(before == after for before, after in found.bands[axis])
        assert found.bands[axis].total() == len(samples)
    assert all(before == after for before, after in found.archetypes)
    assert found.archetypes.total() == len(samples)


@given(complete_answers())
def test_a_moved_score_lands_in_its_step_and_a_changed_band_in_its_pair(sample: Sample) -> None:
    _, answers, scorecard = stored(sample)
    handoff = dict(scorecard["handoff"])
    was = {**handoff, "confirmed": handoff["confirmed"] + 12, "band": "of_old"}
    found = compare([(sample[1], answers, {**scorecard, "handoff": was})], EDITION)
    assert dict(found.moves["handoff"]) == {step_of(-12): 1}
    assert dict(found.bands["handoff"]) == {("of_old", handoff["band"]): 1}


@given(complete_answers(), st.data())
def test_answers_that_do_not_suffice_or_no_longer_exist_are_counted_apart(
    sample: Sample, data: st.DataObject
) -> None:
    _, given_answers, scorecard = stored(sample)
    items = [id for id in given_answers if EDITION.questions[id].required]
    gone = data.draw(st.sampled_from(items))
    answers = {id: a for id, a in given_answers.items() if id != gone}
    answers["asked_last_year"] = 2
    found = compare([(sample[1], answers, scorecard)], EDITION)
    assert (found.compared, found.unfinished) == (0, 1)
    assert found.dropped["asked_last_year"] == 1


def test_twice_the_same_submission_is_counted_twice() -> None:
    top = answered(BRANCHES[0], "full", "highest")
    best = "well_rehearsed_relay"
    submission = stored((top, "full"))
    changed = ("full", top, {**submission[2], "archetype": "two_silos"})
    found = compare([submission, submission, changed], EDITION)
    assert found.compared == 3
    assert found.archetypes == {(best, best): 2, ("two_silos", best): 1}
    assert found.bands["separation"] == {("clear", "clear"): 3}
    assert found.bands["handoff"] == {("smooth", "smooth"): 3}
    assert found.moves["separation"] == found.moves["handoff"] == {step_of(0): 3}
    two = compare([("full", {}, {}), ("quick", {}, {})], EDITION)
    assert (two.compared, two.unfinished) == (0, 2)


def test_a_step_begins_at_its_figure_and_close_to_nothing_is_about_the_same() -> None:
    begins = {-20: 1, -10: 2, -5: 3, -1: 4, 1: 5, 5: 6, 10: 7, 20: 8}
    for change, step in begins.items():
        assert (step_of(change - 0.01), step_of(change)) == (step - 1, step)
    assert (step_of(-30), step_of(0), step_of(30)) == (0, 4, 8)
