"""The short cuts change no byte. If this fails after an upgrade of WeasyPrint, read them again."""

from importlib.metadata import version

import pytest

from consult.report.pdf import weasyprint_speedups
from consult.report.pdf.render_pdf import html_to_pdf
from tests.report.pdf.test_pdf_ua import LONG
from tests.report.samples import document_of


def test_they_were_written_for_this_weasyprint() -> None:
    assert version("weasyprint") == "70.0"


@pytest.mark.parametrize(
    "html", [document_of("mostly_unknown", "full"), LONG], ids=["report", "long"]
)
def test_the_long_way_gives_the_same_bytes(html: str) -> None:
    quick = html_to_pdf(html)
    weasyprint_speedups.leave()
    try:
        assert html_to_pdf(html) == quick
    finally:
        weasyprint_speedups.take()
