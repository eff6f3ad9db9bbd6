"""Reports to test with: the Report of a named owner, and its document."""

from datetime import date
from functools import cache

from consult.questionnaire import Walk, read_answers, walk
from consult.questionnaire.editions import newest
from consult.report.build import build_report
from consult.report.document import Paper, Recipient, document_html
from consult.report.report import Report
from consult.scoring import Scorecard, score
from tests.support.personas import PERSONAS, Answers, Depth

DAY = date(2026, 11, 23)


def walk_of(persona: str, depth: Depth = "quick", changes: Answers | None = None) -> Walk:
    """The walk of a named owner, with single answers changed."""
    payload = PERSONAS[persona].payload(depth, **(changes or {}))
    questionnaire = newest()
    return walk(questionnaire, read_answers(questionnaire, payload["answers"]), depth)


def scorecard_of(walked: Walk) -> Scorecard:
    """The scorecard of a complete walk."""
    card = score(walked.on_path)
    assert isinstance(card, Scorecard)
    return card


def report_of(persona: str, depth: Depth = "quick", changes: Answers | None = None) -> Report:
    """The Report of a named owner, with single answers changed."""
    walked = walk_of(persona, depth, changes)
    return build_report(walked, scorecard_of(walked))


@cache
def document_of(
    persona: str, depth: Depth = "quick", business: str = "", paper: Paper = "letter"
) -> str:
    """The document of a named owner's Report."""
    return document_html(report_of(persona, depth), DAY, Recipient("Jo", business), paper=paper)
