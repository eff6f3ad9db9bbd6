"""One real lead: where it waited longest, held beside what was said in general, never scored."""

from itertools import product

import pytest

from consult.questionnaire.editions import newest
from consult.questionnaire.journey import Walk, walk
from consult.questionnaire.questionnaire import read_answers
from consult.questionnaire.questions import UNKNOWN
from consult.report.build import build_report
from consult.report.one_lead import OneLead, one_lead_of, waited_longest
from consult.scoring.as_json import scorecard_json
from tests.support.personas import (
    BATON_ON_THE_FLOOR,
    CORNER_SHOP,
    DISCIPLINED_SOLO,
    SOLO_STARTER,
    WEB_STORE,
    AnswerValue,
    Persona,
    one_lead,
)

EDITION = newest()
INPUTS = EDITION.structure.roles.one_lead
TEXTS = EDITION.texts.findings["one_lead"]
WAITS = ("before_reply", "with_you", "with_them", "nowhere", "")


def walked(persona: Persona, /, **changes: AnswerValue) -> Walk:
    """The walk of a persona; None takes an answer back."""
    answers = persona.payload("full", **changes)["answers"]
    return walk(EDITION, read_answers(EDITION, answers))


def relay(persona: Persona = BATON_ON_THE_FLOOR, /, **changes: AnswerValue) -> OneLead | None:
    """The relay of a persona's lead."""
    return one_lead_of(walked(persona, **{**one_lead(), **changes}))


def longest(**changes: AnswerValue) -> str:
    """The name of the text on where it waited longest."""
    found = relay(**changes)
    assert found
    return next((name for name in WAITS if name and TEXTS[name] == found.longest), "")


@pytest.mark.parametrize(
    ("heard_back", "asked", "ended", "last_word", "waited"),
    [
        ("two_days", "this_week", "quiet", "we", "before_reply"),
        ("never", "today", "waiting_on_us", "they", "before_reply"),
        ("never", "longer", "quiet", "nobody", "before_reply"),
        ("hour", "this_week", "waiting_on_us", "they", "with_you"),
        ("hour", "longer", "quiet", "they", "with_you"),
        ("same_day", "this_month", "waiting_on_them", "we", "with_them"),
        ("next_day", "this_month", "quiet", "nobody", "with_them"),
        ("next_day", "this_month", "bought", "they", "before_reply"),
        ("hour", "longer", "bought", "they", "nowhere"),
        ("hour", "today", "waiting_on_them", "we", "nowhere"),
        ("unknown", "longer", "waiting_on_us", "they", ""),
        ("hour", "unknown", "waiting_on_them", "we", ""),
        ("hour", "longer", "quiet", None, ""),
        ("hour", "longer", None, "we", ""),
    ],
)
def test_it_says_where_the_lead_waited_longest(
    heard_back: str, asked: str, ended: str | None, last_word: str | None, waited: str
) -> None:
    answers = {"lead_heard_back": heard_back, "lead_asked": asked, "lead_ended": ended}
    assert longest(**answers, lead_last_word=last_word) == waited


def test_every_way_it_can_go_names_one_place_or_none() -> None:
    ids = (INPUTS.heard_back, INPUTS.asked, INPUTS.ended, INPUTS.last_word)
    choices = [(None, *EDITION.questions[id].choices) for id in ids]
    seen = set()
    for values in product(*choices):
        known = {id: v for id, v in zip(ids, values, strict=True) if v not in (None, UNKNOWN)}
        waited = waited_longest(known, INPUTS)
        seen.add(waited)
        if known.get(INPUTS.heard_back) == "never":
            assert waited == "before_reply"
        if waited.startswith("with_"):
            left_with = (known.get(INPUTS.ended), known.get(INPUTS.last_word))
            assert waited in [INPUTS.left_with.get(str(choice)) for choice in left_with]
    assert seen == set(WAITS)


