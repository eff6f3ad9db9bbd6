"""Calls and emails to an owner are logged, with what a call found."""

from flask import Flask

from consult.questionnaire.editions import newest
from consult.storage.db.database import Database
from consult.storage.leads.leads import timeline
from tests.support.apps import statements
from tests.support.client import PageClient
from tests.support.databases import Clock, read
from tests.support.lead_factories import see
from tests.support.lead_forms import log_contact, one_each, send
from tests.support.page import text_of
from tests.support.staff_client import make_lead
from tests.support.submissions import CONTACT


def test_one_press_logs_an_email(grace: PageClient, database: Database, lead: int) -> None:
    form = grace.get(f"/staff/leads/{lead}").form("/contact")
    page = grace.follow(grace.post(form.action, {**one_each(form.data), "reached": "emailed"}))
    assert "Emailed them" in page.text
    assert see(database, lead).stage == "taken"
    assert see(database, lead).first_contact_at


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
    odd = {**one_each(form.data), "channel": "mail", "reached": "no", "draft": "third"}
    assert "Choose one of the drafts." in grace.post(form.action, odd, status=422).text


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
    assert len(queries) <= 10, "\n\n".join(queries)


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
