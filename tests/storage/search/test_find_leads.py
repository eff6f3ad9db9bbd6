"""The list of leads: what a search selects, page by page, is what a look at every lead selects."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from consult.scoring.axis import BANDS, CUTS
from consult.storage.db.database import Database, Session
from consult.storage.search import find_leads, index_scan
from consult.storage.search.find_leads import Count, every_id, find, ids_at_once
from consult.storage.search.lead_filter import OPEN, SORTS, LeadSearch, Viewer
from consult.storage.search_index import index_terms, query_terms
from consult.workflow.stages import STAGES
from tests.support.databases import Clock
from tests.support.many_leads import ARCHETYPES, SOURCES, Made, is_open, make_many
from tests.support.submissions import lead_of, submitted

ME = Viewer(id=1, zone=ZoneInfo("America/New_York"))
TEXTS = ("ann", "anna", "ANN smith", "zoe", "strasse", "okafor tents", "anna@", "@okafor", "com")
DAYS = st.none() | st.dates(date(2025, 11, 20), date(2026, 3, 3))
SEARCHES = st.builds(
    LeadSearch,
    text=st.just("")
    | st.sampled_from((*TEXTS, "Łuk", "łuk", "佐藤", "nachste", "%", "_", "tent a")),
    stages=st.just(()) | st.just(OPEN) | st.lists(st.sampled_from(STAGES), max_size=3).map(tuple),
    assignee=st.sampled_from(("", "", "me", "nobody", "offered", "2", "99")),
    archetype=st.sampled_from(("", "", *ARCHETYPES, "unheard_of")),
    separation=st.sampled_from(("", "", *BANDS["separation"])),
    handoff=st.sampled_from(("", "", *BANDS["handoff"])),
    source=st.sampled_from((None, None, *SOURCES)),
    consult=st.sampled_from(("", "", "yes", "no")),
    due=st.sampled_from(("", "", "waiting", "overdue")),
    since=DAYS,
    until=DAYS,
    demo=st.sampled_from(("", "", "only", "without")),
    sort=st.sampled_from(SORTS),
)

CROSSED = st.builds(
    LeadSearch,
    stages=st.just(()) | st.just(OPEN) | st.sampled_from(STAGES).map(lambda stage: (stage,)),
    assignee=st.sampled_from(("", "me", "nobody", "2")),
    archetype=st.sampled_from(ARCHETYPES),
    source=st.sampled_from(SOURCES),
    consult=st.sampled_from(("", "yes", "no")),
    since=DAYS,
    sort=st.sampled_from(("newest", "oldest")),
)
"""Of filters that are in the order wanted, two or more."""


def selects(search: LeadSearch, lead: Made, now: datetime) -> bool:
    """The plain meaning of a search, lead by lead."""
    return (
        all(_facts(search, lead.desk))
        and all(_work(search, lead, now))
        and all(
            any(word.startswith(term) for word in _words(lead)) for term in query_terms(search.text)
        )
    )


def _words(lead: Made) -> set[str]:
    contact = lead.contact or {"name": "", "business": "", "email": ""}
    return index_terms([contact["name"], contact["business"], *lead.notes], contact["email"])


def _facts(search: LeadSearch, desk: dict[str, Any]) -> Iterator[bool]:
    day = desk["submitted_at"].astimezone(ME.zone).date()
    yield search.archetype in ("", desk["archetype"])
    yield search.source in (None, desk["source"])
    yield search.since is None or day >= search.since
    yield search.until is None or day <= search.until
    yield search.demo in ("", "only" if desk["demo"] else "without")
    yield search.consult in ("", "yes" if desk["wants_consult"] else "no")
    for axis, wanted in (("separation", search.separation), ("handoff", search.handoff)):
        reached = sum(desk[axis] >= cut for cut in CUTS)
        yield wanted in ("", BANDS[axis][reached])  # type: ignore[index] # both are axes


def _work(search: LeadSearch, lead: Made, now: datetime) -> Iterator[bool]:
    desk = lead.desk
    yield not search.stages or desk["stage"] in search.stages
    match search.assignee:
        case "me":
            yield desk["assignee_id"] == 1
        case "nobody":
            yield desk["assignee_id"] is None
        case "offered":
            yield desk["offered_to_id"] == 1
        case str(number) if number:
            yield desk["assignee_id"] == int(number)
    waits = is_open(lead) and desk["first_contact_at"] is None and desk["due_at"] is not None
    yield not search.due or waits
    yield search.due != "overdue" or (waits and desk["due_at"] < now)


def in_order(search: LeadSearch, made: list[Made]) -> list[int]:
    column = {"newest": "submitted_at", "oldest": "submitted_at", "due": "due_at"}
    name = search.sort.removeprefix("-")
    down = search.sort == "newest" or search.sort.startswith("-")
    return [
        lead.id
        for lead in sorted(
            made, key=lambda lead: (lead.desk[column.get(name, name)], lead.id), reverse=down
        )
    ]


def all_pages(session: Session, search: LeadSearch, limit: int) -> list[list[int]]:
    """Every page forwards; then back again from each place, which has to show the same."""
    pages, page = [], find(session, search, ME, limit=limit)
    shown = [page]
    while page.after:
        page = find(session, search, ME, limit=limit, after=page.after)
        shown.append(page)
    pages = [[lead.id for lead in page.leads] for page in shown]
    assert shown[0].before == ""
    for before, after in pairwise(shown):
        if after.before and len(before.leads) == limit:
            back = find(session, search, ME, limit=limit, before=after.before)
            assert back.leads == before.leads
    return pages


def finds_what_a_look_finds(
    database: Database, made: list[Made], search: LeadSearch, limit: int
) -> None:
    with database.reading() as session:
        found = all_pages(session, search, limit)
        every = list(every_id(session, search, ME))
        at_once = list(ids_at_once(session, search, ME))
        count = find(session, search, ME).count
        now = session.now()
    expected = in_order(search, [lead for lead in made if selects(search, lead, now)])
    assert [lead_id for page in found for lead_id in page] == expected
    assert every == at_once == expected
    assert max(map(len, found)) <= limit
    assert count is not None
    assert count.number == len(expected) if count.exact else count.number <= len(expected)


def test_a_search_finds_what_a_look_at_every_lead_finds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when so little counts as few and as a long way that most walks end before the page."""
    made = make_many(database, 80)

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(SEARCHES, st.integers(3, 60), st.sampled_from(((5_000, 10_000), (8, 20), (0, 15))))
    @example(LeadSearch(), 7, (0, 10))
    def check(search: LeadSearch, limit: int, so_many: tuple[int, int]) -> None:
        few, walk = so_many
        make_small(monkeypatch, few=few, walk=walk, abreast=2 * walk)
        finds_what_a_look_finds(database, made, search, limit)

    check()


