"""The count after a storm names what is missing."""

import ssl

from consult.storage.db.database import Database
from tests.support.databases import ON_SQLITE
from tests.support.mail_server import MailServer
from tests.support.submissions import left_contact
from tests.support.webhook_receiver import Internet, Receiver
from tools.storm.audit import audit
from tools.storm.people import Ledger


@ON_SQLITE
def test_what_is_missing_is_named(database: Database) -> None:
    left_contact(database)  # whose PDFs and email nobody made
    ledger = Ledger(
        answers={"token": {"first_reply": 2}},
        results={"token": "/result/other"},
        contacts={"/result/other": "dana@example.com"},
        claims=[(1, "ada@agency.example")],
        notes={"Call on Friday": 1},
    )
    no_webhooks = Receiver(Internet(0), ssl.create_default_context())
    found = audit(database, ledger, MailServer(port=0), no_webhooks)
    assert [fault.partition(":")[0] for fault in found.faults] == [
        *("answers", "submissions", "contacts", "leads taken by staff", "notes of staff"),
        *("PDFs for owners, current", "PDFs for staff, current", "emails to owners, once each"),
    ]
