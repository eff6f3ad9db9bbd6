"""The content check: what it lets pass and what it says to an editor; and the printed edition."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from consult.editing.coverage import coverage_problems
from consult.editing.edition_check import check, reader_problems, tool_problems
from consult.editing.edition_document import document
from consult.editing.language import choice_problems, language_problems, syllables_in
from consult.editing.texts import Problem, Text, texts_of
from consult.questionnaire import editions
from consult.questionnaire.conditions import all_of, rung
from consult.questionnaire.editions import names, newest
from consult.questionnaire.model import Rule
from consult.questionnaire.questionnaire import Questionnaire, join
from consult.questionnaire.questions import BASE, EditionError, Page

COMMITTED = Path(__file__).parents[2] / "docs" / "instrument.md"
WORDING = editions.folder(newest().name) / "wording"

Reword = Callable[[str, str, str], Questionnaire]
Put = Callable[[str, str | None], Questionnaire]


def changed(folder: Path, file: str, change: Callable[[str], str]) -> Questionnaire:
    """The newest edition with the content of one of its files changed."""
    shutil.copytree(WORDING, folder)
    path = folder / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return join(newest().structure, folder)


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Put a text (None: take it out) at a place of the newest edition, and load the result."""

    def load(place: str, text: str | None) -> Questionnaire:
        file, *keys = place.replace(": in ", ": in: ").split(": ")

        def change(content: str) -> str:
            texts = yaml.load(content, yaml.CSafeLoader)
            within = texts
            for key in keys[:-1]:
                within = within.setdefault(key, {})
            last = int(keys[-1]) - 1 if isinstance(within, list) else keys[-1]
            within[last] = text
            if text is None:
                del within[last]
            return yaml.dump(texts, Dumper=yaml.CSafeDumper)

        return changed(tmp_path / "wording", file, change)

    return load


@pytest.fixture
def reword(tmp_path: Path) -> Reword:
    def load(file: str, old: str, new: str) -> Questionnaire:
        assert old in (WORDING / file).read_text(encoding="utf-8")
        return changed(tmp_path / "wording", file, lambda texts: texts.replace(old, new, 1))

    return load


@pytest.mark.parametrize("edition", names())
def test_every_published_edition_is_fit_to_be_shown(edition: str) -> None:
    assert check(editions.load(edition)) == []


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("any: fix", "Every new contact should be asked how they came.", "starts with “Every”"),
        ("any: call_question", "What did a buyer say lately", "should end with a question mark"),
        ("any: why", "A clean pipeline belongs to one person.", "“pipeline” is trade talk"),
        ("any: choices: 2", "Some lazy colleague.", "“lazy” may sting"),
        ("any: why", "Of all leads, 79% never buy.", "“79%” has no source that holds"),
        ("any: why", "Those who count sell 3 times more.", "“3” reads like a finding"),
        ("any: why", "Leaks come in 12 kinds.", "“12” is neither the owner’s number"),
        ("figures: six_tries: text", "95% in 2012. Yours may differ.", "“95%” is not what the"),
        ("figures: six_tries: text", "In 2012, 93% were reached.", "should say “yours may differ”"),
        ("any: low", "Most small firms lose leads here.", "compares the owner with others"),
        ("consult: yes: title", "Free consult, 20 minutes on your list", "has lost {topic}"),
        (
            "any: why",
            "Organizational differentiation facilitates accountability, and you can’t tell.",
            "reads at grade",
        ),
        ("any: why", "It's better with a name.", "has a straight quote"),
        ("any: why", "Ask for a “yes”, not a “maybe.”", "after a closing quote"),
        ("any: why", "You cannot follow up a lost lead.", "“cannot” is stiff. Write “can’t”"),
        ("any: why", "Fast answers always win.", "“always” claims to know how it goes for others"),
        ("matters: handoff: team", "When a lead moves, it often falls.", "“often” claims to know"),
        ("any: title", "The goal that you have set for your marketing", "has 9 words where 6 fit"),
        ("any: tool", "A question for each and every new contact", "has 8 words where 6 fit"),
    ],
)
def test_an_unfit_text_is_named_with_what_to_change(path: str, text: str, message: str) -> None:
    found = language_problems([Text("handoff.yaml", tuple(path.split(": ")), text)])
    assert {problem.place for problem in found} == {f"handoff.yaml: {path}"}
    assert any(message in problem.message for problem in found)