def test_filters_that_are_walked_abreast_find_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_many(database, 80)

    @settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
    @given(CROSSED, st.integers(3, 20), st.integers(1, 6), st.integers(1, 12))
    def check(search: LeadSearch, limit: int, walk: int, abreast: int) -> None:
        make_small(monkeypatch, few=0, walk=walk, abreast=abreast)
        finds_what_a_look_finds(database, made, search, limit)

    check()


def make_small(monkeypatch: pytest.MonkeyPatch, *, few: int, walk: int, abreast: int) -> None:
    monkeypatch.setattr(find_leads, "FEW", few)
    monkeypatch.setattr(find_leads, "SOME", 2 * few)
    for name, number in (("WALK", walk), ("WALK_ON", walk), ("ABREAST", abreast)):
        monkeypatch.setattr(index_scan, name, number)


def test_each_lead_is_seen_once_while_others_come_in(database: Database, clock: Clock) -> None:
    made = []
    for number in range(9):
        clock.go_on(minutes=number % 2)  # some at the very same moment
        made.append(lead_of(database, submitted(database)).id)
    seen, after = [], ""
    for _ in range(4):
        with database.reading() as session:
            page = find(session, LeadSearch(), ME, limit=3, after=after)
        seen += [lead.id for lead in page.leads]
        after = page.after
        submitted(database)
        if not after:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize("place", ["0", "x_1", "1_99999999999", "_", "1_", "1_1_1", "-"])
@pytest.mark.parametrize("sort", ["newest", "handoff"])
def test_a_place_that_makes_no_sense_is_the_start(
    database: Database, place: str, sort: Any
) -> None:
    made = lead_of(database, submitted(database)).id
    search = LeadSearch(sort=sort)
    with database.reading() as session:
        for page in (
            find(session, search, ME, after=place),
            find(session, search, ME, before=place),
        ):
            assert [lead.id for lead in page.leads] == [made]


def test_many_leads_are_not_counted_one_by_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_leads, "COUNT_TO", 10)
    make_many(database, 30)
    with database.reading() as session:
        page = find(session, LeadSearch(), ME, limit=5)
        assert page.count == Count(10, exact=False)
        assert find(session, LeadSearch(), ME, after=page.after).count is None
