"""The list of leads as staff work with it: views, filters, search, order, and many at once."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import event, select

from consult.staff.leads import bulk_pages, list_pages
from consult.storage.db.database import Database
from consult.storage.search.lead_filter import LeadFilter
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.workflow.stages import MOVES
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.many_leads import MadeLead, is_open, make_many
from tests.support.page import Form, Page, text_of

MY_ID = 1


@pytest.fixture
def database(app: Flask) -> Database:
    return services_of(app).database


@pytest.fixture
def made(staff: PageClient, database: Database) -> list[MadeLead]:
    """Sixty leads, some of them assigned to the user who is signed in; more than one page."""
    return make_many(database, 60, new_staff=(2, 3))


def shown(page: Page) -> list[int]:
    """The leads on a page of the list, in order."""
    hrefs = [link.attrib.get("href", "") for link in page.document.all("a")]
    found = [re.fullmatch(r"/staff/leads/(\d+)(?:\?.*)?", href) for href in hrefs]
    return [int(match[1]) for match in found if match]


def every_page(staff: PageClient, path: str) -> list[int]:
    page = staff.get(path)
    seen = shown(page)
    while onward := [href for text, href in page.links.items() if text in ("Older", "Next")]:
        page = staff.get(onward[0])
        seen += shown(page)
    return seen


def test_a_view_is_an_address(staff: PageClient, made: list[MadeLead]) -> None:
    page = staff.get("/staff/")
    for name, search, _ in list_pages.VIEWS:
        view = staff.get(page.link(name))
        here = [e for e in view.document.all("a") if e.attrib.get("aria-current") == "page"]
        assert text_of(here[-1]).startswith(name)
        assert LeadFilter.from_query(parse_qs(urlsplit(page.link(name)).query)) == search
    mine = every_page(staff, page.link("My open leads"))
    assert set(mine) == {
        lead.id for lead in made if lead.row["assignee_id"] == MY_ID and is_open(lead)
    }


def test_an_active_filter_is_shown_and_removed_by_one_click(
    staff: PageClient, made: list[MadeLead]
) -> None:
    page = staff.get("/staff/?archetype=two_silos&stage=won&text=ann&since=2026-01-01")
    chips = {
        text: href for text, href in page.links.items() if text.startswith(("Remove ", "Clear "))
    }
    assert list(chips) == [
        "Remove Search: “ann” ×",
        "Remove Stage: Won ×",
        "Remove Archetype: Two Silos ×",
        "Remove From: 1 Jan 2026 ×",
        "Clear all",
    ]
    for text, href in chips.items():
        assert text not in staff.get(href).links
    assert "No leads match these filters." in staff.get("/staff/?text=nobody").text


def test_a_view_without_leads_says_what_that_means(staff: PageClient) -> None:
    for _, view, empty in list_pages.VIEWS:
        assert (empty or "No leads yet.") in staff.get(f"/staff/?{view.query()}").text


def test_the_form_keeps_what_is_chosen_and_its_address_stays_short(
    staff: PageClient, made: list[MadeLead]
) -> None:
    chosen = "/staff/?stage=new&stage=won&assignee=2&source=-&consult=yes&sort=handoff"
    (form,) = [form for form in staff.get(chosen).forms if form.action == "/staff/"]
    sent = form.data
    assert sent["stage"] == ["new", "won"]
    assert (sent["assignee"], sent["source"], sent["consult"]) == (["2"], ["-"], ["yes"])
    assert sent["sort"] == ["handoff"]
    assert staff.get(f"{chosen}&text=&demo=&since=", status=303).location == chosen


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("Received", "oldest", None),
        ("Separation", "separation", "-separation"),
        ("First reply", "due", "-due"),
    ],
)
def test_a_heading_sorts_and_reverses_the_order(
    staff: PageClient, made: list[MadeLead], column: str, first: str, second: str | None
) -> None:
    page = staff.get("/staff/?source=fair")
    for sort in filter(None, (first, second)):
        page = staff.get(page.links[column])
        assert f"sort={sort}" in page.link("Remove Source")
        (heading,) = [th for th in page.document.all("th") if "aria-sort" in th.attrib]
        down = sort.startswith("-") or sort == "newest"
        assert heading.attrib["aria-sort"] == ("descending" if down else "ascending")
        assert text_of(heading) == column


def test_pages_go_on_and_back_and_keep_the_filters(
    staff: PageClient, made: list[MadeLead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_pages, "PAGE_SIZE", 5)
    first = staff.get("/staff/?sort=handoff&consult=yes")
    second = staff.get(first.link("Next"))
    third = staff.get(second.link("Next"))
    assert shown(staff.get(third.link("Previous"))) == shown(second)
    assert shown(staff.get(third.links["First"])) == shown(first)
    wanted = {lead.id for lead in made if lead.row["wants_consult"]}
    seen = every_page(staff, "/staff/?sort=handoff&consult=yes")
    assert len(seen) == len(wanted)
    assert set(seen) == wanted


def test_search_finds_by_words_of_all_kinds(
    staff: PageClient, made: list[MadeLead], database: Database
) -> None:
    for typed in ("zoe", "ANNA@", "again", "O%27Neil", "nachste+woche"):
        assert shown(staff.get(f"/staff/?text={typed}")), typed
    assert "“&lt;b&gt;”" in staff.get("/staff/?text=%3Cb%3E").html


def test_the_list_takes_few_queries(
    staff: PageClient, made: list[MadeLead], database: Database
) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    staff.get("/staff/?text=ann&assignee=me&stage=open&sort=handoff")
    assert len([statement for statement in asked if statement.startswith(("SELECT", "WITH"))]) <= 10


def test_late_replies_are_shown_and_answered_ones_are_not(
    staff: PageClient, made: list[MadeLead]
) -> None:
    overdue = staff.get("/staff/?due=overdue")
    assert shown(overdue)
    assert len(late(overdue)) == len(shown(overdue))
    assert f"Overdue {len(shown(overdue))}" in overdue.links
    closed = staff.get("/staff/?stage=won")
    assert shown(closed)
    assert late(closed) == []


def late(page: Page) -> list[str]:
    return [words for words in page.with_class("is-late") if words.startswith("Overdue ")]


def selected(staff: PageClient, ids: list[int]) -> Page:
    return staff.get("/staff/leads/bulk?" + "&".join(f"lead={id}" for id in ids))


def test_selected_leads_are_handed_over_and_the_rest_is_explained(
    staff: PageClient, made: list[MadeLead], database: Database
) -> None:
    mine = [lead.id for lead in made if lead.row["assignee_id"] == MY_ID and free(lead)][:3]
    other = [lead.id for lead in made if lead.row["assignee_id"] == 2 and free(lead)][:1]
    page = selected(staff, mine + other)
    assert page.h1 == "4 leads selected"
    form = next(form for form in page.forms if "to" in form.fields)
    done = press(staff, form.fill(to="3"), "hand_over")
    assert done.h1 == "3 leads updated"
    assert "Only the person it’s assigned to can hand it over." in done.text
    assert shown(done) == other
    with database.reading() as session:
        offered = session.scalars(
            select(LeadRow.submission_id).where(
                LeadRow.offered_to_id == 3, LeadRow.submission_id.in_(mine)
            )
        )
        assert sorted(offered) == sorted(mine)
        audited = session.scalars(select(AuditRow.lead_id).where(AuditRow.action == "lead.offered"))
        assert sorted(filter(None, audited)) == sorted(mine)


def free(lead: MadeLead) -> bool:
    return lead.row["offered_to_id"] is None


def press(staff: PageClient, form: Form, name: str) -> Page:
    """Send the form by one of its buttons."""
    return staff.post(form.action, {**form.data, "do": name}, status=200)


def test_a_stage_changes_only_where_it_may(
    staff: PageClient, made: list[MadeLead], database: Database
) -> None:
    ids = [lead.id for lead in made]
    page = selected(staff, ids)
    form = next(form for form in page.forms if "stage" in form.fields)
    done = press(staff, form.fill(stage="lost", reason="price"), "move")
    may = [lead.id for lead in made if "lost" in MOVES[lead.row["stage"]]]
    assert done.h1 == f"{len(may)} leads updated"
    assert set(shown(done)) == set(ids) - set(may)
    with database.reading() as session:
        lost = session.scalars(
            select(LeadEventRow.submission_id).where(LeadEventRow.kind == "moved")
        )
        assert sorted(lost) == sorted(may)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"do": "move"}, "Choose a stage."),
        ({"do": "move", "stage": "consult_booked"}, "Choose a stage."),
        ({"do": "move", "stage": "lost"}, "Choose a reason for “Lost”."),
        ({"do": "hand_over"}, "Choose a colleague to hand them over to."),
        ({}, "Choose an action."),
    ],
)
def test_what_is_missing_is_requested(
    staff: PageClient, made: list[MadeLead], fields: dict[str, str], told: str
) -> None:
    token = selected(staff, [1]).form("/leads/bulk").data["csrf_token"]
    page = staff.post("/staff/leads/bulk", {"csrf_token": token, "lead": "1", **fields}, status=422)
    assert told in page.text
    assert page.h1 == "1 lead selected"


def test_all_that_match_can_be_taken_or_exported(
    staff: PageClient, made: list[MadeLead], database: Database
) -> None:
    page = staff.get("/staff/leads/bulk?do=all&stage=new")
    wanted = {lead.id for lead in made if lead.row["stage"] == "new"}
    assert page.link("Export all matching leads").endswith("?stage=new")
    done = press(staff, page.form("/leads/bulk"), "take")
    assert done.h1 == f"{len(wanted)} leads updated"
    assert done.link("Back to the leads") == "/staff/?stage=new"
    with database.reading() as session:
        taken = select(LeadRow.submission_id).where(
            LeadRow.submission_id.in_(wanted),
            LeadRow.assignee_id == MY_ID,
            LeadRow.stage == "taken",
        )
        assert set(session.scalars(taken)) == wanted


def test_too_many_are_not_changed_at_once(
    staff: PageClient, made: list[MadeLead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_pages, "MAX_LEADS", 40)
    page = staff.get("/staff/leads/bulk?do=all")
    assert page.h1 == "More than 40 leads selected"
    assert "You can change up to 40 leads at a time." in page.text
    assert not [form for form in page.forms if "/leads/bulk" in form.action]
    assert page.link("Export all matching leads") == "/staff/exports/new"


def test_nothing_selected_leads_back_to_the_list(staff: PageClient, made: list[MadeLead]) -> None:
    back = staff.get("/staff/leads/bulk?do=ticked&stage=new&lead=x&lead=0", status=303)
    assert back.location == "/staff/?stage=new"


def test_a_lead_that_no_longer_exists_is_skipped(staff: PageClient, made: list[MadeLead]) -> None:
    page = selected(staff, [1, 777])
    done = press(staff, page.form("/leads/bulk"), "take")
    assert "It no longer exists. Lead 777" in done.text
