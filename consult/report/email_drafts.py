"""Emails that staff write to an owner, half written: the first one, and the one after a call.

Made from the frozen Report and the texts of its edition alone, so the same lead gets the same text.
Each sentence has a note for staff on what it rests on, which is not part of the email.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from urllib.parse import quote

from consult.questionnaire.editions import load
from consult.questionnaire.questions import BASE
from consult.report.display import mid_sentence, plain_line
from consult.report.report import NamedTrouble, Report
from consult.settings.brand import Brand

EmailKind = Literal["first", "after_call"]

MOST_WORDS = 120
LONGEST_LINK = 1800
"""The most characters that mail programs and browsers all take in a `mailto:` address."""

_LONGEST_NAME = 40
_QUOTED = ((160, True), (160, False), (80, False), (0, True), (0, False))
"""How many characters of the owner's own words are quoted, and whether their trouble is.

What the email has room for, tried in this order.
"""

_FIRST_WORDS = 4
ADVICE = {
    "yes": "recommends a consult",
    "optional": "says a consult may help",
    "not_now": "says a consult isn’t needed now",
}
"""What a report does about a consult, as staff read it."""
_ASKED = ", and they asked for a consult"
_AGREED = "Change this if you agreed on something else"
_BLANK = "Nobody has noted this. Fill it in before you send"


@dataclass(frozen=True)
class Sentence:
    """A sentence of an email, and what it rests on."""

    text: str
    source: str


Paragraph = tuple[Sentence, ...]


@dataclass(frozen=True)
class Correspondence:
    """What an email needs beside the Report: both names, and how far they got.

    `booking_link` is where a consult can be booked; without one, `books_on_result` says that owners
    do it on their own page. `consult_at` is when a consult will be, and `follow_up_on` the day to
    check in, both as the owner reads them; each may be "". `held` says that there was a
    consult, and `is_requested` that the time of the next one is not confirmed.
    """

    name: str
    email: str
    wants_consult: bool
    writer: str
    brand: Brand
    booking_link: str = ""
    books_on_result: bool = False
    consult_at: str = ""
    is_requested: bool = False
    follow_up_on: str = ""
    held: bool = False


@dataclass(frozen=True)
class EmailDraft:
    """An email to change and send; `link` opens it in a mail program."""

    kind: EmailKind
    subject: str
    paragraphs: tuple[Paragraph, ...]
    email: str

    @property
    def text(self) -> str:
        lines = (" ".join(one.text for one in paragraph) for paragraph in self.paragraphs)
        return "\n\n".join(lines)

    @property
    def blanks(self) -> list[str]:
        """What staff have to fill in."""
        return re.findall(r"\[FILL IN: ([^]]+)]", self.text)

    @property
    def notes(self) -> list[tuple[str, str]]:
        """What each sentence rests on, after its first words; what rests on the same is one."""
        sentences = (one for paragraph in self.paragraphs for one in paragraph)
        return [
            (_begins(next(same)), source)
            for source, same in groupby(sentences, key=lambda one: one.source)
        ]

    @property
    def link(self) -> str:
        """With the text where it fits; a longer one has to be copied."""
        whole = self._whole_link
        return whole if len(whole) <= LONGEST_LINK else whole.partition("&body=")[0]

    @property
    def _whole_link(self) -> str:
        body = _encoded(self.text.replace("\n", "\r\n"))
        return f"mailto:{quote(self.email, safe='@')}?subject={_encoded(self.subject)}&body={body}"

    @property
    def fits(self) -> bool:
        return len(self.text.split()) <= MOST_WORDS and len(self._whole_link) <= LONGEST_LINK


def draft_email(kind: EmailKind, report: Report, case: Correspondence) -> EmailDraft:
    """The email with as much of the owner's own words as there is room for."""
    for longest, with_trouble in _QUOTED:
        draft = _Writer(report, case, longest, with_trouble=with_trouble).write(kind)
        if draft.fits:
            break
    return draft


