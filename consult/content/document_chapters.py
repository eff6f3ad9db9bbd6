"""The document's chapters on what is asked, page by page, and on what the result can say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from consult.content.texts import texts_of
from consult.questionnaire import BASE, Kind, Question, Questionnaire, Wording
from consult.questionnaire.conditions import ALWAYS
from consult.questionnaire.yaml_texts import Texts


def heading(level: int, text: str) -> Iterator[str]:
    yield f"{'#' * level} {text}"
    yield ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row(row)
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


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
    texts = questionnaire.texts
    for part in questionnaire.structure.parts:
        yield from heading(3, texts.parts[part.id].title)
        if any(page.questions[0].kind is Kind.SORT for page in part.pages):
            yield from _about_cards(texts.sorting)
        for page in part.pages:
            yield from heading(4, f"{texts.pages[page.id].title} `{page.id}`")
            if texts.pages[page.id].intro:
                yield from (texts.pages[page.id].intro, "")
            if page.questions[0].kind is Kind.SORT:
                yield from _cards(questionnaire, page.questions)
                continue
            for question in page.questions:
                yield from _question(questionnaire, question, notes.get(question.id, ""))


def _question(questionnaire: Questionnaire, question: Question, note: str) -> Iterator[str]:
    variants = questionnaire.texts.questions[question.id]
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
        if name != BASE and not ticked_cards:
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
        scored = question.kind is Kind.RUNG
        points = f"[{round(Fraction(100 * number, len(ids) - 1))}] " if scored else ""
        yield f"- {points}{wording.choices[id]}"
    if question.unknown:
        yield f"- [?] {wording.unknown}"
    if ids:
        yield ""


def _variant(question: Question, name: str, wording: Wording, base: Wording) -> Iterator[str]:
    yield f"*{_READERS.get(name, name)}*"
    yield ""
    if wording.ask != base.ask:
        yield from (f"**{wording.ask}**", "")
    if wording.help != base.help:
        yield from (wording.help, "")
    if (wording.choices, wording.unknown) != (base.choices, base.unknown):
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


def tools_chapter(questionnaire: Questionnaire) -> Iterator[str]:
    """The tool of every scored item, for each reader whose tool differs."""
    yield from heading(2, "What the owner can use tonight")
    yield "A step of the plan comes with its tool. Four underscores are a blank to fill in."
    yield ""
    for id, variants in questionnaire.texts.tools.items():
        yield from heading(3, f"{questionnaire.wording(id).title} `{id}`")
        for name, tool in variants.items():
            reader = "" if name == BASE else f" *({_READERS[name].lower()})*"
            yield f"**{tool.name}**{reader}, {tool.effort}"
            yield from ("", "```text", *tool.text.splitlines(), "```", "")


def _about_cards(texts: Texts) -> Iterator[str]:
    buttons = ", ".join(texts["buttons"].values())
    yield from (f"**{texts['prompt']}** ({buttons}; “{texts['title']}” in tables)", "")
    yield from (texts["test"], "", f"Of a card that can be both: “{texts['either_note']}”", "")
    yield from ("The page after the cards opens with how many matched, of the scored ones:", "")
    yield from (*(f"- {text}" for text in texts["feedback"].values()), "")


def _cards(questionnaire: Questionnaire, cards: tuple[Question, ...]) -> Iterator[str]:
    short = questionnaire.texts.questions[questionnaire.structure.roles.recent_jobs]
    rows = []
    for card in cards:
        for name, wording in questionnaire.texts.questions[card.id].items():
            reader = "" if name == BASE else f" *({_READERS[name].lower()})*"
            side = f"{card.answer}, not scored" if card.answer == "either" else str(card.answer)
            done = short[name].choices[card.id.removeprefix("sort_")]
            rows.append((f"{wording.ask}{reader}", side, wording.note, done))
    yield from table(("Card", "Job", "Explanation", "In the tick list"), rows)


def findings_chapter(questionnaire: Questionnaire, rules: Mapping[str, str]) -> Iterator[str]:
    """Archetypes by their ``rules``, contradictions, flags, the money range and the offer."""
    yield from heading(2, "What the result can say")
    yield from _archetypes(questionnaire, rules)
    yield from _dimensions(questionnaire)
    yield from _contradictions(questionnaire)
    yield from _flags(questionnaire)
    yield from _money(questionnaire)
    yield from heading(3, "What was not asked, and why")
    yield from table(("Reason", "It says"), questionnaire.texts.findings["not_asked"].items())
    yield from _offer(questionnaire)
    yield from _printed(questionnaire)


def _archetypes(questionnaire: Questionnaire, rules: Mapping[str, str]) -> Iterator[str]:
    texts = questionnaire.texts.findings
    yield from heading(3, "Which firm it is like")
    yield "The first that fits. Each leg is the mean of its own answers."
    yield ""
    yield from table(
        ("Name", "When", "In the owner’s words", "Says"),
        (
            (f"{own['name']} `{id}`", rules[id], own["rule"], own["says"])
            for id, own in texts["archetypes"].items()
        ),
    )


def _dimensions(questionnaire: Questionnaire) -> Iterator[str]:
    yield from heading(3, "What it says about a part")
    columns = ("name", "asks", "low", "strong", "call_question")
    rows: list[Sequence[str]] = []
    for own in questionnaire.texts.findings["dimensions"].values():
        rows.append([own[column] for column in columns])
        for reader, changes in own.get("in", {}).items():
            differs = [changes.get(column, "") for column in columns]
            rows.append([f"*{_READERS[reader]}* {differs[0]}".strip(), *differs[1:]])
    yield from table(("Part", "Asks", "When weak", "When strong", "Asked on the call"), rows)


def _contradictions(questionnaire: Questionnaire) -> Iterator[str]:
    texts = questionnaire.texts.findings["contradictions"]
    yield from heading(3, "Answers that do not go together")
    yield (
        "They never change a score. The first three that hold are shown. In the conditions 0 is "
        "the worst answer, and “I don’t know” makes none of them true."
    )
    yield ""
    rows = []
    for rule in questionnaire.structure.contradictions:
        own = texts[rule.id]
        cell = f"`{rule.id}`: {rule.when}"
        rows.append((cell, own["text"], ", ".join(rule.claims)))
        for reader, changes in own.get("in", {}).items():
            rows.append((f"*{_READERS[reader]}*", changes["text"], ""))
    yield from table(("When", "Finding", "Claims"), rows)
    yield (
        "Before the result, the owner is asked about one of these at most, and only where the "
        "answers can’t all be right. The numbers go first."
    )
    yield ""
    asked = questionnaire.texts.findings["double_check"]
    conditions = {rule.id: rule.impossible for rule in questionnaire.structure.contradictions}
    yield from table(
        ("When", "Asked"),
        ((f"`{id}`: {conditions.get(id, 'numbers_disagree')}", text) for id, text in asked.items()),
    )


def _flags(questionnaire: Questionnaire) -> Iterator[str]:
    texts = questionnaire.texts.findings
    yield from heading(3, "Flags and notes")
    yield from table(
        ("Name", "Text"),
        (
            (own["name"], own["text"])
            for own in (*texts["flags"].values(), *texts["notes"].values())
        ),
    )


def _money(questionnaire: Questionnaire) -> Iterator[str]:
    texts = questionnaire.texts.findings["money"]
    yield from heading(3, "The money range")
    yield from (texts["intro"], "", f"> {texts['silent']} {texts['result']}", "")
    for step in texts["steps"].values():
        if isinstance(step, str):
            yield f"- {step}"
    yield ""
    for changed in (texts, texts["steps"]):
        for reader, own in changed.get("in", {}).items():
            yield f"{_READERS[reader]} reads: {' '.join(own.values())}"
            yield ""
    yield from ("It rests on two assumptions, which are printed:", "")
    for assumption in texts["assumptions"]:
        yield f"- {assumption}"
    yield ""
    yield from table(("No range when", "It says"), texts["refusals"].items())


def _offer(questionnaire: Questionnaire) -> Iterator[str]:
    texts = questionnaire.texts.findings["consult"]
    yield from heading(3, "The consult")
    yield from table(
        ("Advice", "Title", "Text", "Button"),
        (
            (advice, own["title"], own["text"], own["button"])
            for advice, own in texts.items()
            if advice != "topics"
        ),
    )
    names = {id: own["name"] for id, own in questionnaire.texts.findings["dimensions"].items()}
    names |= questionnaire.wording(questionnaire.structure.roles.troubles).choices
    yield from table(
        ("When they name, or the plan starts in", "The topic is"),
        ((names[id], topic) for id, topic in texts["topics"].items()),
    )


def _printed(questionnaire: Questionnaire) -> Iterator[str]:
    """The texts that only the report has, by their place in findings.yaml."""
    yield from heading(3, "What the printed report adds")
    yield "Three underscores are a blank to fill in by hand. Who says so in the money range: "
    tags = questionnaire.texts.findings["money"]["tags"]
    yield f"“{tags['said']}” or “{tags['assumed']}”."
    yield ""
    for group, title in (
        ("troubles", "What the answers say about a trouble"),
        ("jobs", "What each job is"),
        ("because", "Why a step is in its place"),
        ("states", "A part that is neither strong nor weak"),
        ("report", "Whatever the answers are"),
        ("matters", "Why a score matters"),
        ("agreement", "The handoff agreement"),
        ("consult_agenda", "The consult agenda"),
        ("sources", "What it rests on"),
    ):
        rows = (
            (": ".join(path) or "Sources", text) for path, text in _texts_in(group, questionnaire)
        )
        yield from table((title, "It says"), rows)


def _texts_in(group: str, questionnaire: Questionnaire) -> Iterator[tuple[tuple[str, ...], str]]:
    for text in texts_of(questionnaire):
        if text.file == "findings.yaml" and text.path[0] == group:
            yield text.path[1:], text.text
