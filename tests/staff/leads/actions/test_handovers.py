"""A lead goes to a colleague: offered, returned, accepted, or assigned by an admin."""

from datetime import timedelta

from consult.storage.accounts.accounts import change_availability
from consult.storage.db.database import Database
from tests.support.client import PageClient
from tests.support.databases import Clock, write
from tests.support.lead_factories import see
from tests.support.lead_forms import BEN_ID, GRACE_ID, send


def test_a_handover(grace: PageClient, ben: PageClient, database: Database, lead: int) -> None:
    page = send(grace, lead, "claim")
    page = send(grace, page, "hand-over", to=str(BEN_ID), comment="You know tents")
    assert "Waiting for" in page.text
    assert ben.get("/staff/leads").link("Handed to me 1") == "/staff/leads?assignee=offered"
    page = ben.get(f"/staff/leads/{lead}")
    assert "Accept or return this lead" in page.text
    assert "From Grace Hopper: You know tents" in page.text
    assert not [form for form in page.forms if "/claim" in form.action], "it would be to accept"
    back = page.form("/decline")
    assert "Choose a reason." in ben.submit(back, status=422).text
    page = ben.follow(ben.submit(back.fill(reason="no_time", comment="On a trade fair")))
    assert "Returned: I don’t have time" in page.text
    assert "On a trade fair" in page.text
    assert "returned it: I don’t have time" in grace.get(f"/staff/leads/{lead}").text
    page = send(grace, lead, "hand-over", to=str(BEN_ID))
    page = send(grace, page, "cancel-handover")
    assert "returned it" not in page.text
    send(grace, page, "hand-over", to=str(BEN_ID))
    send(ben, lead, "accept")
    assert see(database, lead).assignee_id == BEN_ID
    assert "I don’t have time 1 100%" in grace.get("/staff/insights").text


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
