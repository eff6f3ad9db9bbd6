"""People: invited, given another role, sent a link, signed out and disabled by admins."""

from pathlib import Path

import pytest
from flask import Flask

from consult.storage.accounts import account_admin
from consult.storage.audit import audit_log
from consult.storage.tables.account_tables import AuditRow
from tests.support.apps import mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import Clock, read
from tests.support.mail_server import mail_server
from tests.support.page import Page
from tests.support.staff_client import (
    ADMIN,
    EMAIL,
    PASSWORD,
    audited,
    joined,
    make_user,
    post,
    sign_in,
    signed_in,
    user_of,
)

PEOPLE = "/staff/settings/people"
NEW = "new@example.com"


@pytest.fixture
def admin(admin: PageClient) -> PageClient:
    """A browser in which the only admin is signed in; there is one more person."""
    make_user(admin.app, EMAIL)
    return admin


def page_of(app: Flask, email: str) -> str:
    return f"{PEOPLE}/{user_of(app, email).id}"


def link_on(page: Page) -> str:
    """The one-time link that a page shows, as a path."""
    assert page.h1 == "One-time link"
    (link,) = page.with_class("secret")
    return link.removeprefix("http://127.0.0.1:8000")


def accept(app: Flask, path: str, name: str = "Newcomer") -> PageClient:
    """Follow a one-time link in a browser of its own."""
    client = PageClient(app)
    client.submit(client.get(path).form().fill(name=name, new_password=PASSWORD))
    return client


def last_entry(app: Flask) -> AuditRow:
    return read(services_of(app).database, audit_log.newest, limit=1)[0]


def test_someone_is_invited_by_a_link_that_is_shown_once(app: Flask, admin: PageClient) -> None:
    page = admin.get(PEOPLE)
    for text in (EMAIL, "just now", "Not signed in", "None."):
        assert text in page.text
    assert "You" in page.with_class("tag")
    assert page.link("Settings") == "/staff/settings"
    page = post(admin, PEOPLE, "/invite", status=200, email=f" {NEW.upper()} ", role="admin")
    link = link_on(page)
    assert last_entry(app).action == "account.invited"
    assert last_entry(app).by_id == user_of(app, ADMIN).id
    listed = admin.get(PEOPLE)
    assert NEW in listed.text
    assert link.rsplit("/", 1)[1] not in listed.html
    newcomer = accept(app, link)
    assert user_of(app, NEW).role == "admin"
    newcomer.get(PEOPLE)
    PageClient(app).get(link, status=404)
    assert "None." in admin.get(PEOPLE).text


def test_mistakes_change_nothing(app: Flask, admin: PageClient) -> None:
    for email, problem in (("nonsense", "Enter an email address."), (EMAIL, "have an account")):
        page = post(admin, PEOPLE, "/invite", status=422, email=email, role="staff")
        assert problem in page.errors["email"]
        assert page.form("/invite").data["email"] == [email]
    form = page.form("/invite").fill(email=NEW)
    assert "None." in admin.post(form.action, {**form.data, "role": "owner"}, status=422).text
    form = admin.get(page_of(app, EMAIL)).form("/role")
    admin.post(form.action, {**form.data, "role": "owner"}, status=400)
    assert user_of(app, EMAIL).role == "staff"


def test_a_link_is_revoked_before_anyone_used_it(app: Flask, admin: PageClient) -> None:
    link = link_on(post(admin, PEOPLE, "/invite", status=200, email=NEW, role="staff"))
    page = admin.follow(post(admin, PEOPLE, "/revoke"))
    assert "Invitation revoked" in page.text
    PageClient(app).get(link, status=404)
    assert last_entry(app).action == "account.invitation_revoked"


def test_a_new_role_counts_after_signing_in_again(app: Flask, admin: PageClient) -> None:
    client = signed_in(app, EMAIL)
    client.get(PEOPLE, status=403)
    old_link = account_admin.reset(services_of(app).database, "", EMAIL)
    page = admin.follow(post(admin, page_of(app, EMAIL), "/role", role="admin"))
    assert "Role changed." in page.text
    client.get(PEOPLE, status=303)
    sign_in(client, EMAIL)
    client.get(PEOPLE)
    # A link from before would have made them staff again.
    PageClient(app).get(old_link, status=404)
    assert "account.role_changed" in audited(app)


@pytest.mark.parametrize(("form", "fields"), [("/role", {"role": "staff"}), ("/disable", {})])
def test_a_last_admin(app: Flask, admin: PageClient, form: str, fields: dict[str, str]) -> None:
    found = admin.get(page_of(app, ADMIN)).form(form).fill(**fields)
    page = admin.submit(found, status=422)
    assert "the last admin" in page.errors["role"]
    assert (user_of(app, ADMIN).role, user_of(app, ADMIN).active) == ("admin", True)
    admin.get(PEOPLE)


