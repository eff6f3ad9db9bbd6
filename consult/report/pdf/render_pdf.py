"""HTML in, PDF bytes out: PDF/UA-1 and PDF/A-3a, in our own fonts, the same bytes every time.

WeasyPrint is not thread-safe and hostile input can make it slow or large, so the application
calls this through `consult.report.pdf.renderer`, which keeps it in a process of its own:
`python -m consult.report.pdf.render_pdf FILE_DESCRIPTOR MEMORY_MB CPU_SECONDS`.

WeasyPrint describes a file as PDF/UA-1, for everybody, or as PDF/A-3a, to be kept. Ours are both:
`declare_archival` adds the colors that its numbers mean (ISO 19005-3, 6.2.3) and a description
that explains itself (6.6.2.3).
"""

import functools
import gc
import logging
import os
import resource
import signal
import sys
import traceback
from contextlib import suppress
from importlib.resources import files
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pydyf
from weasyprint import CSS, HTML, cssselect2
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from consult.report import ELEMENTS, FONTS, STYLESHEET
from consult.report.pdf import pdf_ua, pdf_writer
from consult.report.pdf.renderer import FAILED, OK


class ForbiddenFetch(Exception):
    """The HTML asked for something outside itself."""


def html_to_pdf(html: str) -> bytes:
    """The PDF of a whole HTML document, styled by `static/report.css` and its own <style>.

    The document needs a language, a title and real headings; its dates come from
    <meta name="dcterms.created">, never from the clock. One that is well-formed XML as well is
    read faster. Raises ForbiddenFetch if it asks for anything outside itself.
    """
    fonts, stylesheet, _ = _fonts_and_styles()
    with pdf_ua.recorded_origins() as origins:

        def finish(document: Any, pdf: Any) -> None:
            pdf_ua.repair(document, pdf, origins)
            declare_archival(pdf)
            pdf.write = functools.partial(pdf_writer.write, pdf)

        try:
            written = _Document(html).write_pdf(
                stylesheets=[stylesheet], font_config=fonts, pdf_variant="pdf/ua-1", finisher=finish
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
        *_, elements = _fonts_and_styles()
        return [elements]


@functools.cache
def _fonts_and_styles() -> tuple[FontConfiguration, CSS, CSS]:
    """Fonts and stylesheets, read once: a new FontConfiguration for each PDF leaks memory."""
    os.environ["FONTCONFIG_FILE"] = str(FONTS)
    fonts = FontConfiguration()
    report, elements = (
        CSS(string=file.read_text(encoding="utf-8"), font_config=fonts, url_fetcher=_only_data())
        for file in (STYLESHEET, ELEMENTS)
    )
    return fonts, report, elements


def _only_data() -> URLFetcher:
    """Reads `data:` addresses, which are part of the document, and refuses every other one."""
    return URLFetcher(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)


_COLORS = "sRGB IEC61966-2.1"
_END = b"</rdf:RDF>"

_ARCHIVAL = b"""
<rdf:Description xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" rdf:about="">
<pdfaid:part>3</pdfaid:part>
<pdfaid:conformance>A</pdfaid:conformance>
</rdf:Description>
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" \
xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""


def declare_archival(pdf: Any) -> None:
    """Makes a PDF/A-3a of a PDF/UA-1 that has tags, an identifier and all of its fonts."""
    description = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    (xml,) = description.stream
    description.stream = [xml.replace(_END, _ARCHIVAL + _END)]
    description.compress = False  # so that it can be read without unpacking
    colors = (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()
    profile = pydyf.Stream([colors], pydyf.Dictionary({"N": 3}), compress=True)
    pdf.add_object(profile)
    intent = pydyf.Dictionary(
        {
            "Type": "/OutputIntent",
            "S": "/GTS_PDFA1",
            "OutputConditionIdentifier": pydyf.String(_COLORS),
            "Info": pydyf.String(_COLORS),
            "DestOutputProfile": profile.reference,
        }
    )
    pdf.catalog["OutputIntents"] = pydyf.Array([intent])


_WARM_UP = "<html lang=en><title>Warm-up</title><h1>Warm-up</h1><table><tr><th>A<td>1</table>"


def main(file_descriptor: int, memory_mb: int, cpu_seconds: float) -> None:
    """The life of a rendering process: HTML in over the line, PDFs out, until it closes.

    SIGPROF ends it when it has computed for so long on one PDF.
    """
    _limit(memory_mb)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits for us
    # WeasyPrint's warnings quote the document, and a document holds names.
    logging.getLogger("weasyprint").addHandler(logging.NullHandler())
    logging.getLogger("weasyprint").propagate = False
    html_to_pdf(_WARM_UP)
    # What is loaded by now stays: sparing it the collector saves a tenth of each render.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    with Connection(file_descriptor) as line, suppress(EOFError, ConnectionError):
        line.send_bytes(OK)
        while True:
            html = line.recv_bytes().decode()
            signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
            line.send_bytes(_answer(html))
            signal.setitimer(signal.ITIMER_PROF, 0)
            gc.collect()  # a document is full of cycles; after the answer this delays no one


def _limit(memory_mb: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":  # macOS refuses a limit on the address space
        size = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _answer(html: str) -> bytes:
    try:
        return OK + html_to_pdf(html)
    except MemoryError:
        raise SystemExit("out of memory") from None  # what is left of this process is not sound
    except Exception as fault:
        # The place and not the message, which may quote the document.
        place = traceback.extract_tb(fault.__traceback__)[-1]
        error_place = f"{type(fault).__name__} in {Path(place.filename).name}, line {place.lineno}"
        return FAILED + error_place.encode()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
