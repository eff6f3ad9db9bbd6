"""Notification settings on My account, and the link in an email that needs no sign-in."""

from pathlib import Path

import pytest
from flask import Flask

from consult.delivery.notifications import staff_mail
from consult.storage.notifications import notifications
from consult.workflow.notification_types import EMAIL_TYPES, TYPE_INFO, NotificationType
from tests.support.apps import deliver, make_app, services_of, statements
from tests.support.client import PageClient
from tests.support.databases import read
from tests.support.lead_factories import close_account
from tests.support.mail_server import as_read
from tests.support.page import text_of
from tests.support.staff_client import EMAIL, joined, make_lead, make_user, signed_in, user_of
from tests.support.submissions import CONTACT

BO = "bo@example.com"
DEFAULTS = {kind: TYPE_INFO[kind].default for kind in EMAIL_TYPES}


def chosen(app: Flask, email: str = EMAIL) -> dict[NotificationType, str]:
    user = user_of(app, email)
    found = read(services_of(app).database, notifications.preferences, [user.id])
    return dict(found[user.id])


@pytest.fixture
def unsubscribe_path(app: Flask) -> str:
    """The path of the link in an email about a consult that was requested."""
    make_user(app)
    make_lead(app, contact=CONTACT)
    deliver(app)
    (file,) = services_of(app).settings.mail_dir.glob("*.eml")
    link: str = as_read(file.read_bytes())["List-Unsubscribe"].strip("<>")
    return link.removeprefix(services_of(app).settings.base_url)


def test_a_choice_is_stored_and_shown_and_changes_no_one_elses(app: Flask) -> None:
    make_user(app)
    make_user(app, BO)
    assert chosen(app) == chosen(app, BO) == DEFAULTS
    client = signed_in(app)
    form = client.get("/staff/account").form("/notifications")
    changes = {"notify-finished": "all", "notify-overdue": "off"}
    shown = client.follow(client.submit(form.fill(**changes)))
    assert "Saved." in shown.text
    form = shown.form("/notifications")
    assert form.data["notify-finished"] == ["all"]
    expected = {**DEFAULTS, "finished": "all", "overdue": "off"}
    assert chosen(app) == expected
    for scope in ("", "own", "everything", "none; DROP"):
        fields = {"csrf_token": form.data["csrf_token"], "notify-finished": scope}
        client.post("/staff/account/notifications", fields)
        assert chosen(app) == expected, "what cannot be chosen changes nothing"
    assert chosen(app, BO) == DEFAULTS


def test_admins_see_who_gets_which_emails_and_which_no_one_gets(app: Flask) -> None:
    make_user(app, admin=True)
    make_user(app, BO)
    with services_of(app).database.writing() as session:
        for user_id in (1, 2):
            notifications.set_preferences(session, user_id, {"overdue": "off"})
        notifications.set_preferences(session, 1, {"finished": "all"})
    admin = signed_in(app)
    with statements(app) as queries:
        page = admin.get("/staff/settings/notifications")
    assert sum("notification_preferences" in query for query in queries) == 1, "not one a person"
    assert "No one gets: Overdue." in page.text
    assert "Set CONSULT_SMTP_URL on the server." in page.text
    (body,) = page.document.all("tbody")
    shown = {text_of(row) for row in page.document.all("tr", within=body)}
    assert {
        "Overdue – –",
        "Check finished Grace Hopper –",
        "New contact – Grace Hopper, Grace Hopper",
    } <= shown
    assert len(shown) == len(EMAIL_TYPES)
    close_account(services_of(app).database, 1)
    page = joined(app, "cy@example.com", admin=True).get("/staff/settings/notifications")
    assert "No one gets" not in page.text


def test_with_a_mail_server_it_says_what_sets_it(tmp_path: Path) -> None:
    app = make_app(
        tmp_path, smtp_url="smtp://user:secret@mail.example:587", mail_from="a@b.example"
    )
    page = joined(app, admin=True).get("/staff/settings/notifications")
    assert "Set by CONSULT_SMTP_URL." in page.text
    assert "mail.example" not in page.html


def test_unsubscribing_by_a_button(app: Flask, client: PageClient, unsubscribe_path: str) -> None:
    page = client.get(unsubscribe_path)
    assert "Unsubscribe from: Consult requested?" in page.text
    assert EMAIL not in page.text
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    client.post(unsubscribe_path, {}, status=403, headers=foreign)
    assert chosen(app) == DEFAULTS
    stopped = client.submit(page.form("/mail/stop/"), status=200)
    assert "Other notifications are unchanged." in stopped.text
    assert chosen(app) == {**DEFAULTS, "consult_wanted": "off"}


def test_a_mail_program_unsubscribes_with_one_request(app: Flask, unsubscribe_path: str) -> None:
    one_click = {"List-Unsubscribe": "One-Click"}
    answer = app.test_client().post(unsubscribe_path, data=one_click, base_url="http://localhost")
    assert answer.status_code == 200
    assert chosen(app)["consult_wanted"] == "off"


def test_an_invented_link_is_not_found(app: Flask, client: PageClient) -> None:
    make_user(app)
    forged = staff_mail.unsubscribe_token("other key", 1, "digest")
    for token in ("1.digest.invented", "nonsense", forged):
        client.get(f"/mail/stop/{token}", status=404)
        client.post(f"/mail/stop/{token}", {}, status=404)
    assert chosen(app) == DEFAULTS