def test_an_admin_may_leave_when_another_active_one_stays(app: Flask, admin: PageClient) -> None:
    post(admin, page_of(app, EMAIL), "/role", role="admin")
    post(admin, page_of(app, EMAIL), "/disable")
    admin.submit(admin.get(page_of(app, ADMIN)).form("/disable"), status=422)
    link = link_on(post(admin, page_of(app, EMAIL), "/link", status=200))
    accept(app, link)
    post(admin, page_of(app, ADMIN), "/role", role="staff")
    admin.get(PEOPLE, status=303)
    assert user_of(app, ADMIN).role == "staff"


def test_a_disabled_user_is_signed_out_and_may_come_back(app: Flask, admin: PageClient) -> None:
    client = signed_in(app, EMAIL)
    old_link = account_admin.reset(services_of(app).database, "", EMAIL)
    page = admin.follow(post(admin, page_of(app, EMAIL), "/disable"))
    assert "Account disabled." in page.text
    client.get("/staff/", status=303)
    client.get(old_link, status=404)
    sign_in(client, EMAIL, status=422)
    assert "Disabled" in admin.get(PEOPLE).with_class("tag")
    back = link_on(post(admin, page_of(app, EMAIL), "/link", status=200))
    accept(app, back).get("/staff/")
    assert user_of(app, EMAIL).active


def test_sessions_are_ended_and_recorded(app: Flask, admin: PageClient) -> None:
    client = signed_in(app, EMAIL)
    assert "just now" in admin.get(page_of(app, EMAIL)).text
    post(admin, page_of(app, EMAIL), "/end-sessions")
    client.get("/staff/", status=303)
    entry, user_id = last_entry(app), user_of(app, EMAIL).id
    assert (entry.action, entry.facts) == ("account.sessions_ended", {"account": user_id})


def test_an_unused_link_leaves_the_old_password_in_use(app: Flask, admin: PageClient) -> None:
    link = link_on(post(admin, page_of(app, EMAIL), "/link", status=200))
    assert "New password" in admin.get(PEOPLE).text
    signed_in(app, EMAIL)
    accept(app, link, "Grace")
    assert user_of(app, EMAIL).name == "Grace"


@pytest.mark.parametrize("email", ["ada@intranet", "a..b@example.com", "=?utf-8?q?a?=@example.com"])
def test_a_link_that_cannot_be_mailed_is_shown_all_the_same(tmp_path: Path, email: str) -> None:
    app = make_app(tmp_path, **mail_settings())
    admin = joined(app, ADMIN, admin=True)
    form = admin.get(PEOPLE).form("/invite").fill(email="nonsense", role="staff", mail=[])
    form = admin.submit(form, status=422).form("/invite").fill(email=email)
    assert "wasn’t sent" not in admin.submit(form, status=200).text, "as they chose"
    page = post(admin, PEOPLE, "/invite", status=200, email=email, role="staff")
    assert "The email wasn’t sent. Email can’t be sent to an address like this." in page.text
    assert link_on(page)
    services_of(app).database.close()


@pytest.mark.parametrize("accepts", [True, False])
def test_the_link_is_mailed_where_a_mail_server_is_set(tmp_path: Path, accepts: bool) -> None:
    with mail_server() as server:
        server.open.set()
        server.on_recipient = "250 OK" if accepts else "550 No such person here"
        app = make_app(tmp_path, **mail_settings(server.port))
        admin = joined(app, ADMIN, admin=True)
        page = post(admin, PEOPLE, "/invite", status=200, email=NEW, role="staff")
    if accepts:
        (mail,) = server.mails()
        assert "Emailed to" in page.text
        assert (mail["To"], mail["Subject"]) == (NEW, "Your account at Relay Check")
        assert link_on(page) in mail.get_content()
    else:
        assert "The email wasn’t sent." in page.text
        assert "No such person here" in page.text
    accept(app, link_on(page)).get("/staff/")
    services_of(app).database.close()


def test_time_off_is_set_by_oneself_or_an_admin_and_ends_by_itself(
    app: Flask, admin: PageClient, clock: Clock
) -> None:
    services_of(app).database.clock = clock
    member = signed_in(app, EMAIL)
    form = member.get("/staff/account").form("/away")
    for day, error in (("soon", "Enter a date."), ("2026-03-02", "Choose a date in the future.")):
        assert error in member.submit(form.fill(back_on=day), status=422).text
    member.submit(form.fill(back_on="2026-03-09"))
    assert member.get("/staff/account").form("/away").data["back_on"] == ["2026-03-09"]
    assert "Back Mar 9, 2026" in admin.get(PEOPLE).text
    page = page_of(app, EMAIL)
    form = admin.get(page).form("/availability")
    assert form.data["takes_turns"] == ["y"]
    form = admin.submit(form.fill(back_on="soon", takes_turns=[]), status=422).form("/availability")
    admin.submit(form.fill(back_on="2026-03-04"))
    user = user_of(app, EMAIL)
    assert (user.takes_turns, user.is_away(clock())) == (False, True)
    assert last_entry(app).action == "account.availability_changed"
    clock.go_on(days=2)
    assert not user_of(app, EMAIL).is_away(clock())
