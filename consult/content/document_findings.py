"""The document's chapter on what the result can say."""

from collections.abc import Iterator, Mapping

from consult.content.markdown import heading, table
from consult.content.texts import texts_of
from consult.questionnaire import Questionnaire


def findings_chapter(questionnaire: Questionnaire, rules: Mapping[str, str]) -> Iterator[str]:
    """Archetypes by their ``rules``, contradictions, flags, the money range and the offer."""
    yield from heading(2, "What the result can say")
    yield from _archetypes(questionnaire, rules)
    yield from _dimensions(questionnaire)
    yield from _contradictions(questionnaire)
    yield from _flags(questionnaire)
    yield from _money(questionnaire)
    yield from _left_out(questionnaire)
    yield from _offer(questionnaire)
    yield from _printed(questionnaire)


def _archetypes(questionnaire: Questionnaire, rules: Mapping[str, str]) -> Iterator[str]:
    words = questionnaire.words.findings
    yield from heading(3, "Which firm it is like")
    yield f"The first that fits. Close to a line: “{words['near_archetype']}”"
    yield ""
    yield from table(
        ("Name", "When", "In the owner’s words", "Says", "First move"),
        (
            (f"{own['name']} `{id}`", rules[id], own["rule"], own["says"], own["first_move"])
            for id, own in words["archetypes"].items()
        ),
    )


def _dimensions(questionnaire: Questionnaire) -> Iterator[str]:
    yield from heading(3, "What it says about a part")
    yield from table(
        ("Part", "When weak", "When strong", "Asked on the call"),
        (
            (own["name"], own["low"], own["strong"], own["call_question"])
            for own in questionnaire.words.findings["dimensions"].values()
        ),
    )


def _contradictions(questionnaire: Questionnaire) -> Iterator[str]:
    words = questionnaire.words.findings["contradictions"]
    yield from heading(3, "Answers that do not go together")
    yield (
        "They never change a score. The first three that hold are shown; before that, the owner is "
        "asked about them. In the conditions 0 is the worst answer, and “I don’t know” makes none "
        "of them true."
    )
    yield ""
    rows = []
    for rule in questionnaire.structure.contradictions:
        own = words[rule.id]
        cell = f"`{rule.id}`: {rule.when}"
        rows.append((cell, own["text"], own["question"], ", ".join(rule.claims)))
        for texts in own.get("in", {}).values():
            reworded = {**own, **texts}
            rows.append(("*one person*", reworded["text"], reworded["question"], ""))
    yield from table(("When", "Finding", "Asked before", "Claims"), rows)


def _flags(questionnaire: Questionnaire) -> Iterator[str]:
    words = questionnaire.words.findings
    yield from heading(3, "Flags and notes")
    yield from table(
        ("Name", "Text"),
        (
            (own["name"], own["text"])
            for own in (*words["flags"].values(), *words["notes"].values())
        ),
    )


def _money(questionnaire: Questionnaire) -> Iterator[str]:
    words = questionnaire.words.findings["money"]
    yield from heading(3, "The money range")
    yield from (words["intro"], "", f"> {words['result']}", "")
    for step in words["steps"].values():
        yield f"- {step}"
    yield ""
    yield from ("It rests on two assumptions, which are printed:", "")
    for assumption in words["assumptions"]:
        yield f"- {assumption}"
    yield ""
    yield from table(("No range when", "It says"), words["refusals"].items())


def _left_out(questionnaire: Questionnaire) -> Iterator[str]:
    yield from heading(3, "What was not asked, and why")
    yield from table(("Reason", "It says"), questionnaire.words.findings["not_asked"].items())


def _offer(questionnaire: Questionnaire) -> Iterator[str]:
    words = questionnaire.words.findings["consult"]
    yield from heading(3, "The consult")
    yield from table(
        ("Advice", "Title", "Text", "Button"),
        (
            (advice, own["title"], own["text"], own["button"])
            for advice, own in words.items()
            if advice != "topics"
        ),
    )
    topics = questionnaire.words.findings["dimensions"]
    yield from table(
        ("When most is to be gained in", "The topic is"),
        ((topics[id]["name"], topic) for id, topic in words["topics"].items()),
    )


def _printed(questionnaire: Questionnaire) -> Iterator[str]:
    """The texts that only the report has, by their place in findings.yaml."""
    yield from heading(3, "What the printed report adds")
    yield "Three underscores are a blank to fill in by hand. Who says so in the money range: "
    tags = questionnaire.words.findings["money"]["tags"]
    yield f"“{tags['said']}” or “{tags['assumed']}”."
    yield ""
    for group, title in (
        ("states", "A part that is neither strong nor weak"),
        ("report", "Whatever the answers are"),
        ("matters", "Why a score matters"),
        ("agreement", "The handoff agreement"),
        ("consult_agenda", "The consult agenda"),
        ("sources", "What it rests on"),
    ):
        rows = (
            (": ".join(path) or "Sources", text) for path, text in _leaves(group, questionnaire)
        )
        yield from table((title, "It says"), rows)


def _leaves(group: str, questionnaire: Questionnaire) -> Iterator[tuple[tuple[str, ...], str]]:
    for text in texts_of(questionnaire):
        if text.file == "findings.yaml" and text.path[0] == group:
            yield text.path[1:], text.words
