"""What a PDF says of itself: one file that is PDF/UA-1, for everybody, and PDF/A-3a, to be kept.

WeasyPrint describes it as one of the two. This adds what the other asks for: the colours that its
numbers mean (ISO 19005-3, 6.2.3) and a description that explains itself (6.6.2.3).
"""

import functools
from importlib.resources import files
from typing import Any

import pydyf

_COLOURS = "sRGB IEC61966-2.1"
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
    _describe(pdf)
    profile = pydyf.Stream([_colour_profile()], pydyf.Dictionary({"N": 3}), compress=True)
    pdf.add_object(profile)
    intent = pydyf.Dictionary(
        {
            "Type": "/OutputIntent",
            "S": "/GTS_PDFA1",
            "OutputConditionIdentifier": pydyf.String(_COLOURS),
            "Info": pydyf.String(_COLOURS),
            "DestOutputProfile": profile.reference,
        }
    )
    pdf.catalog["OutputIntents"] = pydyf.Array([intent])


def _describe(pdf: Any) -> None:
    """Adds to the description, and leaves it readable without unpacking."""
    description = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    (xml,) = description.stream
    description.stream = [xml.replace(_END, _ARCHIVAL + _END)]
    description.compress = False


@functools.cache
def _colour_profile() -> bytes:
    return (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()
