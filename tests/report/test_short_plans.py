"""Pages of a report whose plan is short; with `--every-look`, those of each firm on both papers."""

from collections.abc import Callable
from functools import cache
from typing import get_args

import pytest

from consult.questionnaire.journey import walk
from consult.report.build import build_report
from consult.report.html_document import Paper, Recipient, document_html
from consult.report.pdf.render_pdf import html_to_pdf
from consult.report.report import Report
from tests.report.page_laws import LAWS
from tests.report.samples import DAY, firm_report
from tests.support.firms import FIRMS
from tests.support.strategies import BRANCHES, EDITION, answered


@cache
def _printed(name: str) -> tuple[Report, bytes]:
    """A plan of a few steps, or a firm on a paper: its report, and the PDF of it."""
    subject, _, on = name.partition(" on ")
    report = firm_report(FIRMS[subject]) if on else _nearly_perfect(subject)
    paper: Paper = "a4" if on == "a4" else "letter"
    html = document_html(report, DAY, Recipient("Jo", "Oak Street"), paper=paper)
    return report, html_to_pdf(html)


def _nearly_perfect(steps: str) -> Report:
    """The report of a firm that has so few steps left."""
    low = {"one step": ["joint_review"], "two steps": ["follow_up", "lead_list"]}[steps]
    answers = answered(BRANCHES[0], "full", "highest") | dict.fromkeys(low, 0)
    return build_report(walk(EDITION, answers, "full"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The short plans; with `--every-look` each firm too, on both papers."""
    names = ["one step", "two steps"]
    if metafunc.config.getoption("every_look"):
        names += [f"{firm} on {paper}" for firm in FIRMS for paper in get_args(Paper)]
    metafunc.parametrize("name", names)


@pytest.mark.parametrize("law", LAWS)
def test_a_report_keeps_the_laws_of_its_pages(
    name: str, law: Callable[[Report, bytes], None]
) -> None:
    law(*_printed(name))
