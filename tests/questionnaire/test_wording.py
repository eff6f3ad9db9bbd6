"""The words of an edition: every text that is missing, left over or no text is named by its place.

The files of the newest edition are changed in memory, one thing at a time.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from consult.questionnaire import BASE, EditionError, EditionTexts, editions, wording
from consult.questionnaire.wording import read_edition_texts
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
    """Where the single texts are."""
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


REFUSED: list[tuple[Path_, object, str]] = [
    # A key that is not there, or that nobody reads.
    *(
        (("handoff", "first_reply", key), GONE, f"handoff.yaml: first_reply: {key} is missing")
        for key in ("title", "ask", "choices", "why", "fix", "unknown_fix", "proof")
    ),
    (
        ("handoff", "first_reply", "because"),
        "Because.",
        "handoff.yaml: first_reply: because is not a text that is used here",
    ),
    (
        ("separation", "audience", "in", "solo"),
        {"because": "Because."},
        "separation.yaml: audience: in solo: because is not a text that is used here",
    ),
    (("profile", "buyers", "ask"), GONE, "profile.yaml: buyers: ask is missing"),
    (("profile", "buyers", "fix"), "Ask.", "profile.yaml: buyers: fix is not a text that is used"),
    (("sorting", "cards", "demo", "note"), GONE, "sorting.yaml: demo: note is missing"),
    (("sorting", "cards", "demo", "why"), "So.", "sorting.yaml: demo: why is not a text that is"),
    (("sorting", "prompt"), GONE, "sorting.yaml: prompt: the text is missing"),
    (("sorting", "buttons", "sales"), GONE, "sorting.yaml: buttons: sales: the text is missing"),
    (("pages", "pages", "who", "title"), GONE, "pages.yaml: pages: who: title is missing"),
    (("pages", "parts", "lanes", "help"), "So.", "pages.yaml: parts: lanes: help is not a text"),
    # A question, page or card that is not there, or that the structure does not know.
    *(
        ((file, *to, id), GONE, f"{message}{id} has no wording")
        for (file, *to), id, message in [
            (("profile",), "buyers", "profile.yaml: "),
            (("separation",), "audience", "separation.yaml, handoff.yaml: "),
            (("handoff",), "first_reply", "separation.yaml, handoff.yaml: "),
            (("sorting", "cards"), "demo", "sorting.yaml: "),
            (("sorting",), "cards", "sorting.yaml: "),
            (("sorting",), "buttons", "sorting.yaml: "),
            (("pages",), "parts", "pages.yaml: "),
            (("pages", "pages"), "who", "pages.yaml: pages: "),
        ]
    ),
    *(
        (path, {"title": "Extra"}, f"{message}: extra is not an id of this edition")
        for path, message in [
            (("profile", "extra"), "profile.yaml"),
            (("separation", "extra"), "separation.yaml"),
            (("handoff", "extra"), "handoff.yaml"),
            (("sorting", "cards", "extra"), "sorting.yaml: cards"),
            (("pages", "pages", "extra"), "pages.yaml: pages"),
            (("pages", "parts", "extra"), "pages.yaml: parts"),
            (("profile", "buyers", "choices", "extra"), "profile.yaml: buyers: choices"),
        ]
    ),
    (
        ("separation", "first_reply"),
        FILES["handoff"]["first_reply"],
        "separation.yaml: first_reply is not an id of this edition",
    ),
    (("profile", "first_reply"), {"ask": "When?"}, "profile.yaml: first_reply is not an id of"),
    # Choices that are too few, too many or no list.
    (("handoff", "first_reply", "choices", 0), GONE, "first_reply: has 4 choices and needs 5"),
    (("handoff", "first_reply", "choices", 5), "Soon.", "first_reply: has 6 choices and needs 5"),
    (("handoff", "first_reply", "choices"), "Soon.", "has no list of choices and needs 5"),
    (
        ("handoff", "first_reply", "in", "counter", "choices", 0),
        GONE,
        "handoff.yaml: first_reply: in counter: has 3 choices and needs 4, worst first",
    ),
    (
        ("profile", "buyers", "choices"),
        ["Both"],
        "profile.yaml: buyers: choices should give a text",
    ),
    (("profile", "buyers", "choices"), GONE, "profile.yaml: buyers: choices: "),
    (
        ("profile", "buyers", "choices", "both"),
        GONE,
        "profile.yaml: buyers: choices: both is missing",
    ),
    # Something else than a text.
    (("handoff", "first_reply", "why"), 7, "handoff.yaml: first_reply: why: should be a text"),
    (("handoff", "first_reply", "choices", 2), 7, "first_reply: choices: 3: should be a text"),
    (("sorting", "cards", "demo", "text"), False, "sorting.yaml: demo: text: should be a text"),
    (("pages", "parts", "lanes", "title"), 3.5, "pages.yaml: parts: lanes: title: should be a"),
    (("handoff", "first_reply", "in"), ["Soon."], "first_reply: 'in' should hold solo, team"),
    (("handoff", "first_reply", "in", "solo"), "Soon.", "first_reply: 'in' should hold solo, team"),
    (("sorting", "cards", "demo", "in"), "Soon.", "sorting.yaml: demo: 'in' should hold solo"),
    (("handoff", "first_reply"), "Soon.", "handoff.yaml: first_reply has no wording"),
    (("profile", "buyers"), "Who?", "profile.yaml: buyers has no wording"),
    (("sorting", "cards", "demo"), "Demo", "sorting.yaml: demo has no wording"),
    (("pages", "pages", "who"), "Who?", "pages.yaml: pages: who has no wording"),
]


@pytest.mark.parametrize(("path", "value", "message"), REFUSED)
def test_what_does_not_fit_is_refused_with_file_and_id(
    path: Path_, value: object, message: str, changed: Any
) -> None:
    with pytest.raises(EditionError) as error:
        changed(path, value)
    assert message in str(error.value)
    assert f"{path[0]}.yaml" in str(error.value)


FINDINGS_REFUSED: list[tuple[tuple[str, ...], object, str]] = [
    *(
        ((group, id, name), GONE, f"{group}: {id}: {name}: the text is missing")
        for group, id, names in [
            ("dimensions", "own_goals", ("name", "asks", "low", "strong")),
            ("archetypes", "two_silos", ("name", "says", "first_move")),
            ("contradictions", "rule_without_list", ("text", "question")),
            ("flags", "no_first_runner", ("name", "text")),
            ("notes", "market_by_accident", ("name", "text")),
            ("figures", "six_tries", ("text", "source")),
            ("consult", "yes", ("title", "text", "button")),
            ("consult", "optional", ("title", "text", "button")),
            ("consult", "not_now", ("title", "text", "button")),
        ]
        for name in names
    ),
    *(
        (("bands", axis, band, name), GONE, f"bands: {axis}: {band}: {name}: the text is missing")
        for axis, band in [("separation", "clear"), ("handoff", "smooth")]
        for name in ("name", "means")
    ),
    *(
        ((group, name), GONE, f"{group}: {name}: the text is missing")
        for group, names in [
            ("too_much_unknown", ("name", "means")),
            ("money", ("intro", "result")),
        ]
        for name in names
    ),
    *(
        (("money", "steps", name), GONE, f"money: steps: {name}: the text is missing")
        for name in ("leads", "unworked", "buy", "discount", "value", "low", "high")
    ),
    (("near_line",), GONE, "near_line: the text is missing"),
    (("near_archetype",), GONE, "near_archetype: the text is missing"),
    (("method",), GONE, "method: should be a list of texts"),
    (("method",), [], "method: should be a list of texts"),
    (("method",), "One text.", "method: should be a list of texts"),
    (("money", "assumptions"), GONE, "money: assumptions: should be a list of texts"),
    *(
        ((group,), GONE, f"findings.yaml: {group}: is missing")
        for group in ("dimensions", "archetypes", "contradictions", "flags", "notes", "figures")
    ),
    (("not_asked",), "Text.", "findings.yaml: not_asked: is missing"),
    (("claims",), GONE, "findings.yaml: claims: is missing"),
    (("money", "refusals"), GONE, "findings.yaml: money: refusals: is missing"),
    (("consult", "topics"), GONE, "findings.yaml: consult: topics: is missing"),
    (("bands",), "Text.", "findings.yaml: bands: separation: is missing"),
    (("consult", "yes"), GONE, "findings.yaml: consult: yes: is missing"),
    *(
        ((group, "extra"), value, f"findings.yaml: {group}: extra is not an id of this edition")
        for group, value in [
            ("dimensions", FILES["findings"]["dimensions"]["own_goals"]),
            ("contradictions", {"text": "So.", "question": "So?"}),
            ("flags", {"name": "So", "text": "So."}),
            ("not_asked", "So."),
        ]
    ),
    *(
        ((group, id), GONE, f"findings.yaml: {group}: {id} has no wording")
        for group, id in [
            ("dimensions", "own_goals"),
            ("contradictions", "rule_without_list"),
            ("flags", "no_first_runner"),
            ("not_asked", "under_five"),
            ("not_asked", "quick_look"),
        ]
    ),
    (("agreement", "lines", "lead"), GONE, "agreement: lines: lead has no wording"),
    (("matters", "handoff"), GONE, "matters: handoff has no wording"),
    (
        ("matters", "extra"),
        FILES["findings"]["matters"]["handoff"],
        "matters: extra is not an id of this edition",
    ),
    (("agreement", "page", "in", "solo"), "Text.", "agreement: page: in: solo: is missing"),
    (
        ("agreement", "page", "in", "solo", "why"),
        "So.",
        "agreement: page: in solo: why is not a text that is used here",
    ),
    (("flags", "no_first_runner"), "Text.", "no_first_runner: should hold the texts name, text"),
    (("flags", "no_first_runner", "why"), "So.", "no_first_runner: why is not a text that is used"),
    (
        ("flags", "no_first_runner", "in"),
        {"solo": {"why": "So."}},
        "flags: no_first_runner: in solo: why is not a text that is used here",
    ),
    (
        ("flags", "no_first_runner", "in"),
        {"solo": {"text": " "}},
        "flags: no_first_runner: in solo: text: the text is missing",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), FINDINGS_REFUSED)
def test_findings_that_do_not_fit_are_refused_with_their_place(
    path: tuple[str, ...], value: object, message: str, changed: Any
) -> None:
    with pytest.raises(EditionError) as error:
        changed(("findings", *path), value)
    assert str(error.value).startswith("findings.yaml: ")
    assert message in str(error.value)


def test_a_variant_says_only_what_differs(changed: Any) -> None:
    shown = changed(("separation", "audience", "in"), {"solo": {"ask": "Whom do you reach?"}})
    base, solo = shown.questions["audience"][BASE], shown.questions["audience"]["solo"]
    assert solo.ask == "Whom do you reach?"
    assert (solo.title, solo.choices, solo.fix) == (base.title, base.choices, base.fix)


def test_a_profile_question_may_have_a_title(changed: Any) -> None:
    assert changed(("profile", "buyers", "title"), "Buyers").questions["buyers"][BASE].title


def test_help_and_intro_may_be_left_out(changed: Any) -> None:
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


@pytest.mark.parametrize("file", sorted(FILES))
def test_every_text_that_is_empty_is_named_by_its_place(file: str, changed: Any) -> None:
    for path in paths(FILES[file], (file,)):
        with pytest.raises(EditionError) as error:
            changed(path, None)
        assert str(error.value) == f"{place_of(path)}: the text is missing"
