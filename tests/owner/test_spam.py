"""Spam: what robots send goes nowhere, what people send isn't lost, no page says which is which.

The law: a form with signs of a robot makes the site send nothing at all, to anyone. The one email
that may follow is the one to confirm the address, and only a press on the page of the result asks
for it. Whatever was sent is kept for staff.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from consult.storage.tables.delivery_tables import DeliveryRow, NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.results import hand_in

SMTP = {"smtp_url": "smtp://127.0.0.1:1", "mail_from": "Relay Check <relay@check.example>"}
ADA = {"name": "Ada Lovelace", "email": "ada@example.com", "consent": "y"}
MINUTE = 60
HOUR = 60 * MINUTE


class Site:
    """An app whose clock stands still until someone waits."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.app: Flask = make_app(folder, **{**SMTP, "spam_timing": "on", **changes})
        self.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
        self.made = services_of(self.app)
        self.made.database.clock = lambda: self.now
        self.client = PageClient(self.app)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def rows(self, table: Any) -> Sequence[Any]:
        with self.made.database.reading() as session:
            return session.scalars(select(table).order_by(*table.__mapper__.primary_key)).all()

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

    def send(self, site: Site, number: int) -> Page:
        site.wait(1)
        result = hand_in(site.app, seconds=self.check_seconds)
        # No two come from one network unless it says so.
        from_network = {"REMOTE_ADDR": self.network or f"10.{number // 250}.{number % 250}.7"}
        form = site.client.get(f"{result}/contact").form("/contact")
        data = {**form.data, **ADA, "email": f"ada{number}@example.com", **self.typed}
        if self.fills_everything:
            all_others = form.fields.keys() - {*ADA, "stamp"}
            data |= dict.fromkeys(all_others, "http://spam.example")
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
    """Two hundred scripts without JavaScript, forty of each kind."""
    other = site.client.get(f"{hand_in(site.app)}/contact").form("/contact").data["stamp"]
    typed = {"email": "zq81@mail.guerrillamail.com"}
    kinds = [
        Sender("fills everything", fills_everything=True),
        Sender("posts at once", form_seconds=0.4),
        Sender("replays a stamp", stamp=str(other)),
        Sender("is one of many in a network", check_seconds=3, network="203.0.113.9"),
        Sender("has a throwaway address", typed=typed),
    ]
    return list(chain.from_iterable([kind] * 40 for kind in kinds))


def people() -> Sequence[Sender]:
    """Fifty people, as they were watched to fill in the form."""
    kinds = [
        (8, Sender("types fast", form_seconds=7)),
        (8, Sender("uses a password manager", form_seconds=2.1)),
        (8, Sender("uses a screen reader", form_seconds=9 * MINUTE, check_seconds=40 * MINUTE)),
        (7, Sender("has JavaScript off", form_seconds=45)),
        (10, Sender("shares an office network", network="198.51.100.4")),
        (4, Sender("comes back after hours", form_seconds=7 * HOUR)),
        (1, Sender("comes back on the next day", form_seconds=26 * HOUR)),
        (4, Sender("forgets the box, and checks it at once", slip=True)),
    ]
    return list(chain.from_iterable([kind] * count for count, kind in kinds))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def test_of_two_hundred_scripts_at_most_two_send_anything(site: Site) -> None:
    senders = robots(site)
    assert len(senders) == 200
    for number, robot in enumerate(senders):
        robot.send(site, number)
    assert len(site.that_send()) <= 2
    # What they sent is kept, with a reason for each.
    contacts = site.rows(ContactRow)
    assert len(contacts) == 200
    assert all(contact.signs for contact in contacts)


def test_of_fifty_people_none_is_lost_and_two_at_most_confirm(site: Site) -> None:
    everyone = people()
    assert len(everyone) == 50
    for number, person in enumerate(everyone):
        page = site.client.follow(person.send(site, number))
        assert "Thank you, Ada Lovelace." in page.text
    assert len(site.rows(ContactRow)) == 50
    suspect = [lead.submission_id for lead in site.rows(LeadRow) if lead.suspect]
    assert len(suspect) <= 2
    assert len(site.that_send()) == 50 - len(suspect)
