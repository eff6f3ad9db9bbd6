"""The walk: from answers to what is asked, in which order, and which answers count.

The walk is derived from the answers on every request; progress is never stored, so there is no
second truth to disagree with. Page, review, score, report and staff view all read the same walk.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, product
from operator import attrgetter
from typing import NamedTuple

from consult.questionnaire.questionnaire import Questionnaire, Stretches
from consult.questionnaire.questions import Answer, Depth, Kind, Question
from consult.questionnaire.wording import Heading, Wording
from consult.questionnaire.yaml_texts import Texts


@dataclass(frozen=True, slots=True)
class OnPathAnswers:
    """Answers that were asked for and count: the only thing that scoring takes.

    Only `Walk.on_path` makes one, so an answer that fell off the path cannot reach a score.
    ``asked`` lists the ids of all questions on the path in order; ``missing`` those of them
    without which there is no score; ``ignored`` the given ids that are not on the path.
    """

    questionnaire: Questionnaire
    depth: Depth
    facts: Mapping[str, str]
    asked: tuple[str, ...]
    values: Mapping[str, Answer]
    missing: tuple[str, ...]
    ignored: tuple[str, ...]


class Asked(NamedTuple):
    """A question on the path with the wording it is shown in and its answer so far."""

    question: Question
    variant: str
    wording: Wording
    answer: Answer | None

    @property
    def id(self) -> str:
        return self.question.id

    @property
    def open(self) -> bool:
        """Whether a score has to wait for this answer."""
        return self.question.required and self.answer is None


class WalkPage(NamedTuple):
    """A page on the path, with the questions of it that are asked."""

    id: str
    part_id: str
    heading: Heading
    questions: tuple[Asked, ...]

    @property
    def complete(self) -> bool:
        return not any(asked.open for asked in self.questions)


class Progress(NamedTuple):
    """Which page one is of those to answer, or of the optional ones after them."""

    number: int
    total: int
    optional: bool


class WalkPart(NamedTuple):
    """A named part of the track, with its pages on the path."""

    id: str
    heading: Heading
    pages: tuple[WalkPage, ...]


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A scored item that was left out, and the id of the reason."""

    question: Question
    wording: Wording
    reason: str


@dataclass(frozen=True)
class Walk:
    """One pass over an edition with one set of answers."""

    questionnaire: Questionnaire
    depth: Depth
    facts: Mapping[str, str]
    asked: tuple[Asked, ...]
    given: Mapping[str, Answer]

    @cached_property
    def by_id(self) -> Mapping[str, Asked]:
        """The questions on the path by their ids, in order."""
        return {asked.id: asked for asked in self.asked}

    @cached_property
    def on_path(self) -> OnPathAnswers:
        values = {asked.id: asked.answer for asked in self.asked if asked.answer is not None}
        return OnPathAnswers(
            questionnaire=self.questionnaire,
            depth=self.depth,
            facts=self.facts,
            asked=tuple(self.by_id),
            values=values,
            missing=tuple(asked.id for asked in self.asked if asked.open),
            ignored=tuple(id for id in self.given if id not in values),
        )

    @property
    def missing(self) -> tuple[str, ...]:
        return self.on_path.missing

    @property
    def complete(self) -> bool:
        return not self.missing

    @cached_property
    def pages(self) -> tuple[WalkPage, ...]:
        """The pages with at least one question on the path, in order."""
        asked, headings = self.by_id, self.questionnaire.texts.pages
        pages = []
        for part in self.questionnaire.structure.parts:
            for page in part.pages:
                on_page = tuple(asked[q.id] for q in page.questions if q.id in asked)
                if on_page:
                    pages.append(WalkPage(page.id, part.id, headings[page.id], on_page))
        return tuple(pages)

    @property
    def parts(self) -> tuple[WalkPart, ...]:
        """The parts with at least one page on the path."""
        headings = self.questionnaire.texts.parts
        by_part = groupby(self.pages, key=attrgetter("part_id"))
        return tuple(WalkPart(id, headings[id], tuple(pages)) for id, pages in by_part)

    def page(self, page_id: str) -> WalkPage | None:
        return next((page for page in self.pages if page.id == page_id), None)

    def for_owner(self, texts: Texts) -> Texts:
        """Texts as this owner reads them: as a shop or a store, else as one person or a team."""
        return self.questionnaire.for_owner(texts, self.facts)

    @property
    def stretches(self) -> Stretches:
        """The parts with the ids of all pages that this depth may ask, whatever is answered.

        Progress counts these: its total never changes on the way, and a page that falls away is
        passed like one that was answered.
        """
        return self.questionnaire.stretches[self.depth]

    def progress(self, page: WalkPage) -> Progress:
        (optional,) = (part.optional for part, ids in self.stretches if page.id in ids)
        ids = [id for part, ids in self.stretches if part.optional == optional for id in ids]
        return Progress(ids.index(page.id) + 1, len(ids), optional)

    @cached_property
    def first_open_page(self) -> WalkPage | None:
        """The first page with a required question left, or None when the check can be sent."""
        return next((page for page in self.pages if not page.complete), None)

    def can_open(self, page: WalkPage) -> bool:
        """Whether every required answer before this page is there."""
        first = self.first_open_page
        return first is None or self.pages.index(page) <= self.pages.index(first)

    def next_page(self, page: WalkPage) -> WalkPage | None:
        after = self.pages.index(page) + 1
        return self.pages[after] if after < len(self.pages) else None

    def previous_page(self, page: WalkPage) -> WalkPage | None:
        before = self.pages.index(page) - 1
        return self.pages[before] if before >= 0 else None

    @cached_property
    def not_asked(self) -> tuple[NotAsked, ...]:
        """The scored items that are not on the path, each with its reason."""
        wordings = self.questionnaire.wordings(self.facts)
        return tuple(
            NotAsked(question, wordings[id][1], self._reason(question))
            for id, question in self.questionnaire.questions.items()
            if question.kind is Kind.RUNG and id not in self.by_id
        )

    def _reason(self, question: Question) -> str:
        given = {**self.given, **self.facts}
        if question.asked.holds(given):
            return "quick_look"
        return next(
            rule.id
            for rule in self.questionnaire.structure.not_asked
            if set(rule.when.reads()) & set(question.asked.reads()) and rule.when.holds(given)
        )


