"""The laws that every HTML page keeps, whatever it is for. One function a law."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from xml.etree.ElementTree import Element

from tests.support.html_parser import shape_of
from tests.support.page import Document, text_of

UNLABELLED_TYPES = frozenset({"hidden", "submit", "button", "reset"})
ID_REFERENCES = {
    *("aria-describedby", "aria-labelledby", "aria-controls", "aria-owns", "aria-errormessage"),
    *("aria-details", "aria-activedescendant", "for", "form", "list", "headers", "popovertarget"),
}
LOADING_ATTRIBUTES = {
    **dict.fromkeys(("script", "iframe", "embed", "audio", "track", "input"), ("src",)),
    **dict.fromkeys(("img", "source"), ("src", "srcset")),
    "link": ("href",),
    "object": ("data",),
    "video": ("src", "poster"),
    "form": ("action",),
    "button": ("formaction",),
}
XLINK = "{http://www.w3.org/1999/xlink}href"

Law = Callable[[Document], Iterator[str]]


def page_problems(html: str) -> list[str]:
    """Every broken law of a page, each in one line; an empty list when all is well."""
    shape, _ = shape_of(html)
    return _problems_of(Document(html)) if _is_faulty(shape) else []


@lru_cache(maxsize=5000)
def _is_faulty(shape: str) -> bool:
    """As no law is about what is filled in, all pages of a shape keep or break the same ones."""
    return bool(_problems_of(Document(shape)))


def _problems_of(document: Document) -> list[str]:
    return [problem for law in LAWS for problem in law(document)]


def valid_html(document: Document) -> Iterator[str]:
    """The HTML5 parser has nothing to repair."""
    yield from document.parse_errors


def one_heading(document: Document) -> Iterator[str]:
    """One h1 with words in it, and no heading level left out on the way down."""
    headings = document.all("h1", "h2", "h3", "h4", "h5", "h6")
    levels = [int(str(heading.tag)[1]) for heading in headings]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} h1 elements, not one"
    for heading in headings:
        if not text_of(heading):
            yield f"an empty {heading.tag}"
    for above, below in pairwise(levels):
        if below > above + 1:
            yield f"h{below} follows h{above}"


def titled_and_in_a_language(document: Document) -> Iterator[str]:
    """A title, a language, and one main part."""
    titles = [e for e in document.all("title") if (e.text or "").strip()]
    if len(titles) != 1:
        yield f"{len(titles)} titles with words, not one"
    if not document.root.attrib.get("lang"):
        yield "no lang on <html>"
    if len(document.all("main")) != 1:
        yield f"{len(document.all('main'))} main elements, not one"
    viewports = [e for e in document.all("meta") if e.attrib.get("name") == "viewport"]
    if not viewports:
        yield "no viewport: a phone would show the page as a desktop"
    for viewport in viewports:
        if "user-scalable" in viewport.attrib["content"] or "maximum" in viewport.attrib["content"]:
            yield "the viewport forbids zooming"


def unique_ids(document: Document) -> Iterator[str]:
    """No id twice, and none that a link could not name."""
    counts = Counter(e.attrib["id"] for e in document.elements if "id" in e.attrib)
    for name, count in counts.items():
        if count > 1:
            yield f"id {name!r} {count} times"
        if not name or any(letter.isspace() for letter in name):
            yield f"id {name!r} cannot be referred to"


def references_lead_somewhere(document: Document) -> Iterator[str]:
    """What describes, labels or links by id, names an element of this page."""
    for element in document.elements:
        for attribute in ID_REFERENCES.intersection(element.attrib):
            for name in element.attrib[attribute].split():
                if name not in document.by_id:
                    yield f"<{element.tag} {attribute}={name!r}> leads nowhere"
        target = element.attrib.get("href", element.attrib.get(XLINK, ""))
        if target.startswith("#") and target[1:] not in document.by_id:
            yield f"<{element.tag} href={target!r}> leads nowhere"


def labelled_fields(document: Document) -> Iterator[str]:
    """Every field has a label with words, every group of choices a legend, every image a text."""
    labels = {e.attrib["for"]: text_of(e) for e in document.all("label") if "for" in e.attrib}
    for control in document.all("input", "select", "textarea"):
        if control.attrib.get("type") not in UNLABELLED_TYPES:
            label = labels.get(control.attrib.get("id", ""))
            if not (label or _label(document, control)):
                yield f"field {control.attrib.get('name')!r} has no label"
            if control.attrib.get("type") == "radio" and not _legend(document, control):
                yield f"choices of {control.attrib.get('name')!r} have no legend"
    for element in document.all("button", "a"):
        if not (text_of(element) or _aria_label(document, element) or _image_text(element)):
            yield f"<{element.tag}> without words: {element.attrib}"
    for image in document.all("img"):
        if "alt" not in image.attrib:
            yield f"image {image.attrib.get('src')!r} has no alt"


def _label(document: Document, control: Element) -> str:
    labels = [e for e in document.ancestors(control) if e.tag == "label"]
    return "".join(text_of(label) for label in labels) or _aria_label(document, control)


def _aria_label(document: Document, element: Element) -> str:
    named = [
        document.by_id[name]
        for name in element.attrib.get("aria-labelledby", "").split()
        if name in document.by_id
    ]
    return element.attrib.get("aria-label", "").strip() or "".join(text_of(e) for e in named)


def _image_text(element: Element) -> str:
    return "".join(e.attrib.get("alt", "") for e in element.iter("img"))


def _legend(document: Document, control: Element) -> str:
    for element in document.ancestors(control):
        if element.tag == "fieldset":
            return "".join(text_of(child) for child in element if child.tag == "legend")
        if element.attrib.get("role") == "radiogroup":
            return _aria_label(document, element)
    return ""


def named_tables(document: Document) -> Iterator[str]:
    """A caption or a label on each table, or around it, as screen readers list them by name."""
    for table in document.all("table"):
        is_labelled = not {"aria-label", "aria-labelledby"}.isdisjoint(table.attrib)
        around = [table, *(one for one in document.ancestors(table) if one.tag == "figure")]
        if not is_labelled and not any(
            document.all("caption", "figcaption", within=one) for one in around
        ):
            yield "a table without a name"


def nothing_inline(document: Document) -> Iterator[str]:
    """No style or script in the page itself; the content policy would refuse it anyway."""
    for element in document.elements:
        for attribute in element.attrib:
            if attribute == "style" or attribute.startswith("on"):
                yield f"<{element.tag} {attribute}=…> is inline"
        if element.tag == "style" or (element.tag == "script" and "src" not in element.attrib):
            yield f"an inline <{element.tag}>"
        if element.attrib.get("href", "").strip().lower().startswith("javascript:"):
            yield "a javascript: link"


def nothing_from_elsewhere(document: Document) -> Iterator[str]:
    """Nothing is loaded from, or sent to, another origin. A link to one is fine."""
    for element in document.elements:
        if element.attrib.get("rel") == "canonical":
            continue  # which names an address, and loads nothing
        for attribute in LOADING_ATTRIBUTES.get(str(element.tag), ()):
            for part in element.attrib.get(attribute, "").split(","):
                address = part.split()[0] if part.split() else ""
                if ":" in address.split("/")[0] or address.startswith(("//", "\\")):
                    yield f"<{element.tag} {attribute}={address!r}> leaves this site"


LAWS: tuple[Law, ...] = (
    valid_html,
    one_heading,
    titled_and_in_a_language,
    unique_ids,
    references_lead_somewhere,
    labelled_fields,
    named_tables,
    nothing_inline,
    nothing_from_elsewhere,
)
