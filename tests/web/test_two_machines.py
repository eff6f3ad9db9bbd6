"""Two web machines and a worker share a database server: nothing that matters is on one of them."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tests.staff.settings.test_settings_pages import png
from tests.support.apps import deliver, mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.mail_server import MailServer, mail_server
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT
from tests.support.staff_client import ADMIN, make_user, sign_in


class InTurn:
    """A site whose requests are answered by several machines in turn."""

    def __init__(self, machines: Iterable[Flask]) -> None:
        self._machines = cycle(machines)

    def test_client(self) -> Client:
        return Client(self, Response)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return next(self._machines).wsgi_app(environ, start_response)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def machines(postgres_url: str, tmp_path: Path, mail: MailServer) -> Iterator[list[Flask]]:
    """Three machines, each with a folder of its own; two of them start at most two checks."""
    made = [
        make_app(
            tmp_path / name,
            database_url=postgres_url,
            **mail_settings(mail.port),
            limit_starts="2 per hour",
        )
        for name in ("one", "two", "worker")
    ]
    yield made
    for machine in made:
        services_of(machine).database.close()


def client_of(machines: Iterable[Flask]) -> PageClient:
    return PageClient(cast(Flask, InTurn(machines)))


def test_people_use_two_machines_in_turn_and_nothing_stays_on_one(
    machines: list[Flask], mail: MailServer, tmp_path: Path
) -> None:
    *web, worker = machines
    owner = Journey(client_of(web), BATON_ON_THE_FLOOR.answers)
    result = owner.to_result().path
    owner.client.submit(owner.go(f"{result}/contact").form("/contact").fill(**CONTACT))
    deliver(worker)
    pdfs = {owner.client.get(f"{result}/report.pdf").body for _ in web}
    assert len(pdfs) == 1
    assert mail.recipients == [CONTACT["email"]]

    make_user(web[0], ADMIN, admin=True)
    admin = client_of(web)
    sign_in(admin, ADMIN)
    form = admin.get("/staff/settings/brand").form("/logo")
    picture = {**form.data, "logo": (BytesIO(png()), "logo.png")}
    admin.post(form.action, picture, content_type="multipart/form-data")
    for machine in web:
        services_of(machine).settings_provider.refresh()  # as each does within two seconds
    assert {admin.get("/staff/settings/brand").html.count("logo-now") for _ in web} == {1}
    for path in ("/staff/leads/1", "/staff/export.csv", "/staff/export.xlsx"):
        bodies = [admin.get(path).body for _ in web]
        assert all(bodies)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_limits_count_on_all_machines_together(machines: list[Flask]) -> None:
    visitor = client_of(machines)
    for status in (303, 303, 429):
        visitor.post("/start", {}, status=status)
