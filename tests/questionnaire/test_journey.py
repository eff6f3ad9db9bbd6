"""The walk: the path follows from the answers, and only what was asked counts."""

from dataclasses import replace
from itertools import pairwise
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.questionnaire.journey import estimated_minutes, profiles, walk
from consult.questionnaire.questions import Answer, Depth, Kind
from consult.questionnaire.wording import Heading
from tests.support.small_edition import small_edition
from tests.support.strategies import BRANCHES, DEPTHS, EDITION, answered, complete_answers, walked

Sample = tuple[dict[str, Answer], Depth]


def asked_ids(answers: dict[str, Answer], depth: Depth = "full") -> set[str]:
    return {asked.id for asked in walked(answers, depth).asked}


def test_the_trouble_comes_first_and_holds_nobody_up() -> None:
    start = walked({}, "quick")
    trouble, who, buyers = start.pages[:3]
    assert [asked.id for asked in trouble.questions] == ["symptoms"]
    assert start.first_open_page is who
    assert start.can_open(trouble)
    assert start.can_open(who)
    assert not start.can_open(buyers)
    assert not start.complete


def test_texts_are_read_as_a_shop_before_as_one_person() -> None:
    texts = {
        "text": "All",
        "title": "T",
        "in": {"solo": {"text": "Me"}, "counter": {"text": "Shop"}},
    }
    ways = [walked(branch, "quick") for branch in BRANCHES]
    read = {tuple(way.facts.values()): way.for_owner(texts) for way in ways}
    assert read["solo", "counter"] == texts | {"text": "Shop"}
    assert read["solo", "conversation"] == texts | {"text": "Me"}
    assert read["team", "conversation"] == texts


def test_a_page_is_found_by_its_id_and_names_its_part() -> None:
    way = walked({}, "quick")
    for part in way.parts:
        for page in part.pages:
            assert way.page(page.id) is page
            assert page.part_id == part.id
            assert page.heading is EDITION.texts.pages[page.id]
    assert way.page("no-such-page") is None


def test_a_page_is_complete_when_all_is_answered_that_a_score_waits_for() -> None:
    answers = answered(BRANCHES[0], "full", "highest")
    assert walked(answers, "full").complete
    for gone in answers:
        way = walked({id: answer for id, answer in answers.items() if id != gone}, "full")
        (page,) = [p for p in way.pages if gone in [asked.id for asked in p.questions]]
        assert [p.id for p in way.pages if not p.complete] == [page.id]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("branch", BRANCHES)
def test_pages_group_a_few_questions_in_all_parts_on_every_branch(
    branch: dict[str, Answer], depth: Depth
) -> None:
    way = walked(branch, depth)
    parts = EDITION.structure.parts
    assert [p.id for p in way.parts] == [p.id for p in parts]
    assert [p.heading.title for p in way.parts] == [EDITION.texts.parts[p.id].title for p in parts]
    for page in way.pages:
        assert 1 <= len(page.questions) <= 5
    own_page = {page.id for page in EDITION.structure.pages if len(page.questions) == 1}
    alone = {page.id for page in way.pages if len(page.questions) == 1} - own_page
    young = branch["customers_so_far"] == "under_five"
    assert len(alone) <= 1 + young, "other questions may fall away from one page, or two if young"


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("branch", BRANCHES)
def test_progress_counts_the_pages_that_a_depth_may_ask_and_the_optional_ones_apart(
    branch: dict[str, Answer], depth: Depth
) -> None:
    way = walked(branch, depth)
    counted = 0
    for optional in (False, True):
        pages = [
            page
            for part in EDITION.structure.parts
            if optional is not any(q.required for page in part.pages for q in page.questions)
            for page in part.pages
            if page.quick or depth == "full"
        ]
        for number, page in enumerate(pages, start=1):
            if on_path := way.page(page.id):
                assert way.progress(on_path) == (number, len(pages), optional)
                counted += 1
    assert counted == len(way.pages)


QUICK = {
    *("marketing_owner", "sales_owner", "marketing_goal", "sales_goal", "marketing_measure"),
    *("sales_measure", "slow_month", "busy_week", "sales_list", "marketing_tests"),
    *("lead_definition", "handoff_moment", "lead_list", "lead_source", "first_reply"),
    *("follow_up", "clear_answers", "buyer_words"),
    *("sort_social_post", "sort_quote_callback", "sort_newsletter", "sort_ask_for_order"),
    *("sort_proposal", "sort_be_found", "sort_referral_ask", "sort_deadline_deal"),
}


def test_the_quick_look_has_eighteen_items_and_eight_cards() -> None:
    counted = (Kind.RUNG, Kind.SORT)
    quick = walked(BRANCHES[0], "quick").asked
    assert {a.id for a in quick if a.question.kind in counted} == QUICK
    full = walked(BRANCHES[0], "full").asked
    assert sum(a.question.kind is Kind.RUNG for a in full) == 32
    assert sum(a.question.kind is Kind.SORT for a in full) == 16


@pytest.mark.parametrize("branch", BRANCHES)
def test_quick_asks_the_starred_items_and_full_adds_the_others(branch: dict[str, Answer]) -> None:
    quick, full = walked(branch, "quick"), walked(branch, "full")
    assert {a.id for a in quick.asked} == {a.id for a in full.asked if a.question.quick}
    left_out = {n.question.id for n in quick.not_asked if n.reason == "quick_look"}
    others = [a for a in full.asked if not a.question.quick]
    assert left_out == {a.id for a in others if a.question.kind is Kind.RUNG}
    assert not any(n.reason == "quick_look" for n in full.not_asked)


