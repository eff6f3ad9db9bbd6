"""Finished reports on A4 look as they did: see `test_pictures`, which has those on Letter."""

from collections.abc import Callable

import pytest

from consult.report.report import Report
from tests.report.page_laws import LAWS
from tests.report.pictures import EXAMPLES
from tests.report.printed import (
    has_only_our_fonts,
    is_on_its_paper_and_names_the_business,
    looks_as_it_did,
    printed,
)

SHOWN = [name for name, example in EXAMPLES.items() if example.paper == "a4"]
WHOLE = [name for name in SHOWN if EXAMPLES[name].whole]


@pytest.mark.parametrize("name", SHOWN)
def test_a_report_looks_as_it_did(name: str) -> None:
    looks_as_it_did(name)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", WHOLE)
def test_a_report_keeps_the_laws_of_its_pages(
    name: str, law: Callable[[Report, bytes], None]
) -> None:
    law(*printed(name))


@pytest.mark.parametrize("name", WHOLE)
def test_a_report_is_on_its_paper_and_names_the_business(name: str) -> None:
    is_on_its_paper_and_names_the_business(name)


def test_only_our_fonts_are_in_it() -> None:
    has_only_our_fonts("polish")
