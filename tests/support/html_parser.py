"""HTML as its parser reads it, with every mistake: what was read before is not read again.

Reading HTML takes most of the time of many tests, and most pages of a run differ from another one
in little. So two things are left out of a page and read once for all pages:

- What was filled in: words, values, tokens. The page without it is its shape. It has the same
  elements and the same mistakes: what is plain stays plain, and what is empty stays empty. Ids,
  names and anything that a parser could trip over are part of the shape.
- Header, main part, footer, sections, details and forms that stand where nothing around them
  changes how they are read: in containers only, with no paragraph, link, table or form open. A page
  that has a mistake anywhere, with or without them, is read as a whole.
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

_PART = re.compile(r"<(?P<end>/?)(?P<name>main|header|footer|section|details|form)\b[^>]*>")
_CUT = "data-cut"
_CONTAINERS = {
    *("html", "body", "main", "header", "footer", "nav", "aside", "article", "section", "details"),
    *("div", "ul", "ol", "li", "dl", "dd", "figure", "DOCUMENT_FRAGMENT"),
}

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
        return _parsed_as_a_whole(html)
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
    root = _put_together(html)
    return (root, ()) if root is not None else _parsed_as_a_whole(html)


@lru_cache(maxsize=1000)
def _frame(html: str, *, is_part: bool) -> Parsed:
    """What is left without the parts, which many pages have in common."""
    return _parsed_as_a_whole(html, is_part=is_part)


def _parsed_as_a_whole(html: str, *, is_part: bool = False) -> Parsed:
    parser = HTMLParser(namespaceHTMLElements=False)
    root: Element = parser.parseFragment(html, "main") if is_part else parser.parse(html)
    errors = [(line, PARSE_ERRORS[code] % data) for (line, _column), code, data in parser.errors]
    return root, tuple(f"line {line}: {error}" for line, error in errors)


def _put_together(html: str, level: int = 0) -> Element | None:
    """The elements of a page whose parts are read apart; None if that may not be the same."""
    cut = _without_parts(html, level)
    if cut is None:
        return None
    rest, parts = cut
    root, errors = _frame(rest, is_part=level > 0)
    root = deepcopy(root)
    parents = {child: parent for parent in root.iter() for child in parent}
    places = [element for element in root.iter() if _CUT in element.attrib]
    if errors or [place.attrib[_CUT] for place in places] != [*map(str, range(len(parts)))]:
        return None  # some of what looked like a part is none, but text or a value
    for place, html_of_part in zip(places, parts, strict=True):
        part = _part(html_of_part)
        if part is None or not _is_in_containers(place, parents):
            return None
        part = deepcopy(part)
        part.tail = place.tail
        siblings = parents[place]
        siblings[list(siblings).index(place)] = part
    return root


def _without_parts(html: str, level: int) -> tuple[str, list[str]] | None:
    """A page with empty elements for its parts at one level, and these; None if they overlap."""
    if _CUT in html or "<!--" in html:
        return None
    rest, end = "", 0
    parts: list[str] = []
    open_ones: list[re.Match[str]] = []
    for tag in _PART.finditer(html):
        if not tag["end"]:
            open_ones.append(tag)
        elif not open_ones or open_ones[-1]["name"] != tag["name"]:
            return None
        else:
            start = open_ones.pop().start()
            if len(open_ones) == level and all(one["name"] != "form" for one in open_ones):
                name, number = tag["name"], len(parts)
                rest += f'{html[end:start]}<{name} {_CUT}="{number}"></{name}>'
                end = tag.end()
                parts.append(html[start:end])
    return None if open_ones else (rest + html[end:], parts)


def _is_in_containers(element: Element, parents: dict[Element, Element]) -> bool:
    while element in parents:
        element = parents[element]
        if element.tag not in _CONTAINERS:
            return False
    return True


@lru_cache(maxsize=2000)
def _part(html: str) -> Element | None:
    """A section, details or form, read on its own; None if it has a mistake."""
    root = _put_together(html, level=1)
    is_alone = root is not None and len(root) == 1 and not root.text and not root[0].tail
    return root[0] if root is not None and is_alone else None