def test_the_place_is_marked_on_the_relay_once() -> None:
    cases: tuple[tuple[dict[str, AnswerValue], list[bool]], ...] = (
        ({}, [False, True, False]),
        ({"lead_heard_back": "hour"}, [False, False, True]),
        ({"lead_heard_back": "hour", "lead_ended": "bought"}, [False, False, False]),
    )
    for changes, marked in cases:
        found = relay(**changes)
        assert found
        assert [bool(stop.mark) for stop in found.stops] == marked
        assert all(stop.answers for stop in found.stops)


RUNGS = ("later", "two_days", "next_day", "same_day", "hour")
"""What was said of one lead, as the rungs of what was said in general."""


@pytest.mark.parametrize("persona", [BATON_ON_THE_FLOOR, SOLO_STARTER, WEB_STORE])
@pytest.mark.parametrize("usual", range(5))
def test_it_is_held_beside_what_was_said_in_general_where_the_two_differ(
    persona: Persona, usual: int
) -> None:
    for rung, heard_back in enumerate(RUNGS):
        found = relay(persona, first_reply=usual, lead_heard_back=heard_back)
        assert found
        assert bool(found.beside) == (rung != usual)
        if found.beside:
            assert TEXTS["heard"][heard_back] in found.beside
            said = EDITION.wording("first_reply").choices[str(usual)]
            assert said.rstrip(".").lower() in found.beside


def test_it_is_not_held_beside_what_cannot_differ() -> None:
    waiting: dict[str, AnswerValue] = {"first_reply": 4, "lead_heard_back": "never"}
    cases: tuple[tuple[dict[str, AnswerValue], bool], ...] = (
        ({"first_reply": UNKNOWN}, False),
        ({"lead_heard_back": UNKNOWN}, False),
        (waiting | {"lead_asked": "today"}, False),
        (waiting | {"lead_asked": "longer"}, True),
        (waiting | {"lead_asked": UNKNOWN}, False),
    )
    for changes, beside in cases:
        found = relay(**changes)
        assert found
        assert bool(found.beside) == beside
    for usual in range(4):  # in a shop it is about greeting a visitor
        shop = relay(CORNER_SHOP, first_reply=usual)
        assert shop
        assert not shop.beside


@pytest.mark.parametrize(
    ("persona", "variant"), [(CORNER_SHOP, "counter"), (WEB_STORE, "checkout")]
)
def test_a_shop_and_a_store_read_their_own_words(persona: Persona, variant: str) -> None:
    found = relay(persona, lead_ended="waiting_on_us")
    assert found
    own = {**TEXTS, **TEXTS["in"][variant]}
    assert (found.title, found.intro, found.waiting) == (own["title"], own["intro"], own["waiting"])
    shown = (found.title, found.intro, found.longest, found.beside, *(s.name for s in found.stops))
    assert "lead" not in " ".join(shown).lower()


def test_nothing_is_said_when_it_was_skipped_or_nothing_came_of_it() -> None:
    unanswered: dict[str, AnswerValue] = {INPUTS.heard_back: UNKNOWN, INPUTS.ended: None}
    for changes in ({INPUTS.evidence: "skip"}, {INPUTS.evidence: None}, unanswered):
        assert relay(**changes) is None


@pytest.mark.parametrize("ended", EDITION.questions[INPUTS.ended].choices)
def test_staff_are_told_who_is_waiting_and_no_score_is_touched(ended: str) -> None:
    found = relay(lead_ended=ended)
    assert found
    assert bool(found.waiting) == (ended == "waiting_on_us")
    plain = walked(DISCIPLINED_SOLO)
    told = walked(DISCIPLINED_SOLO, **one_lead(ended=ended))
    before, after = (scorecard_json(w.on_path) for w in (plain, told))
    differing = {key for key in before if before[key] != after[key]}
    assert differing <= {"answers", "asked"}
    assert build_report(plain).one_lead is None
    assert build_report(told).one_lead
