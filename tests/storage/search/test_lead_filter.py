"""A search keeps its meaning through an address, and what makes no sense there is left out."""

from datetime import date
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.scoring.axis import BANDS
from consult.storage.search.lead_filter import OPEN, SORTS, LeadSearch
from consult.workflow.stages import STAGES

WORDS: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=120),
    "stages": st.lists(st.sampled_from(STAGES)).map(tuple) | st.just(OPEN),
    "assignee": st.sampled_from(("", "me", "nobody", "offered", "1", "2147483647")),
    "archetype": st.sampled_from(("", "baton_on_the_floor", "x9")),
    "separation": st.sampled_from(("", *BANDS["separation"])),
    "handoff": st.sampled_from(("", *BANDS["handoff"])),
    "source": st.sampled_from((None, "", "-", "--x", "autumn-letter", "a&b=c %+é")),
    "consult": st.sampled_from(("", "yes", "no")),
    "due": st.sampled_from(("", "waiting", "overdue")),
    "since": st.none() | st.dates(date(1970, 1, 1), date(9000, 12, 31)),
    "until": st.none() | st.dates(date(1970, 1, 1), date(9000, 12, 31)),
    "demo": st.sampled_from(("", "only", "without")),
    "sort": st.sampled_from(SORTS),
}
NAMES = ("stage", *(name for name in WORDS if name != "stages"))


@given(st.builds(LeadSearch, **WORDS))
def test_a_search_comes_back_from_its_query(search: LeadSearch) -> None:
    assert LeadSearch.from_query(parse_qs(search.query())) == search


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=30), max_size=3)))
def test_whatever_is_typed_is_a_search(query: dict[str, list[str]]) -> None:
    search = LeadSearch.from_query(query)
    assert LeadSearch.from_query(parse_qs(search.query())) == search


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "stage=sold&assignee=0&assignee=99999999999&archetype=A%00&separation=smooth&handoff=clear",
        "consult=perhaps&due=1&since=yesterday&until=0001-01-01&demo=&sort=name&text=+&source=+",
        "assignee=me%27&since=2026-02-30&until=9999-12-31&unknown=1",
    ],
)
def test_what_makes_no_sense_is_left_out(typed: str) -> None:
    assert LeadSearch.from_query(parse_qs(typed, keep_blank_values=True)) == LeadSearch()


def test_open_is_short_for_every_stage_without_a_clear_answer() -> None:
    assert LeadSearch(stages=OPEN).query() == "stage=open"
    assert LeadSearch.from_query({"stage": ["open"]}).stages == OPEN
    assert LeadSearch(stages=STAGES) == LeadSearch()


def test_an_order_by_due_dates_shows_those_that_have_one() -> None:
    assert LeadSearch(sort="due").due == "waiting"
    assert LeadSearch(sort="due", due="overdue").due == "overdue"


def test_only_a_filter_leaves_leads_out() -> None:
    assert LeadSearch(sort="oldest").is_everything
    assert not LeadSearch(source="").is_everything
    assert LeadSearch(text="a").query(after="1_2") == "text=a&after=1_2"
