"""The words of an edition: every text that is missing, left over or no text is named by its place.

The files of the newest edition are changed in memory, one thing at a time.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from consult.questionnaire import editions, wording
from consult.questionnaire.finding_texts import check_findings
from consult.questionnaire.questions import BASE, EditionError
from consult.questionnaire.wording import EditionTexts, read_edition_texts
from consult.questionnaire.yaml_texts import read_texts
from tests.support.strategies import EDITION

FOLDER = editions.folder(EDITION.name) / "wording"
FILES: dict[str, Any] = {path.stem: read_texts(path) for path in FOLDER.glob("*.yaml")}
GONE = object()

Path_ = tuple[str | int, ...]
"""The keys and list indices that lead to something in `FILES`; the first is the file."""


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read the words with one thing changed, or left out when it is `GONE`."""

    def read(path: Path_, value: object) -> EditionTexts:
        files = put(FILES, path, value)
        monkeypatch.setattr(wording, "read_texts", lambda file: files[file.stem])
        return read_edition_texts(EDITION.structure, FOLDER)

    return read


def put(texts: Any, path: Path_, value: object) -> Any:
    """A copy of ``texts`` with another value at ``path``."""
    key, *rest = path
    copy = texts.copy()
    if rest:
        copy[key] = put(texts[key], tuple(rest), value)
    elif value is GONE:
        del copy[key]
    elif isinstance(copy, list) and key == len(copy):
        copy.append(value)
    else:
        copy[key] = value
    return copy


def paths(texts: Any, to: Path_ = ()) -> Iterator[Path_]:
    if isinstance(texts, dict | list):
        for key, inner in texts.items() if isinstance(texts, dict) else enumerate(texts):
            yield from paths(inner, (*to, key))
    else:
        yield to


def place_of(path: Path_) -> str:
    """How an editor is told about it: variants after "in", choices counted from one."""
    file, *keys = path
    if file == "sorting" and keys[0] == "cards":
        del keys[0]
    told = [str(key + 1) if isinstance(key, int) else key for key in keys]
    return ": ".join([f"{file}.yaml", *told]).replace(": in: ", ": in ")


def refused(value: object, ending: str, *places: str) -> Iterator[tuple[Path_, object, str]]:
    """The message on a value at each of the places: the place as editors know it, and why not."""
    for place in places:
        path = tuple(int(key) if key.isdigit() else key for key in place.split(": "))
        yield path, value, place_of(path) + ending


IS_MISSING, NO_WORDING, NO_TEXT = " is missing", " has no wording", ": the text is missing"
NOT_USED, NOT_AN_ID = " is not a text that is used here", " is not an id of this edition"
NO_LIST, NOT_A_TEXT = ": should be a list of texts", ": should be a text"
SHOULD_HOLD = ": 'in' should hold solo, team"
REPLY, DEMO, FLAG = (
    "handoff: first_reply",
    "sorting: cards: demo",
    "findings: flags: no_first_runner",
)
DONE = "profile: done_last_30_days"
FINDINGS = FILES["findings"]
FINDING_GROUPS = (
    *("dimensions", "archetypes", "contradictions"),
    *("flags", "notes", "figures", "claims"),
)

