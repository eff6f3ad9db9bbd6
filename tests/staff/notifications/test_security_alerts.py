"""Emails about one's own account: each change of a sign-in method is sent to its owner only."""

import re
from email.message import EmailMessage
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from sqlalchemy import select

from consult.delivery.notifications.staff_mail import ALERT_TEXTS
from consult.staff.audit import audit_pages
from consult.storage import deliveries
from consult.storage.accounts import account_admin
from consult.storage.db.database import Database
from consult.storage.notifications.notifications import ALERT_OF_ACTION
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from tests.support.apps import deliver, make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import write
from tests.support.lead_factories import close_account, colleague
from tests.support.mail_server import as_read
from tests.support.oidc_provider import approve, mock_provider, settings_for
from tests.support.passkeys import ORIGIN, add_passkey, asked
from tests.support.second_factors import FACTORS, give, pending_login, set_up_phone
from tests.support.staff_client import (
    ADMIN,
    EMAIL,
    NAME,
    PASSWORD,
    joined,
    make_user,
    post,
    signed_in,
)
from tests.support.workers import sent_mails, text_of

OTHER_PASSWORD = "eleven kettles beside rivers"
NOT_ALERT_OF_ACTION = {"factor.refused"}  # it changed nothing


def alerts(app: Flask) -> list[tuple[int, str]]:
    """The security alerts since this was last called: user id and kind."""
    with services_of(app).database.writing() as session:
        found = session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)).all()
        rows = [(row.user_id or 0, row.kind) for row in found]
        for row in found:
            deliveries.discard(session, row)
    return rows


def test_every_change_of_a_factor_alerts_its_user(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", base_url=ORIGIN)
    client = joined(app)
    set_up_phone(client)
    assert alerts(app) == [(1, "app_added")], "and not that there are codes now"
    device = add_passkey(client)
    assert alerts(app) == [(1, "passkey_added")]
    post(client, FACTORS, "/recovery-codes", status=200)
    assert alerts(app) == [(1, "codes_made")]
    device.count, device.step = 5, 0
    for status in (303, 422):  # the second time it counts no further, as a copy would
        stranger = PageClient(app)
        form, options = asked(stranger.get("/staff/sign-in"))
        stranger.submit(form.fill(credential=device.use(options)), status=status)
    assert alerts(app) == [(1, "passkey_copied")]
    post(client, FACTORS, "/app/remove")
    assert alerts(app) == [(1, "app_removed")]
    post(client, FACTORS, "/passkeys/1/remove")
    assert alerts(app) == [(1, "passkey_removed")]


def test_a_used_recovery_code_alerts_and_a_wrong_one_does_not(app: Flask) -> None:
    _, codes = set_up_phone(joined(app))
    alerts(app)
    give(pending_login(app), recovery_code="nonsense", status=422)
    assert alerts(app) == []
    give(pending_login(app), recovery_code=codes[0])
    assert alerts(app) == [(1, "code_used")]
    assert "9 are left." in text_of(the_mail(app, "code_used"))


def test_a_new_password_alerts_however_it_was_set(app: Flask) -> None:
    client = joined(app)
    assert alerts(app) == [], "who joins needs no alert"
    form = client.get("/staff/account").form("/password")
    client.submit(form.fill(current_password=PASSWORD, new_password=OTHER_PASSWORD))
    assert alerts(app) == [(1, "password_changed")]
    link = account_admin.reset(services_of(app).database, "", EMAIL)
    assert alerts(app) == []
    other = PageClient(app)
    other.submit(other.get(link).form().fill(name=NAME, new_password=PASSWORD))
    assert alerts(app) == [(1, "password_reset")]


def test_what_an_admin_changes_alerts_the_user_of_the_account(app: Flask) -> None:
    make_user(app, ADMIN, admin=True)
    make_user(app, EMAIL)
    admin = signed_in(app, ADMIN)
    post(admin, "/staff/settings/people/2", "/role", role="admin")
    assert alerts(app) == [(2, "role_changed")]
    account_admin.reset(services_of(app).database, "", EMAIL, second_factor=True, by=1)
    assert alerts(app) == [(2, "factors_removed")]
    assert "You’re now an admin." in text_of(the_mail(app, "role_changed", user_id=2))


def test_a_link_with_the_provider_alerts(tmp_path: Path) -> None:
    with mock_provider() as issuer:
        app = make_app(tmp_path / "var", **settings_for(issuer))
        client = joined(app)
        approve(client, "grace", "/staff/account/provider")
        assert alerts(app) == [(1, "linked")]
        post(client, FACTORS, "/provider/remove", password=PASSWORD)
        assert alerts(app) == [(1, "unlinked")]


def the_mail(app: Flask, kind: str, user_id: int = 1) -> EmailMessage:
    """The mail of this kind, as the worker writes and sends it."""
    database = services_of(app).database
    write(database, deliveries.enqueue_staff_email, user_id, kind)
    deliver(app)
    (file,) = services_of(app).settings.mail_dir.glob("*.eml")
    mail = as_read(file.read_bytes())
    file.unlink()
    return mail


@pytest.mark.parametrize("kind", ALERT_TEXTS)
def test_the_email_says_what_changed_and_no_more(database: Database, kind: str) -> None:
    ada = colleague(database, "ada", finished="off", digest="off")
    disabled, _ = colleague(database, "cy"), colleague(database, "bo", admin=True)
    with database.writing() as session:
        for user_id in (ada, disabled):
            deliveries.enqueue_staff_email(session, user_id, kind)
        jobs = session.scalars(select(JobRow)).all()
        assert [set(job.payload) for job in jobs] == [set(), set()]
    close_account(database, disabled)
    (mail,) = sent_mails(database)
    assert mail["To"] == "ada@agency.example"
    assert mail["Subject"] == f"Your account: {ALERT_TEXTS[kind]['title']}"
    assert mail["List-Unsubscribe"] is None
    for part in ("plain", "html"):
        said = text_of(mail, part)
        assert "Hello Ada" in said
        assert ALERT_TEXTS[kind]["happened"] in said
        assert "(UTC)" in said
        assert not re.search(r"https?:|href|\{", said.split("</style>")[-1])
    html5lib.HTMLParser(strict=True).parse(text_of(mail, "html"))
    assert "\n\n\n" not in text_of(mail).replace("\r", "")
    assert sent_mails(database) == []


def test_every_audited_change_of_a_sign_in_method_has_an_alert() -> None:
    kinds = {action for action in audit_pages.ACTIONS if action.startswith(("factor", "iden"))}
    assert kinds - set(ALERT_OF_ACTION) == NOT_ALERT_OF_ACTION
    assert set(ALERT_TEXTS) == {*ALERT_OF_ACTION.values(), "password_reset"}
