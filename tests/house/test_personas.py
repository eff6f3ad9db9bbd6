"""The personas are who they say they are, and leave no branch of the questionnaire unseen."""

from typing import get_args

import pytest

from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.questionnaire.questionnaire import read_answers
from consult.questionnaire.questions import Depth
from consult.scoring.as_json import scorecard_json
from tests.support.firms import FIRMS
from tests.support.personas import PERSONAS, Persona

ARCHETYPES = {
    "running_in_the_dark",
    "well_rehearsed_relay",
    "good_legs_loose_grip",
    "two_silos",
    "baton_on_the_floor",
    "waiting_for_the_baton",
    "no_last_leg",
    "one_strong_leg",
    "fast_hands_no_lanes",
    "one_hat_one_bucket",
    "all_running_no_lanes",
}


@pytest.mark.parametrize("depth", get_args(Depth))
@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS.keys())
def test_a_persona_answers_everything_and_gets_the_expected_finding(
    persona: Persona, depth: Depth
) -> None:
    edition = newest()
    way = walk(edition, read_answers(edition, persona.payload(depth)["answers"]), depth=depth)
    result = scorecard_json(way.on_path)
    assert result["missing"] == []
    assert (result["mode"], result["path"]) == (persona.mode, persona.path)
    assert result["archetype"] == persona.archetype_at(depth)


def test_the_personas_and_firms_leave_no_archetype_and_no_path_unseen() -> None:
    assert {persona.archetype for persona in PERSONAS.values()} < ARCHETYPES
    assert {firm.archetype for firm in FIRMS.values()} == ARCHETYPES
    assert {persona.path for persona in PERSONAS.values()} == {
        "conversation",
        "counter",
        "checkout",
    }
    assert {persona.mode for persona in PERSONAS.values()} == {"solo", "team"}


def test_the_personas_know_every_question() -> None:
    answered = {id for persona in PERSONAS.values() for id in persona.answers}
    assert answered == set(newest().structure.questions)
