"""HTML in, PDF bytes out: PDF/UA-1 and PDF/A-3a, in our own fonts, the same bytes every time.

WeasyPrint is not thread-safe and hostile input can make it slow or large, so the application
calls this through `consult.report.renderer`, which keeps it in a process of its own.
"""

import functools
import os
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from consult.report import conformance, tagging
from consult.report.files import FONTS, STYLESHEET

_TRIES = 5
"""How often to write a document, which is nearly always fit at once; see `conformance`."""


class ForbiddenFetch(Exception):
    """The HTML asked for something outside itself."""


def html_to_pdf(html: str) -> bytes:
    """The PDF of a whole HTML document, styled by `static/report.css` and its own <style>.

    The document needs a language, a title and real headings; its dates come from
    <meta name="dcterms.created">, never from the clock. Raises ForbiddenFetch if it asks for
    anything outside itself.
    """
    for padding in range(_TRIES):
        written = _write(html, padding)
        if not conformance.ends_of_streams_are_doubtful(written):
            break
    return written


def _write(html: str, padding: int) -> bytes:
    fonts, stylesheet = _press()
    with tagging.recorded_origins() as origins:

        def finish(document: Any, pdf: Any) -> None:
            tagging.repair(document, pdf, origins)
            conformance.declare_archival(pdf, padding)

        try:
            written = HTML(string=html, url_fetcher=_only_data()).write_pdf(
                stylesheets=[stylesheet],
                font_config=fonts,
                pdf_variant="pdf/ua-1",
                pdf_identifier=True,
                finisher=finish,
            )
        except FatalURLFetchingError as refusal:  # a BaseException, which callers would miss
            raise ForbiddenFetch(f"a report may not fetch anything: {refusal}") from refusal
    return bytes(written)


@functools.cache
def _press() -> tuple[FontConfiguration, CSS]:
    """Fonts and stylesheet, read once: a new FontConfiguration for each PDF leaks memory."""
    os.environ["FONTCONFIG_FILE"] = str(FONTS)
    fonts = FontConfiguration()
    css = STYLESHEET.read_text(encoding="utf-8")
    return fonts, CSS(string=css, font_config=fonts, url_fetcher=_only_data())


def _only_data() -> URLFetcher:
    """Reads `data:` addresses, which are part of the document, and refuses every other one."""
    return URLFetcher(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)
