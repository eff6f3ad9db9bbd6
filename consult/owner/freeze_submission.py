"""Handing in: what is frozen of a check, so that it reads the same for ever."""

from __future__ import annotations

import json

from consult.questionnaire import Walk
from consult.report.build import build_report
from consult.scoring import scorecard_json, scorecard_of
from consult.settings.brand import Brand
from consult.storage.leads.submission import NewSubmission


def freeze(walk: Walk, brand: Brand, *, demo: bool = False) -> NewSubmission:
    """Return what to store of a complete walk: answers, the wording shown, scores and report.

    Raises ValueError for a walk that is not complete.
    """
    card = scorecard_of(walk.on_path)
    return NewSubmission(
        edition=walk.questionnaire.name,
        depth=walk.depth,
        answers=dict(walk.on_path.values),
        wording=_wording_shown(walk),
        scorecard=scorecard_json(card, brand.currency),
        report=json.loads(build_report(walk, brand.currency).to_json()),
        separation=float(card.separation.confirmed),
        handoff=float(card.handoff.confirmed),
        archetype=card.archetype,
        consult=card.recommendation.recommended,
        demo=demo,
    )


def _wording_shown(walk: Walk) -> dict[str, object]:
    return {
        asked.id: {
            "variant": asked.variant,
            "ask": asked.wording.ask,
            "help": asked.wording.help,
            "choices": dict(asked.wording.choices),
        }
        for asked in walk.asked
    }
