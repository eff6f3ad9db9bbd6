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


HAS_NO_WORDING = "has no wording"
NOT_USED = "is not a text that is used here"
NOT_AN_ID = "is not an id of this edition"
NO_LIST = "should be a list of texts"
NO_TEXT = "should be a text"
NO_VARIANTS = "'in' should hold solo, team"

REPLY, DEMO, FLAG = ("handoff", "first_reply"), ("sorting", "cards", "demo"), "no_first_runner"
BUYERS, FINDINGS = ("profile", "buyers"), FILES["findings"]
REPLY_TOOL = ("tools", "first_reply")

REFUSED: list[tuple[Path_, object, str]] = [
    # A key that is not there, or that nobody reads.
    *(
        ((*REPLY, key), GONE, f"handoff.yaml: first_reply: {key} is missing")
        for key in ("title", "ask", "choices", "why", "fix", "unknown_fix", "proof")
    ),
    ((*REPLY, "because"), "So.", f"handoff.yaml: first_reply: because {NOT_USED}"),
    (
        ("separation", "slow_month", "in", "solo"),
        {"because": "So."},
        f"separation.yaml: slow_month: in solo: because {NOT_USED}",
    ),
    *(
        ((*REPLY_TOOL, key), GONE, f"tools.yaml: first_reply: {key} is missing")
        for key in ("effort", "tool", "text")
    ),
    ((*REPLY_TOOL, "why"), "So.", f"tools.yaml: first_reply: why {NOT_USED}"),
    (
        (*REPLY_TOOL, "in", "counter", "fix"),
        "So.",
        f"tools.yaml: first_reply: in counter: fix {NOT_USED}",
    ),
    (
        (*REPLY_TOOL, "effort"),
        "week",
        "tools.yaml: first_reply: effort should be one of hour, habit, project",
    ),
    ((*BUYERS, "ask"), GONE, "profile.yaml: buyers: ask is missing"),
    ((*BUYERS, "fix"), "Ask.", f"profile.yaml: buyers: fix {NOT_USED}"),
    ((*DEMO, "note"), GONE, "sorting.yaml: demo: note is missing"),
    ((*DEMO, "why"), "So.", f"sorting.yaml: demo: why {NOT_USED}"),
    (("sorting", "prompt"), GONE, "sorting.yaml: prompt: the text is missing"),
    (("sorting", "feedback"), GONE, f"sorting.yaml: feedback {HAS_NO_WORDING}"),
    (("sorting", "feedback", "some"), GONE, "sorting.yaml: feedback: some is missing"),
    (("sorting", "feedback", "none"), "So.", f"sorting.yaml: feedback: none {NOT_USED}"),
    (("sorting", "buttons", "sales"), GONE, "sorting.yaml: buttons: sales: the text is missing"),
    (("pages", "pages", "who", "title"), GONE, "pages.yaml: pages: who: title is missing"),
    (("pages", "parts", "lanes", "help"), "So.", f"pages.yaml: parts: lanes: help {NOT_USED}"),
    # A question, page or card that is not there, is no mapping, or that the structure lacks.
    *(
        (path, GONE, f"{place} {HAS_NO_WORDING}")
        for path, place in [
            (BUYERS, "profile.yaml: buyers"),
            (("separation", "audience"), "separation.yaml, handoff.yaml: audience"),
            (REPLY, "separation.yaml, handoff.yaml: first_reply"),
            (REPLY_TOOL, "tools.yaml: first_reply"),
            (DEMO, "sorting.yaml: demo"),
            (("sorting", "cards"), "sorting.yaml: cards"),
            (("sorting", "buttons"), "sorting.yaml: buttons"),
            (("pages", "parts"), "pages.yaml: parts"),
            (("pages", "pages", "who"), "pages.yaml: pages: who"),
        ]
    ),
    *(
        (path, "Text.", f"{place_of(path)} {HAS_NO_WORDING}")
        for path in (REPLY, BUYERS, DEMO, ("pages", "pages", "who"))
    ),
    *(
        ((*path, "extra"), {"title": "Extra"}, f"{place}: extra {NOT_AN_ID}")
        for path, place in [
            (("profile",), "profile.yaml"),
            (("separation",), "separation.yaml"),
            (("handoff",), "handoff.yaml"),
            (("tools",), "tools.yaml"),
            (("sorting", "cards"), "sorting.yaml: cards"),
            (("pages", "pages"), "pages.yaml: pages"),
            (("pages", "parts"), "pages.yaml: parts"),
            ((*BUYERS, "choices"), "profile.yaml: buyers: choices"),
        ]
    ),
    *(
        ((file, "first_reply"), FILES["handoff"]["first_reply"], f"first_reply {NOT_AN_ID}")
        for file in ("separation", "profile")
    ),
    # Choices that are too few, too many or no list.
    ((*REPLY, "choices", 0), GONE, "first_reply: has 4 choices and needs 5"),
    ((*REPLY, "choices", 5), "Soon.", "first_reply: has 6 choices and needs 5"),
    ((*REPLY, "choices"), "Soon.", "has no list of choices and needs 5"),
    (
        (*REPLY, "in", "counter", "choices", 0),
        GONE,
        "handoff.yaml: first_reply: in counter: has 3 choices and needs 4, worst first",
    ),
    ((*BUYERS, "choices"), ["Both"], "profile.yaml: buyers: choices should give a text"),
    ((*BUYERS, "choices"), GONE, "profile.yaml: buyers: choices: "),
    ((*BUYERS, "choices", "both"), GONE, "profile.yaml: buyers: choices: both is missing"),
    # Something else than a text.
    *(
        (path, value, f"{place_of(path)}: {NO_TEXT}")
        for path, value in [
            ((*REPLY, "why"), 7),
            ((*REPLY, "choices", 2), 7),
            ((*REPLY_TOOL, "text"), 7),
            ((*DEMO, "text"), False),
            (("pages", "parts", "lanes", "title"), 3.5),
        ]
    ),
    ((*REPLY, "in"), ["Soon."], f"first_reply: {NO_VARIANTS}"),
    ((*REPLY, "in", "solo"), "Soon.", f"first_reply: {NO_VARIANTS}"),
    ((*REPLY_TOOL, "in"), "Soon.", f"tools.yaml: first_reply: {NO_VARIANTS}"),
    ((*DEMO, "in"), "Soon.", f"sorting.yaml: demo: {NO_VARIANTS}"),
    # Findings: no list, a group that is not there, ids that do not fit, texts that are not used.
    *(
        (("findings", *path), value, f"findings.yaml: {': '.join(path)}: {NO_LIST}")
        for path, value in [
            (("method",), GONE),
            (("method",), []),
            (("method",), "One text."),
            (("money", "assumptions"), GONE),
        ]
    ),
    *(
        (("findings", *path), value, f"findings.yaml: {': '.join(path)}: is missing")
        for path, value in [
            *(((group,), GONE) for group in ("dimensions", "archetypes", "contradictions")),
            *(((group,), GONE) for group in ("flags", "notes", "figures", "claims")),
            (("not_asked",), "Text."),
            (("money", "refusals"), GONE),
            (("consult", "topics"), GONE),
            (("consult", "yes"), GONE),
            (("agreement", "page", "in", "solo"), "Text."),
        ]
    ),
    (("findings", "bands"), "Text.", "findings.yaml: bands: separation: is missing"),
    *(
        (("findings", group, "extra"), value, f"findings.yaml: {group}: extra {NOT_AN_ID}")
        for group, value in [
            ("dimensions", FINDINGS["dimensions"]["own_goals"]),
            ("contradictions", {"text": "So."}),
            ("double_check", "So?"),
            ("flags", {"name": "So", "text": "So."}),
            ("not_asked", "So."),
            ("matters", FINDINGS["matters"]["handoff"]),
        ]
    ),
    *(
        (("findings", *path), GONE, f"findings.yaml: {': '.join(path)} {HAS_NO_WORDING}")
        for path in [
            ("dimensions", "own_goals"),
            ("contradictions", "rule_without_list"),
            ("double_check", "numbers"),
            ("double_check", "name_without_time"),
            ("flags", FLAG),
            ("not_asked", "under_five"),
            ("not_asked", "quick_look"),
            ("agreement", "lines", "lead"),
            ("matters", "handoff"),
        ]
    ),
    (
        ("findings", "agreement", "page", "in", "solo", "why"),
        "So.",
        f"agreement: page: in solo: why {NOT_USED}",
    ),
    (("findings", "flags", FLAG), "Text.", f"{FLAG}: should hold the texts name, text"),
    (("findings", "flags", FLAG, "why"), "So.", f"{FLAG}: why {NOT_USED}"),
    (
        ("findings", "flags", FLAG, "in"),
        {"solo": {"why": "So."}},
        f"flags: {FLAG}: in solo: why {NOT_USED}",
    ),
    (
        ("findings", "flags", FLAG, "in"),
        {"solo": {"text": " "}},
        f"flags: {FLAG}: in solo: text: the text is missing",
    ),
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


def test_every_text_of_a_finding_that_is_not_there_is_named_by_its_place(changed: Any) -> None:
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
                changed(path, GONE)
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


@pytest.mark.parametrize("file", sorted(FILES))
def test_every_text_that_is_empty_is_named_by_its_place(file: str, changed: Any) -> None:
    for path in paths(FILES[file], (file,)):
        with pytest.raises(EditionError) as error:
            changed(path, None)
        assert str(error.value) == f"{place_of(path)}: the text is missing"
