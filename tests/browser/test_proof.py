"""The arithmetic before a form is sent, in a real browser: unseen, and never in the way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from consult.delivery.mail import transport
from consult.storage import jobs
from tests.support.apps import deliver, services_of
from tests.support.browser import Served, Visit, serving_app, visiting
from tests.support.patience import patience
from tests.support.results import submit_check
from tests.support.submissions import newest_contact


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = {"spam_proof_of_work": "on", "spam_proof_bits": 6, "spam_mail_server": "on"}
    with serving_app(tmp_path_factory.mktemp("app"), **settings) as served:
        yield served


def fill(visit: Visit, email: str) -> None:
    for name, text in (("name", "Ada Lovelace"), ("email", email)):
        visit.tab.fill(f"[name={name}]", text)
    visit.tab.check("[name=consent]")


def stop_clock(visit: Visit) -> None:
    """Let no timer of the page run out by itself, however slow this machine is."""
    visit.tab.clock.install()
    visit.tab.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))


def signs(app: Flask) -> set[str]:
    return set(newest_contact(services_of(app).database).signs)


def test_it_is_done_while_the_form_is_filled_in(browser: Browser, served: Served) -> None:
    app, origin = served
    with visiting(browser, origin) as visit:
        visit.open(f"{submit_check(app)}/contact")
        proof = visit.tab.locator("#proof")
        assert proof.input_value() == ""
        visit.tab.focus("[name=name]")
        expect(proof).not_to_have_value("", timeout=1000 * patience(20))
        fill(visit, "ada@example.com")
        visit.leave(visit.tab.locator("main form button").click)
        assert "Thank you, Ada Lovelace." in visit.text
    assert "proof_of_work" not in signs(app)


def test_a_form_that_is_sent_sooner_waits_for_it(browser: Browser, served: Served) -> None:
    app, origin = served
    with visiting(browser, origin) as visit:
        visit.open(f"{submit_check(app)}/contact")
        # Filled in at once and without a focus, as by a password manager.
        visit.tab.evaluate(
            """() => { const form = document.querySelector("main form");
              form.name.value = "Ada"; form.email.value = "ada@example.com";
              form.consent.checked = true }"""
        )
        assert visit.tab.locator("main form > [role=status]").inner_text() == ""
        send = "document.querySelector('main form').requestSubmit()"
        visit.leave(lambda: visit.tab.evaluate(send))
        assert "Thank you, Ada." in visit.text
    assert "proof_of_work" not in signs(app)


def test_a_form_that_waits_says_so_and_is_sent_in_the_end(browser: Browser, served: Served) -> None:
    app, origin = served
    with visiting(browser, origin) as visit:
        visit.open(f"{submit_check(app)}/contact")
        stop_clock(visit)
        visit.tab.evaluate("() => { window.Worker = class { postMessage() {} } }")  # never done
        fill(visit, "ada@example.com")
        button = visit.tab.locator("main form button")
        button.click()
        status = visit.tab.locator("main form > [role=status]")
        assert status.inner_text() == "One moment…"
        button.click()
        visit.leave(lambda: visit.tab.clock.run_for(10_000))
        assert "Thank you, Ada Lovelace." in visit.text
    assert "proof_of_work" in signs(app)


def test_without_javascript_the_form_is_sent_all_the_same(browser: Browser, served: Served) -> None:
    app, origin = served
    with visiting(browser, origin, javascript=False) as visit:
        visit.open(f"{submit_check(app)}/contact")
        fill(visit, "ada@example.com")
        visit.leave(visit.tab.locator("main form button").click)
        assert "Thank you, Ada Lovelace." in visit.text
    assert "proof_of_work" in signs(app)


def test_an_owner_who_is_still_there_is_told_that_no_mail_gets_through(
    browser: Browser, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, origin = served
    monkeypatch.setattr(transport, "ask_dns", lambda domain: domain == "gmail.com")
    with visiting(browser, origin) as visit:
        visit.open(f"{submit_check(app)}/contact")
        stop_clock(visit)
        fill(visit, "ada@gmail.con")
        visit.leave(visit.tab.locator("main form button").click)
        note = visit.tab.locator("#address-note")
        assert note.inner_text() == ""
        deliver(app, priority=jobs.BACKGROUND)
        assert "mail_server" in signs(app)
        visit.tab.clock.run_for(4000)
        note.get_by_text("Did you mean gmail.com?").wait_for()