def test_syllables_are_counted_as_they_are_spoken() -> None:
    """As the pronouncing dictionary of Carnegie Mellon University has them."""
    counts = {
        1: "the first lead calls rates called priced they’re who’s please can’t team",
        2: "rated people handled didn’t table someone going quiet lately hello owner business",
        3: "marketing customer example companies every area ideas deliver calendar interested",
        4: "information experience immediate usually separated",
        5: "communicated university",
        6: "organizational",
    }
    for count, words in counts.items():
        assert {word: syllables_in(word) for word in words.split()} == dict.fromkeys(
            words.split(), count
        )


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Decide whom you call.", "whom"),
        ("Mend your list.", "mend"),
        ("Ticked boxes count.", "ticked"),
        ("Start anew.", "anew"),
        ("Pick a yardstick.", "yardstick"),
        ("Send a mail.", "mail"),
        ("Ask at the till.", "till"),
    ],
)
@pytest.mark.parametrize("file", ["findings.yaml", "tools.yaml", "pages.yaml"])
def test_stiff_words_are_refused_in_every_file(file: str, text: str, word: str) -> None:
    (problem,) = language_problems([Text(file, ("any", "text"), text)])
    assert problem.message.startswith(f"“{word}” is not what people here say")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("why", "According to their makers, most tools pay off."),
        ("why", "By your answers, most leads wait."),
        ("why", "It takes an hour at most."),
        ("text", "Send a letter by direct mail, or an email."),
        ("text", "It rests on “Sales and Marketing Are Not the Same.”"),
        ("fix", "Don’t wait. Call today."),
    ],
)
def test_sourced_reasons_and_contractions_pass(field: str, text: str) -> None:
    assert language_problems([Text("tools.yaml", ("any", field), text)]) == []


def test_two_choices_that_read_alike_are_named(put: Put) -> None:
    like = newest().wording("clear_answers").choices["1"]
    edition = put("handoff.yaml: clear_answers: choices: 3", f"{like}!")
    (problem,) = choice_problems(edition)
    assert problem == Problem(
        "handoff.yaml: clear_answers: choices", f"“{like}” reads like “{like}!”. Say what differs"
    )


@pytest.mark.parametrize(
    ("place", "text", "named"),
    [
        ("sorting.yaml: cards: newsletter: done", "Posted on social media", "done_last_30_days"),
        (
            "profile.yaml: lead_came_from: in checkout: choices: walk_in",
            "Some other way",
            "lead_came_from: in checkout",
        ),
    ],
    ids=["short names of cards", "a choice that a variant changes and one that it takes"],
)
def test_choices_are_compared_as_they_are_shown(
    put: Put, place: str, text: str, named: str
) -> None:
    (problem, *_) = choice_problems(put(place, text))
    assert problem.place == f"profile.yaml: {named}: choices"


def test_choices_are_read_as_a_whole(put: Put) -> None:
    hard = "Organizational differentiation facilitates accountability everywhere."
    (problem,) = choice_problems(put("handoff.yaml: lead_list: in counter: choices: 2", hard))
    assert problem.place == "handoff.yaml: lead_list: in counter: choices"
    assert problem.message.startswith("reads at grade")


@pytest.mark.parametrize(
    ("place", "text", "message"),
    [
        (
            "handoff.yaml: follow_up: in solo: choices: 1",
            "We wait.",
            "handoff.yaml: follow_up: in solo: choices: says “we”, and one person alone",
        ),
        (
            "separation.yaml: slow_month: in checkout: why",
            None,
            "separation.yaml: slow_month: in checkout: why: ",
        ),
        (
            "handoff.yaml: lead_list: in counter: why",
            "A lead you lose is gone.",
            "handoff.yaml: lead_list: in counter: "
            "says “lead” to a shop. Speak of visitors, shoppers or carts",
        ),
    ],
    ids=["one person as several", "words of a team", "a shop of leads"],
)
def test_a_wording_that_does_not_fit_its_reader_is_named(
    put: Put, place: str, text: str | None, message: str
) -> None:
    (problem,) = reader_problems(put(place, text))
    assert str(problem).startswith(message)


