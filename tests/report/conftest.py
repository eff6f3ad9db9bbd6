"""What holds for every test of the report."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """WeasyPrint warns of unknown CSS, missing texts and missing letters: none may go by."""
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    assert [record.getMessage() for record in records] == []
