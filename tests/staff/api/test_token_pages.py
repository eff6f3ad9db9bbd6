"""The pages of API tokens, for admins: make, show once, recognize, revoke."""

import re
from datetime import timedelta

from flask import Flask

from consult.storage.api import api_tokens
from consult.storage.tables.delivery_tables import DeliveryRow
from tests.support.api import LEADS, ApiClient, make_token, recorded
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.databases import read, rows
from tests.support.page import Page
from tests.support.second_factors import let_pass
from tests.support.staff_client import (
    ADMIN,
    is_stored,
    make_lead,
    make_user,
    post,
    signed_in,
    user_of,
)
from tests.support.submissions import CONTACT

ALL = "/staff/settings/api-tokens"


def token_on(page: Page) -> str:
    (token,) = re.findall(r"rc_[A-Za-z0-9_-]{43}", page.text)
    return str(token)


def make(admin: PageClient, **fields: str) -> str:
    return token_on(post(admin, f"{ALL}/new", "/new", status=201, **{"name": "CRM", **fields}))


def test_a_token_is_shown_once_works_and_is_revoked(app: Flask, admin: PageClient) -> None:
    make_lead(app, contact=CONTACT)
    assert "No tokens yet." in admin.get(ALL).text
    assert admin.get("/staff/settings/webhooks").link("API tokens") == ALL
    token = make(admin, contact="y")
    assert not is_stored(app, token)
    program = ApiClient(app, token)
    assert program.get(LEADS)["leads"][0]["contact"]["email"] == CONTACT.email
    page = admin.get(ALL)
    assert token not in page.text + str(page.forms)
    assert f"CRM {token[:7]}…" in page.text
    assert "Read leads and contact info" in page.text
    assert "change stages" not in page.text
    gone = admin.follow(post(admin, ALL, "/revoke"))
    assert "Token revoked." in gone.text
    program.get(LEADS, status=401)
    assert [(action, facts["name"]) for action, _, facts in recorded(app) if "name" in facts] == [
        ("token.made", "CRM"),
        ("token.revoked", "CRM"),
    ]
    (alert,) = rows(services_of(app).database, DeliveryRow, DeliveryRow.kind == "token_made")
    assert alert.user_id == user_of(app, ADMIN).id
    assert "Created an API token" in admin.get("/staff/settings/audit-log").text


def test_a_form_that_is_sent_twice_makes_one_token(app: Flask, admin: PageClient) -> None:
    form = admin.get(f"{ALL}/new").form("/new").fill(name="CRM")
    tokens = {token_on(admin.submit(form, status=201)) for _ in range(2)}
    assert len(tokens) == len(read(services_of(app).database, api_tokens.all_tokens)) == 1
    assert make(admin) not in tokens
    post(admin, ALL, "/revoke")
    post(admin, ALL, "/revoke")
    # Such as by reloading the page that showed it: it isn't made again.
    assert admin.submit(form, status=303).location == f"{ALL}/new"
    assert read(services_of(app).database, api_tokens.all_tokens) == []
    make_user(app, admin=True)
    salt = form.data["salt"][0]
    assert make(signed_in(app), salt=salt) not in tokens, "it's another person's token"


def test_what_does_not_fit_makes_no_token(app: Flask, admin: PageClient) -> None:
    for fields, error in (
        ({"name": " "}, {"name": "Enter a name."}),
        ({"name": "x" * 61}, {"name": "Use at most 60 characters."}),
    ):
        assert post(admin, f"{ALL}/new", "/new", status=422, **fields).errors == error
    form = admin.get(f"{ALL}/new").form("/new").fill(name="CRM")
    page = admin.post(form.action, {**form.data, "days": "3650"}, status=422)
    assert page.errors.keys() == {"days"}
    assert read(services_of(app).database, api_tokens.all_tokens) == []


def test_the_list_says_what_expired_and_when_a_token_was_used(
    app: Flask, admin: PageClient
) -> None:
    database = services_of(app).database
    let_pass(app)
    program = ApiClient(app, make_token(app, days=2))
    assert "Never" in admin.get(ALL).text
    seen = []
    for minutes in (0, 59, 1):
        let_pass(app, minutes=minutes)
        program.get(LEADS)
        (token,) = read(database, api_tokens.all_tokens)
        seen.append(token.last_used_at)
    assert seen[0] == seen[1] == database.clock() - timedelta(hours=1)
    assert seen[2] == database.clock()
    assert "Never" not in signed_in(app, ADMIN).get(ALL).text
    let_pass(app, days=2)
    page = signed_in(app, ADMIN).get(ALL)
    assert "Expired" in page.text
