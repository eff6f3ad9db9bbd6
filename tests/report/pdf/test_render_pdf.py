"""The PDF: accessible, in our own fonts, without a fetch, and the same bytes everywhere."""

import base64
import io
import logging
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import outloud
import page
import pikepdf
import pytest
from markupsafe import escape

from consult.report.display import safe_text
from consult.report.html_document import Paper, Recipient, document_html
from consult.report.pdf.render_pdf import ForbiddenFetch, html_to_pdf
from consult.settings.brand import Brand, Logo
from tests.report.samples import DAY, document_of, report_of
from tests.support.personas import Depth

GREY_DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""

AWKWARD = {
    "polish": "Zakład Usługowy Łódź – Święta & Żółć",
    "vietnamese": "Nguyễn Thị Ánh Hoà, Tiệm bánh",
    "arabic": "مطعم النخيل Palm",
    "hebrew": "מאפיית לחם",
    "emoji": "Bäckerei 🥐 Müller 😀",
    "without letters of ours": "東京 Dental",
    "one long word": "W" * 2000,
    "controls": "a\x00b\u202ec\ud800d",
    "markup": '<script>alert(1)</script> {{ 7 * 7 }} & "',
}


@pytest.fixture(autouse=True)
def no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """WeasyPrint warns of unknown CSS, missing texts and missing letters: none may go by."""
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


def is_accessible(pdf: bytes) -> bool:
    return all(page.validate_pdf_bytes(pdf, profile=rules).is_compliant for rules in ("ua1", "3a"))


@pytest.mark.parametrize(
    ("persona", "depth", "paper", "most_pages"),
    [
        ("solo_starter", "quick", "letter", 10),
        ("two_silos", "full", "a4", 10),
        ("disciplined_solo", "full", "letter", 7),
        ("mostly_unknown", "full", "letter", 10),
    ],
)
def test_a_report_is_accessible_and_of_fit_length(
    persona: str, depth: Depth, paper: Paper, most_pages: int
) -> None:
    pdf = html_to_pdf(document_of(persona, depth, "Miller & Sons", paper))
    assert is_accessible(pdf)
    assert len(pdf) < 120_000
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) <= most_pages
        width, height = (float(side) for side in opened.pages[0].MediaBox[2:])
        assert (round(width), round(height)) == {"letter": (612, 792), "a4": (595, 842)}[paper]
        assert str(opened.Root.Lang) == "en"
        assert "Miller & Sons" in str(opened.docinfo["/Title"])


def test_a_screen_reader_finds_nothing_amiss(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(html_to_pdf(document_of("mostly_unknown", "quick", "Oak Street Dental")))
    result = outloud.check(str(file))
    assert result.error is None
    found = [f"{finding.rule}: {finding.message}" for finding in result.findings]
    assert found == []


@pytest.mark.parametrize("name", AWKWARD.values(), ids=AWKWARD)
def test_awkward_names_stay_accessible(name: str) -> None:
    title = escape(safe_text(name) or "Lead 7")
    pdf = html_to_pdf(f'<html lang="en"><title>{title}</title><h1>{title}</h1><p>{title}</p>')
    assert is_accessible(pdf)


@pytest.mark.parametrize("name", ["W" * 2000, "The Very Long And Wordy Family Business " * 4])
def test_a_long_name_leaves_the_cover_one_page(name: str) -> None:
    report = report_of(
        "solo_starter", changes={"own_words": "Less of this, and more of that. " * 9}
    )
    html = document_html(report, DAY, Recipient(f"{name}.", name))
    short = document_of("solo_starter", business="Oak Street Dental")
    with (
        pikepdf.open(io.BytesIO(html_to_pdf(html))) as opened,
        pikepdf.open(io.BytesIO(html_to_pdf(short))) as usual,
    ):
        assert len(opened.pages) == len(usual.pages)


@pytest.mark.parametrize(
    "logo",
    [
        Logo("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 1"/>'),
        Logo("image/png", base64.b64decode(GREY_DOT)),
    ],
    ids=["svg", "png"],
)
def test_a_logo_is_printed_from_inside_the_document(logo: Logo) -> None:
    brand = Brand(name="Northside", logo=logo, person="Ana Ruiz", portrait=logo)
    pdf = html_to_pdf(document_html(report_of("disciplined_solo"), DAY, brand=brand))
    assert is_accessible(pdf)


def test_only_our_fonts_are_in_it() -> None:
    pdf = html_to_pdf(document_of("solo_starter", "quick", "Łódź"))
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        fonts = {
            str(item.BaseFont).split("+")[-1]
            for item in opened.objects
            if isinstance(item, pikepdf.Dictionary) and "/BaseFont" in item
        }
    assert fonts == {"Report-Sans", "Report-Sans-Bold"}


def test_arabic_letters_are_read_as_they_are_drawn(tmp_path: Path) -> None:
    # Fonts that draw dots apart share one glyph between letters, and a reader gets the wrong ones.
    file = tmp_path / "report.pdf"
    file.write_bytes(
        html_to_pdf('<html lang="ar"><title>x</title><h1>مطعم النخيل بيت تمر ثلج</h1>')
    )
    text = subprocess.run(["pdftotext", file, "-"], capture_output=True, check=True, text=True)
    assert {"مطعم", "النخيل", "بيت", "تمر", "ثلج"} <= set(re.findall(r"\w+", text.stdout))


@pytest.mark.parametrize(
    "html",
    [
        '<img alt="x" src="http://127.0.0.1:1/x.png">',
        '<img alt="x" src="file:///etc/passwd">',
        '<p style="background: url(https://example.com/x.png)">x</p>',
        '<style>@import "http://127.0.0.1:1/x.css";</style>',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        '<link rel="attachment" href="file:///etc/passwd">',
    ],
)
def test_a_document_that_asks_for_more_is_refused(html: str) -> None:
    with pytest.raises(ForbiddenFetch):
        html_to_pdf(f'<html lang="en"><title>x</title><h1>x</h1>{html}')


def test_every_page_number_says_of_how_many(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(html_to_pdf(document_of("solo_starter")))
    text = subprocess.run(
        ["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True
    ).stdout
    pages = text.count("\f")
    assert re.findall(r"\d+ of \d+$", text, re.MULTILINE) == [
        f"{number} of {pages}" for number in range(2, pages + 1)
    ]
