"""Spam: what robots send goes nowhere, what people send isn't lost, no page says which is which.

The law: a form with signs of a robot makes the site send nothing at all, to anyone. The one email
that may follow is the one to confirm the address, and only a press on the page of the result asks
for it. Whatever was sent is kept for staff.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from email.message import EmailMessage
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from consult.crypto import token_hash
from consult.owner.form_guard import HONEYPOT
from consult.storage.leads import actions, handovers
from consult.storage.leads.changes import NotAllowedError
from consult.storage.notifications.digest import digest_for
from consult.storage.privacy.data_export import export, to_json
from consult.storage.search import find_leads
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.tables.delivery_tables import DeliveryRow, NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow
from consult.workflow.office_hours import Office
from consult.workflow.spam import ALL_SIGNS, SIGNS, SUSPECT, is_suspect, throwaway_domain, weigh
from tests.owner.test_proof_of_work import challenge_in, solution
from tests.support.apps import deliver, mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import Clock, rows
from tests.support.mail_server import mail_server
from tests.support.owner_journey import Journey
from tests.support.page import Page
from tests.support.personas import ADA, BATON_ON_THE_FLOOR
from tests.support.results import submit_check
from tests.support.staff_client import audited, make_user, signed_in

MINUTE = 60
HOUR = 60 * MINUTE


class Script(PageClient):
    """A program that looks at no page."""

    def _inspect(self, page: Page, status: int | None) -> None:
        assert page.status == status or status is None


class Site:
    """An app with a mail server, whose clock stands still until someone waits."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.app: Flask = make_app(folder, **{**mail_settings(), "spam_timing": "on", **changes})
        self.made, self.clock = services_of(self.app), Clock()
        self.made.database.clock = self.clock
        self.client = PageClient(self.app)
        make_user(self.app, admin=True)

    def wait(self, seconds: float) -> None:
        self.clock.go_on(seconds=seconds)

    def staff(self) -> PageClient:
        return signed_in(self.app)

    def rows(self, table: Any) -> Sequence[Any]:
        return rows(self.made.database, table)

    def notices(self) -> list[str]:
        """What staff and other apps are notified of about contacts, the first first."""
        return [row.kind for row in self.rows(NotificationRow) if row.kind != "finished"]

    def mails(self) -> list[tuple[str, str | None]]:
        """What is mailed to owners, the first first."""
        found = self.rows(DeliveryRow)
        return [(row.kind, row.address) for row in found if row.recipient == "owner"]

    def that_send(self) -> set[int]:
        """The leads that sent something to anyone once their owner left a contact."""
        notified = {
            row.submission_id for row in self.rows(NotificationRow) if row.kind != "finished"
        }
        return notified | {row.submission_id for row in self.rows(DeliveryRow)}


@dataclass
class Sender:
    """How someone finishes the check, opens the contact form, waits, and sends it."""

    name: str
    check_seconds: int = 400
    form_seconds: float = 30
    typed: Mapping[str, str] = field(default_factory=dict)
    network: str = ""
    fills_everything: bool = False
    stamp: str = ""
    # Sends it with a mistake first, and corrects it in a second.
    slip: bool = False
    proves: bool = False

    def send(self, site: Site, number: int) -> Page:
        site.wait(1)
        result = submit_check(site.app, seconds=self.check_seconds)
        # No two come from one network unless it says so.
        from_network = {"REMOTE_ADDR": self.network or f"10.{number // 250}.{number % 250}.7"}
        page = site.client.get(f"{result}/contact")
        form = page.form("/contact")
        data = {**form.data, **ADA, "email": f"ada{number}@example.com", **self.typed}
        if self.fills_everything:
            all_others = form.fields.keys() - {*ADA, "stamp"}
            data |= dict.fromkeys(all_others, "http://spam.example")
        if self.proves:
            data["proof"] = solution(challenge_in(page))
        if self.stamp:
            data["stamp"] = self.stamp
        site.wait(self.form_seconds)
        if self.slip:
            slip = {name: text for name, text in data.items() if name != "consent"}
            page = site.client.post(form.action, slip, status=422, environ_base=from_network)
            data = {**page.form("/contact").data, "consent": "y"}
            site.wait(1)
        return site.client.post(form.action, data, environ_base=from_network)


