"""Every text of an edition, each with the place where an editor finds it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import BASE, Kind, Question
from consult.questionnaire.yaml_texts import read_texts


@dataclass(frozen=True, slots=True)
class Text:
    """One text; ``path`` leads to it through the YAML ``file``, as the editor reads it."""

    file: str
    path: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        return ": ".join((self.file, *self.path)).replace(": in: ", ": in ")

    @property
    def field(self) -> str:
        """What the text is for: the last name on the path, or the list that it belongs to."""
        last = self.path[-1]
        return self.path[-2] if last.isdigit() or "choices" in self.path else last


def texts_of(wording: Path) -> Iterator[Text]:
    """Every text in the files of this folder. A variant has only the texts that differ."""
    for file in sorted(wording.glob("*.yaml")):
        yield from _within(file.name, (), read_texts(file))


def _within(file: str, path: tuple[str, ...], value: object) -> Iterator[Text]:
    """Texts by their names; those of a list, and the lines of a text of many, by their numbers."""
    if isinstance(value, str) and "\n" in value:
        value = value.splitlines()
    if isinstance(value, list):
        value = dict(enumerate(value, start=1))
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "effort":  # one of three words for the program
                yield from _within(file, (*path, str(key)), inner)
    elif value:
        yield Text(file, path, str(value))


def place_of(questionnaire: Questionnaire, question: Question, variant: str = BASE) -> str:
    """Where an editor finds the wording of a question."""
    axes = {id: dimension.axis for dimension in questionnaire.dimensions for id in dimension.items}
    file = "sorting" if question.kind is Kind.SORT else axes.get(question.id, "profile")
    place = f"{file}.yaml: {question.id}"
    return place if variant == BASE else f"{place}: in {variant}"


@dataclass(frozen=True, slots=True)
class Problem:
    """``place`` is where an editor finds it (file and ids), ``message`` what to do about it."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
