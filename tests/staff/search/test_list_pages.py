"""The list of leads as staff work with it: views, filters, search, order, and many at once.

Which leads a filter selects, and in which pages, is tested in tests/storage/search.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from consult.questionnaire.editions import newest
from consult.staff.search import bulk_pages, list_pages
from consult.storage.db.database import Database
from consult.storage.leads import actions, handovers
from consult.storage.search.lead_filter import LeadFilter
from consult.storage.search_index import index_lead
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.storage.tables.submission_tables import ContactRow
from tests.support.apps import make_app, services_of, statements
from tests.support.client import PageClient
from tests.support.many_leads import MadeLead, is_open, make_many
from tests.support.page import Form, Page, text_of
from tests.support.staff_client import make_user, signed_in

MY_ID = 1


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_pages, "PAGE_SIZE", 20)


@pytest.fixture
def made(staff: PageClient, database: Database) -> list[MadeLead]:
    """Thirty leads, some of them assigned to the user who is signed in; more than one page."""
    return make_many(database, 30, new_staff=(2, 3))


@dataclass(frozen=True)
class Listed:
    """A browser in which someone is signed in, and what they read of; nothing is changed in it."""

    staff: PageClient
    made: list[MadeLead]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listed]:
    app = make_app(tmp_path_factory.mktemp("listed"))
    make_user(app)
    database = services_of(app).database
    yield Listed(signed_in(app), make_many(database, 30, new_staff=(2, 3)))
    database.close()


def shown(page: Page) -> list[int]:
    """The leads on a page of the list, in order."""
    hrefs = [link.attrib.get("href", "") for link in page.document.all("a")]
    found = [re.fullmatch(r"/staff/leads/(\d+)(?:\?.*)?", href) for href in hrefs]
    return [int(match[1]) for match in found if match]


def every_page(staff: PageClient, path: str) -> list[int]:
    page = staff.get(path)
    seen = shown(page)
    while following := [
        href for text, href in page.links.items() if text in ("Older", "Next page")
    ]:
        page = staff.get(following[0])
        seen += shown(page)
    return seen


def selected(staff: PageClient, ids: list[int]) -> Page:
    return staff.get("/staff/leads/bulk?" + "&".join(f"lead={id}" for id in ids))


def do_of(form: Form) -> list[str]:
    """What the buttons of a form do."""
    return form.fields["do"].offered if "do" in form.fields else []


def press(staff: PageClient, form: Form, name: str) -> Page:
    """Send the form by one of its buttons."""
    return staff.post(form.action, {**form.data, "do": name}, status=200)


def test_views_have_addresses_and_empty_states(staff: PageClient, database: Database) -> None:
    for _, view, empty in list_pages.VIEWS:
        assert (empty or "No leads yet.") in staff.get(f"/staff/leads?{view.query()}").text
    made = make_many(database, 30, new_staff=(2, 3))
    page = staff.get("/staff/leads")
    for name, search, _ in list_pages.VIEWS:
        view_page = staff.get(page.link(name))
        here = [e for e in view_page.document.all("a") if e.attrib.get("aria-current") == "page"]
        assert text_of(here[-1]).startswith(name)
        assert LeadFilter.from_query(parse_qs(urlsplit(page.link(name)).query)) == search
    mine = {lead.id for lead in made if lead.row["assignee_id"] == MY_ID and is_open(lead)}
    assert set(every_page(staff, page.link("My open leads"))) == mine


def test_active_filters_are_shown_and_removed(listed: Listed) -> None:
    page = listed.staff.get("/staff/leads?archetype=two_silos&stage=won&text=ann&since=2026-01-01")
    chips = {
        text: href for text, href in page.links.items() if text.startswith(("Remove ", "Clear "))
    }
    name = newest().texts.findings["archetypes"]["two_silos"]["name"]
    assert list(chips) == [
        "Remove Search: “ann” ×",
        "Remove Stage: Won ×",
        f"Remove Archetype: {name} ×",
        "Remove From: Jan 1, 2026 ×",
        "Clear all",
    ]
    for text, href in chips.items():
        assert text not in listed.staff.get(href).links
    assert "No leads match these filters." in listed.staff.get("/staff/leads?text=nobody").text
    assert "“&lt;b&gt;”" in listed.staff.get("/staff/leads?text=%3Cb%3E").html


def test_the_filter_form_keeps_its_choices(listed: Listed) -> None:
    chosen = "/staff/leads?stage=new&stage=won&assignee=2&source=-&consult=yes&sort=handoff"
    (form,) = [form for form in listed.staff.get(chosen).forms if form.action == "/staff/leads"]
    sent = form.data
    assert sent["stage"] == ["new", "won"]
    assert (sent["assignee"], sent["source"], sent["consult"]) == (["2"], ["-"], ["yes"])
    assert sent["sort"] == ["handoff"]
    assert listed.staff.get(f"{chosen}&text=&demo=&since=", status=303).location == chosen


def test_a_heading_never_changes_which_leads_are_shown(listed: Listed) -> None:
    page = listed.staff.get("/staff/leads")
    for column in ("Next", "Received", "Separation", "Handoff"):
        assert f"{len(listed.made)} leads, " in listed.staff.get(page.links[column]).text


def test_what_a_link_asks_for_in_vain_is_said(listed: Listed) -> None:
    wrong = "stage=new&stage=stuck&due=soon&sort=luck&since=yesterday&assignee=bob"
    says = "This link has filters that don’t exist here, so they were left out:"
    for address in ("/staff/leads", "/staff/leads/bulk"):
        page = listed.staff.get(f"{address}?{wrong}&do=all")
        assert says in page.text
        for named in ("stage “stuck”", "due “soon”", "sort “luck”", "assignee “bob”"):
            assert named in page.text
    assert (
        "since “yesterday,” which doesn’t exist here"
        in listed.staff.get(f"/staff/exports/new?{wrong}").text
    )
    assert says not in listed.staff.get("/staff/leads?stage=open&due=waiting&sort=next&text=x").text


def test_actions_without_a_selected_lead_say_so(listed: Listed) -> None:
    says = "No leads were selected."
    page = listed.staff.get("/staff/leads?stage=new")
    assert says not in page.text
    (form,) = [form for form in page.forms if form.action.endswith("/bulk")]
    query = "&".join(f"{name}={value}" for name, values in form.data.items() for value in values)
    there = listed.staff.get(f"{form.action}?{query}&do=selected", status=303).location
    assert there == "/staff/leads?stage=new&selected=none"
    assert says in listed.staff.get(there).text
    bulk = selected(listed.staff, [listed.made[0].id]).form("/bulk").fill(lead=[])
    there = listed.staff.submit(bulk, status=303).location
    assert says in listed.staff.get(there).text


def test_a_heading_sorts_and_reverses_the_order(listed: Listed) -> None:
    for column, *orders in (
        ("Received", "oldest"),
        ("Separation", "separation", "-separation"),
        ("Next", "next", "-next"),
    ):
        page = listed.staff.get("/staff/leads?source=fair&due=waiting")
        for sort in orders:
            page = listed.staff.get(page.links[column])
            assert f"sort={sort}" in page.link("Remove Source")
            (heading,) = [th for th in page.document.all("th") if "aria-sort" in th.attrib]
            direction = "descending" if sort.startswith("-") else "ascending"
            assert (text_of(heading), heading.attrib["aria-sort"]) == (column, direction)


def test_paging(listed: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_pages, "PAGE_SIZE", 5)
    first = listed.staff.get("/staff/leads?sort=handoff&consult=yes")
    second = listed.staff.get(first.link("Next page"))
    third = listed.staff.get(second.link("Next page"))
    assert shown(listed.staff.get(third.link("Previous page"))) == shown(second)
    assert shown(listed.staff.get(third.links["First"])) == shown(first)
    seen = every_page(listed.staff, "/staff/leads?sort=handoff&consult=yes")
    assert sorted(seen) == sorted(lead.id for lead in listed.made if lead.row["wants_consult"])
    start = listed.staff.get("/staff/leads?after=nonsense")
    assert shown(start) == shown(listed.staff.get("/staff/leads"))
    assert listed.staff.get(start.link("Older")).link("Newest") == "/staff/leads"


def test_search_takes_few_queries(listed: Listed) -> None:
    for typed in ("zoe", "ANNA@", "again", "O%27Neil", "nachste+woche"):
        assert shown(listed.staff.get(f"/staff/leads?text={typed}")), typed
    with statements(listed.staff.app) as queries:
        listed.staff.get("/staff/leads?text=ann&assignee=me&stage=open&sort=handoff")
    assert len([query for query in queries if query.startswith(("SELECT", "WITH"))]) <= 10


def test_the_only_lead_that_a_search_finds_opens(
    staff: PageClient, made: list[MadeLead], database: Database
) -> None:
    def search(typed: str) -> str:
        (form,) = [
            form for form in staff.get("/staff/leads").forms if form.action == "/staff/leads"
        ]
        sent = {**form.fill(text=typed).data, "go": "1"}
        return staff.get(f"/staff/leads?{urlencode(sent, doseq=True)}", status=303).location

    def give_number(lead_id: int) -> None:
        with database.writing() as session:
            session.get_one(ContactRow, lead_id).phone = "+1 (415) 867-5309"
            index_lead(session, lead_id)

    ringing, other = [lead.id for lead in made if lead.contact][:2]
    give_number(ringing)
    for typed in ("5309", "415.867.5309", "001 415 867 5309"):
        address = urlsplit(search(typed))
        assert address.path == f"/staff/leads/{ringing}"
        assert shown(staff.get(f"/staff/leads?{address.query}")) == [
            ringing
        ]  # as its page leads back
    assert search("") == "/staff/leads"
    assert search("nobody") == "/staff/leads?text=nobody"
    give_number(other)
    assert sorted(shown(staff.get(search("5309")))) == [ringing, other]


def test_names_in_other_spellings_are_found_when_none_is_exact(listed: Listed) -> None:
    named = {
        lead.id for lead in listed.made if lead.contact and lead.contact["name"] == "Łukasz Żak"
    }
    page = listed.staff.get("/staff/leads?text=Lukash+Zack")
    assert "Nothing matches “Lukash Zack” exactly. These names are close." in page.text
    assert set(shown(page)) == named
    assert page.link("Remove Names like: “Lukash Zack” ×") == "/staff/leads"
    exact = listed.staff.get("/staff/leads?text=zak")
    assert set(shown(exact)) == named
    assert "exactly" not in exact.text
    assert set(shown(listed.staff.get(exact.link("Include names that sound similar")))) == named
    nothing = listed.staff.get("/staff/leads?text=qqq")
    assert "No leads match these filters." in nothing.text
    assert nothing.link("Remove Search: “qqq” ×") == "/staff/leads"


def test_only_open_late_replies_are_shown(listed: Listed) -> None:
    def late(page: Page) -> list[str]:
        words = (": overdue ", "Confirm the consult: ")
        return [text for text in page.with_class("is-late") if any(one in text for one in words)]

    overdue = listed.staff.get("/staff/leads?due=overdue")
    # A handover to answer comes first.
    handed = overdue.with_class("next-step").count("Accept or return")
    assert len(late(overdue)) == len(shown(overdue)) - handed > 0
    assert f"Overdue {len(shown(overdue))}" in overdue.links
    closed = listed.staff.get("/staff/leads?stage=won")
    assert shown(closed)
    assert late(closed) == []


def test_bulk_handover(staff: PageClient, made: list[MadeLead], database: Database) -> None:
    free = [lead for lead in made if lead.row["offered_to_id"] is None and is_open(lead)]
    mine = [lead.id for lead in free if lead.row["assignee_id"] == MY_ID][:3]
    other = [lead.id for lead in free if lead.row["assignee_id"] == 2][:1]
    page = selected(staff, [*mine, *other, 777])
    assert page.h1 == "5 leads selected"
    form = next(form for form in page.forms if "to" in form.fields)
    done = press(staff, form.fill(to="3"), "hand_over")
    assert done.h1 == "3 leads updated"
    assert "Only the person it’s assigned to can hand it over." in done.text
    assert "It no longer exists. Lead 777" in done.text
    assert shown(done) == other
    offered = select(LeadRow.submission_id).where(
        LeadRow.offered_to_id == 3, LeadRow.submission_id.in_(mine)
    )
    audited = select(AuditRow.lead_id).where(AuditRow.action == "lead.offered")
    with database.reading() as session:
        assert sorted(session.scalars(offered)) == sorted(mine)
        assert sorted(filter(None, session.scalars(audited))) == sorted(mine)


def test_bulk_stage_change(staff: PageClient, made: list[MadeLead], database: Database) -> None:
    ids = [lead.id for lead in made]
    form = next(form for form in selected(staff, ids).forms if "stage" in form.fields)
    done = press(staff, form.fill(stage="lost", reason="price"), "move")
    may = [lead.id for lead in made if is_open(lead)]
    assert done.h1 == f"{len(may)} leads updated"
    assert set(shown(done)) == set(ids) - set(may)
    lost = select(LeadEventRow.submission_id).where(LeadEventRow.kind == "moved")
    with database.reading() as session:
        assert set(session.scalars(lost)) == set(may)


def test_what_was_done_with_many_is_undone(
    staff: PageClient, made: list[MadeLead], database: Database
) -> None:
    """A lead that a colleague changed since stays as it is."""
    ids = [lead.id for lead in made if is_open(lead)]

    def state() -> list[tuple[object, ...]]:
        columns = (LeadRow.stage, LeadRow.assignee_id, LeadRow.due_at, LeadRow.follow_up_on)
        query = (
            select(*columns).where(LeadRow.submission_id.in_(ids)).order_by(LeadRow.submission_id)
        )
        with database.reading() as session:
            return [tuple(row) for row in session.execute(query)]

    before = state()
    page = selected(staff, ids)
    snoozing = next(form for form in page.forms if form.data.get("do") == ["snooze"])
    done = staff.submit(snoozing.fill(on=snoozing.fields["on"].offered[0]), status=200)
    assert done.h1 == f"{len(ids)} leads updated"
    assert state() != before
    undone = staff.submit(done.form("/undo"), status=200)
    assert undone.h1 == f"{len(ids)} leads put back as before"
    assert state() == before
    take = next(form for form in selected(staff, ids).forms if "take" in do_of(form))
    done = press(staff, take, "take")
    with database.writing() as session:
        actions.log_contact(session, ids[0], by=MY_ID, channel="phone", reached=False)
    undone = staff.submit(done.form("/undo"), status=200)
    assert "It was changed since." in undone.text
    assert ids[0] in shown(undone)


def test_handovers_are_accepted_and_returned_together(
    staff: PageClient, made: list[MadeLead], database: Database
) -> None:
    ids = [lead.id for lead in made if lead.row["stage"] == "taken"][:4]
    with database.writing() as session:
        for lead_id in ids:
            handovers.claim(session, lead_id, by=3)
            handovers.hand_over(session, lead_id, MY_ID, by=3)
    page = selected(staff, ids)
    accept = next(form for form in page.forms if "accept" in do_of(form))
    assert press(staff, accept, "accept").h1 == "4 leads updated"
    query = select(LeadRow.assignee_id).where(LeadRow.submission_id.in_(ids))
    with database.reading() as session:
        assert set(session.scalars(query)) == {MY_ID}
    assert not [form for form in selected(staff, ids).forms if "accept" in do_of(form)]


def test_an_incomplete_action_is_refused(listed: Listed) -> None:
    token = selected(listed.staff, [1]).form("/leads/bulk").data["csrf_token"]
    for fields, field, error in (
        ({"do": "move"}, "stage", "Choose a stage."),
        ({"do": "move", "stage": "consult_booked"}, "stage", "Choose a stage."),
        ({"do": "move", "reason": "price"}, "stage", "Choose a stage."),
        ({"do": "move", "stage": "lost"}, "reason", "Choose a reason for “Lost.”"),
        ({"do": "hand_over"}, "to", "Choose a colleague."),
        ({"do": "assign", "to": "3"}, "main", "Choose an action."),
        ({"do": "decline"}, "declining", "Choose a reason for returning them."),
        ({"do": "snooze", "on": "2020-01-01"}, "snooze", "Choose today or a later date."),
        ({}, "main", "Choose an action."),
    ):
        data = {"csrf_token": token, "lead": "1", **fields}
        page = listed.staff.post("/staff/leads/bulk", data, status=422)
        assert page.errors == {field: error}
        assert page.h1 == "1 lead selected"
        (form,) = [form for form in page.forms if "stage" in form.fields]
        offered = fields.get("stage") != "consult_booked"
        assert form.data["stage"] == [fields.get("stage", "") if offered else ""]
        assert form.data["reason"] == [fields.get("reason", "")], "nothing chosen is lost"
    nothing = listed.staff.get("/staff/leads/bulk?do=selected&stage=new&lead=x&lead=0", status=303)
    assert nothing.location == "/staff/leads?stage=new&selected=none"


def test_all_matching_leads_can_be_assigned_or_exported(
    staff: PageClient, made: list[MadeLead], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = staff.get("/staff/leads/bulk?do=all&stage=new")
    wanted = {lead.id for lead in made if lead.row["stage"] == "new"}
    assert page.link("Export all matching leads").endswith("?stage=new")
    done = press(staff, page.form("/leads/bulk"), "take")
    assert done.h1 == f"{len(wanted)} leads updated"
    assert done.link("Back to the leads") == "/staff/leads?stage=new"
    taken = select(LeadRow.submission_id).where(
        LeadRow.submission_id.in_(wanted), LeadRow.assignee_id == MY_ID, LeadRow.stage == "taken"
    )
    with database.reading() as session:
        assert set(session.scalars(taken)) == wanted
    monkeypatch.setattr(bulk_pages, "MAX_LEADS", 20)
    page = staff.get("/staff/leads/bulk?do=all")
    assert page.h1 == "More than 20 leads selected"
    assert "You can change up to 20 leads at a time." in page.text
    assert not [form for form in page.forms if "/leads/bulk" in form.action]
    assert page.link("Export all matching leads") == "/staff/exports/new"
