"""What I am told: the choice on My account, and the link in a mail that needs no sign-in."""

from pathlib import Path

import pytest
from flask import Flask

from consult.delivery.notifications import staff_mail
from consult.storage.accounts import accounts
from consult.storage.notifications import notifications
from consult.workflow.notification_types import TYPE_INFO, NotificationType
from tests.support.apps import deliver, make_app, services_of
from tests.support.client import PageClient
from tests.support.mail_server import as_read
from tests.support.page import text_of
from tests.support.staff_client import EMAIL, make_lead, make_user, signed_in
from tests.support.submissions import CONTACT
from tests.support.user_factories import deactivate


def chosen(app: Flask, email: str = EMAIL) -> dict[NotificationType, str]:
    with services_of(app).database.reading() as session:
        user = accounts.user_by_email(session, email)
        assert user is not None
        return dict(notifications.preferences(session, user.id))


def stop_link(app: Flask) -> str:
    """The path of the link in the one mail that was sent."""
    (file,) = services_of(app).settings.mail_dir.glob("*.eml")
    link: str = as_read(file.read_bytes())["List-Unsubscribe"].strip("<>")
    return link.removeprefix(services_of(app).settings.base_url)


def test_who_chose_nothing_has_the_defaults(app: Flask) -> None:
    make_user(app)
    assert chosen(app) == {kind: info.default for kind, info in TYPE_INFO.items()}


def test_a_choice_is_kept_and_shown_and_is_nobody_elses(app: Flask) -> None:
    make_user(app)
    make_user(app, "bo@example.com")
    client = signed_in(app)
    form = client.get("/staff/account").form("/notifications")
    page = client.submit(form.fill(**{"notify-finished": "all", "notify-overdue": "off"}))
    shown = client.follow(page)
    assert "Saved." in shown.text
    assert shown.form("/notifications").data["notify-finished"] == ["all"]
    assert chosen(app) == {**chosen(app, "bo@example.com"), "finished": "all", "overdue": "off"}


def test_admins_see_who_is_told_what_and_what_nobody_is(app: Flask) -> None:
    make_user(app, admin=True)
    make_user(app, "bo@example.com")
    with services_of(app).database.writing() as session:
        for user_id in (1, 2):
            notifications.set_preferences(session, user_id, {"overdue": "off"})
        notifications.set_preferences(session, 1, {"finished": "all"})
    page = signed_in(app).get("/staff/settings/notifications")
    assert "No one gets: Overdue." in page.text
    assert "Set CONSULT_SMTP_URL on the server." in page.text
    first, second = (
        text_of(row)
        for body in page.document.all("tbody")
        for row in page.document.all("tr", within=body)
    )
    assert (
        second == "Grace Hopper Every lead Theirs and unassigned Theirs and unassigned Off On On On"
    )
    assert first == "Grace Hopper Off Theirs and unassigned Theirs and unassigned Off On On On"
    deactivate(services_of(app).database, 1)
    make_user(app, "cy@example.com", admin=True)
    page = signed_in(app, "cy@example.com").get("/staff/settings/notifications")
    assert "No one gets" not in page.text


def test_with_a_mail_server_it_says_what_sets_it(tmp_path: Path) -> None:
    app = make_app(
        tmp_path, smtp_url="smtp://user:secret@mail.example:587", mail_from="a@b.example"
    )
    make_user(app, admin=True)
    page = signed_in(app).get("/staff/settings/notifications")
    assert "Set by CONSULT_SMTP_URL." in page.text
    assert "mail.example" not in page.html


@pytest.mark.parametrize("scope", ["", "own", "everything", "none; DROP"])
def test_what_cannot_be_chosen_changes_nothing(app: Flask, scope: str) -> None:
    make_user(app)
    client = signed_in(app)
    token = client.get("/staff/account").form("/notifications").data["csrf_token"]
    client.post("/staff/account/notifications", {"csrf_token": token, "notify-finished": scope})
    assert chosen(app)["finished"] == "off"


def test_looking_at_the_link_in_a_mail_stops_nothing_and_pressing_does(
    app: Flask, client: PageClient
) -> None:
    make_user(app)
    make_lead(app, contact=CONTACT)
    deliver(app)
    link = stop_link(app)
    page = client.get(link)
    assert "Unsubscribe from: Consult requested?" in page.text
    assert EMAIL not in page.text
    assert chosen(app)["consult_wanted"] == "own"
    stopped = client.submit(page.form("/mail/stop/"), status=200)
    assert "Other notifications are unchanged." in stopped.text
    assert chosen(app) == {
        **{kind: info.default for kind, info in TYPE_INFO.items()},
        "consult_wanted": "off",
    }


def test_a_mail_program_stops_it_with_one_request(app: Flask) -> None:
    make_user(app)
    make_lead(app, contact=CONTACT)
    deliver(app)
    answer = app.test_client().post(
        stop_link(app), data={"List-Unsubscribe": "One-Click"}, base_url="http://localhost"
    )
    assert answer.status_code == 200
    assert chosen(app)["consult_wanted"] == "off"


def test_another_site_cannot_have_it_pressed(app: Flask, client: PageClient) -> None:
    make_user(app)
    make_lead(app, contact=CONTACT)
    deliver(app)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    client.post(stop_link(app), {}, status=403, headers=foreign)
    assert chosen(app)["consult_wanted"] == "own"


def test_a_link_that_was_made_up_is_not_there(app: Flask, client: PageClient) -> None:
    make_user(app)
    for token in (
        "1.digest.made-up",
        "nonsense",
        staff_mail.unsubscribe_token("other key", 1, "digest"),
    ):
        client.get(f"/mail/stop/{token}", status=404)
        client.post(f"/mail/stop/{token}", {}, status=404)
    assert chosen(app)["digest"] == "own"
