"""Each style sheet is whole: a lost brace puts all that follows it into the wrong place."""

import re
from pathlib import Path

import pytest

from consult.settings.setting_types import PROJECT_FOLDER

SHEETS = sorted((PROJECT_FOLDER / "static").glob("**/*.css"))


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
    """There it is a layer of its own, and loses to the one it was meant to join."""
    css = sheet.read_text("utf-8")
    found = statements(css)
    assert found
    assert css.count("@layer") == sum(statement.startswith("@layer") for statement in found)
