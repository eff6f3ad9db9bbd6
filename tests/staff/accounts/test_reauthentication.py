"""Re-authentication: asked for when the last was too long ago, and no form is lost by it."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from werkzeug.utils import redirect

from consult import crypto
from consult.crypto import Purpose
from consult.staff.accounts import reauthentication
from consult.staff.blueprint import for_staff
from consult.storage.tables.account_tables import StaffSessionRow
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.staff_client import (
    ELSEWHERE,
    PASSWORD,
    age_authentication,
    joined,
    make_user,
    post,
    signed_in,
    thief_of,
)

ASK = "/staff/confirm?next=/staff/precious"

pytestmark = pytest.mark.usefixtures("done")


@pytest.fixture
def done(app: Flask) -> list[list[tuple[str, str]]]:
    """What was sent to `/staff/precious`, which requires a recent authentication."""
    sent: list[list[tuple[str, str]]] = []

    @app.route("/staff/precious", methods=["GET", "POST"], endpoint="staff.precious")
    @for_staff
    @reauthentication.recent_auth_required
    def precious() -> ResponseReturnValue:
        if request.method == "POST":
            sent.append(list(request.form.items(multi=True)))
        return redirect(url_for("staff.lead_list"))

    make_user(app)
    return sent


def token_of(client: PageClient) -> list[str]:
    return client.get("/staff/account").form("/sign-out").data["csrf_token"]


def send_late(client: PageClient) -> Page:
    """Send the precious form, whose page was opened too long ago."""
    data = {"csrf_token": token_of(client), "who": ["1", "2"], "note": "<b>&\u202e"}
    age_authentication(client.app)
    return client.post("/staff/precious", data, status=403)


@pytest.mark.parametrize(("minutes", "asked"), [(9, False), (10, True), (600, True)])
def test_it_is_recent_for_ten_minutes(minutes: int, asked: bool, grace: PageClient) -> None:
    age_authentication(grace.app, minutes)
    page = grace.get("/staff/precious", status=303 if asked else 302)
    assert page.location == (ASK if asked else "/staff/leads")


def test_after_it_users_are_where_they_wanted_to_go(grace: PageClient) -> None:
    """With a new token, in the browser in which they confirmed."""
    thief, other = thief_of(grace), signed_in(grace.app)
    age_authentication(grace.app)
    form = grace.follow(grace.get("/staff/precious?a=1&b=2", status=303)).form("/confirm")
    page = grace.submit(form.fill(password=PASSWORD))
    assert page.location == "/staff/precious?a=1&b=2"
    grace.get(page.location, status=302)
    assert grace.get("/staff/confirm?next=/staff/account", status=303).location == "/staff/account"
    thief.get("/staff/", status=303)
    assert other.get("/staff/precious", status=303).location == ASK


@pytest.mark.parametrize("password", ["", "not the right words", "x" * 201])
def test_a_wrong_password_confirms_nothing(password: str, grace: PageClient) -> None:
    age_authentication(grace.app)
    page = grace.submit(grace.get(ASK).form("/confirm").fill(password=password), status=422)
    assert "password" in page.errors
    assert page.form("/confirm").data["next"] == ["/staff/precious"]
    grace.get("/staff/precious", status=303)


@pytest.mark.parametrize(
    ("page", "action", "field"),
    [
        ("/staff/confirm", "/confirm", "password"),
        ("/staff/account", "/password", "current_password"),
    ],
)
def test_guessing_is_limited(tmp_path: Path, page: str, action: str, field: str) -> None:
    app = make_app(tmp_path, limit_sign_in_account="2 per day")
    client = joined(app)
    age_authentication(app)
    for status in (422, 422, 429):
        post(client, page, action, status=status, **{field: "a wrong guess"})


def test_a_late_form_is_resubmitted(done: list[list[tuple[str, str]]], grace: PageClient) -> None:
    page = send_late(grace)
    assert page.h1 == "Confirm it’s you"
    assert done == []
    page = grace.submit(page.form("/confirm").fill(password="wrong"), status=422)
    page = grace.submit(page.form("/confirm").fill(password=PASSWORD), status=200)
    assert done == []
    grace.submit(page.form("/staff/precious"), status=302)
    sent = [(name, text) for name, text in done[0] if name != "csrf_token"]
    assert sent == [("who", "1"), ("who", "2"), ("note", "<b>&\u202e")]


def test_a_pending_form_is_its_users_own(app: Flask) -> None:
    pending = send_late(signed_in(app)).form("/confirm").data["pending"]
    other = joined(app, "bo@example.com")
    age_authentication(app)
    form = other.get("/staff/confirm").form("/confirm").fill(password=PASSWORD)
    assert other.post(form.action, {**form.data, "pending": pending}).location == "/staff/"


def test_a_pending_form_cannot_be_forged(grace: PageClient) -> None:
    age_authentication(grace.app)
    form = grace.get("/staff/confirm").form("/confirm").fill(password=PASSWORD)
    forged = crypto.sign(
        "another key",
        Purpose.PENDING_FORM,
        {"user": 1, "action": "/staff/precious", "fields": [], "files": []},
    )
    assert grace.post(form.action, {**form.data, "pending": forged}).location == "/staff/"


def test_an_authentication_leads_to_no_other_site(grace: PageClient) -> None:
    for elsewhere in ELSEWHERE:
        age_authentication(grace.app)
        form = grace.get("/staff/confirm").form("/confirm").fill(password=PASSWORD)
        assert grace.post(form.action, {**form.data, "next": elsewhere}).location == "/staff/"


def test_no_authentication_makes_a_session_last_longer(grace: PageClient) -> None:
    with services_of(grace.app).database.writing() as session:
        long_ago = session.now() - timedelta(hours=12, seconds=-30)
        session.execute(update(StaffSessionRow).values(created_at=long_ago))
    age_authentication(grace.app)
    grace.submit(grace.get("/staff/confirm").form("/confirm").fill(password=PASSWORD))
    grace.get("/staff/")
    now = services_of(grace.app).database.clock
    services_of(grace.app).database.clock = lambda: now() + timedelta(minutes=1)
    grace.get("/staff/", status=303)