def walk(
    questionnaire: Questionnaire,
    answers: Mapping[str, Answer],
    depth: Depth = "full",
    given_as: Mapping[str, str] | None = None,
) -> Walk:
    """Walk an edition with these answers.

    ``given_as`` maps ids to the variant that was shown with the answer. An answer to other
    words than those shown now is asked again, as is one that is no longer offered: nothing that
    the owner did not say about this question counts. Such answers stay stored, unscored.
    """
    given_as = given_as or {}
    facts = questionnaire.structure.facts_of(answers)
    given = {**answers, **facts}
    wordings = questionnaire.wordings(facts)
    asked = []
    for id, question in questionnaire.questions.items():
        if (depth == "full" or question.quick) and question.asked.holds(given):
            variant, wording = wordings[id]
            answer = answers.get(id)
            if answer is not None and (
                given_as.get(id, variant) != variant
                or not questionnaire.accepts(id, variant, answer)
            ):
                answer = None
            asked.append(Asked(question, variant, wording, answer))
    return Walk(questionnaire, depth, facts, tuple(asked), answers)


WORDS_A_MINUTE = 230
"""Adults read 238 words of English prose a minute (Brysbaert 2019), on a phone rather less."""
SECONDS_A_TAP = 1.0
"""Our assumption, for a choice that is made while it is read."""


def estimated_minutes(questionnaire: Questionnaire, depth: Depth) -> int:
    """How long it takes to read the pages that have to be answered, and to tap through them."""
    words = taps = 0
    for part in walk(questionnaire, {}, depth).parts:
        if any(asked.question.required for page in part.pages for asked in page.questions):
            for page in part.pages:
                shown = [page.heading.title, page.heading.intro]
                for _, _, wording, _ in page.questions:
                    shown += [wording.ask, wording.help, *wording.choices.values()]
                words += len(" ".join(shown).split())
                taps += len(page.questions) + 1
    return round(words / WORDS_A_MINUTE + taps * SECONDS_A_TAP / 60)


def profiles(questionnaire: Questionnaire) -> Iterator[dict[str, Answer]]:
    """Every combination of the answers that decide the facts and the branches."""
    structure = questionnaire.structure
    read = [id for fact in structure.facts for _, when in fact.cases for id in when.reads()]
    read += [id for question in structure.questions.values() for id in question.asked.reads()]
    ids = [id for id in dict.fromkeys(read) if id in structure.questions]
    for values in product(*(structure.questions[id].choices for id in ids)):
        yield dict(zip(ids, values, strict=True))
