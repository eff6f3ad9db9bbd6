"""Going on later or on another device: the link as text, QR code and email, and what it opens."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete

from consult.crypto import Purpose, decrypt, new_token
from consult.owner.form_guard import HONEYPOT
from consult.owner.pause_pages import LINKS_PER_CHECK
from consult.storage import jobs
from consult.storage.drafts import resume_links
from consult.storage.privacy import erasure, retention
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.submission_tables import DraftRow, RateLimitRow, ResumeLinkRow
from tests.support.apps import deliver, is_anywhere, mail_settings, make_app, services_of, stored
from tests.support.client import PageClient
from tests.support.databases import read, rows, write
from tests.support.mail_server import MailServer, mail_server
from tests.support.owner_journey import Journey
from tests.support.page import Page
from tests.support.personas import BATON_ON_THE_FLOOR
from tests.support.submissions import all_leads

ADDRESS = "quill.feather@example.com"
LINE = "Finish later or on another device"


@dataclass
class Scene:
    """An app that can send mail, and an owner who has answered some of it."""

    app: Flask
    server: MailServer
    owner: Journey

    @property
    def pause(self) -> str:
        return f"{self.owner.root}/pause"

    def request(self, address: str = ADDRESS, *, trap: str = "", status: int = 303) -> Page:
        client = self.owner.client
        form = client.get(self.pause).form("/email-link").fill(send_to=address)
        return client.post(form.action, {**form.data, HONEYPOT: trap}, status=status)

    def link(self) -> str:
        """Have the link emailed, and read it."""
        self.request()
        deliver(self.app)
        return link_in(self.server)


def text_of(server: MailServer) -> str:
    body = server.mails()[-1].get_body(("plain",))
    assert body
    return str(body.get_content())


def link_in(server: MailServer) -> str:
    (link,) = re.findall(r"http://127\.0\.0\.1:8000(/resume/\S+)", text_of(server))
    return str(link)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, MailServer]]:
    with mail_server() as server:
        yield make_app(tmp_path_factory.mktemp("on"), **mail_settings(server.port)), server


@pytest.fixture
def scene(world: tuple[Flask, MailServer]) -> Scene:
    app, server = world
    server.accepted.clear()
    server.on_recipient = "250 OK"
    with services_of(app).database.writing() as session:
        for table in (DraftRow, JobRow, RateLimitRow):
            session.execute(delete(table))
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.start()
    journey.skip_to("buyers")
    return Scene(app, server, journey)


def test_every_page_after_the_first_saved_one_offers_to_finish_later(client: PageClient) -> None:
    journey = Journey(client, BATON_ON_THE_FLOOR.answers)
    assert LINE not in journey.start().text
    while not journey.page.path.endswith("/review"):
        journey.answer()
        assert journey.page.link(LINE) == f"{journey.root}/pause"


@pytest.mark.parametrize("frame", ["", "/embed"])
def test_the_link_and_its_code_lead_to_the_full_page(scene: Scene, frame: str) -> None:
    page = scene.owner.client.get(frame + scene.pause)
    link = f"http://127.0.0.1:8000{scene.owner.root}"
    (shown,) = [a for a in page.document.all("a") if a.get("href") == link]
    assert (shown.get("target") == "_blank") is bool(frame)
    assert ("opens in a full page" in page.text) is bool(frame)
    drawn = re.search(r'<svg width="(\d+)" height="\1".*?</svg>', page.html)
    assert drawn
    # Modules of five pixels, with a quiet zone, dark on light whatever the page looks like.
    assert 'transform="scale(5)"' in drawn[0]
    assert re.findall(r'(?:fill|stroke)="(#\w+)"', drawn[0]) == ["#fff", "#000"]
    assert 'role="img" aria-label="QR code of your link"' in page.html


def test_the_emailed_link_is_another_one_and_its_page_shows_only_progress(scene: Scene) -> None:
    link = scene.link()
    assert scene.server.mails()[-1]["To"] == ADDRESS
    assert scene.owner.token not in text_of(scene.server)
    page = PageClient(scene.app).get(link)
    assert "2 of 10 pages done" in page.text
    assert [form.action for form in page.forms] == [link]
    assert scene.owner.token not in page.html
    # It opens the first page that is still to answer, as often as it is used.
    for _ in range(2):
        opened = PageClient(scene.app).post(link)
        assert opened.location == f"{scene.owner.root}/buyers"


def test_looking_at_the_link_changes_nothing_however_often(scene: Scene) -> None:
    link, scanner = scene.link(), PageClient(scene.app)
    before = stored(scene.app)
    ways: list[dict[str, str]] = [
        {},
        {"Sec-Purpose": "prefetch;prerender"},
        {"User-Agent": "Mozilla/5.0 (X11) HeadlessChrome/126.0"},
    ]
    for headers in ways * 10:
        scanner.send("GET", link, status=200, headers=headers)
        scanner.send("HEAD", link, status=200, headers=headers)
    assert stored(scene.app) == before
    assert PageClient(scene.app).post(link).location == f"{scene.owner.root}/buyers"


def test_the_address_is_in_no_file_before_or_after_it_was_sent_and_makes_no_lead(
    scene: Scene,
) -> None:
    scene.request()
    database = services_of(scene.app).database
    (job,) = rows(database, JobRow)
    assert (job.kind, list(job.payload)) == (jobs.EMAIL_RESUME_LINK, ["link_id"])
    assert not is_anywhere(scene.app, ADDRESS)
    deliver(scene.app)
    link = link_in(scene.server)
    assert not is_anywhere(scene.app, ADDRESS, link.rsplit("/", 1)[1], scene.owner.token)
    assert [link.encrypted_mail for link in rows(database, ResumeLinkRow)] == [None]
    assert rows(database, DeliveryRow) == []
    deliver(scene.app)
    assert len(scene.server.accepted) == 1


@pytest.mark.parametrize("held", ["robot", "check", "network", "address", "all"])
def test_a_held_email_is_answered_like_a_sent_one(
    world: tuple[Flask, MailServer], scene: Scene, held: str, tmp_path: Path
) -> None:
    tight = {"network": "limit_contacts", "address": "limit_mails_address", "all": "limit_mails"}
    if held in tight:
        more = {tight[held]: "1 per day", **mail_settings(world[1].port)}
        app = make_app(tmp_path, **more)
        journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
        journey.start()
        scene = Scene(app, world[1], journey)
    allowed = int(LINKS_PER_CHECK[0]) if held == "check" else 1
    pages = []
    for number in range(allowed + 1):
        trap = "x" if held == "robot" and number == allowed else ""
        page = scene.request(trap=trap)
        # The stamp says when the form was shown.
        html = re.sub(
            r'(name="stamp" value|data-challenge)="[^"]+"', "", scene.owner.client.follow(page).html
        )
        pages.append((page.status, page.location, html))
        deliver(scene.app)
    assert len(set(pages)) == 1
    assert "Check your email" in pages[0][2]
    assert "enter your email again in case it had a typo" in pages[0][2]
    assert ADDRESS not in pages[0][2] + pages[0][1]
    assert len(scene.server.accepted) == allowed


def test_a_newer_link_replaces_the_one_before(scene: Scene) -> None:
    first, second = scene.link(), scene.link()
    assert first != second
    PageClient(scene.app).get(first, status=410)
    PageClient(scene.app).get(second)


def test_a_replaced_link_is_not_sent(scene: Scene) -> None:
    scene.request()
    scene.request("other@example.com")
    deliver(scene.app)
    assert [mail["To"] for mail in scene.server.mails()] == ["other@example.com"]


def test_after_the_end_the_link_leads_to_the_result(scene: Scene) -> None:
    link, other = scene.link(), PageClient(scene.app)
    scene.owner.to_review()
    assert "You answered everything" in other.get(link).text
    assert other.post(link).location == f"{scene.owner.root}/review"
    result = scene.owner.submit()
    page = other.get(link)
    assert "Your result is ready" in page.text
    assert result.path not in page.html
    assert other.post(link).location == result.path


@pytest.mark.parametrize("how", ["deleted", "expired", "anonymised", "unknown"])
def test_a_link_that_leads_nowhere_says_so_and_offers_to_start(
    scene: Scene, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, owner = scene.link(), scene.owner.client
    database = services_of(scene.app).database
    if how == "deleted":
        owner.submit(owner.get(scene.pause).form("/delete"), status=200)
    elif how == "anonymised":
        scene.owner.to_result()
        lead = all_leads(database)[-1]
        write(database, erasure.erase, [lead.id], "anonymise", by=None, reason="requested")
        assert rows(database, ResumeLinkRow) == []
    elif how == "expired":
        scene.owner.to_result()  # so that it is the link that expires, and not the draft
        later = database.clock() + resume_links.LINK_LIFE + timedelta(seconds=1)
        monkeypatch.setattr(database, "clock", lambda: later)
    else:
        link = f"/resume/{new_token()}"
    for method in ("GET", "HEAD", "POST"):
        page = PageClient(scene.app).send(method, link, status=410)
    page = PageClient(scene.app).get(link, status=410)
    assert page.link("Go to the start page") == "/"
    assert ADDRESS not in page.html
    assert scene.owner.token not in page.html


def test_an_address_is_kept_a_day_at_most_and_a_link_a_month(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.request()
    database = services_of(scene.app).database
    start = database.clock()
    for days, kept in ((1, [None]), (31, [])):
        later = start + timedelta(days=days, seconds=1)
        monkeypatch.setattr(database, "clock", lambda later=later: later)
        write(database, retention.purge)
        assert [link.encrypted_mail for link in rows(database, ResumeLinkRow)] == kept


@pytest.mark.parametrize(
    ("answer", "pause", "kept"),
    [("550 no such mailbox", 9, False), ("451 later", 9, True), ("451 later", 0, False)],
)
def test_a_failed_email_leaves_no_address_in_the_end(
    scene: Scene, answer: str, pause: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a pause between them, all eight attempts are made at once."""
    monkeypatch.setattr(jobs, "back_off", lambda _attempts: timedelta(seconds=pause))
    scene.server.on_recipient = f"{answer} <{ADDRESS}>"
    scene.request()
    deliver(scene.app)
    (job,) = rows(services_of(scene.app).database, JobRow)
    assert ADDRESS not in (job.last_error or "")
    (link,) = rows(services_of(scene.app).database, ResumeLinkRow)
    assert (link.encrypted_mail is not None) is kept
    assert scene.server.accepted == []


def test_a_copy_of_the_database_opens_no_check_even_with_the_secret_key(scene: Scene) -> None:
    link = scene.link()
    key, database = services_of(scene.app).settings.signing_key(), services_of(scene.app).database
    found = read(database, resume_links.find_draft_token, key, link.rsplit("/", 1)[1])
    assert found == scene.owner.token
    (row,) = rows(database, ResumeLinkRow)
    assert decrypt(key, Purpose.RESUME, row.encrypted_draft_token, row.draft_id) is None


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c"])
def test_what_is_no_address_is_named_beside_the_field(scene: Scene, address: str) -> None:
    page = scene.request(address, status=422)
    assert [*page.errors] == ["send_to"]
    assert deliver(scene.app) == 0


def test_without_a_mail_server_link_and_code_remain(client: PageClient) -> None:
    journey = Journey(client, BATON_ON_THE_FLOOR.answers)
    journey.start()
    page = client.get(f"{journey.root}/pause")
    assert "Email me the link" not in page.text
    assert "<svg" in page.html
    client.post(f"{journey.root}/email-link", {"send_to": ADDRESS}, status=422)
