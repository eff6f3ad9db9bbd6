"""Reading YAML files of texts, with errors that an editor of texts can act on."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from consult.questionnaire.questions import EditionError

Texts = Mapping[str, Any]
"""A YAML mapping as it was read."""

_TWICE = "is there twice"
_QUOTE_IT = 'Put straight quotes around the whole text, "like this"'
_IN_PLAIN_WORDS = {
    "mapping values are not allowed": f"a text with a colon in it. {_QUOTE_IT}",
    "found a tab": "a tab. Use spaces instead",
    "cannot start any token": "a tab, or a text that starts with a sign. Use spaces for a tab. "
    f"For a sign: {_QUOTE_IT}",
    "unacceptable character": "a sign that cannot be shown. Type the text in again by hand",
    "end of stream": "a straight quote that is opened and not closed",
    "did not find expected": "something that does not fit here. Look at how far the line is set "
    "in, and at the quotes here and in the lines above",
}
"""What the YAML parser says, and what it most often means."""


def read_yaml(path: Path) -> Any:
    """What a YAML file has that comes with the code; `read_texts` reads those that editors change.

    The C parser takes a tenth of the time of the other one, and most files are read at start.
    """
    return yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)


def read_texts(path: Path) -> Texts:
    """Read one file of texts; raises `EditionError`, with the line, for what cannot be read."""
    try:
        content = path.read_text(encoding="utf-8")
        _refuse_cut_texts(path.name, content)
        texts = _UniqueKeyLoader(content).get_single_data()
    except FileNotFoundError:
        raise EditionError(f"{path.name}: the file is missing") from None
    except UnicodeDecodeError:
        raise EditionError(f"{path.name}: save the file as UTF-8") from None
    except yaml.YAMLError as error:
        raise EditionError(f"{path.name}{_line(error)}: {_in_plain_words(error)}") from None
    if not isinstance(texts, dict):
        raise EditionError(f"{path.name}: should be a list of ids with their texts")
    return texts


def text_at(where: str, value: object) -> str:
    """The text without space around it. Raises `EditionError` when it is none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise EditionError(f"{where}: the text is missing")
    if not isinstance(value, str):
        raise EditionError(
            f"{where}: should be a text, and the file’s format reads it as {value!r}. {_QUOTE_IT}"
        )
    return value.strip()


def check_ids(where: str, texts: Texts, ids: Collection[str]) -> None:
    """Raises `EditionError` for an id that has no text here, and for one that no edition knows."""
    for id in ids:
        if id not in texts:
            raise EditionError(f"{where}: {id} has no wording")
    refuse_extra(where, texts, ids)


def refuse_extra(where: str, texts: Texts, ids: Collection[str]) -> None:
    for id in texts:
        if id not in ids:
            raise EditionError(f"{where}: {id} is not an id of this edition")


def _refuse_cut_texts(name: str, content: str) -> None:
    """A comment may have a line of its own only: behind a text, # is most likely part of it."""
    for number, line in enumerate(content.splitlines(), start=1):
        text, mark, _ = line.partition("#")
        if mark and text.strip() and text[-1].isspace() and '"' not in text:
            raise EditionError(
                f"{name} line {number}: all from the # on would be lost. {_QUOTE_IT}"
            )


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" line {mark.line + 1}" if mark else ""


def _in_plain_words(error: yaml.YAMLError) -> str:
    problem = str(getattr(error, "problem", None) or error)
    if problem.endswith(_TWICE):
        return problem
    meant = next((plain for said, plain in _IN_PLAIN_WORDS.items() if said in problem), problem)
    return f"there is {meant}" if meant is not problem else f"cannot be read: {problem}"


class _UniqueKeyLoader(yaml.CSafeLoader):
    """YAML keeps the last of two equal keys without a word; a text typed twice is a slip."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for (key, _), name in zip(node.value, keys, strict=True):
            if keys.count(name) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name} {_TWICE}", key.start_mark
                )
        return dict(super().construct_mapping(node, deep))
