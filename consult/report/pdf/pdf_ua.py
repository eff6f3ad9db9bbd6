"""Repairs the structure tree that WeasyPrint 70 writes, so that a PDF passes PDF/UA-1.

What is wrong without this, and what is right afterwards:

* page-margin texts and repeated table heads are content without a place: they become artifacts;
* whatever a page break splits (section, list, table, paragraph) is read as two: it becomes one;
* blocks straight inside a list item have no list body: they get one;
* header cells lack their scope, lists their numbering, figures a box in PDF units;
* links name their address: they name their text, and are printed;
* a letter drawn from two glyphs leaves one of them without text: it gets an invisible one.

The boxes that WeasyPrint laid out are needed to know which structure elements belong together,
and they are gone when a finisher runs. `recorded_origins` therefore wraps a private function of
WeasyPrint while a document is written: keep the version pinned and the tests of this module.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pydyf
from weasyprint.pdf import tags

_POINTS_PER_PIXEL = 0.75
_PRINTED = 4  # the Print flag of an annotation, ISO 32000-1 table 165
_WORD_JOINER = b"<2060>"
_NUMBERING = {"decimal": "/Decimal", "disc": "/Disc", "circle": "/Circle", "square": "/Square"}

Element = Any  # a pydyf.Dictionary of /Type /StructElem; pydyf carries no types


@dataclass(frozen=True)
class Origin:
    """Where an element came from; `html` is None for an anonymous box, `page` counts from 0."""

    html: Any
    page: int
    scope: str | None = None
    marker: str | None = None


Origins = dict[int, Origin]
"""The origin of each structure element of one document, by object number."""


@contextlib.contextmanager
def recorded_origins() -> Iterator[Origins]:
    """Record the origin of each element written inside the block; not for two threads at once."""
    origins: Origins = {}
    original = tags._build_box_tree

    def recording(box: Any, parent: Any, pdf: Any, page: int, *rest: Any) -> Iterator[Element]:
        for element in original(box, parent, pdf, page, *rest):
            if element.number not in origins:
                origins[element.number] = _origin(box, element, page)
            yield element

    tags._build_box_tree = recording
    try:
        yield origins
    finally:
        tags._build_box_tree = original


def _origin(box: Any, element: Element, page: int) -> Origin:
    box = getattr(box, "_box", box)  # an absolutely placed box is behind a placeholder
    is_header = box.element is not None and box.element_tag == "th"
    return Origin(
        html=box.element,
        page=page,
        scope=box.element.attrib.get("scope") if is_header else None,
        marker=box.style["list_style_type"] if element["S"] == "/L" else None,
    )


def repair(document: Any, pdf: Any, origins: Origins) -> None:
    """Repairs the structure tree of `pdf` in place; `document` is what WeasyPrint laid out."""
    tree = _Tree(pdf, origins)
    tree.join_split_elements()
    reachable = tree.repair_elements(page_height=document.pages[0].height)
    tree.resolve_marked_content(reachable, page_count=len(document.pages))
    for page in document.pages:
        for _kind, target, _rectangle, box in page.links:
            _describe_link(box, target)
    _give_every_glyph_a_text(pdf)


class _Tree:
    def __init__(self, pdf: Any, origins: Origins) -> None:
        self.pdf = pdf
        self.origins = origins
        self.root = self._object(pdf.catalog["StructTreeRoot"])
        self.document = self._object(self.root["K"][0])
        self.joined: dict[bytes, bytes] = {}
        """Reference of an element that was joined to another -> reference of that other."""
        self.header_ids: dict[bytes, Any] = {}
        """Id of a repeated header cell -> id of the first one."""

    def _object(self, reference: bytes) -> Any:
        return self.pdf.objects[int(reference.split()[0])]

    def _element(self, kid: Any) -> Element | None:
        if not (isinstance(kid, bytes) and kid.endswith(b" R")):
            return None
        found = self._object(kid)
        return found if found.get("Type") == "/StructElem" else None

    def _children(self, element: Element) -> list[Element]:
        return [child for kid in element["K"] if (child := self._element(kid)) is not None]

    def _origin(self, element: Element) -> Origin:
        return self.origins.get(element.number, Origin(None, 0))

    def _continues(self, earlier: Element, later: Element) -> bool:
        """Whether `later` is the rest of `earlier` on a following page."""
        one, other = self._origin(earlier), self._origin(later)
        same = one.html is not None and one.html is other.html
        return same and one.page != other.page and bool(earlier["S"] == later["S"])

    # Elements split by a page break ------------------------------------------------------

    def join_split_elements(self) -> None:
        kept = pydyf.Array()
        previous: Element | None = None
        for kid in self.document["K"]:
            element = self._element(kid)
            if previous and element and self._continues(previous, element):
                self._join(previous, element)
            else:
                kept.append(kid)
                previous = element
        self.document["K"] = kept

    def _join(self, first: Element, rest: Element) -> None:
        """Moves everything in `rest` to the end of `first`."""
        kids = list(rest["K"])
        if first["S"] == "/Table":
            self._drop_repeated_heads(first, kids)
        self._join_at_seam(first, kids)
        for kid in kids:
            if isinstance(kid, int) and rest["Pg"] != first["Pg"]:
                kid = pydyf.Dictionary({"Type": "/MCR", "Pg": rest["Pg"], "MCID": kid})
            elif (child := self._element(kid)) is not None:
                child["P"] = first.reference
            first["K"].append(kid)
        self.joined[rest.reference] = first.reference
        # `first` now ends on the page of `rest`: a third piece must not look like a neighbour.
        self.origins[first.number] = self.origins[rest.number]
        rest["K"] = pydyf.Array()
        rest.free = "n"

    def _join_at_seam(self, first: Element, kids: list[Any]) -> None:
        """Joins the last child of `first` with the first of `kids`, if a page break split it."""
        last = self._children(first)[-1:]
        following = next((child for kid in kids if (child := self._element(kid))), None)
        if last and following and self._continues(last[0], following):
            kids.remove(following.reference)
            self._join(last[0], following)

    def _drop_repeated_heads(self, table: Element, kids: list[Any]) -> None:
        """Takes the repeated head out of `kids`; its cells will be artifacts."""
        heads = [child for child in self._children(table) if child["S"] == "/THead"]
        for kid in list(kids):
            repeated = self._element(kid)
            if repeated is None or repeated["S"] != "/THead":
                continue
            html = self._origin(repeated).html
            first = next((head for head in heads if self._origin(head).html is html), None)
            if first is not None:
                kids.remove(kid)
                self._map_header_ids(first, repeated)

    def _map_header_ids(self, head: Element, repeated: Element) -> None:
        rows = zip(self._children(head), self._children(repeated), strict=False)
        for row, again in rows:
            for cell, copy in zip(self._children(row), self._children(again), strict=False):
                if "ID" in copy:
                    self.header_ids[copy["ID"].data] = cell["ID"]

    # Single elements ---------------------------------------------------------------------

    def repair_elements(self, page_height: float) -> set[bytes]:
        """Repairs each element that can be reached; returns the references of all of them."""
        reachable: set[bytes] = set()
        waiting = [self.document]
        while waiting:
            element = waiting.pop()
            reachable.add(element.reference)
            match element["S"]:
                case "/LI":
                    self._give_list_body(element)
                case "/L":
                    numbering = _NUMBERING.get(self._origin(element).marker or "", "/None")
                    element["A"] = pydyf.Dictionary({"O": "/List", "ListNumbering": numbering})
                case "/TH":
                    row = self._origin(element).scope == "row"
                    element["A"]["Scope"] = "/Row" if row else "/Column"
                case "/TD" if "Headers" in element["A"]:
                    headers = element["A"]["Headers"]
                    first = [self.header_ids.get(header.data, header) for header in headers]
                    element["A"]["Headers"] = pydyf.Array(first)
                case "/Figure":
                    box = element["A"]["BBox"]
                    element["A"]["BBox"] = _in_points(box, page_height)
            waiting.extend(self._children(element))
        return reachable

    def _give_list_body(self, item: Element) -> None:
        """Puts everything in a list item that is neither label nor body into one body."""
        labels, rest = pydyf.Array(), pydyf.Array()
        bodies = 0
        for kid in item["K"]:
            child = self._element(kid)
            if child is not None and child["S"] == "/Lbl":
                labels.append(kid)
            elif child is not None and child["S"] == "/LBody":
                bodies += 1
                rest.extend(child["K"])
            else:
                rest.append(kid)
        if bodies == 1 and len(labels) + bodies == len(item["K"]):
            return
        body = pydyf.Dictionary(
            {"Type": "/StructElem", "S": "/LBody", "P": item.reference, "Pg": item["Pg"], "K": rest}
        )
        self.pdf.add_object(body)
        for child in self._children(body):
            child["P"] = body.reference
        item["K"] = pydyf.Array([*labels, body.reference])

    # Marked content ----------------------------------------------------------------------

    def resolve_marked_content(self, reachable: set[bytes], page_count: int) -> None:
        """Points the parent tree at joined elements and makes the unreachable artifacts."""
        numbers = self._object(self.root["ParentTree"])["Nums"]
        page_references = self.pdf.pages["Kids"][::3]  # "number generation R", three by three
        for at in range(0, len(numbers), 2):
            key, value = numbers[at], numbers[at + 1]
            if key >= page_count:  # the parent of an annotation
                numbers[at + 1] = self._final(value)
                continue
            final = [self._final(reference) for reference in value]
            lost = {mcid for mcid, reference in enumerate(final) if reference not in reachable}
            numbers[at + 1] = pydyf.Array(
                "null" if mcid in lost else reference for mcid, reference in enumerate(final)
            )
            if lost:
                page = self.pdf.objects[page_references[key]]
                _make_artifacts(self._object(page["Contents"]).stream, lost)

    def _final(self, reference: bytes) -> bytes:
        while reference in self.joined:
            reference = self.joined[reference]
        return reference


def _make_artifacts(stream: list[Any], lost: set[int]) -> None:
    """Marks the pieces of a page's content with a number in `lost` as not part of the text."""
    for at in range(2, len(stream)):
        properties, operator = stream[at - 1 : at + 1]
        if operator == b"BDC" and isinstance(properties, dict) and properties.get("MCID") in lost:
            stream[at - 2] = "/Artifact"
            stream[at - 1] = pydyf.Dictionary({"Type": "/Pagination"})


def _in_points(box: Any, page_height: float) -> Any:
    """A box of CSS pixels from the top left as PDF points from the bottom left."""
    left, top, right, bottom = box
    corners = (left, page_height - bottom, right, page_height - top)
    return pydyf.Array(corner * _POINTS_PER_PIXEL for corner in corners)


def _describe_link(box: Any, target: str) -> None:
    annotation = getattr(box, "link_annotation", None)
    if annotation is not None:
        annotation["F"] = _PRINTED
        annotation["Contents"] = pydyf.String(" ".join(_text(box).split()) or target)


def _give_every_glyph_a_text(pdf: Any) -> None:
    """The empty texts in the fonts' maps from glyphs to text become word joiners."""
    for font in pdf.objects:
        if isinstance(font, pydyf.Dictionary) and "ToUnicode" in font:
            lines = pdf.objects[int(font["ToUnicode"].split()[0])].stream
            for at, line in enumerate(lines):
                if isinstance(line, bytes) and line.endswith(b"<>"):
                    lines[at] = line[:-2] + _WORD_JOINER


def _text(box: Any) -> str:
    text = getattr(box, "text", None)
    return text if text is not None else "".join(map(_text, getattr(box, "children", ())))
