"""One answer of the app as a test reads it: status, headers, text, links and forms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from typing import Self
from xml.etree.ElementTree import Element

from werkzeug.test import TestResponse

from tests.support.html_parser import parse

UNSENT_TYPES = frozenset({"submit", "button", "image", "reset", "file"})
HIDDEN_TEXT_TAGS = frozenset({"script", "style", "template", "title", "head"})


class Document:
    """A parsed HTML page: its elements in order, their parents, and the parser's complaints."""

    def __init__(self, html: str) -> None:
        self.root, self.parse_errors = parse(html)
        self.elements = [element for element in self.root.iter() if isinstance(element.tag, str)]

    @cached_property
    def _parents(self) -> dict[Element, Element]:
        return {child: parent for parent in self.root.iter() for child in parent}

    @cached_property
    def by_id(self) -> dict[str, Element]:
        """Elements by their id; of two with the same id, the first."""
        found: dict[str, Element] = {}
        for element in self.elements:
            if "id" in element.attrib:
                found.setdefault(element.attrib["id"], element)
        return found

    @cached_property
    def _by_tag(self) -> dict[str, list[Element]]:
        found: dict[str, list[Element]] = {}
        for element in self.elements:
            found.setdefault(element.tag, []).append(element)
        return found

    def all(self, *tags: str, within: Element | None = None) -> list[Element]:
        if within is None and len(tags) == 1:
            return list(self._by_tag.get(tags[0], ()))
        elements = self.elements if within is None else within.iter()
        return [element for element in elements if element.tag in tags]

    def ancestors(self, element: Element) -> Iterator[Element]:
        """The elements round this one, the nearest first."""
        while (parent := self._parents.get(element)) is not None:
            yield parent
            element = parent


def text_of(element: Element) -> str:
    """The words in an element as a reader sees them, with single spaces."""
    return " ".join("".join(_words(element)).split())


def _words(element: Element) -> Iterator[str]:
    if element.tag not in HIDDEN_TEXT_TAGS:
        yield element.text or ""
        for child in element:
            if isinstance(child.tag, str):
                yield from _words(child)
            yield (f" {child.tail or ''}" if child.tag in ("br", "p", "li") else child.tail or "")


def classes_of(element: Element) -> frozenset[str]:
    return frozenset(element.attrib.get("class", "").split())


@dataclass
class Field:
    """All controls of one name in a form, with what they offer and what is filled in."""

    name: str
    kind: str
    offered: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    def fill(self, *values: str) -> None:
        """Fill in as a person could: only what is offered, and only one of a radio group."""
        if self.kind in ("radio", "checkbox", "select", "button"):
            foreign = [value for value in values if value not in self.offered]
            assert not foreign, f"{self.name!r} does not offer {foreign}, only {self.offered}"
        assert len(values) <= 1 or self.kind == "checkbox", f"{self.name!r} takes one value"
        self.values = list(values)