def test_a_line_of_a_tool_is_named_by_its_number(reword: Reword, tmp_path: Path) -> None:
    reword("tools.yaml", "Ask, “Does this work for you?”", "Ask about their pipeline.")
    assert [str(problem) for problem in language_problems(texts_of(tmp_path / "wording"))] == [
        "tools.yaml: sales_steps: text: 6: “pipeline” is trade talk. Say it in the owner’s words"
    ]


@pytest.mark.parametrize(
    ("place", "old", "new", "message"),
    [
        (
            "after_hours: in checkout",
            "Nobody’s at the desk right now.",
            "We’re not at the desk right now.",
            "says “we”, and one person alone may read it",
        ),
        (
            "patience",
            "Fill this in before you start anything new",
            "Fill this in before we start anything new",
            "says “we”, and one person alone may read it",
        ),
        (
            "follow_up: in counter",
            "tool: Three check-in messages",
            "tool: Three messages to quiet leads",
            "says “leads” to a shop. Speak of visitors, shoppers or carts",
        ),
        (
            "marketing_tests",
            "Start a post with a question that buyers ask.",
            "Start a post with a quote.",
            "says “quote” to a shop. Speak of visitors, shoppers or carts",
        ),
        (
            "not_now: in checkout",
            "  in:\n    counter:\n      text: |\n        When a visitor says “not now,” say:",
            "  in:\n    checkout:\n      effort: hour\n    counter:\n      text: |\n        Say:",
            "no business gets this tool",
        ),
        (
            "audience: in counter",
            "        Every three months, ask two customers about lines 3 and 4.\n\nsales_list:",
            f"        {'Ask them again. ' * 20}\n\nsales_list:",
            "A tool has 40 to 140",
        ),
    ],
)
def test_a_tool_that_does_not_fit_its_reader_is_named(
    reword: Reword, place: str, old: str, new: str, message: str
) -> None:
    found = tool_problems(reword("tools.yaml", old, new))
    assert [problem.place for problem in found] == [f"tools.yaml: {place}"]
    assert message in found[0].message


def test_what_no_answers_lead_to_and_what_has_no_wording_is_named() -> None:
    def without_claim(page: Page) -> Page:
        claims = [tuple(c for c in q.claims if c != "Q8") for q in page.questions]
        pairs = zip(page.questions, claims, strict=True)
        return Page(page.id, tuple(replace(q, claims=kept) for q, kept in pairs))

    structure, texts = newest().structure, newest().texts
    parts = tuple(
        replace(part, pages=tuple(map(without_claim, part.pages))) for part in structure.parts
    )
    first, *others = structure.contradictions
    never = Rule(first.id, all_of(rung("patience", 0), rung("patience", 3)), first.claims)
    archetypes = {**texts.findings["archetypes"]}
    archetypes["three_silos"] = archetypes.pop("two_silos")
    not_now = texts.questions["not_now"]
    not_now = {**not_now, "checkout": replace(not_now[BASE], title="Later")}
    edition = Questionnaire(
        replace(structure, parts=parts, contradictions=(never, *others)),
        replace(
            texts,
            questions={**texts.questions, "not_now": not_now},
            findings={**texts.findings, "archetypes": archetypes},
        ),
    )
    assert {str(problem) for problem in coverage_problems(edition)} == {
        "findings.yaml: archetypes: two_silos has no wording, and some answers lead to it",
        "findings.yaml: archetypes: three_silos: no answers lead to it",
        "findings.yaml: claims: Q8: no question and no finding that can come up rests on it",
        f"findings.yaml: contradictions: {first.id}: no answers lead to it",
        "handoff.yaml: not_now: in checkout: no business gets to see this wording",
    }


def test_a_file_that_cannot_be_read_is_refused_with_its_place(reword: Reword) -> None:
    with pytest.raises(EditionError, match=r"^sorting\.yaml.*quote that is opened and not closed"):
        reword("sorting.yaml", "text: Posting", 'text: "Posting')


def test_the_committed_document_is_current() -> None:
    current = document(newest())
    assert COMMITTED.read_text(encoding="utf-8") == current, (
        "the questionnaire changed: consult questionnaire document > docs/instrument.md"
    )


def test_the_document_shows_every_text_of_the_edition() -> None:
    shown = document(newest())
    assert [text.place for text in texts_of(WORDING) if text.text not in shown] == []
