"""Whether mail reaches an address: asked by a job, never while a form waits; no network here."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dns.exception
import dns.resolver
import pytest
from flask import Flask

from consult.delivery.mail import transport
from consult.storage import jobs
from consult.workflow.spam import in_words, likely_domain
from tests.support.apps import deliver, make_app, services_of
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.results import submit_check
from tests.support.staff_client import joined
from tests.support.submissions import newest_contact

WITH_MAIL = {"gmail.com", "shop.com"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = make_app(tmp_path, spam_mail_server="on")
    yield made
    services_of(made).database.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The domains that DNS was asked about; `.broken` is down."""
    transport._answer.cache_clear()
    domains: list[str] = []

    def ask(domain: str) -> bool:
        domains.append(domain)
        if domain.endswith(".broken"):
            raise LookupError(domain)
        return domain in WITH_MAIL

    monkeypatch.setattr(transport, "ask_dns", ask)
    return domains


def leave_contact(app: Flask, email: str) -> tuple[PageClient, Page]:
    client, result = PageClient(app), submit_check(app)
    form = client.get(f"{result}/contact").form("/contact")
    page = client.submit(form.fill(name="Ada Lovelace", email=email, consent="y"))
    return client, page


def check(app: Flask) -> None:
    deliver(app, priority=jobs.BACKGROUND)


@pytest.mark.parametrize(
    ("domain", "meant"),
    [("gmail.con", "gmail.com"), ("gmial.com", "gmail.com"), ("shop.cmo", "shop.com")],
)
def test_who_cannot_be_reached_is_told_which_domain_they_may_mean(
    app: Flask, asked: list[str], domain: str, meant: str
) -> None:
    client, page = leave_contact(app, f"ada@{domain}")
    assert asked == []  # the form did not wait for an answer
    assert "Email doesn’t reach" not in client.follow(page).text
    check(app)
    told = client.follow(page)
    assert f"Email doesn’t reach {domain}. Did you mean {meant}?" in told.text
    assert "on its way" not in told.text
    form = client.get(told.link("Correct your address")).form("/contact")
    client.submit(form.fill(email=f"ada@{meant}", consent="y"))
    assert "mail_server" not in newest_contact(services_of(app).database).signs
    # Without the key, no one learns the address.
    assert domain not in client.get(page.location.partition("?")[0]).text


def test_staff_read_it_and_nothing_is_held_back(app: Flask, asked: list[str]) -> None:
    leave_contact(app, "ada@nothing-like-it.com")
    check(app)
    signs = newest_contact(services_of(app).database).signs
    assert signs["mail_server"] == {"detail": "", "counts": True}
    assert in_words(signs) == ["The address has no mail server"]
    lead = joined(app).get("/staff/leads/1").text
    assert "Noticed: The address has no mail server." in lead
    assert "Probably spam" not in lead


@pytest.mark.parametrize("domain", ["shop.com", "dns.broken", "example.com"])
def test_a_server_or_no_answer_is_no_finding(app: Flask, asked: list[str], domain: str) -> None:
    client, page = leave_contact(app, f"ada@{domain}")
    check(app)
    assert "mail_server" not in newest_contact(services_of(app).database).signs
    assert "Email doesn’t reach" not in client.follow(page).text


def test_an_answer_is_kept_for_a_day_and_a_failure_is_not(app: Flask, asked: list[str]) -> None:
    for domain in ("shop.com", "shop.com", "dns.broken", "dns.broken"):
        leave_contact(app, f"ada@{domain}")
        check(app)
    assert asked == ["shop.com", "dns.broken", "dns.broken"]
    today = services_of(app).database.clock().date()
    assert transport.has_mail_server("shop.com", today.replace(year=today.year + 1))
    assert asked[-1] == "shop.com"


def test_off_asks_nothing(tmp_path: Path, asked: list[str]) -> None:
    app = make_app(tmp_path, spam_mail_server="off")
    leave_contact(app, "ada@gmail.con")
    check(app)
    assert (asked, "mail_server" in newest_contact(services_of(app).database).signs) == ([], False)


class Answer(list[Any]):
    @property
    def rrset(self) -> "Answer | None":
        return self or None


MX, NULL_MX = (Answer([SimpleNamespace(exchange=name)]) for name in ("mail.shop.com.", "."))
ADDRESS, NONE = Answer(["192.0.2.1"]), Answer()


@pytest.mark.parametrize(
    ("answers", "takes_mail"),
    [
        ({"MX": MX}, True),
        ({"MX": NULL_MX, "A": ADDRESS}, False),
        ({"MX": NONE, "A": ADDRESS}, True),
        ({"MX": NONE, "A": NONE, "AAAA": ADDRESS}, True),
        ({"MX": NONE, "A": NONE, "AAAA": NONE}, False),
        ({"MX": dns.resolver.NXDOMAIN}, False),
        ({"MX": dns.resolver.NoNameservers}, None),
        ({"MX": dns.exception.Timeout}, None),
        ({"MX": NONE, "A": dns.exception.Timeout}, None),
        ({"MX": OSError}, None),
    ],
)
def test_what_dns_says_about_a_domain(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], takes_mail: bool | None
) -> None:
    class Resolver:
        def resolve(self, domain: str, kind: str, *, lifetime: float, **_: object) -> Answer:
            assert (domain, lifetime <= transport.DNS_SECONDS) == ("shop.com", True)
            if isinstance(answers[kind], type):
                raise answers[kind]
            found: Answer = answers[kind]
            return found

    monkeypatch.setattr(dns.resolver, "Resolver", Resolver)
    transport._answer.cache_clear()
    assert transport.has_mail_server("shop.com", date(2026, 12, 1)) is takes_mail


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(("yahooo.com", "yahoo.com"), ("hotmal.com", "hotmail.com"), ("acme.con", "acme.com")),
        *(("gmail.cmo", "gmail.com"), ("acme.nte", "acme.net"), ("acme.io", ""), ("x", "")),
    ],
)
def test_a_domain_is_only_guessed_where_a_slip_is_likely(typed: str, meant: str) -> None:
    assert likely_domain(typed) == meant


def test_no_provider_is_taken_for_another() -> None:
    assert {likely_domain(domain) for domain in ("gmail.com", "live.com", "me.com", "gmx.de")} == {
        ""
    }
