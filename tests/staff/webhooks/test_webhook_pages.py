"""The pages of webhooks, for admins: add, test, look at the log, send again, renew, delete."""

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from consult.delivery.context import plain
from consult.staff import webhook_pages
from consult.storage import deliveries
from consult.storage.db.database import utc_now
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.delivery_tables import EndpointRow, JobRow
from consult.storage.webhooks import endpoints
from tests.delivery.webhooks.test_webhook_delivery import FIXED_SECRET, attempt
from tests.support.apps import deliver, make_app, services_of
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.staff_client import make_lead, make_user, post, signed_in
from tests.support.submissions import CONTACT
from tests.support.webhook_receiver import receiver

ALL = "/staff/settings/webhooks"
ADDRESS = "https://hooks.example/relay?key=k3y"


@pytest.fixture
def admin(app: Flask) -> PageClient:
    return admin_of(app)


def admin_of(app: Flask) -> PageClient:
    make_user(app, admin=True)
    return signed_in(app)


def add(client: PageClient, address: str = ADDRESS, **fields: str) -> Page:
    return post(client, f"{ALL}/new", "/new", status=201, url=address, **fields)


def sync_environment(app: Flask) -> None:
    """What each process does when it starts."""
    made = services_of(app)
    with made.database.writing() as session:
        endpoints.sync_environment(session, plain(made.settings.webhook_url))


def secret_on(page: Page) -> str:
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", page.text)
    return str(secret)


def addresses(app: Flask) -> list[EndpointRow]:
    with services_of(app).database.reading() as session:
        return list(endpoints.all_endpoints(session))


def actions(app: Flask) -> list[str]:
    query = select(AuditRow.action).where(AuditRow.action.like("webhook.%")).order_by(AuditRow.id)
    with services_of(app).database.reading() as session:
        return list(session.scalars(query))


def test_a_webhook_is_added_and_its_secret_shown_this_once(app: Flask, admin: PageClient) -> None:
    assert "No webhooks yet" in admin.get(ALL).text
    shown = add(admin)
    secret = secret_on(shown)
    (endpoint,) = addresses(app)
    assert (endpoint.url, endpoint.includes_contact, endpoint.active) == (ADDRESS, False, True)
    assert tuple(endpoint.events) == ("finished", "contact_given", "consult_wanted", "overdue")
    for path in (ALL, f"{ALL}/{endpoint.id}", f"{ALL}/{endpoint.id}/change"):
        page = admin.get(path)
        assert secret not in page.text + str(page.forms)
    assert "hooks.example" in admin.get(ALL).text
    assert "k3y" not in admin.get(ALL).text, "an address may hold a secret of its own"
    assert actions(app) == ["webhook.added"]


def test_the_same_form_again_adds_nothing_and_shows_the_same_secret(
    app: Flask, admin: PageClient
) -> None:
    form = admin.get(f"{ALL}/new").form("/new").fill(url=ADDRESS)
    secrets = {secret_on(admin.submit(form, status=201)) for _ in range(2)}
    assert len(secrets) == len(addresses(app)) == 1
    assert secret_on(add(admin)) not in secrets
    assert len(addresses(app)) == 2


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "Enter the URL"),
        ("http://hooks.example/", "start with https://"),
        ("https://user:pass@hooks.example/", "sent to a URL like this"),
        ("hooks.example", "start with https://"),
        ("https://hooks.example/" + "x" * 2000, "at most 2000"),
        ("javascript:alert(1)", "start with https://"),
    ],
)
def test_an_address_that_will_not_do_is_not_saved(
    app: Flask, admin: PageClient, address: str, says: str
) -> None:
    page = post(admin, f"{ALL}/new", "/new", status=422, url=address)
    assert says in page.errors["url"]
    assert page.form("/new").data["url"] == [address]
    assert addresses(app) == []


def test_a_webhook_that_is_told_nothing_is_not_saved(app: Flask, admin: PageClient) -> None:
    form = admin.get(f"{ALL}/new").form("/new").fill(url=ADDRESS)
    data = {name: value for name, value in form.data.items() if name != "events"}
    page = admin.post(form.action, data, status=422)
    assert "at least one" in page.text
    assert addresses(app) == []


