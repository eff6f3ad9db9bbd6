"""The content check: what it lets pass and what it says to an editor; and the printed edition."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from consult.content import Problem, check, document
from consult.content.coverage import coverage_problems
from consult.content.language import language_problems
from consult.content.readers import reader_problems, tool_problems
from consult.content.texts import Text, texts_of
from consult.questionnaire import EditionError, Question, Questionnaire, editions
from consult.questionnaire.conditions import all_of, rung
from consult.questionnaire.editions import names, newest
from consult.questionnaire.model import Page, Rule
from consult.questionnaire.questionnaire import join

COMMITTED = Path(__file__).parents[2] / "docs" / "instrument.md"
WORDING = editions.folder(newest().name) / "wording"

Reword = Callable[[str, str, str], Questionnaire]
Put = Callable[[str, str | None], Questionnaire]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Put a text (None: take it out) at a place of the newest edition, and load the result."""

    def change(place: str, text: str | None) -> Questionnaire:
        folder = tmp_path / "wording"
        shutil.copytree(WORDING, folder)
        file, *keys = place.replace(": in ", ": in: ").split(": ")
        texts = yaml.safe_load((folder / file).read_text(encoding="utf-8"))
        within = texts
        for key in keys[:-1]:
            within = within.setdefault(key, {})
        last = int(keys[-1]) - 1 if isinstance(within, list) else keys[-1]
        if text is None:
            del within[last]
        else:
            within[last] = text
        (folder / file).write_text(yaml.safe_dump(texts), encoding="utf-8")
        return join(newest().structure, folder)

    return change


@pytest.fixture
def reword(tmp_path: Path) -> Reword:
    """Change the text of a file of the newest edition, and load the result."""

    def change(file: str, old: str, new: str) -> Questionnaire:
        folder = tmp_path / "wording"
        shutil.copytree(WORDING, folder)
        path = folder / file
        texts = path.read_text(encoding="utf-8")
        assert old in texts
        path.write_text(texts.replace(old, new, 1), encoding="utf-8")
        return join(newest().structure, folder)

    return change


@pytest.mark.parametrize("edition", names())
def test_every_published_edition_is_fit_to_be_shown(edition: str) -> None:
    assert check(editions.load(edition)) == []


@pytest.mark.parametrize(
    ("place", "text", "message"),
    [
        (
            "handoff.yaml: lead_source: fix",
            "Every new contact should be asked how they found you.",
            "starts with “Every”",
        ),
        (
            "findings.yaml: dimensions: feedback: call_question",
            "What did a buyer say lately",
            "should end with a question mark",
        ),
        (
            "separation.yaml: sales_owner: why",
            "A clean pipeline belongs to one person.",
            "“pipeline” is trade talk",
        ),
        (
            "separation.yaml: marketing_owner: choices: 2",
            "Some lazy colleague.",
            "“lazy” may sting",
        ),
        (
            "handoff.yaml: lead_list: why",
            "Of all leads, 79% never buy.",
            "“79%” has no source that holds",
        ),
        (
            "handoff.yaml: funnel_counts: why",
            "Those who count sell 3 times more.",
            "“3” reads like a finding",
        ),
        (
            "handoff.yaml: funnel_counts: why",
            "Leaks come in 12 kinds.",
            "“12” is neither the owner’s number",
        ),
        (
            "findings.yaml: figures: six_tries: text",
            "In a 2012 study, 95% were reached by the sixth call. Yours may differ.",
            "“95%” is not what the source",
        ),
        (
            "findings.yaml: figures: six_tries: text",
            "In a 2012 study, 93% were reached by the sixth call.",
            "should say “yours may differ”",
        ),
        (
            "findings.yaml: dimensions: persistence: low",
            "Most small firms lose leads here.",
            "compares the owner with others",
        ),
        (
            "findings.yaml: consult: yes: title",
            "Free consult, 20 minutes on your list",
            "has lost {topic}",
        ),
        (
            "separation.yaml: purpose_of_each: why",
            "Organizational differentiation facilitates accountability attribution, and you "
            "can’t tell which.",
            "reads at grade",
        ),
        (
            "separation.yaml: marketing_owner: why",
            "It's better with a name.",
            "has a straight quote",
        ),
        (
            "handoff.yaml: lead_list: why",
            "You cannot follow up a lead that is lost.",
            "“cannot” is stiff. Write “can’t”",
        ),
        (
            "handoff.yaml: lead_list: why",
            "Fast answers always win.",
            "“always” claims to know how it goes for others",
        ),
        (
            "findings.yaml: matters: handoff: team",
            "Each time a lead moves, it often falls.",
            "“often” claims to know how it goes for others",
        ),
        (
            "separation.yaml: marketing_goal: title",
            "The goal that you have set for your marketing",
            "has 9 words where 6 fit",
        ),
        (
            "tools.yaml: lead_source: tool",
            "A question for each and every new contact",
            "has 8 words where 6 fit",
        ),
    ],
)
def test_an_unfit_text_is_named_with_what_to_change(
    put: Put, place: str, text: str, message: str
) -> None:
    reworded = set(texts_of(put(place, text))) - set(texts_of(newest()))
    found = language_problems(reworded)
    assert {problem.place for problem in found} == {place}
    assert any(message in problem.message for problem in found)


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
        ("text", "It rests on “Sales and Marketing Are Not the Same”."),
        ("fix", "Don’t wait. Call today."),
    ],
)
def test_sourced_reasons_and_contractions_pass(field: str, text: str) -> None:
    assert language_problems([Text("tools.yaml", ("any", field), text)]) == []