def robots(site: Site) -> Sequence[Sender]:
    """Scripts without JavaScript, one of each kind, and eight in the same network."""
    (other,) = site.client.get(f"{submit_check(site.app)}/contact").form("/contact").data["stamp"]
    typed = {"email": "zq81@mail.guerrillamail.com"}
    kinds = [
        Sender("fills everything", fills_everything=True),
        Sender("posts at once", form_seconds=0.4),
        Sender("replays a stamp", stamp=other),
        Sender("has a throwaway address", typed=typed),
        Sender("answers in no time", check_seconds=3),
    ]
    many = Sender("is one of many in a network", check_seconds=3, network="203.0.113.9")
    return [*kinds, *[many] * 8]


def people() -> Sequence[Sender]:
    """People, as they were watched to fill in the form: one of each kind, and a small office."""
    kinds = [
        Sender("types fast", form_seconds=7),
        Sender("uses a password manager", form_seconds=2.1),
        Sender("uses a screen reader", form_seconds=9 * MINUTE, check_seconds=40 * MINUTE),
        Sender("has JavaScript off", form_seconds=45),
        Sender("comes back after hours", form_seconds=7 * HOUR),
        Sender("forgets the box, and checks it at once", slip=True),
    ]
    office = Sender("shares an office network", network="198.51.100.4")
    return [*kinds, *[office] * 6]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def test_of_scripts_of_all_kinds_none_sends_anything(tmp_path: Path) -> None:
    site = Site(tmp_path, limit_contacts="10 per hour")
    senders = robots(site)
    site.client = Script(site.app)
    for number, robot in enumerate(senders):
        robot.send(site, number)
    assert site.that_send() == set()
    # What they sent is kept, with a reason for each.
    contacts = site.rows(ContactRow)
    assert len(contacts) == len(senders)
    assert all(contact.signs for contact in contacts)
    assert ["busy_network" in contact.signs for contact in contacts].count(True) == 3


def test_of_people_none_is_lost_and_who_comes_back_on_the_next_day_confirms(site: Site) -> None:
    everyone = [Sender("comes back on the next day", form_seconds=26 * HOUR), *people()]
    for number, person in enumerate(everyone):
        page = site.client.follow(person.send(site, number))
        assert "Thank you, Ada Lovelace." in page.text
    assert len(site.rows(ContactRow)) == len(everyone)
    assert [lead.suspect for lead in site.rows(LeadRow)] == [True, *(False for _ in people())]
    assert len(site.that_send()) == len(people())


ROBOT = Sender("posts at once", form_seconds=0.4)
PERSON = Sender("types", typed={"wants_consult": "y"})


def normal(html: str) -> str:
    """A page or address without what is never twice the same, and without what they typed."""
    html = re.sub(r"a link to \S+@\S+ first", "a link to … first", html)
    return re.sub(r"(/result/|/shared/|[?;]key=|thanks=|value=\")[\w.-]{40,}", r"\1…", html)


def test_a_robot_reads_what_a_person_reads(site: Site) -> None:
    """The answer is the same but for its key, and the page after it has nothing of the sign."""
    kinds = {kind.name: kind for kind in robots(site)}.values()
    senders = [PERSON, *kinds, Sender("comes back on the next day", form_seconds=26 * HOUR)]
    sent = [replace(one, typed={**one.typed, **PERSON.typed}) for one in senders]
    answers = [sender.send(site, number) for number, sender in enumerate(sent)]
    assert len({(one.status, normal(one.html)) for one in answers}) == 1
    assert len({tuple(name for name, _ in one.headers) for one in answers}) == 1
    assert max(len(one.body) for one in answers) == pytest.approx(len(answers[0].body), rel=0.05)
    person, *held = [site.client.follow(answer) for answer in answers]
    (shown,) = {normal(page.html) for page in held}
    assert not re.search(r"(?i)spam|robot|bot\b|suspicious|throwaway|too fast", shown)
    for page in held:
        assert (page.status, page.title, page.h1) == (person.status, person.title, person.h1)
        assert len(page.body) == pytest.approx(len(person.body), rel=0.05)


