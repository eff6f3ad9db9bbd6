"""The published editions of the questionnaire, the newest last.

A new edition is a copy of the newest one's folder under a new name, added to the table below.
A published edition does not change: submissions remember by which one they were scored.
"""

from functools import cache
from pathlib import Path

from consult.questionnaire.editions.edition_2026_11.structure import STRUCTURE as EDITION_2026_11
from consult.questionnaire.model import EditionError, Structure
from consult.questionnaire.questionnaire import Questionnaire, join

_HERE = Path(__file__).parent
_EDITIONS: dict[str, tuple[Structure, Path]] = {
    "2026-11": (EDITION_2026_11, _HERE / "edition_2026_11" / "wording"),
}


def names() -> tuple[str, ...]:
    """The names of the published editions, oldest first."""
    return tuple(_EDITIONS)


@cache
def load(name: str) -> Questionnaire:
    """The edition called ``name``.

    Raises `EditionError` for a name that was never published, and for wording that does not fit.
    """
    if name not in _EDITIONS:
        raise EditionError(f"edition: there is no {name!r}; known are {', '.join(_EDITIONS)}")
    return join(*_EDITIONS[name])


def newest() -> Questionnaire:
    """The edition that new checks are started with."""
    return load(names()[-1])
