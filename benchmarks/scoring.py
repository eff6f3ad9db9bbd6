"""Ten thousand scorecards, beside a loop that does no more than add up the same points."""

import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Row
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import OnPathAnswers, walk
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import Kind
from consult.scoring.as_json import scorecard_json
from tests.support.personas import PERSONAS

SCORECARDS = 10_000
DIFFERENT = 400
SEED = 20_261_123


def rows() -> list[Row]:
    """CPU of `SCORECARDS` scorecards, made in full from answers that are on the path already."""
    everybody = _random_answers(newest())
    lines = [_lines(scorecard_json(answers)) for answers in everybody]
    ours = _cpu(lambda place: scorecard_json(everybody[place]))
    floor = _cpu(lambda place: _add_up(lines[place]))
    return [Row(f"{SCORECARDS:,} scorecards", ours, "s", "only adding the points up", floor)]


def _random_answers(edition: Questionnaire) -> list[OnPathAnswers]:
    """Answers as different as owners are: those of the personas, with half of them drawn again."""
    chance = random.Random(SEED)  # noqa: S311 - nothing secret hangs on it
    personas = list(PERSONAS.values())
    made = []
    for _ in range(DIFFERENT):
        answers = chance.choice(personas).payload()["answers"]
        for id in answers:
            if edition.questions[id].kind is Kind.RUNG and chance.random() < 0.5:
                answers[id] = chance.randrange(4)
        made.append(walk(edition, answers, "full").on_path)
    return made


def _lines(card: dict[str, Any]) -> list[tuple[float, float]]:
    both = [*card["separation"]["lines"], *card["handoff"]["lines"]]
    return [(line["weight"], line["points"]) for line in both]


def _add_up(lines: list[tuple[float, float]]) -> float:
    return sum(weight * points for weight, points in lines)


def _cpu(one: Callable[[int], object]) -> float:
    start = time.process_time()
    for place in range(SCORECARDS):
        one(place % DIFFERENT)
    return time.process_time() - start
