"""The published editions of the questionnaire, one folder each: `edition_2026_12` is 2026-12.

A new edition starts as a copy of the newest one: `consult questionnaire new NAME`. A published
edition does not change: submissions remember by which one they were scored.
"""

import re
import shutil
from functools import cache
from importlib import import_module
from pathlib import Path

from consult.questionnaire.model import Structure
from consult.questionnaire.questionnaire import Questionnaire, join
from consult.questionnaire.questions import EditionError

_HERE = Path(__file__).parent
_NAME = re.compile(r"\d{4}-\d\d")
_FOLDERS = {
    file.parent.name.removeprefix("edition_").replace("_", "-"): file.parent
    for file in sorted(_HERE.glob("edition_*/structure.py"))
}


def names() -> tuple[str, ...]:
    """The names of the published editions, oldest first."""
    return tuple(_FOLDERS)


def folder(name: str) -> Path:
    """Where an edition's files are. Raises `EditionError` for a name that was never published."""
    if name not in _FOLDERS:
        raise EditionError(f"edition: there is no {name!r}; known: {', '.join(_FOLDERS)}")
    return _FOLDERS[name]


@cache
def load(name: str) -> Questionnaire:
    """The edition called ``name``.

    Raises `EditionError` for a name that was never published, for a folder that leans on another
    edition, and for wording that does not fit.
    """
    own = folder(name)
    refuse_other_editions(name, own)
    structure: Structure = import_module(f"{__name__}.{own.name}.structure").STRUCTURE
    if structure.name != name:
        raise EditionError(f"{own.name}/structure.py: is named {structure.name!r}")
    return join(structure, own / "wording")


def newest() -> Questionnaire:
    """The edition that new questionnaires are started with."""
    return load(names()[-1])


def create(name: str, parent: Path = _HERE) -> Path:
    """Copy the newest edition to a later name; raises `EditionError` for any other name."""
    old = names()[-1]
    if not _NAME.fullmatch(name) or name <= old:
        raise EditionError(f"edition: {name!r} is not a year and month after {old}, as in 2027-05")
    source, target = folder(old), parent / f"edition_{name.replace('-', '_')}"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for file in target.glob("*.py"):
        code = file.read_text(encoding="utf-8")
        code = code.replace(source.name, target.name).replace(old, name)
        file.write_text(code, encoding="utf-8")
    return target


def refuse_other_editions(name: str, own: Path) -> None:
    """Raise `EditionError` when an edition's code names another: changes there would change it."""
    for file in sorted(own.glob("*.py")):
        code = file.read_text(encoding="utf-8")
        imported = set(re.findall(r"\bedition_\w+", code)) - {own.name}
        named = set(re.findall(r"[\"'](\d{4}-\d\d)[\"']", code)) - {name}
        for other in sorted(imported | named):
            raise EditionError(
                f"{own.name}/{file.name}: names {other}; an edition uses its own files only"
            )
