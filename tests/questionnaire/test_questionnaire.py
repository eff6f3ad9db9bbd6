"""Structure and words joined: which wording a business gets to see."""

from consult.questionnaire.journey import walk
from consult.questionnaire.questions import BASE
from tests.support.small_edition import small_edition
from tests.support.strategies import EDITION


def test_a_question_is_asked_in_the_words_for_this_business() -> None:
    mini = small_edition()
    worded = mini.texts.questions["reply"]
    for seller, variant in (("me", "solo"), ("staff", BASE)):
        (reply,) = [a for a in walk(mini, {"seller": seller}).asked if a.id == "reply"]
        assert (reply.variant, reply.wording) == (variant, worded[variant])
        assert mini.wording("reply", variant) is worded[variant]
    assert mini.wording("reply") is worded[BASE]


def test_how_people_buy_beats_who_does_the_work() -> None:
    def variant(id: str, mode: str, path: str) -> str:
        return EDITION.variant(id, {"mode": mode, "path": path})

    assert set(EDITION.texts.questions["follow_up"]) >= {"solo", "counter"}
    assert variant("follow_up", "solo", "counter") == "counter"
    assert variant("follow_up", "solo", "conversation") == "solo"
    assert variant("follow_up", "team", "counter") == "counter"
    assert variant("follow_up", "team", "conversation") == BASE
    assert variant("marketing_by", "solo", "counter") == BASE
    assert set(EDITION.texts.questions["patience"]) == {BASE, "solo"}
    assert variant("patience", "solo", "counter") == "solo"
    assert variant("patience", "team", "counter") == BASE


def test_an_owner_reads_texts_by_how_people_buy_before_who_does_the_work() -> None:
    texts = {"ask": "Who?", "in": {"counter": {"ask": "Who here?"}, "solo": {"ask": "You?"}}}

    def asked(mode: str, path: str) -> object:
        return EDITION.for_owner(texts, {"mode": mode, "path": path})["ask"]

    assert asked("solo", "counter") == "Who here?"
    assert asked("solo", "conversation") == "You?"
    assert asked("team", "conversation") == "Who?"


def test_a_tool_has_the_words_for_this_business() -> None:
    assert set(EDITION.texts.tools["busy_week"]) == {BASE, "checkout", "counter"}
    for path, variant in (("counter", "counter"), ("conversation", BASE)):
        facts = {"mode": "solo", "path": path}
        assert EDITION.tool_variant("busy_week", facts) == variant
        assert EDITION.tool("busy_week", facts) is EDITION.texts.tools["busy_week"][variant]


def test_what_the_structure_holds_is_at_hand() -> None:
    mini = small_edition()
    assert mini.name == "mini"
    assert mini.dimensions is mini.structure.dimensions
    assert mini.questions is mini.structure.questions


def test_what_is_offered_depends_on_the_wording() -> None:
    mini = small_edition()
    assert [mini.accepts("reply", BASE, rung) for rung in (0, 1, 2, 3)] == [True] * 3 + [False]
    assert [mini.accepts("reply", "solo", rung) for rung in (0, 1, 2)] == [True, True, False]
    assert mini.accepts("reply", BASE, "unknown")
    assert not mini.accepts("list", BASE, "unknown")
    ticks = [mini.accepts("tools", BASE, t) for t in ((), ("pen",), ("pen", "list"), ("cup",))]
    assert ticks == [True, True, False, False]
    wishes = [mini.accepts("wish", BASE, typed) for typed in ("x" * 20, "x" * 21, 5)]
    assert wishes == [True, False, False]
    assert not mini.accepts("reply", "a variant without words", 0)