def link_in(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    (path,) = re.findall(r"http://localhost(/confirm/\S+)", body.get_content())
    return str(path)


def test_the_owner_of_an_address_frees_what_was_held(tmp_path: Path) -> None:
    with mail_server() as server:
        site = Site(tmp_path, **mail_settings(server.port), base_url="http://localhost")
        client = site.client
        page = client.follow(replace(ROBOT, typed=PERSON.typed).send(site, 1))
        assert "Once you confirm your email, we’ll be in touch" in page.text
        assert "We’ll send a link to ada1@example.com first" in page.text
        deliver(site.app)
        assert server.mails() == []
        page = client.follow(client.submit(page.form("/confirm-email")))
        assert "Check your inbox." in page.text
        deliver(site.app)
        (asking,) = server.mails()
        assert (asking["To"], asking["Subject"]) == (
            "ada1@example.com",
            "Confirm your email to get your report",
        )
        assert "Ada Lovelace" not in asking.as_string()
        # Mail scanners open links, and nothing comes of it.
        link = link_in(asking)
        for method in ("GET", "HEAD") * 25:
            client.send(method, link, status=200)
        deliver(site.app)
        assert site.notices() == []
        assert len(server.mails()) == 1
        site.wait(3 * HOUR)
        thanks = client.follow(client.submit(client.get(link).form("/confirm/")))
        assert "Your report is on its way to ada1@example.com." in thanks.text
        assert site.notices() == ["contact_given", "consult_wanted"]
        (lead,) = site.rows(LeadRow)
        assert (lead.suspect, lead.clock_started_at) == (False, site.clock())
        deliver(site.app)
        (report,) = [mail for mail in server.mails() if mail["To"] == asking["To"]][1:]
        assert any(part.get_filename() for part in report.iter_attachments())
        # Once more, from another device: nothing is sent twice, and no one is sent away.
        again = client.follow(client.post(link))
        assert again.h1 == "Your email is confirmed"
        assert site.mails() == [("confirm", "ada1@example.com"), ("report", "ada1@example.com")]


def test_only_the_newest_link_confirms_and_an_older_one_says_so(tmp_path: Path) -> None:
    with mail_server() as server:
        site = Site(tmp_path, **mail_settings(server.port), base_url="http://localhost")
        page = site.client.follow(ROBOT.send(site, 1))
        for _ in range(2):
            page = site.client.follow(site.client.submit(page.form("/confirm-email")))
            deliver(site.app)
        first, newest = map(link_in, server.mails())
    for shown in (site.client.get(first, status=410), site.client.post(first, status=410)):
        assert "Only the newest link to confirm your email works." in shown.text
    site.client.submit(site.client.get(newest).form("/confirm/"))


def test_with_a_new_secret_key_an_address_is_still_confirmed(site: Site) -> None:
    """The report has no link then, and the owner has its page."""
    ROBOT.send(site, 1)
    with site.made.database.writing() as session:
        contact = session.get_one(ContactRow, 1)
        contact.waiting_token, contact.confirm_hash = b"of another key", token_hash("t" * 43)
    page = site.client.follow(site.client.post(f"/confirm/{'t' * 43}"))
    assert page.h1 == "Your email is confirmed"
    assert (site.notices(), site.mails()) == (["contact_given"], [])


def test_the_email_to_confirm_is_limited_and_the_page_is_the_same(tmp_path: Path) -> None:
    site = Site(tmp_path, limit_mails_address="2 per day")
    page = site.client.follow(ROBOT.send(site, 1))
    pages = []
    for _ in range(4):
        page = site.client.follow(site.client.submit(page.form("/confirm-email")))
        pages.append(page.html)
    assert len(set(map(normal, pages))) == 1
    assert site.mails() == [("confirm", "ada1@example.com")] * 2


def test_staff_free_a_lead_that_is_not_spam(site: Site) -> None:
    replace(ROBOT, typed={**PERSON.typed, "email": "ada@mailinator.com"}).send(site, 1)
    staff = site.staff()
    for path in ("/staff/", "/staff/leads"):
        page = staff.get(path)
        assert "Ada Lovelace" not in page.text
        found = staff.get(page.link("1 lead that’s probably spam"))
        assert "Is it spam?" in found.text
    page = staff.get(found.link("Ada Lovelace"))
    assert "Sent in 1 second" in page.text
    assert "Throwaway email domain: mailinator.com" in page.text
    assert "No one was notified, and nothing was sent." in page.text
    site.wait(30 * MINUTE)
    form = page.form("/not-spam")
    cleared = staff.follow(staff.submit(form))
    assert "Marked as not spam." in cleared.text
    assert site.notices() == ["contact_given", "consult_wanted"]
    assert site.mails() == [("report", "ada@mailinator.com")]
    (lead,) = site.rows(LeadRow)
    assert lead.clock_started_at == site.clock()
    assert "lead.cleared" in audited(site.app)
    for path in ("/staff/", "/staff/leads"):
        assert "Ada Lovelace" in staff.get(path).text
    assert "1 contact was held back as probable spam; 1 cleared by you" in (
        staff.get("/staff/insights").text
    )
    # A colleague who saw the page before is told, and nothing is sent twice.
    assert "You changed this lead in another window" in staff.submit(form, status=409).text
    assert len(site.mails()) == 1


def test_no_one_works_on_a_lead_that_lists_leave_out(site: Site) -> None:
    """But it can be closed, and its page is open."""
    ROBOT.send(site, 1)
    refused: list[tuple[Any, dict[str, Any]]] = [
        (handovers.claim, {}),
        (actions.log_contact, {"channel": "phone", "reached": True}),
        (actions.schedule_follow_up, {"on": site.clock().date()}),
        (actions.move, {"stage": "won"}),
    ]
    with site.made.database.writing() as session:
        for verb, how in refused:
            with pytest.raises(NotAllowedError, match="choose “Not spam” first"):
                verb(session, 1, by=1, **how)
        actions.move(session, 1, "not_a_fit", reason="not_real", by=1)
    assert "Sent in 1 second" in site.staff().get("/staff/leads/1").text
    assert site.that_send() == set()


def test_no_list_or_digest_counts_what_is_probably_spam(site: Site) -> None:
    ROBOT.send(site, 1)
    now = site.clock()
    with site.made.database.reading() as session:
        assert digest_for(session, 1, now - timedelta(days=1), now.date(), Office()).is_empty
        for wanted, count in ((LeadFilter(), 0), (LeadFilter(spam="with"), 1)):
            assert find_leads.how_many(session, wanted, Viewer(1, UTC)) == count


@pytest.mark.parametrize("mode", ["off", "watch"])
def test_a_layer_that_is_watched_or_off_holds_nothing(tmp_path: Path, mode: str) -> None:
    site = Site(tmp_path, spam_timing=mode, spam_throwaway=mode)
    page = replace(ROBOT, typed={"email": "ada@yopmail.com"}).send(site, 1)
    assert "on its way" in site.client.follow(page).text
    (contact,) = site.rows(ContactRow)
    signs = {"too_fast", "throwaway"} if mode == "watch" else set()
    assert contact.signs.keys() - {"proof_of_work"} == signs
    shown = site.staff().get(f"/staff/leads/{contact.submission_id}").text
    assert ("not counted: Sent in 1 second" in shown) == (mode == "watch")


def test_with_double_opt_in_the_report_waits_and_staff_do_not(tmp_path: Path) -> None:
    site = Site(tmp_path, confirm_mail="always")
    page = site.client.follow(PERSON.send(site, 1))
    assert "Check your inbox." in page.text
    assert site.notices() == ["contact_given", "consult_wanted"]
    assert site.mails() == [("confirm", "ada1@example.com")]
    # A robot's is sent when staff clear it, and the report still waits.
    ROBOT.send(site, 2)
    assert len(site.mails()) == 1
    staff = site.staff()
    staff.submit(staff.get("/staff/leads/2").form("/not-spam"))
    assert site.mails()[1:] == [("confirm", "ada2@example.com")]


def test_past_half_of_what_a_network_may_send_people_confirm(tmp_path: Path) -> None:
    site = Site(tmp_path, limit_contacts="10 per hour", spam_proof_bits=1)
    # A class with JavaScript does its proof of work, and is never asked.
    sent = [False] * 5 + [True, False, True]
    persons = [Sender("shares a network", network="198.51.100.4", proves=each) for each in sent]
    pages = [site.client.follow(one.send(site, number)) for number, one in enumerate(persons)]
    asked = ["One more step to get your report by email." in page.text for page in pages]
    assert asked == [False] * 6 + [True, False]
    assert len(site.rows(ContactRow)) == 8


def test_a_corrected_address_frees_the_lead_and_a_known_lead_stays_known(site: Site) -> None:
    sent = Sender("mistrusts us", typed={"email": "ada@yopmail.com"}).send(site, 1)
    assert site.that_send() == set()
    form = site.client.get(site.client.follow(sent).link("correct your name or address"))
    site.wait(30)
    data = {**form.form("/contact").data, "email": "ada@example.com", "consent": "y"}
    sent = site.client.post(form.form("/contact").action, data)
    assert site.mails() == [("report", "ada@example.com")]
    # Corrected again, suspiciously: only the mail to the new address waits.
    form = site.client.get(site.client.follow(sent).link("correct your name or address"))
    data = {**form.form("/contact").data, "email": "ada@yopmail.com", "consent": "y"}
    sent = site.client.post(form.form("/contact").action, data)
    assert "One more step to get your report by email." in site.client.follow(sent).text
    assert len(site.mails()) == 1
    (lead,) = site.rows(LeadRow)
    assert not lead.suspect


def test_a_consult_that_is_asked_for_frees_nothing(site: Site) -> None:
    result = ROBOT.send(site, 1).location.partition("?")[0]
    site.client.submit(site.client.get(f"{result}/consult").form("/consult"))
    assert site.that_send() == set()
    staff = site.staff()
    staff.submit(staff.get("/staff/leads/1").form("/not-spam"))
    assert site.notices() == ["contact_given", "consult_wanted"]


def test_a_robots_permission_for_a_reminder_is_marked(site: Site) -> None:
    journey = Journey(site.client, BATON_ON_THE_FLOOR.answers)
    journey.start()
    form = site.client.get(f"{journey.root}/pause").form("/pause")
    data = {**form.data, "email": "ada@example.com", "permission": "y", HONEYPOT: "x"}
    page = site.client.follow(site.client.post(form.action, data))
    assert "You allowed one email" in page.text or "You asked for one reminder" in page.text
    listed = site.staff().get("/staff/unfinished").text
    assert "Probably spam: Filled in a field that people can’t see" in listed


def test_an_export_has_the_signs_and_no_key(site: Site) -> None:
    ROBOT.send(site, 1)
    with site.made.database.reading() as session:
        exported = to_json(export(session, [1]))
    assert "too_fast" in exported
    assert "waiting_token" not in exported


def test_layers_add_up() -> None:
    weak = {sign: info.points < SUSPECT for sign, info in SIGNS.items()}
    for first, second in product(ALL_SIGNS, repeat=2):
        signs = weigh({first: "", second: ""}, lambda _layer: "on")
        assert is_suspect(signs) == (not weak[first] or not weak[second] or first != second)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("a@mailinator.com", "mailinator.com"),
        ("a@x.Mailinator.com", "x.mailinator.com"),
        ("mailinator.com@example.com", ""),
        ("a@notmailinator.com", ""),
        ("a@com", ""),
        *((f"a@{host}", "") for host in ("gmail.com", "outlook.com", "fastmail.com", "web.de")),
        *(
            (f"a@{host}", "")
            for host in ("privaterelay.appleid.com", "duck.com", "simplelogin.com")
        ),
    ],
)
def test_only_throwaway_services_are_on_the_list(address: str, domain: str) -> None:
    assert throwaway_domain(address) == domain
