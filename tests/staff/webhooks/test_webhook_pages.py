"""The pages of webhooks, for admins: add, test, read the log, send again, renew, delete."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from consult.delivery.context import plain
from consult.delivery.webhooks.webhook_delivery import guess_kind
from consult.delivery.webhooks.webhook_formats import DEFAULT_MAP
from consult.staff.webhooks import webhook_pages
from consult.staff.webhooks.webhook_form import KIND_NAMES
from consult.storage import deliveries
from consult.storage.db.database import utc_now
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.delivery_tables import EndpointRow, JobRow
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import (
    QUIET_EVENTS,
    SIGNED_KINDS,
    WEBHOOK_EVENTS,
    WEBHOOK_KINDS,
)
from tests.delivery.webhooks.test_webhook_delivery import FIXED_SECRET, attempt
from tests.support.apps import deliver, make_app, services_of, statements
from tests.support.client import PageClient
from tests.support.databases import read, write
from tests.support.page import Page, text_of
from tests.support.staff_client import ADMIN, joined, make_lead, post, signed_in
from tests.support.stand_ins import GUID, URLS
from tests.support.submissions import CONTACT
from tests.support.webhook_receiver import receiver

ALL = "/staff/settings/webhooks"
ONE = f"{ALL}/1"
ADDRESS = "https://hooks.example/relay?key=k3y"


def add(client: PageClient, address: str = ADDRESS, **fields: str) -> Page:
    return post(client, f"{ALL}/new", "/new", status=201, url=address, **fields)


def sync_environment(app: Flask) -> None:
    """What each process does when it starts."""
    made = services_of(app)
    write(made.database, endpoints.sync_environment, plain(made.settings.webhook_url))


def secret_on(page: Page) -> str:
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", page.text)
    return str(secret)


def addresses(app: Flask) -> list[EndpointRow]:
    return list(read(services_of(app).database, endpoints.all_endpoints))


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
    assert set(WEBHOOK_EVENTS) - set(endpoint.events) == set(QUIET_EVENTS)
    assert endpoint.kind == "standard"
    for path in (ALL, f"{ALL}/{endpoint.id}", f"{ALL}/{endpoint.id}/change"):
        page = admin.get(path)
        assert secret not in page.text + str(page.forms)
    assert "hooks.example" in admin.get(ALL).text
    for path in (ALL, ONE, "/staff/settings/audit-log"):
        assert "k3y" not in admin.get(path).text, "an address may hold a secret of its own"
    assert actions(app) == ["webhook.added"]


def test_the_list_has_the_last_message_of_each_with_one_query(
    app: Flask, admin: PageClient
) -> None:
    for number in range(3):
        add(admin, f"https://h{number}.example/")
    for endpoint_id in (1, 1, 2):
        write(services_of(app).database, deliveries.enqueue_webhook, endpoint_id)
    with statements(app) as queries:
        page = admin.get(ALL)
    assert sum("deliveries" in query for query in queries) == 1
    cells = [text_of(one) for one in page.document.all("td") if "Last" in one.attrib["data-label"]]
    assert cells == ["just now Queued", "just now Queued", "None yet"]


def test_resubmitting_adds_nothing_and_shows_the_same_secret(app: Flask, admin: PageClient) -> None:
    form = admin.get(f"{ALL}/new").form("/new").fill(url=ADDRESS)
    secrets = {secret_on(admin.submit(form, status=201)) for _ in range(2)}
    assert len(secrets) == len(addresses(app)) == 1
    assert secret_on(add(admin)) not in secrets
    assert len(addresses(app)) == 2


def test_a_form_that_lacks_something_is_not_saved(app: Flask, admin: PageClient) -> None:
    for url, error in (
        ("", "Enter the URL"),
        ("javascript:alert(1)", "start with https://"),
        ("https://user:pass@hooks.example/", "URL like this can’t be used"),
        ("https://hooks.example/" + "x" * 2000, "at most 2000"),
    ):
        page = post(admin, f"{ALL}/new", "/new", status=422, url=url)
        assert error in page.errors["url"]
        assert page.form("/new").data["url"] == [url]
    form = admin.get(f"{ALL}/new").form("/new").fill(url=ADDRESS)
    data = {name: value for name, value in form.data.items() if name != "events"}
    assert "at least one" in admin.post(form.action, data, status=422).text
    assert addresses(app) == []


def test_the_events_and_the_use_of_contact_info_can_change(app: Flask, admin: PageClient) -> None:
    add(admin)
    form = admin.get(f"{ONE}/change").form("/change")
    assert form.data["url"] == [ADDRESS]
    events = ["contact_given", "consult_wanted", "overdue"]
    changed = {"events": events, "includes_contact": "y", "url": f"{ADDRESS}2"}
    assert "Saved." in admin.follow(admin.post(form.action, {**form.data, **changed})).text
    (endpoint,) = addresses(app)
    assert (endpoint.url, endpoint.includes_contact) == (f"{ADDRESS}2", True)
    assert list(endpoint.events) == events
    assert actions(app) == ["webhook.added", "webhook.changed"]


def test_a_url_chooses_its_format(app: Flask, admin: PageClient) -> None:
    """Only receivers that can check a signature need a secret; no page shows the whole URL."""
    log = "/staff/settings/audit-log"
    for number, url in enumerate(URLS.values(), 1):
        one, signed = f"{ALL}/{number}", guess_kind(url) == "flat"
        page = post(admin, f"{ALL}/new", "/new", status=201 if signed else 303, url=url)
        endpoint = addresses(app)[-1]
        assert (endpoint.kind, endpoint.url) == (guess_kind(url), url)
        page = admin.get(one) if signed else admin.follow(page)
        assert ("Added. Send a test" in page.text) is not signed
        assert [form.action for form in page.forms if form.action.endswith("/secret")] == (
            [f"{one}/secret"] if signed else []
        )
        assert url in str(admin.get(f"{one}/change").form("/change").data["url"])
        newest = text_of(admin.get(log).document.all("tbody")[0][0])
        assert f"Format: {KIND_NAMES[endpoint.kind]}" in newest
        for html in (page.html, admin.get(one).html):
            assert (url in html, "secretsecret" in html) == (False, False)
    for path in (ALL, log, "/staff/settings/notifications"):
        text = admin.get(path).text
        assert not [part for part in (*URLS.values(), "secretsecret") if part in text]


def test_a_format_can_be_chosen_and_changed(app: Flask, admin: PageClient) -> None:
    add(admin, kind="flat")
    assert addresses(app)[0].kind == "flat"
    form = admin.get(f"{ONE}/change").form("/change")
    assert form.data["kind"] == ["flat"]
    admin.submit(form.fill(kind="slack"))
    assert addresses(app)[0].kind == "slack", "such as a chat that takes what Slack does"
    form = admin.get(f"{ONE}/change").form("/change")
    admin.post(form.action, {**form.data, "kind": "nonsense"})
    assert addresses(app)[0].kind == "standard", "its URL decides again"


def test_a_form_at_hubspot_has_ids_and_fields(app: Flask, admin: PageClient) -> None:
    new = f"{ALL}/new"
    form_url = URLS["hubspot"]
    names: dict[str, Any] = {
        "map_phone": "",
        "more_1": "best_time",
        "more_1_name": "best_time_to_call",
    }
    admin.follow(post(admin, new, "/new", portal_id="62515", form_id=GUID, **names))
    post(admin, new, "/new", url=f"https://app.hubspot.com/forms/62515/{GUID}/edit")
    chosen, usual = addresses(app)
    assert chosen.url == usual.url == form_url
    assert chosen.includes_contact, "there is nothing else to send"
    assert list(chosen.events) == ["contact_given", "consult_wanted"]
    assert usual.field_map == dict(DEFAULT_MAP)
    assert chosen.field_map == {
        "email": "email",
        "first_name": "firstname",
        "last_name": "lastname",
        "business": "company",
        "best_time": "best_time_to_call",
    }
    form = admin.get(f"{ONE}/change").form("/change")
    kept = {name: form.data[name] for name in ("map_phone", "more_1", "more_1_name", "more_2")}
    assert kept == {**{name: [value] for name, value in names.items()}, "more_2": [""]}
    wrong: Sequence[tuple[dict[str, Any], str, str]] = (
        ({"url": "https://app.hubspot.com/forms"}, "url", "address at HubSpot"),
        ({"portal_id": "62515", "form_id": "x"}, "url", "address at HubSpot"),
        ({"url": form_url, "map_email": ""}, "map_email", "by their email"),
        ({"url": form_url, "map_phone": "Phone number"}, "map_phone", "internal name"),
        ({"url": form_url, "more_2_name": "a b"}, "more_2_name", "internal name"),
    )
    for fields, field, error in wrong:
        assert error in post(admin, new, "/new", status=422, **fields).errors[field]
    form = admin.get(new).form("/new").fill(url=form_url)
    page = admin.post(form.action, {**form.data, "events": ["finished"]}, status=422)
    assert "HubSpot takes New contact" in page.text
    assert len(addresses(app)) == 2


def test_a_test_shows_what_was_sent_and_what_came_back(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", webhook_loopback=True)
    admin = joined(app, ADMIN, admin=True)
    with receiver(tmp_path, tls=False) as hooks:
        url = f"http://127.0.0.1:{hooks.internet.port}/relay"
        for number, kind in enumerate(WEBHOOK_KINDS, 1):
            if kind == "hubspot":
                continue  # its URL is always at HubSpot
            post(
                admin,
                f"{ALL}/new",
                "/new",
                status=201 if kind in SIGNED_KINDS else 303,
                url=url,
                kind=kind,
            )
            admin.follow(post(admin, f"{ALL}/{number}", "/test"))
            deliver(app)
            page = admin.get(f"{ALL}/{number}?done=test")
            assert "The test was sent." in page.text
            sent = json.dumps(json.loads(hooks.received[-1].body), indent=2, ensure_ascii=False)
            assert " ".join(sent.split()) in page.text
            assert "Response: thank you" in page.text
            assert ("Sample Bakery" in sent) is (kind in ("slack", "discord", "teams"))


def test_a_new_secret_is_shown_once_and_the_old_one_lasts(app: Flask, admin: PageClient) -> None:
    old = secret_on(add(admin))
    form = admin.get(ONE).form("/secret")
    secrets = {secret_on(admin.submit(form, status=200)) for _ in range(2)}
    assert old not in secrets
    assert len(secrets) == 1
    (endpoint,) = addresses(app)
    assert endpoint.previous_salt is not None
    assert "also works until" in admin.get(ONE).text
    assert actions(app) == ["webhook.added", "webhook.secret_renewed"]


def test_the_log_shows_each_attempt_and_sends_again(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", webhook_loopback=True)
    now = utc_now()
    services_of(app).database.clock = lambda: now  # so that no retry is due in between
    admin = joined(app, ADMIN, admin=True)
    with receiver(tmp_path, tls=False) as hooks:
        add(admin, f"http://127.0.0.1:{hooks.internet.port}/relay")
        assert "None yet" in admin.get(ONE).text
        page = admin.follow(post(admin, ONE, "/test"))
        assert "Sending a test" in page.text
        hooks.status, hooks.answer = 503, b"<script>alert('down')</script>"
        deliver(app)
        page = admin.get(ONE)
        assert "503: the receiver didn’t accept it." in page.text
        assert "Response: <script>alert('down')</script>" in page.text
        assert "Will retry" in page.text
        assert [form for form in page.forms if form.action.endswith("/again")] == []
        make_lead(app, contact=CONTACT)
        hooks.status, hooks.answer = 200, b"ok"
        deliver(app)
        page = admin.get(ONE)
        assert page.text.count("Sent ") >= 3
        before = len(hooks.received)
        again = next(form for form in page.forms if form.action.endswith("/again"))
        assert list(again.data) == ["csrf_token"]
        assert "Sending the message again" in admin.follow(admin.submit(again)).text
        deliver(app)
        assert len(hooks.received) == before + 1
        ids = [got.headers["webhook-id"] for got in hooks.received]
        assert ids[-1] in ids[:-1]
        post(admin, ONE, "/switch")
        assert not [form for form in admin.get(ONE).forms if form.action.endswith("/again")]
        page = admin.follow(admin.submit(again))
        assert "It’s disabled, so the message wasn’t sent." in page.text
        deliver(app)
        assert len(hooks.received) == before + 1


def test_pages_of_the_log(app: Flask, admin: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which messages are on which page: see `tests/delivery/webhooks`."""
    monkeypatch.setattr(webhook_pages, "LOG_PAGE", 2)
    add(admin)
    with services_of(app).database.writing() as session:
        for number in range(3):
            message = deliveries.enqueue_webhook(session, 1)
            status, error = (503, "In vain.") if number % 2 else (200, "")
            endpoints.record_attempt(session, message, attempt(session.now(), 9, status, error))
        session.execute(update(JobRow).values(state="failed", finished_at=session.now()))
    first = admin.get(ONE)
    assert first.link("Webhooks") == ALL
    assert "Newest" not in first.links
    last = admin.get(first.links["Older"])
    assert [page.text.count("webhook-id") for page in (first, last)] == [2, 1]
    assert admin.get(last.links["Newest"]).text.count("webhook-id") == 2
    assert "No older messages." in admin.get(f"{ONE}?before=1").text
    for nonsense in ("before=0", "before=x&show=y", "before=99999999999999", "show=%00"):
        assert admin.get(f"{ONE}?{nonsense}").text.count("webhook-id") == 2
    failed = admin.get(last.links["Failed"])
    assert (failed.text.count("In vain."), failed.text.count("webhook-id")) == (1, 1)
    page = post(admin, f"{ONE}?show=failed", "/again")
    assert page.location == f"{ONE}?show=failed&done=again"


