"""A filter keeps its meaning through an address, and what makes no sense there is left out."""

from datetime import date
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.scoring.axis import BANDS
from consult.storage.search.lead_filter import OPEN, SORTS, LeadFilter
from consult.workflow.stages import STAGES

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=120),
    "stages": st.lists(st.sampled_from(STAGES)).map(tuple) | st.just(OPEN),
    "assignee": st.sampled_from(("", "me", "unassigned", "offered", "1", "2147483647")),
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
NAMES = ("stage", *(name for name in VALUES if name != "stages"))


@given(st.builds(LeadFilter, **VALUES))
def test_a_filter_comes_back_from_its_query(wanted: LeadFilter) -> None:
    assert LeadFilter.from_query(parse_qs(wanted.query())) == wanted


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=30), max_size=3)))
def test_whatever_is_typed_is_a_filter(query: dict[str, list[str]]) -> None:
    wanted = LeadFilter.from_query(query)
    assert LeadFilter.from_query(parse_qs(wanted.query())) == wanted


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
    assert LeadFilter.from_query(parse_qs(typed, keep_blank_values=True)) == LeadFilter()


def test_open_is_short_for_every_stage_without_a_final_answer() -> None:
    assert LeadFilter(stages=OPEN).query() == "stage=open"
    assert LeadFilter.from_query({"stage": ["open"]}).stages == OPEN
    assert LeadFilter(stages=STAGES) == LeadFilter()


def test_an_order_by_due_dates_shows_leads_that_have_one() -> None:
    assert LeadFilter(sort="due").due == "waiting"
    assert LeadFilter(sort="due", due="overdue").due == "overdue"


def test_only_a_filter_leaves_leads_out() -> None:
    assert LeadFilter(sort="oldest").active == []
    assert LeadFilter(source="").active == ["source"]
    assert LeadFilter(text="a").query(after="1_2") == "text=a&after=1_2"
