"""Leads through the API: which are shown and what of them, pages, tags, changes, and the log."""

from typing import Any

import pytest
from flask import Flask

from consult.api import lead_query
from consult.questionnaire.editions import newest
from consult.storage.api import api_tokens
from consult.storage.leads import changes, handovers
from consult.storage.leads.leads import timeline
from consult.storage.privacy import erasure
from consult.storage.tables.account_tables import ApiAnswerRow
from consult.storage.tables.delivery_tables import NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from tests.support.api import LEADS, ApiClient, make_token, recorded
from tests.support.apps import services_of
from tests.support.databases import read, rows, write
from tests.support.lead_factories import set_lead
from tests.support.second_factors import let_pass
from tests.support.staff_client import ADMIN, make_lead, make_user, user_of
from tests.support.submissions import CONTACT

BASE = "http://127.0.0.1:8000"


@pytest.fixture
def program(app: Flask) -> ApiClient:
    make_user(app, ADMIN, admin=True)
    return ApiClient(app, make_token(app))


def ids(page: Any) -> list[int]:
    return [lead["id"] for lead in page["leads"]]


def path_of(url: str) -> str:
    assert url.startswith(BASE)
    return url.removeprefix(BASE)


def test_a_lead_has_its_contact_its_state_and_its_scorecard(app: Flask, program: ApiClient) -> None:
    lead_id = make_lead(app, contact=CONTACT, source={"utm_source": "fair"})
    (listed,) = program.get(LEADS)["leads"]
    details = program.get(f"{LEADS}/{lead_id}")
    scorecard = details.pop("scorecard")
    assert details == listed
    assert scorecard["archetype"] == listed["archetype"] == "baton_on_the_floor"
    assert listed["separation"] == round(scorecard["separation"]["confirmed"], 1)
    assert listed["handoff"] == round(scorecard["handoff"]["confirmed"], 1)
    assert scorecard["edition"] == listed["edition"] == newest().name
    facts = {name: listed[name] for name in ("stage", "version", "source", "wants_consult")}
    assert facts == {"stage": "new", "version": 1, "source": "fair", "wants_consult": True}
    assert listed["url"] == f"{BASE}/staff/leads/{lead_id}"
    assert listed["assignee"] == user_of(app, ADMIN).name
    assert listed["assignee_id"] == user_of(app, ADMIN).id
    contact = listed["contact"]
    assert (contact["name"], contact["business"]) == (CONTACT.name, CONTACT.business)
    assert contact["phone"] is None
    times = ("submitted_at", "stage_since", "due_at")
    assert all(listed[name].endswith("Z") for name in times)


def test_what_staff_lists_leave_out_is_not_there(app: Flask, program: ApiClient) -> None:
    usual, spam, demo, anonymous, gone = (make_lead(app, contact=CONTACT) for _ in range(5))
    database = services_of(app).database
    set_lead(database, spam, suspect=True)
    set_lead(database, demo, demo=True)
    write(database, erasure.erase, [anonymous], "anonymise", by=None, reason="requested")
    write(database, erasure.erase, [gone], "delete", by=None, reason="requested")
    assert ids(program.get(LEADS)) == [anonymous, usual]
    for lead_id in (spam, demo, gone):
        program.get(f"{LEADS}/{lead_id}", status=404)
        program.move(lead_id, status=404, stage="not_a_fit", reason="not_real")
    details = program.get(f"{LEADS}/{anonymous}")
    assert (details["contact"], details["has_contact"]) == (None, False)
    assert details["anonymized_at"]
    assert CONTACT.name not in str(details)
    for other in ("spam=with", "spam=only", "demo=only", "text=ada", "similar=ada", "sort=oldest"):
        program.get(f"{LEADS}?{other}", status=400)


def test_pages_go_on_behind_the_last_lead(app: Flask, program: ApiClient) -> None:
    made = [make_lead(app) for _ in range(5)]
    page, seen = program.get(f"{LEADS}?limit=2&stage=open&stage=won"), []
    seen += ids(page)
    late = make_lead(app)  # moves none of the others
    while page["next"]:
        page = program.get(path_of(page["next"]))
        assert len(page["leads"]) <= 2
        seen += ids(page)
    assert seen == made[::-1]
    assert ids(program.get(LEADS)) == [late, *seen]
    assert program.get(f"{LEADS}?limit=100")["next"] is None
    assert len(program.get(f"{LEADS}?limit=6")["leads"]) == 6