REFUSED: list[tuple[Path_, object, str]] = [
    # A key that is not there, or that nobody reads.
    *refused(GONE, IS_MISSING, *(f"{REPLY}: {key}" for key in ("title", "ask", "choices", "why"))),
    *refused(GONE, IS_MISSING, *(f"{REPLY}: {key}" for key in ("fix", "unknown_fix", "proof"))),
    *refused(GONE, IS_MISSING, *(f"tools: first_reply: {k}" for k in ("effort", "tool", "text"))),
    *refused(GONE, IS_MISSING, "profile: buyers: ask", f"{DEMO}: note", "sorting: feedback: some"),
    *refused(GONE, IS_MISSING, "pages: pages: who: title"),
    *refused(GONE, NO_TEXT, "sorting: prompt", "sorting: buttons: sales"),
    *refused("So.", NOT_USED, f"{REPLY}: because", "tools: first_reply: why", f"{FLAG}: why"),
    *refused("So.", NOT_USED, "tools: first_reply: in: counter: fix", "profile: buyers: fix"),
    *refused(
        "So.", NOT_USED, f"{DEMO}: why", "sorting: feedback: none", "pages: parts: lanes: help"
    ),
    *refused("So.", NOT_USED, "findings: agreement: page: in: solo: why"),
    *refused({"because": "So."}, f": because{NOT_USED}", "separation: slow_month: in: solo"),
    *refused({"solo": {"why": "So."}}, f" solo: why{NOT_USED}", f"{FLAG}: in"),
    *refused({"solo": {"text": " "}}, f" solo: text{NO_TEXT}", f"{FLAG}: in"),
    *refused("week", " should be one of hour, habit, project", "tools: first_reply: effort"),
    # A question, page or card that is not there, is no mapping, or that the structure lacks.
    *refused(GONE, NO_WORDING, "profile: buyers", "tools: first_reply", DEMO, "sorting: feedback"),
    *refused(GONE, NO_WORDING, "sorting: buttons", "pages: parts", "pages: pages: who"),
    *refused(GONE, NO_WORDING, "profile: buyers: choices: both"),
    *refused("Text.", NO_WORDING, REPLY, "profile: buyers", DEMO, "pages: pages: who"),
    (("sorting", "cards"), GONE, f"sorting.yaml: cards{NO_WORDING}"),
    *(
        ((file, id), GONE, f"separation.yaml, handoff.yaml: {id}{NO_WORDING}")
        for file, id in (("separation", "audience"), ("handoff", "first_reply"))
    ),
    *refused(
        {"title": "Extra"}, NOT_AN_ID, "profile: extra", "separation: extra", "handoff: extra"
    ),
    *refused({"title": "Extra"}, NOT_AN_ID, "tools: extra", "pages: pages: extra"),
    *refused(
        {"title": "Extra"}, NOT_AN_ID, "pages: parts: extra", "profile: buyers: choices: extra"
    ),
    (("sorting", "cards", "extra"), {"title": "Extra"}, f"sorting.yaml: cards: extra{NOT_AN_ID}"),
    *(
        ((file, "first_reply"), FILES["handoff"]["first_reply"], f"first_reply{NOT_AN_ID}")
        for file in ("separation", "profile")
    ),
    # Choices that are too few, too many or no list.
    (("handoff", "first_reply", "choices", 0), GONE, "first_reply: has 4 choices and needs 5"),
    (("handoff", "first_reply", "choices", 5), "So.", "first_reply: has 6 choices and needs 5"),
    (("handoff", "first_reply", "choices"), "So.", "has no list of choices and needs 5"),
    (
        ("handoff", "first_reply", "in", "counter", "choices", 0),
        GONE,
        "handoff.yaml: first_reply: in counter: has 3 choices and needs 4, worst first",
    ),
    *refused(["Both"], " should give a text", "profile: buyers: choices"),
    *refused({"solo": {"choices": ["Both"]}}, " solo: choices should give", "profile: buyers: in"),
    *refused(GONE, ": ", "profile: buyers: choices"),
    # Something else than a text.
    *refused(7, NOT_A_TEXT, f"{REPLY}: why", f"{REPLY}: choices: 2", "tools: first_reply: text"),
    *refused(False, NOT_A_TEXT, f"{DEMO}: text"),
    *refused(3.5, NOT_A_TEXT, "pages: parts: lanes: title"),
    (("handoff", "first_reply", "in"), ["Soon."], f"first_reply{SHOULD_HOLD}"),
    (("handoff", "first_reply", "in", "solo"), "Soon.", f"first_reply{SHOULD_HOLD}"),
    (("tools", "first_reply", "in"), "Soon.", f"tools.yaml: first_reply{SHOULD_HOLD}"),
    (("sorting", "cards", "demo", "in"), "Soon.", f"sorting.yaml: demo{SHOULD_HOLD}"),
    # The checklist, whose choices are the sorting cards.
    *refused(GONE, IS_MISSING, f"{DONE}: ask"),
    *refused("So.", NOT_USED, f"{DONE}: because"),
    *refused("So.", NOT_AN_ID, f"{DONE}: groups: extra"),
    *refused(GONE, NO_WORDING, f"{DONE}: groups: sales"),
    # Findings: no list, a group that is not there, ids that do not fit, texts that are not used.
    *refused(GONE, NO_LIST, "findings: method", "findings: money: assumptions"),
    *refused([], NO_LIST, "findings: method"),
    *refused("One text.", NO_LIST, "findings: method"),
    *(
        (("findings", group), GONE, f"findings.yaml: {group}: is missing")
        for group in FINDING_GROUPS
    ),
    *refused(GONE, ": is missing", "findings: money: refusals", "findings: consult: topics"),
    *refused(GONE, ": is missing", "findings: consult: yes"),
    *refused("Text.", ": is missing", "findings: not_asked"),
    *refused("Text.", ": separation: is missing", "findings: bands"),
    (("findings", "agreement", "page", "in", "solo"), "Text.", "page: in: solo: is missing"),
    *refused(FINDINGS["dimensions"]["own_goals"], NOT_AN_ID, "findings: dimensions: extra"),
    *refused(FINDINGS["matters"]["handoff"], NOT_AN_ID, "findings: matters: extra"),
    *refused({"text": "So."}, NOT_AN_ID, "findings: contradictions: extra"),
    *refused({"name": "So", "text": "So."}, NOT_AN_ID, "findings: flags: extra"),
    *refused({"good": "so", "low": "so"}, NOT_AN_ID, "findings: finding: answers: extra"),
    *refused("So?", NOT_AN_ID, "findings: double_check: extra", "findings: not_asked: extra"),
    *refused(
        GONE, NO_WORDING, "findings: dimensions: own_goals", FLAG, "findings: matters: handoff"
    ),
    *refused(GONE, NO_WORDING, "findings: contradictions: rule_without_list"),
    *refused(
        GONE, NO_WORDING, "findings: double_check: numbers", "findings: not_asked: quick_look"
    ),
    *refused(GONE, NO_WORDING, "findings: double_check: name_without_time"),
    *refused(GONE, NO_WORDING, "findings: finding: unknowns: first_reply"),
    *refused(
        GONE, NO_WORDING, "findings: not_asked: under_five", "findings: agreement: lines: lead"
    ),
    *refused("Text.", ": should hold the texts name, text", FLAG),
]


