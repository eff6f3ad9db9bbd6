"""What pages and emails say is plain American English: in templates, lists of texts and the code.

The texts of an edition have a check of their own, `consult questionnaire check`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from consult.editing.language import STIFF, STRUCK

ROOT = Path(__file__).parents[2]
CONSULT, TEMPLATES = ROOT / "consult", ROOT / "templates"
_SILENT = re.compile(
    r"\{[#%].*?[#%]\}|<!--.*?-->|<(style|script|pre|code|svg)\b.*?</\1>", re.DOTALL
)
"""What of a template no one reads: comments, statements, and what is copied as it is."""
_FILLED_IN = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_QUOTED = re.compile(r'"([^"]*)"')
_SENTENCE = re.compile(r"[A-Z“]\S* \S+")
"""How a text for people begins. Logs, commands and what code compares begin small."""
_TERMS = re.compile(r"\bmail (server|folder)s?\b", re.IGNORECASE)
"""What has the name of its trade, though it has a struck word in it."""


def texts_of_template(source: str) -> Iterator[str]:
    for filled_in in _FILLED_IN.findall(source):
        yield from _QUOTED.findall(filled_in)
    yield from re.split(r"<[^>]*>", _FILLED_IN.sub("0", _SILENT.sub("", source)))


def texts_of_code(source: str) -> Iterator[str]:
    """The strings that begin like a sentence; docstrings are for programmers."""
    tree = ast.parse(source)
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in statements:
            yield from (str(node.value),) if _SENTENCE.match(str(node.value)) else ()


def texts_of_list(source: str) -> Iterator[str]:
    yield from (line for line in source.splitlines() if not line.lstrip().startswith("#"))


def all_texts() -> Iterator[tuple[str, str]]:
    """Every text of more than a word that people read, with its file."""
    folders = ("delivery", "owner", "report", "staff", "storage", "workflow")
    paths = [path for name in folders for path in (CONSULT / name).rglob("*.*")]
    for path in sorted((*paths, *TEMPLATES.rglob("*.*"))):
        if read := READERS.get(path.suffix):
            for text in read(path.read_text("utf-8")):
                if " " in text.strip():
                    yield path.name, _TERMS.sub("", text)


READERS = {
    ".html": texts_of_template,
    ".txt": texts_of_template,
    ".yaml": texts_of_list,
    ".py": texts_of_code,
}


@pytest.mark.parametrize(
    ("reason", "pattern"),
    [
        ("stiff: write don’t, isn’t, can’t", STIFF),
        ("stiff: write there’s", re.compile(r"\bthere is\b", re.IGNORECASE)),
        ("struck: see consult/editing/words.yaml", STRUCK),
        ("a straight quote", re.compile(r"\w'\w")),
        ("a period or comma after the closing quote", re.compile(r"”[.,]")),
    ],
)
def test_what_people_read_is_plain_american_english(reason: str, pattern: re.Pattern[str]) -> None:
    assert [(file, text) for file, text in all_texts() if pattern.search(text)] == [], reason


def test_texts_are_found_where_people_read_them() -> None:
    page = """{# Not read #}<p title="{{ "A title" }}">A{% if a == "b c" %} page{% endif %}</p>"""
    assert [text for text in texts_of_template(page) if text] == ["A title", "A page"]
    code = '"""A docstring."""\nlog("no text %s")\nsay(f"A text of {one} line")\n'
    assert list(texts_of_code(code)) == ["A text of "]
    assert list(texts_of_list("# A note\na: A text")) == ["a: A text"]
