"""The bytes of the file: whole to every reader, each stream of a length beyond doubt."""

import io
import re

import page
import pikepdf
import pydyf
import pytest

from consult.report.pdf import pdf_writer
from consult.report.pdf.render_pdf import html_to_pdf

_DOUBTFUL = re.compile(rb"[\r\n]\nendstream")


def written(content: bytes) -> bytes:
    """A PDF of one empty page and one packed stream."""
    pdf = pydyf.PDF()
    pdf.add_page(pydyf.Dictionary({"Type": "/Page", "Parent": pdf.pages.reference,
                                   "MediaBox": pydyf.Array([0, 0, 9, 9])}))  # fmt: skip
    pdf.add_object(pydyf.Stream([content], compress=True))
    output = io.BytesIO()
    pdf_writer.write(pdf, output)
    return output.getvalue()


def test_no_stream_ends_in_a_line_break() -> None:
    # The last byte of a packed stream is a checksum: of so many, some would be line breaks.
    for number in range(600):
        content = b"%d" % number
        file = written(content)
        assert not _DOUBTFUL.search(file)
        with pikepdf.open(io.BytesIO(file)) as opened:
            streams = [item for item in opened.objects if isinstance(item, pikepdf.Stream)]
            assert any(item.read_bytes().strip() == content for item in streams)
            assert len(opened.pages) == 1


@pytest.mark.parametrize("name", [f"Shop {number}" for number in range(40)])
def test_every_file_is_whole_and_fit_to_be_kept(name: str) -> None:
    file = html_to_pdf(f'<html lang="en"><title>{name}</title><h1>{name}</h1></html>')
    assert not _DOUBTFUL.search(file)
    assert page.validate_pdf_bytes(file, profile="3a").is_compliant
    with pikepdf.open(io.BytesIO(file)) as opened:
        assert opened.check_pdf_syntax() == []
        assert str(opened.docinfo["/Title"]) == name
        assert opened.trailer.ID[0] == opened.trailer.ID[1]