@pytest.mark.parametrize(("path", "value", "message"), REFUSED)
def test_what_does_not_fit_is_refused_with_file_and_id(
    path: Path_, value: object, message: str, changed: Any
) -> None:
    with pytest.raises(EditionError) as error:
        changed(path, value)
    assert message in str(error.value)
    assert f"{path[0]}.yaml" in str(error.value)
    assert path[0] != "findings" or str(error.value).startswith("findings.yaml: ")


def test_every_text_of_a_finding_that_is_not_there_is_named_by_its_place() -> None:
    """All but those under an id that the structure may lack, and those in a list or a variant."""
    by_id = (
        ("double_check",),
        ("one_lead", "heard"),
        ("troubles", "unexplained"),
        ("money", "refusals"),
        ("consult", "topics"),
        ("not_asked",),
        ("claims",),
    )
    tried = 0
    for path in paths(FINDINGS, ("findings",)):
        if isinstance(path[-1], str) and path[1:-1] not in by_id and "in" not in path:
            with pytest.raises(EditionError) as error:
                check_findings(EDITION.structure, put(FINDINGS, path[1:], GONE))
            assert str(error.value) == f"{place_of(path)}: the text is missing"
            tried += 1
    assert tried > 150


def test_a_variant_says_only_what_differs(changed: Any) -> None:
    shown = changed(("separation", "audience", "in"), {"solo": {"ask": "Who do you reach?"}})
    base, solo = shown.questions["audience"][BASE], shown.questions["audience"]["solo"]
    assert solo.ask == "Who do you reach?"
    assert (solo.title, solo.choices, solo.fix) == (base.title, base.choices, base.fix)


def test_a_title_may_be_added_and_help_and_intro_left_out(changed: Any) -> None:
    assert changed(("profile", "buyers", "title"), "Buyers").questions["buyers"][BASE].title
    assert changed(("profile", "selling_by", "help"), GONE).questions["selling_by"][BASE].help == ""
    assert changed(("pages", "pages", "who", "intro"), GONE).pages["who"].intro == ""


def test_a_finding_may_say_it_otherwise_to_some_or_say_that_it_does_not(changed: Any) -> None:
    to_one = changed(("findings", "flags", "no_first_runner", "in"), {"solo": {"text": "So."}})
    assert to_one.findings["flags"]["no_first_runner"]["in"]["solo"] == {"text": "So."}
    assert changed(("findings", "flags", "no_first_runner", "in"), {"solo": None})


def test_the_tick_list_shows_the_cards_in_few_words_and_in_each_variant(changed: Any) -> None:
    reworded = changed(("sorting", "cards", "demo", "in"), {"counter": {"done": "Showed it"}})
    ticks = reworded.questions["done_last_30_days"]
    assert set(reworded.questions["sort_demo"]) == {BASE, "counter"}
    assert ticks["counter"].choices["demo"] == "Showed it"
    assert ticks[BASE].choices["demo"] == FILES["sorting"]["cards"]["demo"]["done"]
    assert ticks["counter"].choices["newsletter"] == ticks[BASE].choices["newsletter"]


def test_a_card_is_worded_by_its_text_its_note_and_the_buttons() -> None:
    card, entry = EDITION.texts.questions["sort_newsletter"][BASE], FILES["sorting"]["cards"]
    assert card.ask == card.title == entry["newsletter"]["text"]
    assert card.note == entry["newsletter"]["note"]
    assert card.choices == FILES["sorting"]["buttons"]


@pytest.mark.parametrize("file", sorted(FILES.keys() - {"findings"}))
def test_every_text_that_is_empty_is_named_by_its_place(file: str, changed: Any) -> None:
    for path in paths(FILES[file], (file,)):
        with pytest.raises(EditionError) as error:
            changed(path, None)
        assert str(error.value) == f"{place_of(path)}: the text is missing"


def test_every_text_of_a_finding_that_is_empty_is_named_by_its_place() -> None:
    for path in paths(FINDINGS, ("findings",)):
        with pytest.raises(EditionError) as error:
            check_findings(EDITION.structure, put(FINDINGS, path[1:], None))
        assert str(error.value) == f"{place_of(path)}: the text is missing"