def test_two_choices_that_read_alike_are_named(put: Put) -> None:
    like = newest().wording("clear_answers").choices["1"]
    edition = put("handoff.yaml: clear_answers: choices: 3", f"{like}!")
    problem = Problem(
        "handoff.yaml: clear_answers: choices: 3", f"reads like “{like}”. Say what differs"
    )
    assert problem in language_problems(texts_of(edition))


def test_one_person_is_not_spoken_to_as_several(put: Put) -> None:
    edition = put("handoff.yaml: follow_up: in solo: choices: 1", "We wait.")
    assert [str(problem) for problem in reader_problems(edition)] == [
        "handoff.yaml: follow_up: in solo: choices: says “we”, and one person alone may read it"
    ]


def test_a_shop_of_one_person_does_not_get_the_words_of_a_team(put: Put) -> None:
    edition = put("separation.yaml: slow_month: in checkout: why", None)
    assert [problem.place for problem in reader_problems(edition)] == [
        "separation.yaml: slow_month: in checkout: why"
    ]


def test_a_shop_does_not_read_of_leads(put: Put) -> None:
    edition = put("handoff.yaml: lead_list: in counter: why", "A lead you lose is gone.")
    assert [str(problem) for problem in reader_problems(edition)] == [
        "handoff.yaml: lead_list: in counter: "
        "says “lead” to a shop. Speak of visitors, shoppers or carts"
    ]


def test_a_variant_that_no_business_gets_to_see_is_named(put: Put) -> None:
    edition = put("handoff.yaml: not_now: in checkout: title", "Later")
    assert [str(problem) for problem in coverage_problems(edition)] == [
        "handoff.yaml: not_now: in checkout: no business gets to see this wording"
    ]