def test_what_a_shop_or_store_or_beginner_is_not_asked_and_why() -> None:
    def left_out(**changes: Answer) -> dict[str, str]:
        return {
            n.question.id: n.reason for n in walked({**BRANCHES[0], **changes}, "full").not_asked
        }

    assert left_out() == {}
    assert left_out(buying_path="checkout") == {"not_now": "path_checkout"}
    assert left_out(buying_path="counter") == {"lead_context": "path_counter"}
    assert left_out(customers_so_far="under_five") == {
        "lead_source": "under_five",
        "clear_answers": "under_five",
    }
    assert left_out(buying_path="checkout", customers_so_far="under_five") == {
        "not_now": "path_checkout",
        "lead_source": "under_five",
        "clear_answers": "under_five",
    }


def test_without_a_word_on_the_depth_everything_is_asked() -> None:
    assert walk(EDITION, {}).depth == "full"
    assert walk(EDITION, {}).asked == walk(EDITION, {}, "full").asked


@pytest.mark.parametrize(
    ("marketing_by", "selling_by", "mode"),
    [
        ("me", "me", "solo"),
        ("me", "website", "solo"),
        ("me", "staff", "team"),
        ("agency", "me", "team"),
        ("me", "nobody", "solo"),
        ("nobody", "me", "solo"),
        ("nobody", "nobody", "team"),
        ("nobody", "website", "team"),
        ("several", "me", "team"),
        ("staff", "website", "team"),
    ],
)
def test_mode_is_solo_when_one_person_does_both(
    marketing_by: str, selling_by: str, mode: str
) -> None:
    facts = walked({"marketing_by": marketing_by, "selling_by": selling_by}, "quick").facts
    assert facts["mode"] == mode


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({"buying_path": "mix"}, "conversation"),
        ({"buying_path": "counter"}, "counter"),
        ({"buying_path": "checkout"}, "checkout"),
        ({"selling_by": "website"}, "checkout"),
        ({"selling_by": "website", "buying_path": "counter"}, "checkout"),
    ],
)
def test_how_people_buy_sets_the_path_and_a_selling_website_beats_it(
    answers: dict[str, Answer], path: str
) -> None:
    assert walked(answers, "quick").facts["path"] == path


def test_a_selling_website_settles_how_people_buy() -> None:
    assert "buying_path" not in asked_ids({"selling_by": "website"})
    assert walked({"selling_by": "website", "buying_path": "counter"}, "quick").on_path.ignored == (
        "buying_path",
    )


def test_answers_off_the_path_are_kept_but_do_not_count() -> None:
    answers = answered(BRANCHES[0], "full", "highest")
    young = walked({**answers, "customers_so_far": "under_five"}, "full")
    assert set(young.on_path.ignored) == {"lead_source", "clear_answers"}
    assert young.complete
    assert "lead_source" not in young.on_path.values
    assert young.given["lead_source"] == 3


def test_an_answer_to_other_words_is_asked_again_and_comes_back_with_them() -> None:
    answers = answered(BRANCHES[0], "full", "highest")
    given_as = {asked.id: asked.variant for asked in walked(answers, "full").asked}
    shop = walk(EDITION, {**answers, "buying_path": "counter"}, "full", given_as)
    assert "lead_list" in shop.missing  # a shop is asked another question under this id
    assert "funnel_counts" in shop.missing
    assert "purpose_of_each" not in shop.missing
    back = walk(EDITION, answers, "full", given_as)
    assert back.complete


def test_an_answer_that_is_no_longer_offered_is_asked_again() -> None:
    answers = answered(BRANCHES[0], "full", "highest") | {"first_reply": 4}
    assert walked(answers, "full").complete
    assert walked({**answers, "buying_path": "counter"}, "full").missing == ("first_reply",)


@given(complete_answers(), st.data())
def test_taking_any_required_answer_away_opens_its_page_and_nothing_after_it(
    sample: Sample, data: st.DataObject
) -> None:
    answers, depth = sample
    way = walked(answers, depth)
    assert way.complete
    assert way.first_open_page is None
    required = [asked.id for asked in way.asked if asked.question.required]
    gone = data.draw(st.sampled_from(required))
    left = {id: answer for id, answer in answers.items() if id != gone}
    after = walked(left, depth)
    first = after.first_open_page
    assert first is not None
    assert not after.complete
    for page in after.pages:
        assert after.can_open(page) == (after.pages.index(page) <= after.pages.index(first))


@given(complete_answers())
def test_next_and_previous_follow_the_pages_and_end_at_both_ends(sample: Sample) -> None:
    way = walked(*sample)
    for before, after in pairwise(way.pages):
        assert way.next_page(before) is after
        assert way.previous_page(after) is before
    assert way.previous_page(way.pages[0]) is None
    assert way.next_page(way.pages[-1]) is None


@pytest.mark.parametrize(("words", "minutes"), [(329, 1), (330, 2)])
def test_the_estimate_counts_words_and_taps_of_the_parts_that_have_to_be_answered(
    words: int, minutes: int
) -> None:
    edition = small_edition()
    intro = "word " * (words - 15)  # the two pages of the part have fifteen more, and four taps
    pages = {**edition.texts.pages, "you": Heading("You", intro)}
    longer = replace(edition, texts=replace(edition.texts, pages=pages))
    assert estimated_minutes(longer, "quick") == minutes


def test_profiles_are_all_combinations_of_what_decides_facts_and_branches() -> None:
    assert [*profiles(small_edition())] == [{"seller": "me"}, {"seller": "staff"}]
    found = [*profiles(EDITION)]
    ids = ("marketing_by", "selling_by", "buying_path", "customers_so_far", "lead_evidence")
    assert {tuple(profile) for profile in found} == {ids}
    different = {tuple(profile.values()) for profile in found}
    assert len(different) == prod(len(EDITION.questions[id].choices) for id in ids) == len(found)
