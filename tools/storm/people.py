"""The people in the storm: they try again after an outage, and remember what was confirmed."""

import http.client
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, cast
from urllib.parse import quote

from flask import Flask
from werkzeug.datastructures import EnvironHeaders
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.page import Page
from tests.support.personas import PERSONAS, AnswerValue

BASE_URL = "http://localhost:8000"
PASSWORD = "seven lanterns in a storm"
PATIENCE_SECONDS = 180
"""How long someone tries the same thing again."""
PAUSE_SECONDS = (0.1, 0.6)
"""Between two things that a member of staff does."""
_REQUEST_SECONDS = 30
_LEAD = re.compile(r"^/staff/leads/(\d+)")


class Outage(Exception):
    """The site answered that it can't do it now."""


@dataclass
class Ledger:
    """What people were told is saved, and what they met; safe to share between threads.

    Attributes:
        answers: by token of the response, the answers that were saved, by question id.
        results: the path of the result of each response that was submitted.
        contacts: the address that was left at each result.
        claims: lead id and address of each member of staff who took a lead.
        notes: the lead id of each note, by its text.
        statuses: how many answers of each status there were, and how many connections broke.
        waits: the seconds until something that met an outage worked.
        pdf_waits: the seconds until the PDF was there after a contact was left.
        problems: what no outage explains.
    """

    answers: dict[str, dict[str, AnswerValue]] = field(default_factory=lambda: defaultdict(dict))
    results: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    claims: list[tuple[int, str]] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    pdf_waits: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def has_all(self) -> bool:
        """Whether there is something of each kind that may be lost."""
        return all((self.answers, self.results, self.contacts, self.claims, self.notes))


class Balancer:
    """A WSGI application that passes each request to any of several servers on this machine."""

    def __init__(self, ports: Sequence[int], random: Random) -> None:
        self._ports = ports
        self._random = random

    def test_client(self) -> Client:
        return Client(self, Response)

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        query = environ.get("QUERY_STRING")
        path = quote(environ["PATH_INFO"]) + (f"?{query}" if query else "")
        port = self._random.choice(self._ports)
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=_REQUEST_SECONDS)
        with closing(server):
            body = environ["wsgi.input"].read(length)
            headers = {name: value for name, value in EnvironHeaders(dict(environ)) if value}
            server.request(environ["REQUEST_METHOD"], path, body, headers)
            answer = server.getresponse()
            content = answer.read()
        start_response(f"{answer.status} {answer.reason}", answer.getheaders())
        return [content]


