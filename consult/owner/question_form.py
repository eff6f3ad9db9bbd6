"""The form of one page of questions, built from the walk: what it takes, and what it shows again.

Field names are question ids. `templates/owner/question.html` draws a field.
"""

import secrets
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from consult.questionnaire.journey import Asked, WalkPage
from consult.questionnaire.questions import SKIP, UNKNOWN, Answer, Kind
from consult.web.text import many_lines, one_line, read_amount, read_count

SKIP_TEXT = "Skip this one"
MISSING = "Choose the closest answer."
MISSING_CARD = "Choose Marketing, Sales, or Not sure."
NOT_OFFERED = "Choose one of these answers."
TOO_MANY = "Choose up to {most}."
TEXT_TOO_LONG = "That’s {length} characters. Please keep it to {most}."

VERSION = "version"
"""The hidden field by which a form knows whether its answers were changed since it was shown."""

_TYPED = (Kind.NUMBER, Kind.COUNT, Kind.TEXT)

Posted = MultiDict[str, str]


_Macro = Callable[..., str]


@lru_cache(maxsize=2_048)
def _drawn(macro: _Macro, name: str, ask: str, notes: tuple[str, ...], *given: Any) -> str:
    """A question that many owners are shown: drawing it again is most of what a page would cost."""
    return macro(name, ask, _by_kind(notes), *given)


def _by_kind(notes: tuple[str, ...]) -> dict[str, str]:
    """What is said of a question beside its words, if anything."""
    return {kind: text for kind, text in zip(("hint", "why", "error"), notes, strict=True) if text}


