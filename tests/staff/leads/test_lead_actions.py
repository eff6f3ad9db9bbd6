"""Working on a lead from its page: next step, handovers, conflicts, notes, assessments."""

import re
from datetime import date, timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask

from consult.questionnaire.editions import newest
from consult.storage.accounts.accounts import change_availability
from consult.storage.db.database import Database
from consult.storage.leads import actions
from consult.storage.leads.leads import timeline
from consult.storage.leads.notes import notes_of
from consult.workflow.stages import OUTCOMES
from tests.support.apps import make_app, services_of, statements
from tests.support.client import PageClient
from tests.support.databases import Clock, read, write
from tests.support.lead_factories import see
from tests.support.page import Form, Page, text_of
from tests.support.second_factors import CAREFUL, SECRET, make_careful_user
from tests.support.staff_client import (
    PASSWORD,
    enter,
    joined,
    make_lead,
    make_user,
    post,
    signed_in,
)
from tests.support.submissions import CONTACT

BEN, GRACE_ID, BEN_ID = "ben@example.com", 1, 2
HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}'


@pytest.fixture
def database(database: Database, clock: Clock) -> Database:
    database.clock = clock  # a Monday, at half past nine in the morning
    return database


@pytest.fixture
def grace(app: Flask, database: Database) -> PageClient:
    """The browser of an admin, who is assigned new leads."""
    return joined(app, admin=True)


@pytest.fixture
def ben(app: Flask, grace: PageClient) -> PageClient:
    return joined(app, BEN)


@pytest.fixture
def lead(app: Flask, grace: PageClient) -> int:
    return make_lead(app, contact=CONTACT)


def send(client: PageClient, lead: int | Page, action: str, **fields: str) -> Page:
    """Fill in the form of a lead's page whose action ends so, and go where it leads.

    For a `lead`, its page is fetched; or else it is the page at hand.
    """
    page = lead if isinstance(lead, Page) else client.get(f"/staff/leads/{lead}")
    return client.follow(client.submit(page.form(f"/{action}").fill(**fields)))


def stage_form(page: Page, stage: str) -> Form:
    """The form of a lead's page for a stage."""
    return next(f for f in page.forms if f.action.endswith("/stage") and f.data["stage"] == [stage])


def move(
    client: PageClient, lead: int | Page, stage: str, *, status: int = 303, **fields: str
) -> Page:
    page = lead if isinstance(lead, Page) else client.get(f"/staff/leads/{lead}")
    form = stage_form(page, stage)
    return client.submit(form.fill(**fields), status=status)


def log_contact(database: Database, lead: int, *, reached: bool = True) -> None:
    write(database, actions.log_contact, lead, by=GRACE_ID, channel="phone", reached=reached)


def _one_each(data: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in data.items()}


