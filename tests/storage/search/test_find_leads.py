"""The list of leads: its pages are what filtering every lead gives; filters and their addresses."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast, get_args
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from consult.scoring.axis import BANDS, CUTS
from consult.storage.db.database import Database, Session
from consult.storage.search import find_leads, today
from consult.storage.search.find_leads import FoundPage, find, how_many, neighbors, next_ids
from consult.storage.search.lead_filter import OPEN, SORTS, LeadFilter, Viewer
from consult.storage.search.same_person import same_person
from consult.storage.search_index import query_terms
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow
from consult.workflow.stages import STAGES, AtWork, ToDo, is_overdue, is_waiting, to_do
from tests.support.databases import Clock, read
from tests.support.examples import examples
from tests.support.lead_factories import new_lead
from tests.support.many_leads import ARCHETYPES, SOURCES, MadeLead, is_open, make_many
from tests.support.submissions import left_contact

ME = Viewer(id=1, zone=ZoneInfo("America/New_York"))
TEXTS = ("ann", "anna", "ANN smith", "zoe", "strasse", "okafor tents", "anna@", "@okafor", "com")
WEEKS = tuple(date(2025, 11, 20) + timedelta(weeks=number) for number in range(15))
SELECTING: dict[str, Sequence[Any]] = {
    "text": (
        *(*TEXTS, "Łuk", "łuk", "佐藤", "藤花", "nachste", "%", "_", "tent a"),
        *("mueller", "oneil", "dela cruz", "5550", "+1 555 0107", "cafe.example"),
    ),
    "similar": ("zoey", "Smyth", "dr. okafur", "Oneal zoe", "maria"),
    "stages": (OPEN, ("new", "won", "lost"), *((stage,) for stage in STAGES)),
    "assignee": ("me", "unassigned", "offered", "2", "99"),
    "archetype": (*ARCHETYPES, "unheard_of"),
    "separation": BANDS["separation"],
    "handoff": BANDS["handoff"],
    "source": SOURCES,
    "consult": ("yes", "no", "pressed"),
    "due": ("waiting", "overdue", *get_args(ToDo)),
    "since": WEEKS,
    "until": WEEKS,
    "demo": ("only", "without"),
}
"""What a filter may ask for; it is never asked for by default."""
# Up to three at once: no lead has all that all of them ask for.
FILTERS = st.sets(st.sampled_from(list(SELECTING)), max_size=3).flatmap(
    lambda names: st.builds(
        LeadFilter,
        sort=st.sampled_from(SORTS),
        **{name: st.sampled_from(SELECTING[name]) for name in SELECTING if name in names},
    )
)


def selects(wanted: LeadFilter, lead: MadeLead, now: datetime) -> bool:
    """The plain meaning of a filter, lead by lead."""
    has_terms = (
        any(term.startswith(typed) for term in lead.terms for typed in alternatives)
        for alternatives in _terms_of(wanted.text, wanted.similar)
    )
    return all((*_facts(wanted, lead.row), *_work(wanted, lead, now), *has_terms))


@lru_cache(maxsize=1)
def _terms_of(text: str, similar: str) -> Sequence[Iterable[str]]:
    return [*query_terms(text), *query_terms(similar, similar=True)]


def _facts(wanted: LeadFilter, row: dict[str, Any]) -> Iterator[bool]:
    day = row["submitted_at"].astimezone(ME.zone).date()
    yield wanted.archetype in ("", row["archetype"])
    yield wanted.source in (None, row["source"])
    yield wanted.since is None or day >= wanted.since
    yield wanted.until is None or day <= wanted.until
    yield wanted.demo in ("", "only" if row["demo"] else "without")
    if wanted.consult != "pressed":
        yield wanted.consult in ("", "yes" if row["wants_consult"] else "no")
    for axis, band in (("separation", wanted.separation), ("handoff", wanted.handoff)):
        reached = sum(row[axis] >= cut for cut in CUTS)
        yield band in ("", BANDS[axis][reached])  # type: ignore[index] # both are axes


def _work(wanted: LeadFilter, lead: MadeLead, now: datetime) -> Iterator[bool]:
    row = lead.row
    if wanted.consult == "pressed":  # none of them ever had a consult booked
        yield is_open(lead) and row["pressed_at"] is not None and row["anonymised_at"] is None
        yield row["pressed_at"] is not None and row["pressed_at"] <= now - timedelta(days=1)
    yield not wanted.stages or row["stage"] in wanted.stages
    match wanted.assignee:
        case "me":
            yield row["assignee_id"] == 1
        case "unassigned":
            yield row["assignee_id"] is None
        case "offered":
            yield row["offered_to_id"] == 1
        case str(number) if number:
            yield row["assignee_id"] == int(number)
    state = cast(AtWork, SimpleNamespace(**row))
    match wanted.due:
        case "waiting":
            yield is_waiting(state)
        case "overdue":
            yield is_overdue(state, now)
        case str(what) if what:
            yield waits_for(lead, now) == what


def waits_for(lead: MadeLead, now: datetime) -> str | None:
    """What a lead waits for today, by what its own page goes by."""
    state = cast(AtWork, SimpleNamespace(**lead.row))
    return to_do(state, now.astimezone(ME.zone), is_requested=lead.is_requested)


def in_order(wanted: LeadFilter, leads: list[MadeLead]) -> list[int]:
    columns = {"newest": "submitted_at", "oldest": "submitted_at", "next": "next_at"}
    name = wanted.sort.removeprefix("-")
    column = columns.get(name, name)
    descending = wanted.sort == "newest" or wanted.sort.startswith("-")
    ordered = sorted(leads, key=lambda lead: (lead.row[column], lead.id), reverse=descending)
    return [lead.id for lead in ordered]


def all_pages(session: Session, wanted: LeadFilter, limit: int) -> list[FoundPage]:
    """Every page forward; on the way back, each has to show the same leads."""
    page = find(session, wanted, ME, limit=limit)
    pages = [page]
    while page.after:
        page = find(session, wanted, ME, limit=limit, after=page.after)
        pages.append(page)
    assert pages[0].before == ""
    for earlier, page in pairwise(pages):
        back = find(session, wanted, ME, limit=limit, before=page.before)
        assert _without_count(back) == _without_count(earlier)
    return pages


def _without_count(page: FoundPage) -> FoundPage:
    leads: Any = [{**lead._mapping, "total": None} for lead in page.leads]
    return replace(page, leads=leads, count=None)


@pytest.fixture
def made(database: Database) -> list[MadeLead]:
    return make_many(database, 80)


def test_the_pages_are_what_filtering_every_lead_gives(
    database: Database, made: list[MadeLead], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them full but the last; with `few` as the number of leads that are read first."""

    @settings(
        max_examples=examples(16 if database.is_sqlite else 4),
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(FILTERS, st.integers(12, 60), st.sampled_from((2_000, 8, 0)))
    @example(LeadFilter(text="anna", sort="oldest"), 1, 8)
    @example(LeadFilter(), 25, 0)
    @example(LeadFilter(separation="blended"), 8, 2_000)
    @example(LeadFilter(separation="blended", sort="-separation"), 8, 0)
    @example(LeadFilter(text="ann", sort="-handoff"), 8, 2_000)
    @example(LeadFilter(similar="zoey okafur"), 8, 2_000)
    def check(wanted: LeadFilter, limit: int, few: int) -> None:
        monkeypatch.setattr(find_leads, "FEW", few)
        monkeypatch.setattr(find_leads, "FEW_WITH_WORD", few)
        with database.reading() as session:
            pages = all_pages(session, wanted, limit)
            now = session.now()
            total = how_many(session, wanted, ME)
            first_ids, after = next_ids(session, wanted, ME, limit)
            expected = in_order(wanted, [lead for lead in made if selects(wanted, lead, now)])
            if expected:
                at = len(expected) // 2
                around = ([None, *expected][at], [*expected, None][at + 1])
                assert neighbors(session, wanted, ME, expected[at]) == around
        found = [[lead.id for lead in page.leads] for page in pages]
        assert [lead_id for ids in found for lead_id in ids] == expected
        assert all(len(ids) == limit for ids in found[:-1])
        assert pages[0].count == len(expected)
        assert total == len(expected)
        assert (first_ids, after) == (expected[:limit], pages[0].after)

    check()


def test_each_filter_alone_selects_what_it_says(database: Database, made: list[MadeLead]) -> None:
    with database.reading() as session:
        now = session.now()
        for name, values in SELECTING.items():
            for value in values:
                wanted = LeadFilter(**{name: value})
                expected = in_order(wanted, [lead for lead in made if selects(wanted, lead, now)])
                assert next_ids(session, wanted, ME, len(made)) == (expected, ""), wanted


def test_today_has_what_waits_for_me_and_for_nobody(
    database: Database, made: list[MadeLead], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each lead once, the most urgent first, and what the list has for the same."""
    monkeypatch.setattr(today, "SHOWN", 4)
    with database.reading() as session:
        now, groups = session.now(), today.groups_of(session, ME)
        listed = [next_ids(session, group.in_list, ME, len(made))[0] for group in groups]
    expected: dict[tuple[bool, str], list[int]] = {}
    handed = {lead.id for lead in made if lead.row["offered_to_id"] == ME.id}
    for lead in sorted(made, key=lambda one: (one.row["next_at"], one.id)):
        what = "handed" if lead.id in handed else waits_for(lead, now)
        is_mine = lead.id in handed or lead.row["assignee_id"] == ME.id
        if what and (is_mine or lead.row["assignee_id"] is None):
            expected.setdefault((is_mine, what), []).append(lead.id)
    found = {(group.is_mine, group.what): [lead.id for lead in group.leads] for group in groups}
    assert found == {of: ids[: today.SHOWN] for of, ids in expected.items()}
    assert list(found) == sorted(found, key=lambda of: (not of[0], today.GROUPS.index(of[1])))
    for group, ids in zip(groups, listed, strict=True):
        of = expected[group.is_mine, group.what]
        assert group.count == len(of)
        assert of == [id for id in ids if group.what == "handed" or id not in handed]


def test_each_lead_is_seen_once_while_others_come_in(database: Database, clock: Clock) -> None:
    made = []
    for number in range(9):
        clock.go_on(minutes=number % 2)  # some at the very same time
        made.append(new_lead(database))
    page = read(database, find, LeadFilter(), ME, limit=3)
    seen = [lead.id for lead in page.leads]
    while page.after:
        new_lead(database)
        page = read(database, find, LeadFilter(), ME, limit=3, after=page.after)
        seen += [lead.id for lead in page.leads]
    assert seen == made[::-1]


@pytest.mark.parametrize("sort", ["newest", "handoff"])
def test_a_place_without_meaning_is_the_start(database: Database, sort: Any) -> None:
    made = new_lead(database)
    for place in ("0", "x_1", "1_99999999999", "_", "1_", "1_1_1", "-"):
        for options in ({"after": place}, {"before": place}):
            page = read(database, find, LeadFilter(sort=sort), ME, limit=9, **options)
            assert [lead.id for lead in page.leads] == [made], place


def test_a_tiny_score_is_a_place_as_well(database: Database) -> None:
    made = make_many(database, 20)
    with database.writing() as session:
        for number, lead in enumerate(made):
            session.get_one(LeadRow, lead.id).separation = number * 1e-7
    pages = read(database, all_pages, LeadFilter(sort="separation"), 7)
    assert sum(len(page.leads) for page in pages) == len(made)


def test_many_leads_are_not_counted_one_by_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_many(database, 20)
    monkeypatch.setattr(find_leads, "COUNT_TO", 10)
    with database.reading() as session:
        page = find(session, LeadFilter(), ME, limit=5)
        assert page.count == 11
        assert find(session, LeadFilter(), ME, limit=5, after=page.after).count is None


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=120),
    "similar": st.text(max_size=120),
    "stages": st.lists(st.sampled_from(STAGES)).map(tuple) | st.just(OPEN),
    "assignee": st.sampled_from(("", "me", "unassigned", "offered", "1", "2147483647")),
    "archetype": st.sampled_from(("", "baton_on_the_floor", "x9")),
    "separation": st.sampled_from(("", *BANDS["separation"])),
    "handoff": st.sampled_from(("", *BANDS["handoff"])),
    "source": st.sampled_from((None, "", "-", "--x", "autumn-letter", "a&b=c %+é")),
    "consult": st.sampled_from(("", "yes", "no", "pressed")),
    "due": st.sampled_from(("", "waiting", "overdue", *get_args(ToDo))),
    "since": st.none() | st.dates(date(1970, 1, 1), date(9000, 12, 31)),
    "until": st.none() | st.dates(date(1970, 1, 1), date(9000, 12, 31)),
    "demo": st.sampled_from(("", "only", "without")),
    "spam": st.sampled_from(("", "only", "with")),
    "sort": st.sampled_from(SORTS),
}
NAMES = ("stage", *(name for name in VALUES if name != "stages"))


def test_each_filter_is_tried() -> None:
    names = {field.name for field in fields(LeadFilter)}
    assert set(VALUES) == names
    assert set(SELECTING) == names - {"spam", "sort"}, "none of the leads is spam"


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


def test_only_a_filter_leaves_leads_out() -> None:
    assert LeadFilter(sort="oldest").active == []
    assert LeadFilter(source="").active == ["source"]
    assert LeadFilter(text="a").query(after="1_2") == "text=a&after=1_2"


SAME: list[tuple[dict[str, Any], str]] = [
    ({"email": "DANA@Okafor.example", "name": "D."}, "same email address"),
    ({"email": "d@other.example", "phone": "020 7946 0958"}, "same phone number"),
    ({"phone": "0171 2345678 or +44 (0)20 7946-0958"}, "same phone number"),
    ({"email": "info@okafor.example", "name": "ÖKAFOR, Dana"}, "same name at okafor.example"),
    ({"email": "info@okafor.example", "name": "Ben Okafor"}, "also at okafor.example"),
    ({"business": "The Ökafor Tents, LLC"}, "same business name"),
    ({"business": "Okafor Tents and Sails"}, ""),
    ({"email": "dana@other.example", "name": "Dana Oekafor"}, ""),
    ({"phone": "+44 20 7946 0957"}, ""),
    ({"phone": "12 79460958"}, ""),
]


@pytest.mark.parametrize(
    ("database_url", "other", "why"),
    [("sqlite", *case) for case in SAME] + [("postgresql", *case) for case in SAME[1:7:2]],
    indirect=["database_url"],
)
def test_each_lead_of_a_person_names_the_others(
    database: Database, other: dict[str, Any], why: str
) -> None:
    dana: dict[str, Any] = {
        "name": "Dana Ökafor",
        "email": "dana@okafor.example",
        "phone": "+44 20 7946 0958",
        "business": "Okafor Tents",
    }
    stranger: dict[str, Any] = {"name": "Zoe", "email": "zoe@zoe.example", "phone": "555 0100"}
    stranger["business"] = "Zoe"
    ids = [left_contact(database, **values) for values in (dana, {**stranger, **other})]
    for lead_id, expected in zip(ids, reversed(ids), strict=True):
        with database.reading() as session:
            lead, left = session.get_one(LeadRow, lead_id), session.get_one(ContactRow, lead_id)
            found = same_person(session, lead, left)
        assert [(row.submission_id, said) for row, said in found] == [(expected, why)] * bool(why)
