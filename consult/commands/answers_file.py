"""Reads answers JSON, as `consult score` and `consult report` take it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, NoReturn

from consult.commands.command_errors import BadInput
from consult.questionnaire import AnswerError, Depth, EditionError, Walk, read_answers, walk
from consult.questionnaire.editions import load, names

DEPTHS: dict[str, Depth] = {"quick": "quick", "full": "full"}
_KEYS = {"edition", "depth", "answers"}


@dataclass(frozen=True)
class Sheets:
    """The walks of a file's answers in their order, and whether the file held a list of them."""

    walks: Sequence[Walk]
    many: bool


def read_sheets(file: IO[bytes]) -> Sheets:
    """Read one set of answers, or a list of them.

    Raises BadInput, naming the question and where it stands, for anything that is no answers JSON.
    """
    raw = _parse(file.read())
    if not isinstance(raw, list):
        return Sheets((_walk(raw, ""),), many=False)
    return Sheets(tuple(_walk(sheet, f"answers {n}: ") for n, sheet in enumerate(raw, 1)), True)


def _parse(content: bytes) -> object:
    try:
        return json.loads(
            content, parse_constant=_refuse_number, object_pairs_hook=_without_doubles
        )
    except UnicodeDecodeError:
        raise BadInput("the answers are not text in UTF-8") from None
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise BadInput(f"the answers are not JSON: {error.msg} ({at})") from None
    except RecursionError:
        raise BadInput("the answers are not JSON of the expected shape: too deep") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise BadInput(f"the answers are not JSON: {error}") from None


def _walk(raw: object, where: str) -> Walk:
    if not isinstance(raw, dict) or not isinstance(raw.get("answers"), dict):
        raise BadInput(f'{where}expected an object with "answers", which is an object too')
    if unknown := sorted(raw.keys() - _KEYS):
        raise BadInput(f"{where}unknown key {_shown(unknown[0])}; known are {_listed(_KEYS)}")
    depth = raw.get("depth", "full")
    if not isinstance(depth, str) or depth not in DEPTHS:
        raise BadInput(f"{where}depth: {_shown(depth)} is none of {_listed(DEPTHS)}")
    edition = raw.get("edition", names()[-1])
    if not isinstance(edition, str):
        raise BadInput(f"{where}edition: {_shown(edition)} is none of {_listed(names())}")
    try:
        questionnaire = load(edition)
        return walk(questionnaire, read_answers(questionnaire, raw["answers"]), DEPTHS[depth])
    except (AnswerError, EditionError) as error:
        raise BadInput(f"{where}{error}") from error


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) < len(pairs):
        ids = [id for id, _ in pairs]
        twice = next(id for id in ids if ids.count(id) > 1)
        raise BadInput(f"{_shown(twice)} is there twice")
    return read


def _refuse_number(text: str) -> NoReturn:
    raise BadInput(f"the answers are not JSON: {text} is no number")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _shown(value: object) -> str:
    """Return a value as JSON in ASCII, cut short: it may be anything at all."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."
