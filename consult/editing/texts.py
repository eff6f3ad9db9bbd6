"""Every text of an edition, each with the place where an editor finds it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import BASE, Kind, Question
from consult.questionnaire.wording import Tool, Wording

_FIELDS = ("title", "ask", "help", "unknown", "why", "fix", "unknown_fix", "proof", "note")


@dataclass(frozen=True, slots=True)
class Text:
    """One text; ``path`` leads to it through the YAML ``file``, as the editor reads it."""

    file: str
    path: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        return ": ".join((self.file, *self.path))

    @property
    def field(self) -> str:
        """What the text is for: the last name on the path, or the list that it belongs to."""
        last = self.path[-1]
        return self.path[-2] if last.isdigit() or "choices" in self.path else last


def texts_of(questionnaire: Questionnaire) -> Iterator[Text]:
    """Every text of the edition. A variant of a wording gives only the texts that differ."""
    texts = questionnaire.texts
    for question in questionnaire.questions.values():
        yield from _question_texts(questionnaire, question)
    for id, variants in texts.tools.items():
        yield from _tool_texts(id, variants)
    for group, headings in (("parts", texts.parts), ("pages", texts.pages)):
        for id, heading in headings.items():
            yield Text("pages.yaml", (group, id, "title"), heading.title)
            if heading.intro:
                yield Text("pages.yaml", (group, id, "intro"), heading.intro)
    frame = {key: value for key, value in texts.sorting.items() if key != "cards"}
    yield from _nested("sorting.yaml", (), frame)
    yield from _nested("findings.yaml", (), texts.findings)


def file_of(questionnaire: Questionnaire, question: Question) -> str:
    if question.kind is Kind.SORT:
        return "sorting.yaml"
    for dimension in questionnaire.dimensions:
        if question.id in dimension.items:
            return f"{dimension.axis}.yaml"
    return "profile.yaml"


def _question_texts(questionnaire: Questionnaire, question: Question) -> Iterator[Text]:
    file = file_of(questionnaire, question)
    variants = questionnaire.texts.questions[question.id]
    for name, wording in variants.items():
        id = question.id.removeprefix("sort_")
        path = (id,) if name == BASE else (id, f"in {name}")
        base = Wording(ask="") if name == BASE else variants[BASE]
        yield from _wording_texts(file, path, wording, base, question.kind)


def _wording_texts(
    file: str, path: tuple[str, ...], wording: Wording, base: Wording, kind: Kind
) -> Iterator[Text]:
    for field in _FIELDS:
        texts = getattr(wording, field)
        if texts and texts != getattr(base, field) and not (kind is Kind.SORT and field == "title"):
            yield Text(file, (*path, field), texts)
    if wording.choices != base.choices and kind is not Kind.SORT:
        for number, (id, texts) in enumerate(wording.choices.items(), start=1):
            name = str(number) if kind is Kind.RUNG else id
            yield Text(file, (*path, "choices", name), texts)


def _tool_texts(id: str, variants: Mapping[str, Tool]) -> Iterator[Text]:
    """The name of a tool and its lines, each by its number."""
    for variant, tool in variants.items():
        path = (id,) if variant == BASE else (id, f"in {variant}")
        base = None if variant == BASE else variants[BASE]
        if base is None or tool.name != base.name:
            yield Text("tools.yaml", (*path, "tool"), tool.name)
        if base is None or tool.text != base.text:
            for number, line in enumerate(tool.text.splitlines(), start=1):
                if line:
                    yield Text("tools.yaml", (*path, "text", str(number)), line)


def _nested(file: str, path: tuple[str, ...], value: object) -> Iterator[Text]:
    if isinstance(value, str):
        yield Text(file, path, value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _nested(file, (*path, str(key)), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _nested(file, (*path, str(number)), inner)


@dataclass(frozen=True, slots=True)
class Problem:
    """``place`` is where an editor finds it (file and ids), ``message`` what to do about it."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
