"""HTML as its parser reads it, with every mistake: what was read before is not read again.

Reading HTML takes most of the time of many tests, and most pages of a run differ from another one
only in what was filled in: words, values, tokens. The page without it is its shape, which is read
once. It has the same elements and the same mistakes: what is plain stays plain, and what is empty
stays empty. Ids, names and anything that a parser could trip over are part of the shape.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from xml.etree.ElementTree import Element

from html5lib import HTMLParser
from html5lib.constants import E as PARSE_ERRORS

_PLAIN = r"\w.,:;!?()/+%$€£“”‘’–…·\-"
"""Characters that mean nothing to a parser, wherever they are."""
_WORDS = rf"([{_PLAIN}](?:[{_PLAIN} ]*[{_PLAIN}])?)(?=\s*<|[\"&])"
_FILLED_IN = re.compile(
    # Each starts with the one character that tells at once where there is none.
    rf">\s*{_WORDS}"
    # Values that are drawn, sent or followed, but never referred to.
    rf"|\s(?:(?:value|datetime|d|x|x1|x2|width|height)=\"|(?:href|action)=\"/(?=\w)){_WORDS}"
    # Tokens.
    r"|[\"/=](?:(?<==\")|(?<=\w[/=]))([\w.-]{40,})(?=[/<?&\"])"
)
_HOLE = "\ue000"

Parsed = tuple[Element, tuple[str, ...]]
"""The root of a page, and the parser's complaints."""


@lru_cache(maxsize=8)
def shape_of(html: str) -> tuple[str, list[str]]:
    """A page with holes for what was filled in, and what is in them, in the order of the page."""
    if "<!--" in html or _HOLE in html:  # where dashes do mean something
        return html, []
    fillings: list[str] = []
    kept: list[str] = []
    end = 0
    for match in _FILLED_IN.finditer(html):
        start, after = match.span(match.lastindex or 0)
        fillings.append(html[start:after])
        kept.append(html[end:start])
        end = after
    return _HOLE.join([*kept, html[end:]]), fillings


def parse(html: str) -> Parsed:
    """The elements of a page, to be read only, and its mistakes."""
    shape, fillings = shape_of(html)
    root, errors = _parsed(shape)
    if errors:  # which move elements about
        return _parsed(html)
    if fillings:
        root = deepcopy(root)
        left = iter(fillings)
        _fill_in(root, left)
        assert next(left, None) is None
    return root, errors


def _fill_in(element: Element, fillings: Iterator[str]) -> None:
    for name, value in element.attrib.items():
        if _HOLE in value:
            element.attrib[name] = _filled(value, fillings)
    if element.text and _HOLE in element.text:
        element.text = _filled(element.text, fillings)
    for child in element:
        _fill_in(child, fillings)
        if child.tail and _HOLE in child.tail:
            child.tail = _filled(child.tail, fillings)


def _filled(text: str, fillings: Iterator[str]) -> str:
    if text == _HOLE:
        return next(fillings)
    first, *others = text.split(_HOLE)
    return first + "".join(next(fillings) + other for other in others)


@lru_cache(maxsize=300)
def _parsed(html: str) -> Parsed:
    parser = HTMLParser(namespaceHTMLElements=False)
    root: Element = parser.parse(html)
    errors = [(line, PARSE_ERRORS[code] % data) for (line, _column), code, data in parser.errors]
    return root, tuple(f"line {line}: {error}" for line, error in errors)
