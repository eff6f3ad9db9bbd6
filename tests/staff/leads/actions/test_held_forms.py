"""What was typed before a session ended is held over the sign-in."""

import pyotp
import pytest
from flask import Flask

from consult.storage.db.database import Database
from consult.storage.leads.notes import notes_of
from tests.support.client import PageClient
from tests.support.databases import Clock, read
from tests.support.lead_forms import BEN
from tests.support.second_factors import CAREFUL, SECRET, make_careful_user
from tests.support.staff_client import PASSWORD, enter, make_user, post, signed_in


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
