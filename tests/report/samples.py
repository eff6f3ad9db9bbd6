"""Reports to test with: the Report of a named owner, and its document."""

from datetime import date
from functools import cache
from typing import Any, get_args
from xml.etree import ElementTree

import html5lib
import page

from consult.questionnaire.editions import newest
from consult.questionnaire.journey import Walk, walk
from consult.questionnaire.questionnaire import read_answers
from consult.report.build import build_report
from consult.report.html_document import Paper, Recipient, document_html
from consult.report.report import Report
from tests.support.firms import Firm
from tests.support.personas import PERSONAS, Answers, Depth

DAY = date(2026, 11, 23)
EVERYONE: list[tuple[str, Depth]] = [(id, depth) for id in PERSONAS for depth in get_args(Depth)]


def walk_of(persona: str, depth: Depth = "quick", changes: Answers | None = None) -> Walk:
    """The walk of a named owner, with single answers changed."""
    payload = PERSONAS[persona].payload(depth, **(changes or {}))
    questionnaire = newest()
    return walk(questionnaire, read_answers(questionnaire, payload["answers"]), depth)


def report_of(persona: str, depth: Depth = "quick", changes: Answers | None = None) -> Report:
    return build_report(walk_of(persona, depth, changes))


def firm_walk(firm: Firm) -> Walk:
    edition = newest()
    return walk(edition, read_answers(edition, firm.payload(firm.depth)["answers"]), firm.depth)


def firm_report(firm: Firm) -> Report:
    return build_report(firm_walk(firm))


@cache
def document_of(
    persona: str, depth: Depth = "quick", business: str = "", paper: Paper = "letter"
) -> str:
    return document_html(report_of(persona, depth), DAY, Recipient("Jo", business), paper=paper)


def cover_of(html: str) -> str:
    """The cover of a report's document: all before the first chapter, which begins a page."""
    cover, *_ = html.partition('<section class="chapter')
    return f"{cover}</body></html>"


def is_accessible(pdf: bytes) -> bool:
    """Whether a PDF can be read by everybody (PDF/UA-1) and be kept (PDF/A-3a)."""
    return all(page.validate_pdf_bytes(pdf, profile=rules).is_compliant for rules in ("ua1", "3a"))


def check_valid(html: str) -> None:
    """Refuse a document in which a parser of HTML has anything to fix."""
    html5lib.HTMLParser(strict=True).parse(html)


def printed_text(html: str) -> str:
    """The text of a document as it is read: without tags, on one line."""
    body = ElementTree.XML(html).find("body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def finding_text(*path: str) -> str:
    """A text of the newest edition's findings by the keys that lead to it."""
    text: Any = newest().texts.findings
    for key in path:
        text = text[key]
    return str(text)