class QuestionField(Field):
    """A question of a form, filled with the saved answer or with what was posted.

    `answer` is what was given, None for nothing; what is refused leaves the saved one. `shown` is
    what the inputs show: what was typed, even if it was refused.
    """

    answer: Answer | None
    shown: tuple[str, ...]

    def __init__(self, asked: Asked, currency_sign: str, **options: Any) -> None:
        super().__init__(asked.wording.ask, **options)
        self.asked = asked
        self.sign = currency_sign if asked.question.kind is Kind.NUMBER else ""

    def process_data(self, value: Answer | None) -> None:
        self.answer, self.shown = value, texts_of(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        kind = self.asked.question.kind
        clean = many_lines if kind is Kind.TEXT else one_line
        texts = tuple(map(clean, valuelist))
        if kind in _TYPED:
            self.shown = texts[:1]
        self.answer = self._read(texts)
        if kind not in _TYPED:
            self.shown = texts_of(self.answer)

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse the page only for an answer that the path or a score depends on."""
        question = self.asked.question
        if question.required and self.answer is None and not self.process_errors:
            raise StopValidation(MISSING_CARD if question.kind is Kind.SORT else MISSING)

    @property
    def error(self) -> str:
        """What is wrong with what was posted, worded for the owner; empty if nothing is."""
        return str(self.errors[0]) if self.errors else ""

    def _read(self, texts: Sequence[str]) -> Answer | None:
        """Return the posted texts as an answer; raises ValueError, worded for the owner."""
        question, text = self.asked.question, texts[0] if texts else ""
        match question.kind:
            case Kind.TEXT:
                if len(text) > question.most:
                    raise ValueError(TEXT_TOO_LONG.format(most=question.most, length=len(text)))
                return text or None
            case Kind.NUMBER:
                amount = read_amount(text, question.most)
                return None if amount is None else float(amount) if amount % 1 else int(amount)
            case Kind.COUNT:
                return read_count(text, question.most)
            case Kind.CHOICES:
                return self._read_choices(texts)
        if not text:
            return None
        if text not in self.options:
            raise ValueError(NOT_OFFERED)
        return int(text) if question.kind is Kind.RUNG and text != UNKNOWN else text

    def _read_choices(self, texts: Sequence[str]) -> Answer:
        """Return the checked ids in their stored order; none checked is an answer too."""
        if not self.options.keys() >= set(texts):
            raise ValueError(NOT_OFFERED)
        checked = tuple(id for id in self.options if id in texts)
        most = self.asked.question.max_choices
        if most is not None and len(checked) > most:
            self.shown = checked
            raise ValueError(TOO_MANY.format(most=most))
        return checked

    @cached_property
    def options(self) -> Mapping[str, str]:
        """The choices as they are sent and read, in the order in which they are shown."""
        question, wording = self.asked.question, self.asked.wording
        ids = question.choices_as(self.asked.variant)
        shown = {id: wording.choices[id] for id in (reversed(ids) if question.best_first else ids)}
        if question.unknown:
            shown[UNKNOWN] = wording.unknown
        can_skip = question.kind in (Kind.CHOICE, Kind.RANGE) and SKIP not in ids
        if not question.required and can_skip:
            shown[""] = SKIP_TEXT  # a radio button, once picked, can only be left for another one
        return shown

    def drawn_by(self, macro: _Macro) -> str:
        """The whole question, as the macro of a template draws it."""
        question, wording = self.asked.question, self.asked.wording
        # Why it matters is for the result where it is scored: here it would lead the answer.
        is_scored = question.kind in (Kind.RUNG, Kind.SORT)
        notes = (wording.help, "" if is_scored else wording.why, self.error)
        if question.kind in _TYPED:
            typed = (self.shown, self.sign, question.most)
            return macro(self.name, wording.ask, _by_kind(notes), question.kind, (), *typed)
        options = self.options
        groups = tuple(
            (id, wording.groups.get(id, ""), tuple((one, options[one]) for one in ids))
            for id, ids in (question.groups or {"": tuple(options)}).items()
        )
        return _drawn(macro, self.name, wording.ask, notes, question.kind, groups, self.shown)

    @property
    def problem(self) -> str:
        """What is wrong, for the list at the top of the page, away from the question."""
        ask = self.asked.wording.ask
        return f"{ask}{'' if ask.endswith('?') else ':'} {self.error}"


class QuestionForm(BaseForm):
    """The questions of one page, filled with the saved answers or with what was posted."""

    def __init__(
        self,
        page: WalkPage,
        posted: Posted | None = None,
        currency_sign: str = "",
        saved_by: Mapping[str, str] | None = None,
    ) -> None:
        # Made outside a form, a WTForms field is an unbound one, whatever its type says.
        fields: Any = {asked.id: QuestionField(asked, currency_sign) for asked in page.questions}
        super().__init__(fields)
        self.process(posted, data={asked.id: asked.answer for asked in page.questions})
        self.fields = [field for field in self if isinstance(field, QuestionField)]
        if posted is not None:
            self.validate()
        version = posted.get(VERSION, "") if posted else ""
        self.id, _, seen = version[:32].partition(".")
        self._saved_by = saved_by or {}
        self._is_stale = seen != "" and not version_of(page).endswith(seen)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """What is wrong, by the name of the field."""
        return [(field.name, field.problem) for field in self.fields if field.error]

    @property
    def valid(self) -> bool:
        return not self.problems and not self.overtaken

    @property
    def given(self) -> dict[str, tuple[Answer, str] | None]:
        """What to save, as the storage takes it: only what is right, so no good answer is lost."""
        return {
            field.name: None if field.answer is None else (field.answer, field.asked.variant)
            for field in self.fields
            if not field.error and field not in self.overtaken
        }

    @property
    def overtaken(self) -> Sequence[QuestionField]:
        """What was answered differently elsewhere, by another form, since this one was shown."""
        return [
            field
            for field in (self.fields if self._is_stale else ())
            if not field.error
            and field.asked.answer not in (None, field.answer)
            and self._saved_by.get(field.name) != self.id
        ]


def version_of(page: WalkPage) -> str:
    """A new id for a form, and a checksum of the saved answers that it shows."""
    shown = repr([(asked.id, asked.answer) for asked in page.questions])
    return f"{secrets.token_hex(4)}.{zlib.crc32(shown.encode()):08x}"


def texts_of(answer: Answer | None) -> tuple[str, ...]:
    """Return an answer as a form sends it: one text, several, or none."""
    if answer is None:
        return ()
    if isinstance(answer, tuple):
        return answer
    return (f"{answer:.2f}" if isinstance(answer, float) else str(answer),)
