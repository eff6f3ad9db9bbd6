"""Finished reports look as they did when someone last looked at them, and can be read aloud.

After a change that was meant: `.venv/bin/python -m tests.report.pictures`, and look at each page.
"""

import re
import subprocess
from pathlib import Path

import outloud

from tests.report.printed import (
    are_on_their_paper_and_name_the_business,
    has_only_our_fonts,
    keep_the_laws_of_pages,
    look_as_they_did,
    printed,
)

test_a_report_looks_as_it_did = look_as_they_did("letter")
test_a_report_keeps_the_laws_of_its_pages = keep_the_laws_of_pages("letter")
test_a_report_is_on_its_paper_and_names_the_business = are_on_their_paper_and_name_the_business(
    "letter"
)


def test_only_our_fonts_are_in_it() -> None:
    has_only_our_fonts("solo")


def test_a_screen_reader_finds_nothing_amiss(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(printed("mostly_unknown")[1])
    result = outloud.check(str(file))
    assert result.error is None
    found = [f"{finding.rule}: {finding.message}" for finding in result.findings]
    assert found == []


def test_every_page_number_says_of_how_many(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(printed("solo")[1])
    text = subprocess.run(
        ["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True
    ).stdout
    pages = text.count("\f")
    assert re.findall(r"\d+ of \d+$", text, re.MULTILINE) == [
        f"{number} of {pages}" for number in range(2, pages + 1)
    ]