def test_a_lead_goes_from_new_to_won(
    grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    path = f"/staff/leads/{lead}"
    page = grace.get(path)
    assert "Assign it to yourself so others know" in page.text
    assert "Reply due in 1 h " in page.text
    form = page.form("/claim")
    grace.post(form.action, {"csrf_token": form.data["csrf_token"][0]}, status=400)  # no version
    page = send(grace, page, "claim")
    assert "Contact them" in page.text
    form = page.form("/contact")
    contact = {**_one_each(form.data), "channel": "phone", "reached": "yes"}
    page = grace.follow(grace.post(form.action, contact))
    assert "Schedule the consult" in page.text
    assert "First contacted in under a minute" in page.text
    page = grace.follow(move(grace, page, "consult_booked", day="2026-03-04", time="14:30"))
    assert "Mar 4, 2026, 2:30 PM UTC" in page.text
    assert "Consult is scheduled for Mar 4, 2026, 2:30 PM UTC" in page.text
    assert all(form.data.get("stage") != ["consult_held"] for form in page.forms), "not yet"
    clock.go_on(days=3)
    enter(grace)
    page = grace.follow(move(grace, lead, "consult_held"))
    page = grace.follow(move(grace, page, "won", comment="Starts in May"))
    assert "Closed. Nothing to do." in page.text
    assert not [form for form in page.forms if form.action.endswith(("/hand-over", "/contact"))]
    for text in ("Assigned", "Reached them by phone", "Consult done", "Starts in May"):
        assert text in page.text
    assert see(database, lead).stage == "won"


def test_a_handover(grace: PageClient, ben: PageClient, database: Database, lead: int) -> None:
    page = send(grace, lead, "claim")
    page = send(grace, page, "hand-over", to=str(BEN_ID), comment="You know tents")
    assert "Waiting for" in page.text
    assert ben.get("/staff/leads").link("Handed to me 1") == "/staff/leads?assignee=offered"
    page = ben.get(f"/staff/leads/{lead}")
    assert "Accept or return this lead" in page.text
    assert "From Grace Hopper: You know tents" in page.text
    back = page.form("/decline")
    assert "Choose a reason." in ben.submit(back, status=422).text
    page = ben.follow(ben.submit(back.fill(reason="no_time", comment="On a trade fair")))
    assert "Returned: I don’t have time" in page.text
    assert "On a trade fair" in page.text
    page = send(grace, lead, "hand-over", to=str(BEN_ID))
    page = send(grace, page, "cancel-handover")
    send(grace, page, "hand-over", to=str(BEN_ID))
    send(ben, lead, "accept")
    assert see(database, lead).assignee_id == BEN_ID
    assert "I don’t have time 1 100%" in grace.get("/staff/insights").text


def test_a_conflict(grace: PageClient, ben: PageClient, database: Database, lead: int) -> None:
    send(grace, lead, "claim")
    seen = ben.get(f"/staff/leads/{lead}")
    send(grace, lead, "follow-up", on="2026-04-02")
    late = stage_form(seen, "lost").fill(reason="price", comment="Said it is too much")
    page = ben.submit(late, status=409)
    assert "Someone else just changed this lead" in page.text
    assert "Snoozed until Apr 2, 2026" in page.text
    assert see(database, lead).stage == "taken"
    again = stage_form(page, "lost")
    assert again.data["comment"] == ["Said it is too much"]
    ben.submit(again.fill(reason="price"))
    assert see(database, lead).stage == "lost"
    page = ben.submit(late, status=409)
    assert "no longer possible" in page.text
    assert "You wrote: Said it is too much" in page.text


def test_incomplete_forms_say_why(grace: PageClient, database: Database, lead: int) -> None:
    log_contact(database, lead)
    before = see(database, lead).version
    page = grace.get(f"/staff/leads/{lead}")
    for stage, fields, errors in (
        ("lost", {}, ["Choose a reason."]),
        ("not_a_fit", {}, ["Choose a reason."]),
        ("lost", {"reason": "price", "comment": "w" * 1001}, ["Use at most 1000 characters."]),
        ("consult_booked", {"day": "soon", "time": "noon"}, ["Enter a date", "Enter a time"]),
        ("consult_booked", {"day": "2025-03-05", "time": "10:00"}, ["before they finished"]),
    ):
        refused = move(grace, page, stage, status=422, **fields)
        assert [error for error in errors if error not in refused.text] == [], stage
    past = page.form("/follow-up")
    sent = {**_one_each(past.data), "on": "2020-01-01"}
    assert "Choose today or a later date." in grace.post(past.action, sent, status=422).text
    past = page.form("/contact")  # on a page that was left open for days
    sent = {**_one_each(past.data), "next_on": "2020-01-01"}
    refused = grace.post(past.action, sent, status=422)
    (place,) = refused.errors
    (buttons,) = [one for one in refused.document.elements if one.attrib.get("id") == place]
    assert "Choose today or a later date." in text_of(buttons)
    for text in ("", "  \r\n ", "w" * 4001):
        refused = grace.submit(page.form("/notes").fill(text=text), status=422)
        assert ("at most 4000" if text.strip() else "Write something") in refused.text
    assert see(database, lead).version == before


def test_one_press_logs_an_email(grace: PageClient, database: Database, lead: int) -> None:
    form = grace.get(f"/staff/leads/{lead}").form("/contact")
    page = grace.follow(grace.post(form.action, {**_one_each(form.data), "reached": "emailed"}))
    assert "Emailed them" in page.text
    assert see(database, lead).stage == "taken"
    assert see(database, lead).first_contact_at


def test_the_last_two_things_that_were_written_are_on_the_first_screen(
    grace: PageClient, clock: Clock, lead: int
) -> None:
    def last_words() -> list[str]:
        (term,) = [one for one in page.document.all("dt") if text_of(one) == "Last notes"]
        row = next(page.document.ancestors(term))
        return [text_of(said) for said in page.document.all("q", within=row)]

    send(grace, lead, "notes", text="One")
    clock.go_on(minutes=1)
    form = grace.get(f"/staff/leads/{lead}").form("/contact")
    fields = {**_one_each(form.data), "reached": "yes", "comment": "Two"}
    grace.post(form.action, fields)
    clock.go_on(minutes=1)
    page = send(grace, lead, "notes", text=f"Three {HOSTILE * 9}")
    assert [text.split()[0] for text in last_words()] == ["Three", "Two"]
    page = grace.follow(grace.submit(page.form("/resolve")))
    assert last_words() == ["Two", "One"]


def _open_folds(page: Page) -> list[str]:
    folds = page.document.all("details")
    return [fold.attrib["id"] for fold in folds if "open" in fold.attrib and "id" in fold.attrib]


def test_an_address_or_a_refusal_opens_what_it_is_about(grace: PageClient, lead: int) -> None:
    path = f"/staff/leads/{lead}"
    page = grace.get(path)
    assert _open_folds(page) == []
    for fold in page.document.all("details"):
        if "id" in fold.attrib:
            assert _open_folds(grace.get(f"{path}?open={fold.attrib['id']}")) == [fold.attrib["id"]]
    assert _open_folds(grace.submit(page.form("/notes").fill(text=""), status=422)) == ["notes"]
    page = send(grace, page, "notes", text="Prefers mail")
    assert _open_folds(page) == ["notes"]
    assert _open_folds(move(grace, page, "not_a_fit", status=422)) == ["do-stage-not_a_fit"]


def test_a_lead_without_contact_info_needs_no_call(app: Flask, grace: PageClient) -> None:
    nameless = make_lead(app)
    page = grace.get(f"/staff/leads/{nameless}")
    assert "No contact info yet. Nothing to do" in page.text
    assert "Contact them" not in send(grace, nameless, "claim").text


def test_times_are_those_of_the_agency(tmp_path: Path, clock: Clock) -> None:
    app = make_app(tmp_path / "var", time_zone="America/New_York")
    database = services_of(app).database
    database.clock = clock
    client = joined(app)
    lead = make_lead(app, contact=CONTACT)
    # Half past nine in UTC is before opening time in New York.
    page = client.get(f"/staff/leads/{lead}")
    assert "Reply due in 1 h (business hours)" in page.text
    assert "Mar 2, 2026, 10:00 AM EST" in page.text
    log_contact(database, lead)
    move(client, lead, "consult_booked", day="2026-03-10", time="14:30")
    assert "Mar 10, 2026, 2:30 PM EDT" in client.get(f"/staff/leads/{lead}").text
    assert see(database, lead).consult_at is not None


def test_overdue_is_shown_in_business_hours(grace: PageClient, clock: Clock, lead: int) -> None:
    clock.go_on(hours=3)
    text = signed_in(grace.app).get(f"/staff/leads/{lead}").text
    assert "Overdue by 2 h" in text
    assert "business hours)" not in text
    clock.go_on(days=1)  # and so a night
    text = signed_in(grace.app).get(f"/staff/leads/{lead}").text
    assert re.search(r"Overdue by \d+ h( \d+ min)? \(business hours\)", text)


def edit_form(page: Page) -> Form:
    """The form in which the first note is edited."""
    (form,) = [form for form in page.forms if form.action.endswith("/notes/1")]
    return form


def test_only_authors_edit_their_notes(grace: PageClient, ben: PageClient, lead: int) -> None:
    path = f"/staff/leads/{lead}"
    page = send(grace, lead, "notes", text=f"Line one\r\nLine two {HOSTILE}")
    assert HOSTILE in page.text
    assert "Grace Hopper" in page.text
    edit = edit_form(page)
    page = grace.follow(grace.submit(edit.fill(text="Prefers mail")))
    assert "Prefers mail" in page.text
    assert "edited" in page.text
    others = ben.get(path)
    assert not [form for form in others.forms if form.action.endswith("/notes/1")]
    fields = _one_each(others.form("/notes").data)
    ben.post(edit.action, fields | {"text": "Mine", "seen": ""}, status=404)
    assert "Resolved by" in ben.follow(ben.submit(others.form("/resolve"))).text
    page = grace.follow(grace.submit(grace.get(path).form("/reopen")))
    assert "Resolved by" not in page.text


def test_a_note_edited_in_another_window_is_kept(grace: PageClient, lead: int) -> None:
    path = f"/staff/leads/{lead}"
    send(grace, lead, "notes", text="Likes mail")
    here, there = (edit_form(grace.get(path)) for _ in range(2))
    grace.submit(there.fill(text="Likes mail, not before ten"))
    grace.submit(there)  # a double click is no conflict
    page = grace.submit(here.fill(text=f"Likes the phone {HOSTILE}"), status=409)
    assert "You changed this note in another window" in page.text
    assert "The note now reads: Likes mail, not before ten" in page.text
    again = edit_form(page)
    assert again.data["text"] == [f"Likes the phone {HOSTILE}"]
    page = grace.follow(grace.submit(again))
    assert "not before ten" not in page.text
    assert "Likes the phone" in page.text
    grace.post(again.action, _one_each(again.data) | {"seen": "yesterday"}, status=400)


def test_call_findings(app: Flask, grace: PageClient, database: Database, lead: int) -> None:
    first, second, *_ = (dimension.id for dimension in newest().dimensions)
    assert not [f for f in grace.get(f"/staff/leads/{lead}").forms if "assessments" in f.action]
    log_contact(database, lead)
    page = send(grace, lead, "assessments", **{first: "worse", second: "as_said"})
    assert page.form("/assessments").data[first] == ["worse"]
    assert page.form("/assessments").data[second] == ["as_said"]
    page = send(grace, lead, "assessments", **{first: ""})
    assert page.form("/assessments").data[first] == [""]
    assert "Saved call findings" in page.text
    send(grace, lead, "notes", text="Prefers mail")
    with statements(app) as queries:
        grace.get(f"/staff/leads/{lead}")
    assert len(queries) <= 10, queries


def test_next_and_previous_follow_the_list(app: Flask, grace: PageClient, clock: Clock) -> None:
    made = []
    for source in ("letter", "fair", "letter"):
        clock.go_on(seconds=1)
        made.append(make_lead(app, source={"utm_source": source}))
    first, second, third = made
    page = grace.get(f"/staff/leads/{second}")
    assert page.link("Previous") == f"/staff/leads/{third}"
    assert page.link("Next") == f"/staff/leads/{first}"
    page = grace.get(f"/staff/leads/{third}?source=letter")
    assert page.link("Next") == f"/staff/leads/{first}?source=letter"
    assert page.link("All leads") == "/staff/leads?source=letter"
    assert "Previous" not in page.links
    taken = grace.submit(page.form("/claim"))
    assert taken.location == f"/staff/leads/{third}?source=letter&done=claim"
    page = grace.follow(taken)
    assert "Assigned to you." in page.text
    assert page.link("All leads") == "/staff/leads?source=letter"


def test_insights_show_how_the_agency_itself_does(
    app: Flask, grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    assert "Not enough data yet" in grace.get("/staff/insights").text
    for _ in range(5):
        other = make_lead(app, contact=CONTACT)
        clock.go_on(minutes=2)
        log_contact(database, other, reached=False)
    text = grace.get("/staff/insights").text
    assert "How we’re doing" in text
    assert "From 5 leads" in text


@pytest.mark.parametrize(
    ("second_factor", "ended"),
    [(False, "by time"), (True, "by time"), (False, "in another tab"), (False, "elsewhere")],
)
def test_a_note_typed_while_the_session_ended_is_held_over_the_sign_in(
    app: Flask, database: Database, clock: Clock, lead: int, second_factor: bool, ended: str
) -> None:
    make_careful_user(app)
    email = CAREFUL if second_factor else "grace@example.com"
    client = signed_in(app, email)
    typed = "Called twice.\nAsks for “Müller” & <b>prices</b>"
    form = client.get(f"/staff/leads/{lead}").form("/notes").fill(text=typed)
    match ended:
        case "by time":
            clock.go_on(hours=13)
        case "in another tab":
            post(client, "/staff/", "/staff/sign-out")
            client.get("/staff/sign-in")
        case "elsewhere":
            post(signed_in(app, email), "/staff/account", "/end-all")
    page = client.submit(form, status=403)
    assert "You were signed out in the meantime. What you typed is still here" in page.text
    wrong = page.form("/staff/sign-in").fill(email=email, password="wrong horse")
    page = client.submit(wrong, status=422)
    page = client.submit(
        page.form("/staff/sign-in").fill(email=email, password=PASSWORD), status=200
    )
    if second_factor:
        code = pyotp.TOTP(SECRET).at(clock())
        page = client.submit(page.form("/staff/sign-in/code").fill(code="000000"), status=422)
        page = client.submit(page.form("/staff/sign-in/code").fill(code=code), status=200)
    assert page.h1 == "Signed in"
    page = client.follow(client.submit(page.form("/notes")))
    assert "Note saved." in page.text
    assert [note.text for note in read(database, notes_of, lead)] == [typed]


def test_a_note_typed_before_a_sign_in_in_another_tab_is_submitted_again(
    app: Flask, grace: PageClient, database: Database, lead: int
) -> None:
    form = grace.get(f"/staff/leads/{lead}").form("/notes").fill(text="Typed before")
    post(grace, "/staff/", "/staff/sign-out")
    enter(grace)
    unnamed = grace._client.post(form.action, data=form.data)  # as from an old browser
    assert "Your session expired" in unnamed.text
    page = grace.submit(form, status=400)
    assert page.h1 == "You signed in again"
    assert not read(database, notes_of, lead), "it asks first"
    grace.submit(page.form("/notes"))
    assert [note.text for note in read(database, notes_of, lead)] == ["Typed before"]


def test_a_held_form_is_its_users_own_and_holds_no_password(
    app: Flask, grace: PageClient, clock: Clock, lead: int
) -> None:
    form = grace.get(f"/staff/leads/{lead}").form("/notes").fill(text="Only Grace knows")
    password = grace.get("/staff/account").form("/password")
    clock.go_on(hours=13)
    page = grace.submit(form, status=403)
    make_user(app, BEN)
    page = grace.submit(page.form("/staff/sign-in").fill(email=BEN, password=PASSWORD), status=303)
    assert page.location == "/staff/"
    clock.go_on(hours=13)
    there = grace.submit(
        password.fill(current_password=PASSWORD, new_password="eight"), status=303
    ).location
    assert there == "/staff/sign-in"


def test_the_same_note_twice_is_kept_once(
    grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    form = grace.get(f"/staff/leads/{lead}").form("/notes").fill(text="Prefers mail")
    for _ in range(2):
        assert "Note saved." in grace.follow(grace.submit(form)).text
    page = send(grace, lead, "notes", text="Has two vans")
    page = send(grace, page, "notes", text="Prefers mail")
    clock.go_on(minutes=10)
    send(grace, page, "notes", text="Prefers mail")
    texts = [note.text for note in read(database, notes_of, lead)]
    assert texts == ["Prefers mail", "Prefers mail", "Has two vans", "Prefers mail"]


def test_two_presses_and_an_undo(grace: PageClient, database: Database, lead: int) -> None:
    """From the page of a new lead, each is a fold and a button, or a button alone."""
    path, before = f"/staff/leads/{lead}", see(database, lead)
    page = grace.get(path)
    for action, fields, says, stage, follow_up_on in (
        ("contact", {"next_on": "2026-03-03"}, "Saved. Next try: Mar 3, 2026.", "taken", (3, 3)),
        ("follow-up", {"on": "2026-03-09"}, "Snoozed until Mar 9, 2026.", "new", (3, 9)),
        ("won", {"amount": "CHF 1’200.50"}, "Marked as won.", "won", None),
        ("lost", {"reason": "price"}, "Marked as lost.", "lost", None),
        ("not_a_fit", {"reason": "size"}, "Marked as not a fit.", "not_a_fit", None),
    ):
        if action in OUTCOMES:
            form = stage_form(page, action)
            page = grace.follow(grace.submit(form.fill(**fields)))
        else:
            page = send(grace, page, action, **fields)
        assert says in page.text
        then = see(database, lead)
        assert then.stage == stage
        assert then.follow_up_on == (follow_up_on and date(2026, *follow_up_on))
        assert then.won_amount == (120_050 if action == "won" else None)
        page = grace.follow(grace.submit(page.form("/undo")))
        assert "Undone." in page.text
        assert "/undo" not in {form.action for form in page.forms}
        now = see(database, lead)
        assert (now.stage, now.assignee_id) == ("new", before.assignee_id)
        assert (now.due_at, now.follow_up_on) == (before.due_at, None)
    assert "Undone: Won: $1,200.50" in grace.get(path).text


def test_writing_takes_two_presses_and_says_which_draft_was_used(
    grace: PageClient, database: Database, lead: int
) -> None:
    """The link opens the first email, the button logs it; after a call, it's the other one."""
    path = f"/staff/leads/{lead}"
    page = grace.get(path)
    [link] = [one for one in page.document.all("a") if "data-draft" in one.attrib]
    assert text_of(link) == f"Write first email {CONTACT.email}"
    buttons = [one for one in page.document.all("button") if text_of(one) == "Emailed"]
    for pressed in (link, *buttons):
        assert not [one for one in page.document.ancestors(pressed) if one.tag == "details"]
    fold = page.document.by_id["drafts"]
    texts = page.document.all("textarea", within=fold)
    assert [(text.text or "").partition(",")[0] for text in texts] == ["Hi Ada", "Hi Ada"]
    for kind, name in (("first", "first email"), ("after_call", "after-call email")):
        [sent] = [form for form in grace.get(path).forms if form.data.get("draft") == [kind]]
        done = grace.follow(grace.submit(sent.fill(reached="emailed")))
        assert "Saved." in done.text
        assert f"Emailed them (draft used: {name})" in done.text
    noted = [event.data for event in read(database, timeline, lead) if event.kind == "contact"]
    assert [one["draft"] for one in noted] == ["first", "after_call"]
    assert "Thanks" not in repr(noted)
    log_contact(database, lead)
    page = grace.get(path)
    assert page.link(CONTACT.email) == page.links["Write after-call email " + CONTACT.email]
    form = page.form("/contact")
    odd = {**_one_each(form.data), "channel": "mail", "reached": "no", "draft": "third"}
    assert "Choose one of the drafts." in grace.post(form.action, odd, status=422).text


def test_an_undo_that_comes_late_says_so(
    grace: PageClient, ben: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    page = grace.follow(move(grace, lead, "won"))
    log = grace.follow(grace.submit(page.form("/amount").fill(amount="10k")))
    assert "Amount: $10,000" in log.text
    assert (
        "Someone else just changed this lead" in grace.submit(page.form("/undo"), status=409).text
    )
    move(ben, lead, "reached")
    page = grace.follow(move(grace, lead, "won"))
    clock.go_on(minutes=2)
    assert "too late to undo" in grace.submit(page.form("/undo"), status=422).text
    assert see(database, lead).stage == "won"


def test_amounts_are_read_as_people_write_them(
    grace: PageClient, database: Database, lead: int
) -> None:
    page = move(grace, lead, "won", amount="1.200", status=422)
    assert "Did you mean 1200?" in page.text
    for typed, amount in (("1’200.–", 120_000), ("1.200,50 €", 120_050), ("₹1,20,000", 12_000_000)):
        page = grace.follow(move(grace, page, "won", amount=typed))
        assert see(database, lead).won_amount == amount
        page = grace.follow(move(grace, page, "reached"))
    assert "Enter a number" in move(grace, page, "won", amount="a lot", status=422).text


def test_an_admin_assigns_and_others_ask(
    grace: PageClient, ben: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    assert not [form for form in ben.get(f"/staff/leads/{lead}").forms if "/assign" in form.action]
    until = clock() + timedelta(days=3)
    write(database, change_availability, BEN_ID, away_until=until, by=GRACE_ID)
    page = grace.get(f"/staff/leads/{lead}")
    assert "(away, back Mar 5, 2026)" in page.text
    page = send(grace, lead, "assign", to=str(BEN_ID), comment="You know tents")
    assert "You know tents" in page.text
    assert (see(database, lead).assignee_id, see(database, lead).stage) == (BEN_ID, "new")
