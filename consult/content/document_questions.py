"""The document's chapter on what is asked, page by page."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from consult.content.markdown import heading, table
from consult.questionnaire import BASE, Kind, Question, Questionnaire, Wording
from consult.questionnaire.conditions import ALWAYS
from consult.questionnaire.yaml_texts import Texts

_READERS = {
    "solo": "One person",
    "team": "A team",
    "checkout": "A web store",
    "counter": "A walk-in shop",
}
_ADVICE = {
    "why": "Why it matters",
    "fix": "First thing to do",
    "unknown_fix": "When unknown",
    "proof": "How to know it worked",
}


def questions_chapter(questionnaire: Questionnaire, notes: Mapping[str, str]) -> Iterator[str]:
    """Every page with its questions, in every wording; ``notes`` are on single items."""
    yield from heading(2, "What is asked")
    yield (
        "In this order. ★ is in the quick look as well; ? offers “I don’t know”. Answers stand "
        "from worst to best, with their points; some are shown the other way round. Where a "
        "wording differs for a reader, only the difference is given."
    )
    yield ""
    words = questionnaire.words
    for part in questionnaire.structure.parts:
        yield from heading(3, words.parts[part.id].title)
        if any(page.questions[0].kind is Kind.SORT for page in part.pages):
            yield from _about_cards(words.sorting)
        for page in part.pages:
            yield from heading(4, f"{words.pages[page.id].title} `{page.id}`")
            if words.pages[page.id].intro:
                yield from (words.pages[page.id].intro, "")
            if page.questions[0].kind is Kind.SORT:
                yield from _cards(questionnaire, page.questions)
                continue
            for question in page.questions:
                yield from _question(questionnaire, question, notes.get(question.id, ""))


def _question(questionnaire: Questionnaire, question: Question, note: str) -> Iterator[str]:
    variants = questionnaire.words.questions[question.id]
    base = variants[BASE]
    yield f"**{base.ask}** `{question.id}`{_marks(question)}"
    yield ""
    ticked_cards = question.id == questionnaire.structure.roles.recent_jobs
    yield from _facts(question, base)
    if ticked_cards:
        yield from ("*Answers:* the sorting cards in short form.", "")
    else:
        yield from _choices(question, BASE, base)
    yield from _advice(base, None)
    for name, wording in variants.items():
        if name != BASE and question.kind is Kind.RUNG:
            yield from _variant(question, name, wording, base)
    if note:
        yield from (f"*Note.* {note}", "")


def _marks(question: Question) -> str:
    if question.kind is not Kind.RUNG:
        return ""
    return (" ★" if question.quick else "") + (" ?" if question.unknown else "")


def _facts(question: Question, base: Wording) -> Iterator[str]:
    facts = [base.help]
    if question.kind is Kind.RUNG:
        facts.append(f"*In tables:* {base.title}. *Rests on:* {', '.join(question.claims)}.")
    elif base.why:
        facts.append(f"*Why we ask:* {base.why}")
    if question.asked is not ALWAYS:
        facts.append(f"*Asked when* {question.asked}.")
    for fact in filter(None, facts):
        yield from (fact, "")


def _choices(question: Question, variant: str, wording: Wording) -> Iterator[str]:
    ids = question.choices_as(variant)
    for number, id in enumerate(ids):
        points = f"[{_points(number, len(ids))}] " if question.kind is Kind.RUNG else ""
        yield f"- {points}{wording.choices[id]}"
    if ids:
        yield ""


def _points(rung: int, count: int) -> int:
    return round(Fraction(100 * rung, count - 1))


def _variant(question: Question, name: str, wording: Wording, base: Wording) -> Iterator[str]:
    yield f"*{_READERS.get(name, name)}*"
    yield ""
    if wording.ask != base.ask:
        yield from (f"**{wording.ask}**", "")
    if wording.help != base.help:
        yield from (wording.help, "")
    if wording.choices != base.choices:
        yield from _choices(question, name, wording)
    yield from _advice(wording, base)


def _advice(wording: Wording, base: Wording | None) -> Iterator[str]:
    """The advice in a table; of a variant only what differs from the base."""
    rows = [
        (label, getattr(wording, field))
        for field, label in _ADVICE.items()
        if getattr(wording, field)
        and (base is None or getattr(wording, field) != getattr(base, field))
    ]
    if base and wording.title != base.title:
        rows.insert(0, ("In tables", wording.title))
    if rows and wording.fix:
        yield from table(("In the report", ""), rows)


def _about_cards(words: Texts) -> Iterator[str]:
    buttons = ", ".join(words["buttons"].values())
    yield from (f"**{words['prompt']}** ({buttons}; “{words['title']}” in tables)", "")
    yield from (words["test"], "", f"Of a card that can be both: “{words['either_note']}”", "")


def _cards(questionnaire: Questionnaire, cards: tuple[Question, ...]) -> Iterator[str]:
    short = questionnaire.words.questions[questionnaire.structure.roles.recent_jobs]
    rows = []
    for card in cards:
        for name, wording in questionnaire.words.questions[card.id].items():
            reader = "" if name == BASE else f" *({_READERS[name].lower()})*"
            side = f"{card.answer}, not scored" if card.answer == "either" else str(card.answer)
            done = short[name].choices[card.id.removeprefix("sort_")]
            rows.append((f"{wording.ask}{reader}", side, wording.note, done))
    yield from table(("Card", "Job", "Explanation", "In the tick list"), rows)