def test_a_page_has_fifty_leads_if_nothing_else_is_said(
    app: Flask, program: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (lead_query.PAGE, lead_query.PAGE_MAX) == (50, 100)
    monkeypatch.setattr(lead_query, "PAGE", 1)
    make_lead(app)
    make_lead(app)
    assert len(program.get(LEADS)["leads"]) == 1


def test_filters_are_those_of_the_list(app: Flask, program: ApiClient) -> None:
    me, database = user_of(app, ADMIN).id, services_of(app).database
    mine, reached = make_lead(app, contact=CONTACT), make_lead(app)
    set_lead(database, reached, assignee_id=None, stage="reached")
    for query, found in (
        ("stage=new", [mine]),
        ("stage=new&stage=reached", [reached, mine]),
        ("stage=open", [reached, mine]),
        ("stage=won", []),
        ("assignee=me", [mine]),
        (f"assignee={me}", [mine]),
        ("assignee=unassigned", [reached]),
        ("due=waiting", [mine]),
        ("archetype=baton_on_the_floor", [reached, mine]),
        ("archetype=nothing", []),
        ("since=2020-01-01&until=2999-01-01", [reached, mine]),
        ("until=2020-01-01", []),
    ):
        assert ids(program.get(f"{LEADS}?{query}")) == found, query


NONSENSE = (
    *("limit=0", "limit=101", "limit=-1", "limit=9999999999", "limit=1e3", "limit=", "limit=%00"),
    *("cursor=", "cursor=x", "cursor=1", "cursor=1_99999999999", "cursor=%F0%9F%92%A9_1"),
    *(f"cursor={'9' * 18}_1", f"cursor={'1' * 5000}", "cursor=1.5_1", "cursor=-1_-1"),
    *("limit=1&limit=2", "cursor=1_1&cursor=1_1", "stage=", "stage=gone", "assignee=0"),
    *("assignee=ada", "due=x", "since=x", "since=2026-13-01", "since=0001-01-01", "stage=%ED%A0"),
)


def test_a_query_that_makes_no_sense_is_refused_by_name(program: ApiClient) -> None:
    """Above all a cursor: taken for the first page, it would have a program read forever."""
    for query in NONSENSE:
        name = query.partition("=")[0]
        told = program.get(f"{LEADS}?{query}", status=400)
        assert {error["parameter"] for error in told["errors"]} == {name}, query
        typed = query.rpartition("=")[2]
        assert len(typed) < 6 or typed not in str(told), query


def test_a_lead_that_did_not_change_is_not_sent_again(app: Flask, program: ApiClient) -> None:
    lead_id = make_lead(app, contact=CONTACT)
    path = f"{LEADS}/{lead_id}"
    tag = program.tag(lead_id)
    assert tag.startswith('"1-')
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = program.send("GET", path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    without = ApiClient(app, make_token(app, []))
    assert without.tag(lead_id) != tag, "it shows something else"
    program.move(lead_id, stage="taken")
    moved = program.send("GET", path, headers={"If-None-Match": tag})
    assert moved.status_code == 200
    set_lead(services_of(app).database, lead_id, source="fair")  # as an owner's change: no version
    later = program.send("GET", path, headers={"If-None-Match": moved.headers["ETag"]})
    assert (later.status_code, later.json["source"]) == (200, "fair")  # type: ignore[index]
    head = program.send("HEAD", path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == later.headers["ETag"]


def test_a_stage_changes_by_the_laws_of_the_staff_area(app: Flask, program: ApiClient) -> None:
    database = services_of(app).database
    lead_id = make_lead(app, contact=CONTACT)
    me = user_of(app, ADMIN).id
    set_lead(database, lead_id, assignee_id=None)
    answer = program.move(lead_id, stage="taken", tag=program.tag(lead_id))
    assert answer.json == {
        "id": lead_id,
        "version": 2,
        "stage": "taken",
        "stage_since": program.get(f"{LEADS}/{lead_id}")["stage_since"],
    }
    assert answer.headers["ETag"] == program.tag(lead_id)
    assert program.get(f"{LEADS}/{lead_id}")["assignee_id"] == me
    program.move(lead_id, status=422, stage="consult_held")
    program.move(lead_id, stage="reached")
    program.move(lead_id, stage="consult_booked", consult_at="2099-12-24T10:00:00-05:00")
    assert program.get(f"{LEADS}/{lead_id}")["consult_at"] == "2099-12-24T15:00:00Z"
    told = program.move(lead_id, status=422, stage="consult_held").json
    assert "hasn’t started yet" in told["detail"]  # type: ignore[index]
    program.move(lead_id, stage="won", won_amount=1200.5)
    won = program.get(f"{LEADS}/{lead_id}")
    assert (won["won_amount"], won["won_currency"]) == (1200.5, "USD")
    program.move(lead_id, status=422, stage="taken")
    program.move(lead_id, stage="reached")
    program.move(lead_id, stage="lost", reason="price")
    assert "consult_booked" in {row.kind for row in rows(database, NotificationRow)}
    events = read(database, timeline, lead_id)
    assert {event.by_id for event in events if event.kind == "moved"} == {me}
    write(database, changes.undo, lead_id, by=me)
    assert program.get(f"{LEADS}/{lead_id}")["stage"] == "reached"


BAD_BODIES: tuple[tuple[bytes, int, str], ...] = (
    (b"", 400, ""),
    (b"\xff\xfe{}", 400, ""),
    (b"stage=taken", 400, ""),
    (b"[" * 5000, 400, ""),
    (b"[]", 422, ""),
    (b"null", 422, ""),
    (b"{}", 422, "/stage"),
    (b'{"stage": null}', 422, "/stage"),
    (b'{"stage": "\\u0000"}', 422, "/stage"),
    (b'{"stage": ["taken"]}', 422, "/stage"),
    (b'{"stage": "taken", "assignee_id": 7}', 422, "/assignee_id"),
    (b'{"stage": "taken", "a/b~c": 7}', 422, "/a~1b~0c"),
    (b'{"stage": "taken", "reason": "price"}', 422, ""),
    (b'{"stage": "lost"}', 422, ""),
    (b'{"stage": "lost", "reason": "bored"}', 422, ""),
    (b'{"stage": "won", "won_amount": -1}', 422, "/won_amount"),
    (b'{"stage": "won", "won_amount": 1.005}', 422, "/won_amount"),
    (b'{"stage": "won", "won_amount": 1e400}', 422, "/won_amount"),
    (b'{"stage": "won", "won_amount": NaN}', 422, "/won_amount"),
    (b'{"stage": "won", "won_amount": "NaN"}', 422, "/won_amount"),
    (b'{"stage": "won", "won_amount": 9999999999}', 422, "/won_amount"),
    (b'{"stage": "consult_booked"}', 422, ""),
    (b'{"stage": "consult_booked", "consult_at": "2026-12-24T10:00:00"}', 422, "/consult_at"),
    (b'{"stage": "consult_booked", "consult_at": "0001-01-01T00:00:00+14:00"}', 422, "/consult_at"),
    (b'{"stage": "consult_booked", "consult_at": "9999-12-31T23:59:59-12:00"}', 422, "/consult_at"),
    (b'{"stage": "consult_booked", "consult_at": 1767225600}', 422, "/consult_at"),
    (b'{"stage": "consult_booked", "consult_at": "2001-01-01T00:00:00Z"}', 422, ""),
)


def test_a_body_that_makes_no_sense_changes_nothing(app: Flask, program: ApiClient) -> None:
    lead_id = make_lead(app)
    set_lead(services_of(app).database, lead_id, stage="reached")
    headers = {"If-Match": program.tag(lead_id), "Content-Type": "application/json"}
    for body, status, pointer in BAD_BODIES:
        answer = program.send("PATCH", f"{LEADS}/{lead_id}", headers=headers, data=body)
        assert answer.status_code == status, (body[:80], answer.text)
        errors = (answer.json or {})["errors"]
        assert not pointer or [error["pointer"] for error in errors] == [pointer]
    assert program.tag(lead_id) == headers["If-Match"]
    assert [one for one in recorded(app) if one[0] == "token.stage_changed"] == []


def test_a_refused_stage_says_in_the_names_of_the_api_what_it_needs(
    app: Flask, program: ApiClient
) -> None:
    lead_id = make_lead(app)
    for stage, needed in (
        ("lost", "reason: not_needed, price, chose_other, no_answer, other."),
        ("not_a_fit", "reason: outside, size, not_a_buyer, not_real, other."),
        ("consult_booked", "consult_at."),
    ):
        answer = program.move(lead_id, status=422, stage=stage).json or {}
        assert [error["detail"] for error in answer["errors"]] == [f"{stage} needs a {needed}"]


def test_a_change_needs_the_tag_that_the_lead_has(app: Flask, program: ApiClient) -> None:
    make_user(app)
    lead_id = make_lead(app)
    old = program.tag(lead_id)
    body = {"json": {"stage": "taken"}}
    for missing in ({}, {"If-Match": ""}, {"If-Match": " "}):
        answer = program.send("PATCH", f"{LEADS}/{lead_id}", headers=missing, **body)
        assert answer.status_code == 428
    for wrong in ('"1"', "1", '"x"', old.replace('"1-', '"2-'), ","):
        program.move(lead_id, status=412, tag=wrong, stage="taken")
    program.move(lead_id, tag=f"W/{old}", stage="taken")  # as a proxy that compresses makes it
    program.move(lead_id, status=412, tag=old, stage="reached")
    new = program.tag(lead_id)
    with services_of(app).database.writing() as session:  # a colleague was faster
        handovers.hand_over(session, lead_id, user_of(app).id, by=user_of(app, ADMIN).id)
    program.move(lead_id, status=412, tag=new, stage="reached")
    program.move(lead_id, tag=f'"x", {program.tag(lead_id)}', stage="reached")


def test_a_change_with_a_key_is_made_once(app: Flask, program: ApiClient) -> None:
    database = services_of(app).database
    let_pass(app)
    lead_id, other = make_lead(app, contact=CONTACT), make_lead(app)
    tag = program.tag(lead_id)
    key = "8e03978e-40d5-43dd"
    first, again = (program.move(lead_id, tag=tag, key=key, stage="taken") for _ in range(2))
    assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
    assert read(database, lambda session: session.get_one(LeadRow, lead_id)).version == 2
    program.move(lead_id, status=422, tag=tag, key=key, stage="reached")
    program.move(other, status=422, key=key, stage="taken")
    second = ApiClient(app, make_token(app))
    assert second.move(other, key=key, stage="taken").json["id"] == other  # type: ignore[index]
    for wrong in (" ", "a b", "x" * 256, "ü"):
        program.move(lead_id, status=400, key=wrong, stage="reached")
    stored, _ = rows(database, ApiAnswerRow)
    assert CONTACT.email not in str(stored.answer)
    let_pass(app, hours=24)
    program.move(lead_id, status=412, tag=tag, key=key, stage="taken")  # now it is a new change
    # What was refused is tried again.
    program.move(lead_id, key=key, stage="reached")


def test_reading_contact_info_is_recorded_and_repeats_are_not(
    app: Flask, program: ApiClient
) -> None:
    let_pass(app)
    with_contact, without = make_lead(app, contact=CONTACT), make_lead(app)
    (token,) = (row.id for row in read(services_of(app).database, api_tokens.all_tokens))
    start = len(recorded(app))

    def new_entries() -> list[tuple[str, int | None, dict[str, Any]]]:
        return recorded(app)[start:]

    program.get(f"{LEADS}/{without}")
    program.get(f"{LEADS}?assignee=unassigned")
    bare = ApiClient(app, make_token(app, ["write"]))
    start += 1  # that a token was made
    bare.get(LEADS)
    bare.get(f"{LEADS}/{with_contact}")
    assert new_entries() == [], "there's no contact info in any of these"
    for _ in range(3):
        program.get(f"{LEADS}/{with_contact}")
        program.get(LEADS)
        program.get(f"{LEADS}?limit=1&stage=new")
        program.get(path_of(program.get(f"{LEADS}?limit=1&stage=new")["next"]))
        let_pass(app, minutes=3)
    one = ("token.lead_read", with_contact, {"token": token})
    many = ("token.leads_read", None, {"token": token, "filters": "demo: without"})
    new = {"token": token, "filters": "stage: new; demo: without"}
    assert new_entries() == [one, many, ("token.leads_read", None, new)]
    known = program.tag(with_contact)
    let_pass(app, minutes=10)
    answer = program.send("GET", f"{LEADS}/{with_contact}", headers={"If-None-Match": known})
    assert answer.status_code == 304
    assert len(new_entries()) == 3, "nothing was shown"
    program.get(f"{LEADS}/{with_contact}")
    program.move(with_contact, stage="taken")
    changed = ("token.stage_changed", with_contact, {"token": token})
    assert new_entries()[3:] == [one, changed]


def test_an_edition_is_what_the_command_shows(app: Flask, program: ApiClient) -> None:
    edition = program.get("/api/v1/editions/2026-12")
    assert edition["edition"] == "2026-12"
    assert {"facts", "parts", "dimensions", "contradictions", "flags", "archetypes"} < set(edition)