def test_a_line_of_a_tool_is_named_by_its_number(reword: Reword) -> None:
    edition = reword("tools.yaml", "Ask, “Does this work for you?”", "Ask about their pipeline.")
    assert [str(problem) for problem in language_problems(texts_of(edition))] == [
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


def test_findings_without_words_and_words_without_findings_are_named(reword: Reword) -> None:
    edition = reword("findings.yaml", "  two_silos:\n", "  three_silos:\n")
    assert [str(problem) for problem in coverage_problems(edition)] == [
        "findings.yaml: archetypes: two_silos has no wording, and some answers lead to it",
        "findings.yaml: archetypes: three_silos: no answers lead to it",
    ]


def test_a_claim_that_nothing_rests_on_is_named() -> None:
    def without(question: Question) -> Question:
        return replace(question, claims=tuple(c for c in question.claims if c != "Q8"))

    edition = newest()
    parts = tuple(
        replace(part, pages=tuple(Page(p.id, tuple(map(without, p.questions))) for p in part.pages))
        for part in edition.structure.parts
    )
    structure = replace(edition.structure, parts=parts)
    assert [
        str(problem) for problem in coverage_problems(replace(edition, structure=structure))
    ] == ["findings.yaml: claims: Q8: no question and no finding that can come up rests on it"]


def test_a_rule_that_cannot_hold_is_named() -> None:
    edition = newest()
    first, *others = edition.structure.contradictions
    never = Rule(first.id, all_of(rung("patience", 0), rung("patience", 3)), first.claims)
    structure = replace(edition.structure, contradictions=(never, *others))
    assert [
        str(problem) for problem in coverage_problems(replace(edition, structure=structure))
    ] == [f"findings.yaml: contradictions: {first.id}: no answers lead to it"]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "handoff.yaml",
            "    - The same day.\n",
            "",
            "handoff.yaml: first_reply: has 4 choices and needs 5, worst first",
        ),
        (
            "handoff.yaml",
            "  why: Interest",
            "  because: Interest",
            "handoff.yaml: first_reply: why is missing",
        ),
        (
            "handoff.yaml",
            f"  why: {newest().wording('first_reply').why}",
            "  why:",
            "handoff.yaml: first_reply: why: the text is missing",
        ),
        (
            "profile.yaml",
            "marketing_by:",
            "marketing_for:",
            "profile.yaml: marketing_for is not an id of this edition",
        ),
        (
            "profile.yaml",
            "    mix: A mix",
            "    mixed: A mix",
            "profile.yaml: buying_path: choices: mix is missing",
        ),
        (
            "separation.yaml",
            "    - Everyone.",
            "    - No",
            "separation.yaml: audience: choices: 1: should be a text, and the file’s format reads "
            'it as False. Put straight quotes around the whole text, "like this"',
        ),
        (
            "separation.yaml",
            "fix: Block off one",
            "fix: Block: one",
            "there is a text with a colon in it. Put straight quotes",
        ),
        (
            "profile.yaml",
            "  help: Selling",
            "\thelp: Selling",
            "there is a tab. Use spaces instead",
        ),
        ("sorting.yaml", "text: Posting", 'text: "Posting', "quote that is opened and not closed"),
        ("handoff.yaml", "  why: Interest", "   why: Interest", "how far the line is set in"),
        ("separation.yaml", "  title: Two budgets", "  ask: Two budgets", "ask is there twice"),
        ("handoff.yaml", "title: First reply", "title: Reply #1", "from the # on would be lost"),
        (
            "findings.yaml",
            "    says: Marketing holds, and so does sales. What",
            "    say: Marketing holds, and so does sales. What",
            "findings.yaml: archetypes: two_silos: says: the text is missing",
        ),
        (
            "findings.yaml",
            "method:",
            "methods:",
            "findings.yaml: method: should be a list of texts",
        ),
        (
            "findings.yaml",
            "  no_last_runner:",
            "  no_runner:",
            "findings.yaml: flags: no_last_runner has no wording",
        ),
        (
            "pages.yaml",
            f"title: {newest().texts.pages['purpose'].title}",
            "title:",
            "pages.yaml: pages: purpose: title: the text is missing",
        ),
        ("sorting.yaml", "prompt:", "question:", "sorting.yaml: prompt: the text is missing"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_place(
    reword: Reword, file: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(EditionError) as error:
        reword(file, old, new)
    assert str(error.value).startswith(file)
    assert message in str(error.value)


def test_the_committed_document_is_current() -> None:
    current = document(newest())
    assert COMMITTED.read_text(encoding="utf-8") == current, (
        "the questionnaire changed: consult questionnaire document > docs/instrument.md"
    )


def test_the_document_shows_every_text_of_the_edition() -> None:
    shown = document(newest())
    assert [text.place for text in texts_of(newest()) if text.text not in shown] == []
