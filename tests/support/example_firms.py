"""Firms made up for a test: one rung for all of an axis, but for what the test is about."""

from collections.abc import Iterable, Mapping

from consult.questionnaire.questions import Answer, Depth
from consult.scoring.scorecard import Scorecard
from tests.support.strategies import BRANCHES, EDITION, answered, walked

SOLO, TEAM = BRANCHES[0], next(b for b in BRANCHES if b["selling_by"] == "staff")
YOUNG = next(b for b in BRANCHES if b["customers_so_far"] == "under_five")
SHOP = next(b for b in BRANCHES if b["buying_path"] == "counter")
SEPARATION = [id for d in EDITION.dimensions if d.axis == "separation" for id in d.items]
HANDOFF = [id for d in EDITION.dimensions if d.axis == "handoff" for id in d.items]


def card(
    branch: dict[str, Answer] = SOLO,
    separation: int = 2,
    handoff: int = 2,
    also: Mapping[str, Answer] | None = None,
    depth: Depth = "full",
    **changes: Answer,
) -> Scorecard:
    """A firm with the same rung on all items of an axis, but for the changes; cards all right."""
    answers = answered(branch, depth, "highest")
    answers |= {id: separation for id in SEPARATION if id in answers}
    answers |= {id: handoff for id in HANDOFF if id in answers}
    return scored(answers | dict(also or {}) | changes, depth)


def scored(answers: dict[str, Answer], depth: Depth) -> Scorecard:
    """The scorecard of answers that are complete."""
    return Scorecard(walked(answers, depth).on_path)


def everything(ids: Iterable[str], answer: Answer) -> dict[str, Answer]:
    return dict.fromkeys(ids, answer)