class _Writer:
    def __init__(
        self, report: Report, case: Correspondence, longest: int, *, with_trouble: bool
    ) -> None:
        self.report, self.case = report, case
        self.edition = load(report.edition)
        self.own_words = plain_line(report.own_words, longest) if longest else ""
        instead = longest > 0 and not self.own_words
        self.trouble = _trouble_of(report) if with_trouble or instead else None
        self.texts: Mapping[str, Mapping[str, str]] = self.edition.texts.findings["emails"]
        self.every = self.texts["every"]

    def write(self, kind: EmailKind) -> EmailDraft:
        parts = self._first() if kind == "first" else self._after_call()
        made = [self._hello(), *map(tuple, parts), self._signature()]
        return EmailDraft(kind, self._subject(kind), tuple(filter(None, made)), self.case.email)

    def _subject(self, kind: EmailKind) -> str:
        own = self.texts[kind]
        well = self.report.consult.recommended == "not_now"
        name = "subject_well" if kind == "first" and well else "subject"
        if kind == "first" and self.case.wants_consult:
            name = "subject_asked"
        brand = self.case.brand
        return plain_line(own[name].format(product=brand.product, brand=brand.name), 120)

    def _first(self) -> Iterator[list[Sentence]]:
        texts, report, asked = self.texts["first"], self.report, self.case.wants_consult
        well = report.consult.recommended == "not_now"
        opening = texts["asked" if asked else report.depth].format(product=self.case.brand.product)
        yield [
            Sentence(opening, f"They took the {report.depth} check{_ASKED if asked else ''}"),
            *self._trouble(),
            *self._own_words(),
        ]
        advice = f"Their report {ADVICE[report.consult.recommended]}"
        step = self._step(texts["step_well" if well else "step"])
        if well:
            step.insert(0, Sentence(texts["well"], advice))
        elif not step:
            step.append(
                Sentence(texts["best"], "Their plan has no steps: every answer is at its best")
            )
        elif report.consult.recommended == "optional" and not asked:
            step.append(Sentence(texts["enough"], advice))
        yield step
        yield self._consult() or self._talk("asked" if asked else report.consult.recommended)

    def _after_call(self) -> Iterator[list[Sentence]]:
        texts, case = self.texts["after_call"], self.case
        thanks = Sentence(texts["thanks"], "To send after you’ve talked")
        yield [thanks, *(self._own_words() or self._trouble())]
        if step := self._step(texts["step"]):
            agreed = Sentence(texts["agreed"], _AGREED)
            yield [agreed, *step, Sentence(texts["done_by"], _BLANK)]
        else:
            yield [Sentence(texts["agreed_on"], _BLANK)]
        if case.follow_up_on:
            text = texts["check_in"].format(day=case.follow_up_on)
            yield [Sentence(text, "The day you’ll follow up")]
        advice = "asked" if case.wants_consult else self.report.consult.recommended
        talk = "held" if case.held else "call" if advice == "yes" else advice
        yield self._consult() or self._talk(talk)

    def _hello(self) -> Paragraph:
        name = plain_line(self.case.name, _LONGEST_NAME)
        first = name.partition(" ")[0]
        called = name if first.endswith(".") else first  # as in "Dr. Ada Okafor"
        text = self.every["hello" if called else "hello_anyone"].format(name=called)
        return (Sentence(text, "The name they left"),)

    def _signature(self) -> Paragraph:
        names = f"{plain_line(self.case.writer, _LONGEST_NAME)}\n{self.case.brand.name}"
        return (Sentence(names, "Your name, and the agency’s"),)

    def _trouble(self) -> list[Sentence]:
        if self.trouble is None:
            return []
        text = self.every["trouble"].format(trouble=self.trouble.name)
        return [Sentence(text, self._answer_to(self.edition.structure.roles.troubles))]

    def _own_words(self) -> list[Sentence]:
        if not self.own_words:
            return []
        text = self.every["own_words"].format(words=self.own_words)
        return [Sentence(text, self._answer_to(self.edition.structure.roles.own_words))]

    def _answer_to(self, question: str) -> str:
        return f"They answered “{self.edition.texts.questions[question][BASE].ask}”"

    def _step(self, opening: str) -> list[Sentence]:
        """The first step of the plan, why it matters, and what to do first; empty without one."""
        step, report = self.report.first_step, self.report
        if step is None:
            return []
        parts = (part for axis in report.axes for part in axis.dimensions)
        action = next(line.fix for part in parts for line in part.lines if line.id == step.id)
        source = f"Their first step. They said: “{step.now}”"
        title = step.title.replace("“", "‘").replace("”", "’")
        return [
            Sentence(opening.format(title=title), source),
            Sentence(step.why, source),
            Sentence(self.every["action"].format(action=mid_sentence(action)), source),
        ]

    def _consult(self) -> list[Sentence]:
        if not self.case.consult_at:
            return []
        name = "requested" if self.case.is_requested else "consult"
        text = self.every[name].format(time=self.case.consult_at)
        return [Sentence(text, "The consult that’s scheduled")]

    def _talk(self, kind: str) -> list[Sentence]:
        """What there is to say about a consult, and how to get one."""
        case, consult = self.case, self.report.consult
        asked = _ASKED if case.wants_consult else ""
        source = f"Their report {ADVICE[consult.recommended]}{asked}"
        later = "" if kind in ("yes", "asked", "call") else "_later"
        if case.booking_link:
            text = self.every[f"book{later}"].format(link=case.booking_link)
            time = Sentence(text, "The booking link in Settings")
        elif case.books_on_result:
            time = Sentence(self.every["book_on_result"], "Your own calendar takes bookings there")
        else:
            time = Sentence(self.every[f"reply{later}"], "Settings have no way to book")
        said = self.texts["talk"][kind].format(minutes=consult.minutes)
        return [Sentence(said, source), time]


def _trouble_of(report: Report) -> NamedTrouble | None:
    """The trouble that the first step is for, or else the first that they named."""
    because = report.first_step.because if report.first_step else ()
    fitting = (one for one in report.troubles if f"trouble:{one.id}" in because)
    return next(fitting, next(iter(report.troubles), None))


def _begins(sentence: Sentence) -> str:
    words = sentence.text.split()
    begins = " ".join(words[:_FIRST_WORDS]).rstrip(",.:“")
    return f"{begins}…" if len(words) > _FIRST_WORDS else begins


def _encoded(text: str) -> str:
    return quote(text, safe="!$'()*,;:@")