def test_the_page_of_a_lead_says_who_was_notified(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", webhook_loopback=True)
    admin = joined(app, ADMIN, admin=True)
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
    page = admin.follow(post(admin, ONE, "/switch"))
    assert addresses(app)[0].active
    assert "Disabled" not in page.text


def test_it_is_disabled_enabled_and_deleted(app: Flask, admin: PageClient) -> None:
    add(admin)
    page = admin.follow(post(admin, ONE, "/switch"))
    assert "Disabled" in page.text
    assert not addresses(app)[0].active
    assert [form for form in page.forms if form.action.endswith("/test")] == []
    token = page.form("/switch").data["csrf_token"]
    tested = admin.follow(admin.post(f"{ONE}/test", {"csrf_token": token}))
    assert "no test was sent" in tested.text
    admin.submit(page.form("/switch"))
    assert addresses(app)[0].active
    page = admin.follow(post(admin, ONE, "/delete"))
    assert "Webhook and log deleted." in page.text
    assert addresses(app) == []
    admin.get(ONE, status=404)
    done = ("added", "switched_off", "switched_on", "deleted")
    assert actions(app) == [f"webhook.{action}" for action in done]


def test_what_the_environment_sets_is_shown_and_cannot_be_changed(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", webhook_url=ADDRESS, webhook_secret=FIXED_SECRET)
    admin = joined(app, ADMIN, admin=True)
    sync_environment(app)
    assert "hooks.example, webhook 1 Standard. Set by the environment" in admin.get(ALL).text
    page = admin.get(ONE)
    assert "CONSULT_WEBHOOK_URL" in page.text
    assert FIXED_SECRET not in page.text
    posting = [form for form in page.forms if form.method == "post"]
    actions_there = {form.action.rpartition("/")[2] for form in posting}
    assert actions_there == {"sign-out", "test"}
    token = page.form("/test").data["csrf_token"]
    for action in ("change", "secret", "delete"):
        admin.post(f"{ONE}/{action}", {"csrf_token": token}, status=404)
    admin.post(f"{ONE}/switch", {"csrf_token": token, "to": "off"})
    assert addresses(app)[0].active
    with services_of(app).database.writing() as session:
        endpoints.set_disabled(session.get_one(EndpointRow, 1), "gone")
    assert "returned 410 Gone" in admin.get(ALL).text
    post(admin, ONE, "/switch")
    assert addresses(app)[0].active
    services_of(app).database.close()
    without = make_app(tmp_path / "var")
    sync_environment(without)
    assert "No webhooks yet" in signed_in(without, ADMIN).get(ALL).text