def test_what_it_is_told_and_whether_people_are_named_can_be_changed(
    app: Flask, admin: PageClient
) -> None:
    add(admin)
    form = admin.get(f"{ALL}/1/change").form("/change")
    assert form.data["url"] == [ADDRESS]
    events = ["contact_given", "consult_wanted", "overdue"]
    changed = {"events": events, "includes_contact": "y", "url": f"{ADDRESS}2"}
    page = admin.post(form.action, {**form.data, **changed})
    shown = admin.follow(page)
    assert "Saved." in shown.text
    (endpoint,) = addresses(app)
    assert (endpoint.url, endpoint.includes_contact) == (f"{ADDRESS}2", True)
    assert tuple(endpoint.events) == ("contact_given", "consult_wanted", "overdue")
    assert actions(app) == ["webhook.added", "webhook.changed"]


def test_a_new_secret_is_shown_once_and_the_old_one_stays_for_a_day(
    app: Flask, admin: PageClient
) -> None:
    old = secret_on(add(admin))
    form = admin.get(f"{ALL}/1").form("/secret")
    secrets = {secret_on(admin.submit(form, status=200)) for _ in range(2)}
    assert old not in secrets
    assert len(secrets) == 1
    (endpoint,) = addresses(app)
    assert endpoint.previous_salt is not None
    assert "also works until" in admin.get(f"{ALL}/1").text
    assert actions(app) == ["webhook.added", "webhook.secret_renewed"]


