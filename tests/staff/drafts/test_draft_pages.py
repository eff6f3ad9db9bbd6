"""From pausing to the one reminder: permission is requested, used once, and deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select

from consult.questionnaire.editions import newest
from consult.storage.audit import audit_log
from consult.storage.drafts import drafts
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DraftRow, ReminderConsentRow
from tests.support.apps import deliver, is_anywhere, mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import read, rows, write
from tests.support.mail_server import MailServer, mail_server
from tests.support.staff_client import joined, make_user, post, signed_in

ADDRESS = "quill.feather@example.com"


@dataclass
class Scene:
    """An app that can send mail, an owner in the middle of it, and a staff member."""

    app: Flask
    server: MailServer
    owner: PageClient
    root: str
    staff: PageClient

    def allow(self) -> None:
        form = self.owner.get(f"{self.root}/pause").form("/pause")
        self.owner.submit(form.fill(email=ADDRESS, permission="y"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, MailServer]]:
    folder: Path = tmp_path_factory.mktemp("unfinished")
    with mail_server() as server:
        app = make_app(folder, **mail_settings(server.port))
        make_user(app)
        yield app, server


@pytest.fixture
def scene(world: tuple[Flask, MailServer]) -> Scene:
    app, server = world
    server.accepted.clear()
    server.on_recipient = "250 OK"
    with services_of(app).database.writing() as session:
        session.execute(delete(DraftRow))
        session.execute(delete(JobRow))
        token = drafts.start(session, newest().name, "quick", {})
    return Scene(app, server, PageClient(app), f"/check/{token}", signed_in(app))


def test_pausing_shows_the_link_and_requires_no_address(scene: Scene) -> None:
    trouble = scene.owner.get(f"{scene.root}/trouble")
    first = scene.owner.follow(scene.owner.submit(trouble.form()))
    page = scene.owner.get(first.link("Finish later or on another device"))
    assert f"http://127.0.0.1:8000{scene.root}" in page.text
    (box,) = [box for box in page.document.all("input") if box.get("name") == "permission"]
    assert box.get("checked") is None
    page = scene.owner.get(page.link("Back to the questions"))
    assert page.h1 == first.h1
    for fields in ({"email": ADDRESS}, {"permission": "y"}, {"email": "nobody", "permission": "y"}):
        form = scene.owner.get(f"{scene.root}/pause").form("/pause")
        scene.owner.submit(form.fill(**fields), status=422)
    assert not is_anywhere(scene.app, ADDRESS)
    assert "No one has given permission yet" in scene.staff.get("/staff/unfinished").text


def test_permission_is_revoked_or_deleted_with_the_answers(scene: Scene) -> None:
    scene.allow()
    page = scene.owner.get(f"{scene.root}/pause")
    assert ADDRESS in page.text
    assert is_anywhere(scene.app, ADDRESS)
    page = scene.owner.follow(scene.owner.submit(page.form("/revoke-reminder")))
    assert "We deleted your email address" in page.text
    assert not is_anywhere(scene.app, ADDRESS)
    scene.allow()
    page = scene.owner.get(f"{scene.root}/pause")
    deleted = scene.owner.submit(page.form("/pause/delete"), status=200)
    assert deleted.h1 == "Your answers are deleted"
    assert not is_anywhere(scene.app, ADDRESS)
    scene.owner.get(f"{scene.root}/pause", status=404)


def test_one_reminder_is_sent_with_the_link_and_the_address_is_deleted(scene: Scene) -> None:
    scene.allow()
    page = scene.staff.get("/staff/unfinished")
    assert (ADDRESS in page.text, scene.root in page.html) == (True, False)
    scene.staff.submit(page.form("/send"))
    (job,) = rows(services_of(scene.app).database, JobRow)
    assert list(job.payload) == ["consent_id"]
    encrypted = rows(services_of(scene.app).database, ReminderConsentRow)[0].encrypted_token
    assert encrypted
    assert scene.root.rsplit("/", 1)[1].encode() not in encrypted
    deliver(scene.app)
    (message,) = scene.server.mails()
    body = message.get_body(("plain",))
    assert body
    text = str(body.get_content())
    assert message["To"] == ADDRESS
    assert f"http://127.0.0.1:8000{scene.root}" in text.splitlines()
    assert f"http://127.0.0.1:8000{scene.root}/pause" in text.splitlines()
    assert "won’t email you about this again" in text
    assert not is_anywhere(scene.app, ADDRESS)
    assert "1 person was emailed" in scene.staff.get("/staff/unfinished").text
    page = scene.owner.get(f"{scene.root}/pause")
    assert "We sent your one reminder" in page.text
    scene.owner.follow(scene.owner.get(scene.root, status=303))
    log = read(services_of(scene.app).database, audit_log.newest, limit=9)
    done = [entry.action for entry in log if entry.action.startswith("reminder.")]
    assert done == ["reminder.sent", "reminder.requested"]


@pytest.mark.parametrize("recipient", ["250 OK", f"550 no such mailbox <{ADDRESS}>"])
def test_a_failed_reminder_leaves_no_address_in_the_job(scene: Scene, recipient: str) -> None:
    """Nor anywhere, once it was sent again or the address does not exist."""
    scene.allow()
    post(scene.staff, "/staff/unfinished", "/send")
    scene.server.on_recipient = f"451 later <{ADDRESS}>"
    deliver(scene.app)
    with services_of(scene.app).database.writing() as session:
        (job,) = session.scalars(select(JobRow))
        assert ADDRESS not in (job.last_error or "")
        job.state, job.finished_at = "failed", session.now()
    page = scene.staff.get("/staff/unfinished")
    assert "couldn’t be sent" in page.text
    scene.server.on_recipient = recipient
    scene.staff.submit(page.form("/send"))
    deliver(scene.app)
    assert len(scene.server.accepted) == (recipient == "250 OK")
    assert not is_anywhere(scene.app, ADDRESS)


def test_staff_delete_an_address_on_request(scene: Scene) -> None:
    scene.allow()
    admin = joined(scene.app, "admin@example.com", admin=True)
    page = post(admin, "/staff/person", "/person", address=ADDRESS.upper())
    page = admin.follow(admin.submit(admin.follow(page).form("/delete")))
    assert "Address deleted" in page.text
    assert not is_anywhere(scene.app, ADDRESS)


def test_without_a_mail_server_no_address_is_requested(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    token = write(services_of(app).database, drafts.start, newest().name, "quick", {})
    owner = PageClient(app)
    assert "Allow one email" not in owner.get(f"/check/{token}/pause").text
    owner.post(f"/check/{token}/pause", {"email": ADDRESS, "permission": "y"}, status=422)