class Browser(PageClient):
    """A browser whose user sends a request again until it works, and loses patience at last."""

    def __init__(self, balancer: Balancer, address: str, ledger: Ledger, random: Random) -> None:
        super().__init__(cast(Flask, balancer), base_url=BASE_URL)
        self._address = address
        self._ledger = ledger
        self._random = random

    def send(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        status: int | None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Page:
        began, tries = time.monotonic(), 0
        own = {"X-Forwarded-For": self._address, **(headers or {})}
        while True:
            tries += 1
            try:
                page = super().send(method, path, data, status=status, headers=own, **options)
            except (OSError, http.client.HTTPException, Outage) as error:
                if not isinstance(error, Outage):
                    self._ledger.statuses[type(error).__name__] += 1
                if time.monotonic() - began > PATIENCE_SECONDS:
                    raise
                time.sleep(self._random.uniform(0.05, 0.5))
            else:
                if tries > 1:
                    self._ledger.waits.append(time.monotonic() - began)
                return page

    def _inspect(self, page: Page, status: int | None) -> None:
        self._ledger.statuses[str(page.status)] += 1
        if page.status >= 500:
            raise Outage
        as_expected = page.status < 400 if status is None else page.status == status
        # Someone else may have been faster with a lead: then 409 says so.
        assert as_expected or page.status == 409, f"{page!r}: {page.text[:300]}"


class Owner(Journey):
    """An owner with a persona's answers, who remembers what was saved."""

    def __init__(self, browser: Browser, ledger: Ledger, random: Random) -> None:
        self._ledger = ledger
        self._random = random
        persona = random.choice(list(PERSONAS.values()))
        super().__init__(browser, persona.answers, query=random.choice(["", "", "?depth=full"]))

    def answer(self) -> Page:
        token, form = self.token, self.fill()
        saved = self.client.submit(form)
        known = {name: self.answers[name] for name in form.fields if name in self.answers}
        self._ledger.answers[token] |= known
        return self._show(saved)

    def submit(self) -> Page:
        token = self.token
        saved = self.client.submit(self.page.form("/review"))
        self._ledger.results[token] = saved.location
        return self._show(saved)

    def leave_contact(self, email: str) -> None:
        result = self.page.path
        contact = {"name": "Dana Okafor", "email": email, "business": "Okafor Roofing"}
        form = self.go(f"{result}/contact").form("/contact").fill(**contact, consent="y")
        if self._random.random() < 0.5:
            form.fill(wants_consult="y")
        self.client.submit(form)
        self._ledger.contacts[result] = email

    def wait_for_pdf(self, result: str) -> None:
        """Wait until the PDF is there; whoever loses patience gets it by email."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_SECONDS:
            page = self.client.send("GET", f"{result}/report.pdf", status=None)
            if page.status == 200:
                assert page.body.startswith(b"%PDF"), "the report is no PDF"
                break
            time.sleep(0.5)
        self._ledger.pdf_waits.append(time.monotonic() - began)


def wait_until_ready(ports: Sequence[int]) -> None:
    """Wait until the web servers at these ports answer."""
    for port in ports:
        balancer = Balancer([port], Random(0))
        Browser(balancer, "10.0.0.1", Ledger(), Random(0)).get("/health/ready")


class People:
    """Owners and staff, each in a thread, until they are told to `finish`."""

    def __init__(self, ports: Sequence[int], ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self._balancer = Balancer(ports, Random(seed))
        self._numbers = count(1)
        self._seed = seed
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, owners: int, staff: Sequence[str]) -> None:
        for number in range(owners):
            self._run(self._answer, Random(f"owner {number} {self._seed}"))
        for email in staff:
            self._run(self._work_on_leads, Random(f"{email} {self._seed}"), email)

    def finish(self) -> None:
        """Have all finish what they are at."""
        self._over.set()

    @property
    def busy(self) -> list[str]:
        """What those do who aren't done yet."""
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _run(self, live: Any, random: Random, *arguments: str) -> None:
        def run() -> None:
            while not self._over.is_set():
                try:
                    live(random, *arguments)
                except Exception as error:
                    self.ledger.problems.append(f"{type(error).__name__}: {error}"[:500])
                    time.sleep(0.5)

        self._threads.append(threading.Thread(target=run, name=live.__name__, daemon=True))
        self._threads[-1].start()

    def _browser(self, random: Random) -> Browser:
        number = next(self._numbers)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return Browser(self._balancer, address, self.ledger, random)

    def _answer(self, random: Random) -> None:
        browser = self._browser(random)
        owner = Owner(browser, self.ledger, random)
        owner.start()
        if random.random() < 0.15:  # answers a few pages, and never comes back
            for _ in range(random.randint(1, 8)):
                owner.answer()
            return
        owner.to_review()
        result = owner.submit().path
        if random.random() < 0.8:
            owner.leave_contact(f"owner-{next(self._numbers)}@example.com")
            if random.random() < 0.3:
                owner.wait_for_pdf(result)

    def _work_on_leads(self, random: Random, email: str) -> None:
        browser = self._browser(random)
        form = browser.get("/staff/sign-in").form("/staff/sign-in")
        browser.submit(form.fill(email=email, password=PASSWORD))
        while not self._over.wait(random.uniform(*PAUSE_SECONDS)):
            found = _LEAD.match
            links = browser.get(random.choice(["/staff/", "/staff/leads"])).links.values()
            leads = sorted({int(lead[1]) for link in links if (lead := found(link))})
            if leads:
                self._work_on(browser, random.choice(leads), email, random)

    def _work_on(self, browser: Browser, lead: int, email: str, random: Random) -> None:
        path = f"/staff/leads/{lead}"
        page = browser.get(path)
        claims = [form for form in page.forms if "/claim" in form.action]
        if claims and random.random() < 0.5:
            if browser.submit(claims[0]).status == 303:
                self.ledger.claims.append((lead, email))
            page = browser.get(path)
        text = f"Note {next(self._numbers)} by {email}"
        if browser.submit(page.form("/notes").fill(text=text)).status == 303:
            self.ledger.notes[text] = lead