def test_the_log_shows_each_try_and_sends_again(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", webhook_loopback=True)
    now = utc_now()
    services_of(app).database.clock = lambda: now  # what failed is not due again meanwhile
    admin = admin_of(app)
    with receiver(tmp_path, tls=False) as hooks:
        add(admin, f"http://127.0.0.1:{hooks.internet.port}/relay")
        assert "None yet" in admin.get(f"{ALL}/1").text
        page = admin.follow(post(admin, f"{ALL}/1", "/test"))
        assert "Sending a test" in page.text
        hooks.status, hooks.answer = 503, b"<script>alert('down')</script>"
        deliver(app)
        page = admin.get(f"{ALL}/1")
        assert "503: the receiver did not accept it." in page.text
        assert "Response: <script>alert('down')</script>" in page.text
        assert "Will retry" in page.text
        assert [form for form in page.forms if form.action.endswith("/again")] == []
        make_lead(app, contact=CONTACT)
        hooks.status, hooks.answer = 200, b"ok"
        deliver(app)
        page = admin.get(f"{ALL}/1")
        assert page.text.count("Sent ") >= 3
        before = len(hooks.received)
        action = next(form.action for form in page.forms if form.action.endswith("/again"))
        page = admin.follow(post(admin, f"{ALL}/1", action))
        assert "Sending the message again" in page.text
        deliver(app)
        assert len(hooks.received) == before + 1
        ids = [got.headers["webhook-id"] for got in hooks.received]
        assert ids[-1] in ids[:-1]


def test_the_log_is_read_page_by_page_and_by_what_did_not_arrive(
    app: Flask, admin: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_pages, "LOG_PAGE", 2)
    add(admin)
    with services_of(app).database.writing() as session:
        for number in range(5):
            message = deliveries.enqueue_webhook(session, 1)
            status, error = (503, f"Vain {number}.") if number % 2 else (200, "")
            endpoints.record_attempt(session, message, attempt(session.now(), 9, status, error))
    page = admin.get(f"{ALL}/1")
    assert page.link("Webhooks") == ALL
    assert page.text.count("webhook-id") == 2
    assert "Newest" not in page.links
    seen = [page.text.count("webhook-id")]
    while older := page.links.get("Older"):
        page = admin.get(older)
        seen.append(page.text.count("webhook-id"))
    assert seen == [2, 2, 1]
    assert admin.get(page.links["Newest"]).links["Older"] == f"{ALL}/1?before=4"
    failed = admin.get(page.links["Failed"])
    assert [f"Vain {number}." in failed.text for number in range(5)] == [0, 1, 0, 1, 0]
    assert "Sent" not in failed.text
    assert "Older" not in failed.links
    assert "No older messages." in admin.get(f"{ALL}/1?before=1").text
    for nonsense in ("before=0", "before=x&show=y", "before=99999999999999", "show=%00"):
        assert admin.get(f"{ALL}/1?{nonsense}").text.count("webhook-id") == 2


def test_who_sends_again_comes_back_to_the_same_part_of_the_log(
    app: Flask, admin: PageClient
) -> None:
    add(admin)
    with services_of(app).database.writing() as session:
        message = deliveries.enqueue_webhook(session, 1)
        endpoints.record_attempt(session, message, attempt(session.now(), 9, 500, "No."))
        session.execute(update(JobRow).values(state="failed", finished_at=session.now()))
    page = post(admin, f"{ALL}/1?show=failed", "/again")
    assert page.location == f"{ALL}/1?show=failed&done=again"


def test_the_page_of_a_lead_says_who_was_told(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", webhook_loopback=True)
    admin = admin_of(app)
    with receiver(tmp_path, tls=False) as hooks:
        add(admin, f"http://127.0.0.1:{hooks.internet.port}/secret-path")
        lead_id = make_lead(app, contact=CONTACT)
        hooks.status = 410
        deliver(app)
    page = admin.get(f"/staff/leads/{lead_id}")
    assert "Not sent Consult requested: Grace Hopper" in page.text
    assert "Failed Check finished: 127.0.0.1" in page.text
    assert "Not sent Consult requested: 127.0.0.1" in page.text
    assert "secret-path" not in page.text
    assert "Retry failed jobs" in page.text
    assert "returned 410 Gone" in admin.get(ALL).text
    page = admin.follow(post(admin, f"{ALL}/1", "/switch"))
    assert addresses(app)[0].active
    assert "Disabled" not in page.text


def test_it_is_switched_off_and_on_and_deleted(app: Flask, admin: PageClient) -> None:
    add(admin)
    page = admin.follow(post(admin, f"{ALL}/1", "/switch"))
    assert "Disabled" in page.text
    assert not addresses(app)[0].active
    assert [form for form in page.forms if form.action.endswith("/test")] == []
    token = page.form("/switch").data["csrf_token"]
    page = admin.follow(admin.post(f"{ALL}/1/test", {"csrf_token": token}))
    assert "no test was sent" in page.text
    admin.submit(page.form("/switch"))
    assert addresses(app)[0].active
    page = admin.follow(post(admin, f"{ALL}/1", "/delete"))
    assert "Webhook and log deleted." in page.text
    assert addresses(app) == []
    admin.get(f"{ALL}/1", status=404)
    assert actions(app) == [
        "webhook.added",
        "webhook.switched_off",
        "webhook.switched_on",
        "webhook.deleted",
    ]


def test_what_the_environment_sets_is_shown_and_cannot_be_changed(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", webhook_url=ADDRESS, webhook_secret=FIXED_SECRET)
    admin = admin_of(app)
    sync_environment(app)
    assert "hooks.example, webhook 1 Set by the environment" in admin.get(ALL).text
    page = admin.get(f"{ALL}/1")
    assert "CONSULT_WEBHOOK_URL" in page.text
    assert FIXED_SECRET not in page.text
    actions_there = {form.action.rpartition("/")[2] for form in page.forms}
    assert actions_there == {"sign-out", "test"}
    token = page.form("/test").data["csrf_token"]
    for action in ("change", "secret", "delete"):
        admin.post(f"{ALL}/1/{action}", {"csrf_token": token}, status=404)
    admin.post(f"{ALL}/1/switch", {"csrf_token": token, "to": "off"})
    assert addresses(app)[0].active


def test_the_url_of_the_environment_can_be_switched_on_again_after_it_was_gone(
    tmp_path: Path,
) -> None:
    app = make_app(tmp_path / "var", webhook_url=ADDRESS, webhook_secret=FIXED_SECRET)
    admin = admin_of(app)
    sync_environment(app)
    with services_of(app).database.writing() as session:
        endpoints.set_disabled(session, 1, "gone")
    assert "returned 410 Gone" in admin.get(ALL).text
    post(admin, f"{ALL}/1", "/switch")
    assert addresses(app)[0].active


def test_without_the_setting_its_address_is_gone(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", webhook_url=ADDRESS, webhook_secret=FIXED_SECRET)
    admin_of(app)
    sync_environment(app)
    services_of(app).database.close()
    again = make_app(tmp_path / "var")
    sync_environment(again)
    assert "No webhooks yet" in signed_in(again).get(ALL).text
