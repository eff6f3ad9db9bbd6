"""Each style sheet is whole, and knows every class that a template uses."""

import re
from pathlib import Path

import pytest

from consult.settings import PROJECT_FOLDER

SHEETS = sorted((PROJECT_FOLDER / "static").glob("**/*.css"))
TEMPLATES = PROJECT_FOLDER / "templates"


def read(path: Path) -> str:
    return path.read_text("utf-8")


def statements(css: str) -> list[str]:
    """What stands at the top level, each up to its first brace or semicolon."""
    plain = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", css, flags=re.DOTALL)
    found, depth, start = [], 0, 0
    for at, sign in enumerate(plain):
        if depth == 0 and sign in "{;":
            found.append(plain[start:at].strip())
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0 and sign in "};":
            start = at + 1
        assert depth >= 0, f"one brace too many before {plain[at : at + 80]!r}"
    assert depth == 0, f"{depth} braces are never closed"
    return found


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_brace_is_closed_and_no_layer_is_inside_another_block(sheet: Path) -> None:
    """A lost brace puts all that follows it into a layer of its own, which loses to the others."""
    css = read(sheet)
    found = statements(css)
    assert found
    assert css.count("@layer") == sum(statement.startswith("@layer") for statement in found)


def classes_in(template: str) -> set[str]:
    """The names in its class attributes, save those that a placeholder puts together."""
    found: set[str] = set()
    for value in re.findall(r'class="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{])*)"', template):
        plain = re.sub(r"\{%.*?%\}", " ", re.sub(r"\{\{.*?\}\}", "{}", value))
        found.update(name for name in plain.split() if "{}" not in name)
    return found


@pytest.mark.parametrize("folder", ["owner", "parts", "report", "staff"])
def test_every_class_in_a_template_is_known_to_a_sheet_or_a_script(folder: str) -> None:
    """One that isn't lost its look, or never had any."""
    sheets = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", "".join(map(read, SHEETS)), flags=re.DOTALL)
    scripts = "".join(map(read, (PROJECT_FOLDER / "static").glob("js/*.js")))
    used = set().union(*map(classes_in, map(read, (TEMPLATES / folder).glob("**/*.html"))))
    assert len(used) > 10
    known = set(re.findall(r"\.([a-z][\w-]*)", sheets))
    assert {name for name in used - known if f".{name}" not in scripts} == set()


def test_one_macro_draws_every_track_so_that_a_new_look_reaches_all() -> None:
    drawn = [one.name for one in TEMPLATES.glob("**/*.html") if 'class="track"' in read(one)]
    assert drawn == ["relay.html"]
