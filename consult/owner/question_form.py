"""The form of one page of questions, built from the walk.

Field names are question ids. A field draws its whole question as one string: drawn by one widget
per option, as WTForms does it, a page costs four times as much.
"""

import secrets
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
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

Posted = MultiDict[str, str]

_KINDS_OF_CHOICE = {UNKNOWN: " is-unknown", "": " is-reset"}


class QuestionField(Field):
    """A field that asks one question; `answer` holds what was given, None for nothing."""

    answer: Answer | None
    too_many: tuple[str, ...] = ()
    """What was checked, if it was more than allowed: shown again, and not saved."""

    def __init__(self, asked: Asked, currency_sign: str = "", **options: Any) -> None:
        super().__init__(asked.wording.ask, **options)
        self.asked = asked
        self.currency_sign = currency_sign

    def process_data(self, value: Answer | None) -> None:
        self.answer = value

    def process_formdata(self, valuelist: list[str]) -> None:
        # A refused value raises here, and keeps the saved answer.
        self.answer = self.read([self.clean(text) for text in valuelist])

    clean = staticmethod(one_line)
    """What is taken of a posted text."""

    def read(self, posted: list[str]) -> Answer | None:
        """Return the posted texts as an answer; raises ValueError, worded for the owner."""
        raise NotImplementedError

    def controls(self) -> str:
        raise NotImplementedError

    def __call__(self, **_: object) -> Markup:
        asked = self.asked
        # Why a scored item matters is for the result: here it would lead the answer.
        why = "" if asked.question.kind in (Kind.RUNG, Kind.SORT) else asked.wording.why
        is_card = asked.question.kind is Kind.SORT
        texts = (asked.wording.ask, asked.wording.help, why, " ".join(self.errors))
        return Markup(f"{_opening(self.name, is_card, *texts)}{self.controls()}</fieldset>")  # noqa: S704 - every text in it went through escape

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse the page only for an answer that the path or a score depends on."""
        if self.process_errors:
            raise StopValidation
        if self.asked.question.required and self.answer is None:
            is_card = self.asked.question.kind is Kind.SORT
            raise StopValidation(MISSING_CARD if is_card else MISSING)

    @property
    def problem(self) -> str:
        """What is wrong, for the list at the top of the page, away from the question."""
        ask = self.asked.wording.ask
        return f"{ask}{'' if ask.endswith('?') else ':'} {self.errors[0]}"


@lru_cache(maxsize=2048)
def _choices(
    field_name: str, input_type: str, offered: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str, str], ...]:
    """Return each choice as its value and the HTML around ` checked`; the same for every owner."""
    name = escape(field_name)
    rows = []
    for number, (value, text) in enumerate(offered):
        # The first option has the question's own id, for the error summary to link to.
        id = name if number == 0 else f"{name}-{number}"
        before = (
            f'<label class="choice{_KINDS_OF_CHOICE.get(value, "")}">'
            f'<input type="{input_type}" id="{id}" name="{name}" value="{escape(value)}"'
        )
        rows.append((value, before, f"><span>{escape(text)}</span></label>"))
    return tuple(rows)


@lru_cache(maxsize=2048)
def _opening(field_name: str, is_card: bool, ask: str, help: str, why: str, error: str) -> str:
    """Return the HTML of a question before its inputs; cached, as it is the same for everyone."""
    name = escape(field_name)
    notes = {
        kind: f'<p class="{kind}" id="{name}-{kind}">{lead}{escape(text)}</p>'
        for kind, lead, text in (
            ("hint", "", help),
            ("why", "<b>Why we ask.</b> ", why),
            ("error", '<span class="unseen">Error: </span>', error),
        )
        if text
    }
    ids = " ".join(f"{name}-{kind}" for kind in notes)
    described = f' aria-describedby="{ids}"' if ids else ""
    classes = f"question{' card-sort' if is_card else ''}{' has-error' if error else ''}"
    return (
        f'<fieldset class="{classes}"{described}><legend id="{name}-ask">{escape(ask)}</legend>'
        + "".join(notes.values())
    )


class ChoiceField(QuestionField):
    input_type = "radio"

    def controls(self) -> str:
        picked = self.too_many or texts_of(self.answer)
        rows = _choices(self.name, self.input_type, tuple(options(self.asked).items()))
        drawn = {value: f"{a}{' checked' if value in picked else ''}{b}" for value, a, b in rows}
        groups = self.asked.question.groups
        if not groups:
            return f'<div class="choices">{"".join(drawn.values())}</div>'
        return "".join(self._group(id, [drawn[value] for value in groups[id]]) for id in groups)

    def _group(self, id: str, choices: list[str]) -> str:
        heading = f"{escape(self.name)}-in-{escape(id)}"
        return (
            f'<div class="choices" role="group" aria-labelledby="{heading}">'
            f'<p id="{heading}"><b>{escape(self.asked.wording.groups[id])}</b></p>'
            f"{''.join(choices)}</div>"
        )

    def read(self, posted: list[str]) -> Answer | None:
        text = posted[0] if posted else ""
        if not text:
            return None
        if text not in options(self.asked):
            raise ValueError(NOT_OFFERED)
        is_rung = self.asked.question.kind is Kind.RUNG and text != UNKNOWN
        return int(text) if is_rung else text


class ChoicesField(ChoiceField):
    """Any of the answers offered, up to a number of them."""

    input_type = "checkbox"

    def read(self, posted: list[str]) -> Answer | None:
        """Return the checked ids in their stored order; none checked is an answer too."""
        offered = options(self.asked)
        most = self.asked.question.max_choices
        if not offered.keys() >= set(posted):
            raise ValueError(NOT_OFFERED)
        checked = tuple(id for id in offered if id in posted)
        if most is not None and len(checked) > most:
            self.too_many = checked
            raise ValueError(TOO_MANY.format(most=most))
        return checked


class AmountField(QuestionField):
    """An amount of money, typed as people type it: 1200, $1,200.50, 1’200.–, 1.200,50 € or 10k."""

    @property
    def sign(self) -> str:
        return self.currency_sign

    def read(self, posted: list[str]) -> Answer | None:
        amount = read_amount(posted[0] if posted else "", self.asked.question.most)
        if amount is None:
            return None
        return float(amount) if amount % 1 else int(amount)

    def controls(self) -> str:
        # What was typed is shown again even if it was refused.
        typed = one_line(self.raw_data[0]) if self.raw_data else "".join(texts_of(self.answer))
        name, sign = escape(self.name), self.sign
        shown = f'<span class="sign" id="{name}-sign">{escape(sign)}</span>' if sign else ""
        labels = f"{name}-ask {name}-sign" if sign else f"{name}-ask"
        return (
            f'<div class="field amount">{shown}<input type="text" inputmode="decimal" '
            f'autocomplete="off" class="narrow" maxlength="20" id="{name}" name="{name}" '
            f'value="{escape(typed)}" aria-labelledby="{labels}"></div>'
        )


class CountField(AmountField):
    """A number of people or things, typed in digits."""

    sign = ""

    def read(self, posted: list[str]) -> Answer | None:
        return read_count(posted[0] if posted else "", self.asked.question.most)


class TextField(QuestionField):
    clean = staticmethod(many_lines)

    def read(self, posted: list[str]) -> Answer | None:
        text, most = posted[0] if posted else "", self.asked.question.most
        if len(text) > most:
            raise ValueError(TEXT_TOO_LONG.format(most=most, length=len(text)))
        return text or None

    def controls(self) -> str:
        # What was typed is shown again even if it was refused.
        typed = many_lines(self.raw_data[0]) if self.raw_data else str(self.answer or "")
        name = escape(self.name)
        return (
            f'<div class="field"><textarea id="{name}" name="{name}" rows="3" '
            f'maxlength="{self.asked.question.most}" aria-labelledby="{name}-ask">\n'
            f"{escape(typed)}</textarea></div>"
        )


_FIELDS: Mapping[Kind, type[QuestionField]] = {
    Kind.CHOICES: ChoicesField,
    Kind.NUMBER: AmountField,
    Kind.COUNT: CountField,
    Kind.TEXT: TextField,
}
"""Kinds that are not a choice of one answer."""


VERSION = "version"
"""The hidden field by which a form knows whether its answers were changed since it was shown."""


def version_of(page: WalkPage) -> str:
    """A new id for a form, and a checksum of the saved answers that it shows."""
    shown = repr([(asked.id, asked.answer) for asked in page.questions])
    return f"{secrets.token_hex(4)}.{zlib.crc32(shown.encode()):08x}"


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
        fields: Any = {
            asked.id: _FIELDS.get(asked.question.kind, ChoiceField)(asked, currency_sign)
            for asked in page.questions
        }
        super().__init__(fields)
        self.process(posted, data={asked.id: asked.answer for asked in page.questions})
        version = posted.get(VERSION, "") if posted else ""
        self.id, _, seen = version[:32].partition(".")
        self._saved_by = saved_by or {}
        self._is_stale = seen != "" and not version_of(page).endswith(seen)

    @property
    def fields(self) -> Sequence[QuestionField]:
        return [field for field in self if isinstance(field, QuestionField)]

    @property
    def given(self) -> dict[str, tuple[Answer, str] | None]:
        """What to save, as the storage takes it: only what validates, so no good answer is lost."""
        return {
            field.name: None if field.answer is None else (field.answer, field.asked.variant)
            for field in self.fields
            if not field.errors and field not in self.overtaken
        }

    @property
    def overtaken(self) -> Sequence[QuestionField]:
        """What was answered differently elsewhere, by another form, since this one was shown."""
        return [
            field
            for field in (self.fields if self._is_stale else ())
            if not field.errors
            and field.asked.answer not in (None, field.answer)
            and self._saved_by.get(field.name) != self.id
        ]


def options(asked: Asked) -> dict[str, str]:
    ids = {id: asked.wording.choices[id] for id in asked.question.choices_as(asked.variant)}
    shown = dict(reversed(list(ids.items())) if asked.question.best_first else ids)
    if asked.question.unknown:
        shown[UNKNOWN] = asked.wording.unknown
    can_skip = asked.question.kind in (Kind.CHOICE, Kind.RANGE) and SKIP not in ids
    if not asked.question.required and can_skip:
        shown[""] = SKIP_TEXT  # a radio button, once picked, can only be left for another one
    return shown


def texts_of(answer: Answer | None) -> tuple[str, ...]:
    """Return an answer as a form sends it: one text, several, or none."""
    if answer is None:
        return ()
    if isinstance(answer, tuple):
        return answer
    return (f"{answer:.2f}" if isinstance(answer, float) else str(answer),)
