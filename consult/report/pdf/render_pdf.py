"""HTML in, PDF bytes out: PDF/UA-1 and PDF/A-3a, in our own fonts, the same bytes every time.

WeasyPrint is not thread-safe and hostile input can make it slow or large, so the application
calls this through `consult.report.pdf.renderer`, which keeps it in a process of its own.
"""

import functools
import os
from typing import Any
from xml.etree import ElementTree

from weasyprint import CSS, HTML, cssselect2
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from consult.report.pdf import pdf_a, pdf_ua, pdf_writer, weasyprint_speedups
from consult.report.report_files import ELEMENTS, FONTS, STYLESHEET


class ForbiddenFetch(Exception):
    """The HTML asked for something outside itself."""


def html_to_pdf(html: str) -> bytes:
    """The PDF of a whole HTML document, styled by `static/report.css` and its own <style>.

    The document needs a language, a title and real headings; its dates come from
    <meta name="dcterms.created">, never from the clock. One that is well-formed XML as well is
    read faster. Raises ForbiddenFetch if it asks for anything outside itself.
    """
    fonts, stylesheet, _ = _press()
    with pdf_ua.recorded_origins() as origins:

        def finish(document: Any, pdf: Any) -> None:
            pdf_ua.repair(document, pdf, origins)
            pdf_a.declare_archival(pdf)
            pdf.write = functools.partial(pdf_writer.write, pdf)

        try:
            written = _Document(html).write_pdf(
                stylesheets=[stylesheet],
                font_config=fonts,
                pdf_variant="pdf/ua-1",
                finisher=finish,
            )
        except FatalURLFetchingError as refusal:  # a BaseException, which callers would miss
            raise ForbiddenFetch(f"a report may not fetch anything: {refusal}") from refusal
    return bytes(written)


class _Document(HTML):  # type: ignore[misc]  # WeasyPrint carries no types
    """An HTML document that is read by a parser in C if it can be, and styled by few rules.

    WeasyPrint's own rules for HTML style six invisible pieces beside each element and every form
    field there is: a tenth of a render. Ours are those that a printed page needs.
    """

    def __init__(self, html: str) -> None:
        try:
            root = ElementTree.fromstring(html)  # noqa: S314 - our own templates; expat stops at a bomb
        except ElementTree.ParseError:
            super().__init__(string=html, url_fetcher=_only_data())
            return
        self.base_url = None
        self.url_fetcher = _only_data()
        self.media_type = "print"
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        *_, elements = _press()
        return [elements]


@functools.cache
def _press() -> tuple[FontConfiguration, CSS, CSS]:
    """Fonts and stylesheets, read once: a new FontConfiguration for each PDF leaks memory."""
    os.environ["FONTCONFIG_FILE"] = str(FONTS)
    weasyprint_speedups.take()
    fonts = FontConfiguration()
    report, elements = (
        CSS(string=file.read_text(encoding="utf-8"), font_config=fonts, url_fetcher=_only_data())
        for file in (STYLESHEET, ELEMENTS)
    )
    return fonts, report, elements


def _only_data() -> URLFetcher:
    """Reads `data:` addresses, which are part of the document, and refuses every other one."""
    return URLFetcher(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)