class Form:
    """A form of a page: fill it by field name, then send `data` to `action`."""

    def __init__(self, document: Document, element: Element, page_path: str) -> None:
        self.element = element
        self.action = element.attrib.get("action") or page_path
        self.method = element.attrib.get("method", "get").lower()
        self.fields: dict[str, Field] = {}
        for control in document.all("input", "select", "textarea", "button", within=element):
            if "name" in control.attrib and "disabled" not in control.attrib:
                self._read(document, control)

    def _read(self, document: Document, control: Element) -> None:
        name = control.attrib["name"]
        kind = control.attrib.get("type", "text") if control.tag == "input" else str(control.tag)
        if kind in UNSENT_TYPES - {"button"} or control.attrib.get("type") == "button":
            return
        found = self.fields.setdefault(name, Field(name, kind))
        if kind == "button":  # sent if it is pressed, which is to fill it in
            found.offered.append(control.attrib.get("value", ""))
            return
        if kind in ("radio", "checkbox"):
            value = control.attrib.get("value", "on")
            found.offered.append(value)
            found.values += [value] if "checked" in control.attrib else []
        elif kind == "select":
            options = document.all("option", within=control)
            found.offered = [option.attrib.get("value", text_of(option)) for option in options]
            chosen = [
                value
                for value, o in zip(found.offered, options, strict=True)
                if "selected" in o.attrib
            ]
            found.values = chosen or found.offered[:1]
        elif kind == "textarea":
            found.values = [(control.text or "").removeprefix("\n")]
        elif kind == "hidden":
            found.values += [control.attrib.get("value", "")]
        else:
            found.values = [control.attrib.get("value", "")]

    def fill(self, **answers: str | list[str]) -> Self:
        """Fill fields by name. An unknown name or a value that is not offered fails the test."""
        for name, answer in answers.items():
            assert name in self.fields, f"the form has no field {name!r}, only {[*self.fields]}"
            self.fields[name].fill(*([answer] if isinstance(answer, str) else answer))
        return self

    @property
    def data(self) -> dict[str, list[str]]:
        """What a browser would send: every field with a value, hidden ones included."""
        return {field.name: field.values for field in self.fields.values() if field.values}


class Page:
    """What one request brought back."""

    def __init__(self, response: TestResponse) -> None:
        self.path = response.request.path
        self.method = response.request.method
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.get_data()
        response.close()
        self.is_html = response.mimetype == "text/html" and bool(self.body)
        self.is_redirect = self.status in (301, 302, 303, 307, 308)
        self.set_cookies = response.headers.getlist("Set-Cookie")

    def __repr__(self) -> str:
        title = f" {self.title!r}" if self.is_html else ""
        return f"<{self.method} {self.path} {self.status}{title}>"

    @cached_property
    def html(self) -> str:
        return self.body.decode("utf-8")

    @cached_property
    def document(self) -> Document:
        assert self.is_html, f"{self!r} is {self.headers.get('Content-Type')}, not a page"
        return Document(self.html)

    @property
    def location(self) -> str:
        return re.sub(r"^https?://[^/]+", "", self.headers["Location"])

    @property
    def title(self) -> str:
        title = re.search("<title>([^<]*)", self.html)
        return " ".join(unescape(title[1]).split()) if title else ""

    @property
    def h1(self) -> str:
        headings = self.document.all("h1")
        return text_of(headings[0]) if headings else ""

    @cached_property
    def text(self) -> str:
        """Every word that a reader sees, in order, with single spaces."""
        return " ".join(text_of(body) for body in self.document.all("body"))

    @property
    def links(self) -> dict[str, str]:
        """Link text to href; of two links with the same text, the first."""
        found: dict[str, str] = {}
        for link in self.document.all("a"):
            found.setdefault(text_of(link), link.attrib.get("href", ""))
        return found

    def link(self, words: str) -> str:
        """The href of the first link whose text contains these words."""
        for text, href in self.links.items():
            if words in text:
                return href
        raise AssertionError(f"{self!r} has no link {words!r}, only {[*self.links]}")

    @property
    def forms(self) -> list[Form]:
        return [Form(self.document, form, self.path) for form in self.document.all("form")]

    def form(self, action_contains: str = "") -> Form:
        """The first form that posts, and whose action contains the given text."""
        for form in self.forms:
            if form.method == "post" and action_contains in form.action:
                return form
        raise AssertionError(f"{self!r} has no form posting to {action_contains!r}")

    def with_class(self, name: str) -> list[str]:
        """The words of each element that carries a CSS class."""
        return [text_of(e) for e in self.document.elements if name in classes_of(e)]

    @property
    def errors(self) -> dict[str, str]:
        """The error summary: the field (or group) that each line links to, and its message."""
        summaries = [e for e in self.document.elements if e.attrib.get("role") == "alert"]
        links = [link for box in summaries for link in self.document.all("a", within=box)]
        return {link.attrib.get("href", "").removeprefix("#"): text_of(link) for link in links}
