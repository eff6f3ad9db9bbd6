"""The structure of the code: its size, its rooms, and the words it uses for things."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from consult.storage.tables import ALL_TABLES
from tests import conftest

CONSULT = Path(__file__).parents[2] / "consult"
MODULES = sorted(
    path
    for path in CONSULT.rglob("*.py")
    if "edition_" not in path.parent.name and path.parent.name != "versions"
)
"""Without editions and migrations: there are ever more of them, and none changes any more."""
FILES_MAX = 200
"""With code in them."""
LINES_MAX = 350
"""No module is longer: one that is has two subjects."""

_ROOMS = """
accounts api audit booking drafts exports insights leads notifications privacy search
second_factors settings webhooks
"""
ROOMS = frozenset(_ROOMS.split())
"""The subjects of the staff area: all about one is in folders of its name, on every floor."""

ROOT = CONSULT.parent
SAME_ROOMS = {
    "consult/storage": ROOMS | {"db", "migrations", "tables"},
    "consult/staff": ROOMS,
    "templates/staff": ROOMS,
    "tests/staff": ROOMS,
    # No job is about the others.
    "consult/delivery": {"booking", "exports", "mail", "notifications", "privacy", "webhooks"},
}
"""The folders of each floor, which has no others."""

# Words with a plain standard term: `assignee` and not holder, `result` and not verdict.
_STRUCK = """
abreast adopt adopted anew anybody asleep bury catcher catchers colour desk desks doubts
entrance errand fault faults folding forgive halfway handed holder holders judge keepers leave
leaves meanwhile moment moments news nobody notice notices patience practice prove proven roster
seal sealed settle settled somebody spend spent stranger strangers tell telling told trace
traces tries trip unseal unsure verdict verdicts whoever whose
"""
STRUCK = frozenset(_STRUCK.split())


def names_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)):
                yield name


def words_of(name: str) -> set[str]:
    """The words of a name: `SettingRow` has setting and row, `due_at` has due and at."""
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def test_every_module_has_a_name_of_its_own() -> None:
    names = Counter(path.stem for path in MODULES if path.stem not in ("__init__", "__main__"))
    assert [name for name, count in names.items() if count > 1] == []


def test_the_code_is_small_enough_to_know() -> None:
    assert sum(path.stat().st_size > 0 for path in MODULES) <= FILES_MAX
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > LINES_MAX} == {}


@pytest.mark.parametrize("floor", SAME_ROOMS)
def test_every_floor_has_the_same_rooms(floor: str) -> None:
    assert _folders(ROOT / floor) == SAME_ROOMS[floor]


@pytest.mark.parametrize("floor", ["storage", "delivery"])
def test_the_tests_of_a_floor_are_in_the_rooms_of_the_code(floor: str) -> None:
    assert _folders(ROOT / "tests" / floor) <= SAME_ROOMS[f"consult/{floor}"]


def test_the_folders_that_the_tests_treat_in_their_own_way_are_there() -> None:
    named = {*conftest.WITHOUT_APP, *(Path(start).name for start in conftest._LONGEST)}
    assert named <= {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}


def _folders(parent: Path) -> set[str]:
    """The names of the folders in a folder that have code or templates."""
    return {path.parent.name for kind in ("py", "html") for path in parent.glob(f"*/*.{kind}")}


def test_no_name_in_code_or_tables_uses_a_struck_word() -> None:
    tables = ALL_TABLES.tables.values()
    names = {(path.stem, path.stem) for path in MODULES}
    names |= {(p.stem, n) for p in MODULES for n in names_in(ast.parse(p.read_text("utf-8")))}
    names |= {(t.name, name) for t in tables for name in (t.name, *t.columns.keys())}
    assert {(place, name) for place, name in names if words_of(name) & STRUCK} == set()
