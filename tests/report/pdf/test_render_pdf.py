"""The PDF: accessible, in our own fonts, without a fetch, and the same bytes everywhere."""

import base64
import io
import re
import subprocess
from pathlib import Path

import pikepdf
import pytest
from markupsafe import escape

from consult.report.display import safe_text
from consult.report.html_document import Recipient, document_html
from consult.report.pdf.render_pdf import ForbiddenFetch, html_to_pdf
from consult.settings.brand import Brand, Logo
from tests.report.samples import DAY, cover_of, is_accessible, report_of

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


@pytest.mark.parametrize("name", AWKWARD.values(), ids=AWKWARD)
def test_awkward_names_stay_accessible(name: str) -> None:
    title = safe_text(name) or "Lead 7"
    shown = escape(title)
    pdf = html_to_pdf(f'<html lang="en"><title>{shown}</title><h1>{shown}</h1><p>{shown}</p>')
    assert is_accessible(pdf)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert str(opened.docinfo["/Title"]) == title


@pytest.mark.parametrize("name", ["W" * 2000, "The Very Long And Wordy Family Business " * 4])
def test_a_long_name_leaves_the_cover_one_page(name: str) -> None:
    report = report_of(
        "solo_starter", changes={"own_words": "Less of this, and more of that. " * 9}
    )
    html = document_html(report, DAY, Recipient(f"{name}.", name))
    with pikepdf.open(io.BytesIO(html_to_pdf(cover_of(html)))) as opened:
        assert len(opened.pages) == 1


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
    html = document_html(report_of("disciplined_solo"), DAY, brand=brand)
    (consult,) = re.findall(r'<section class="chapter consult">.*?</section>', html, re.DOTALL)
    pdf = html_to_pdf(cover_of(html).replace("</body>", f"{consult}</body>"))
    assert is_accessible(pdf)


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
