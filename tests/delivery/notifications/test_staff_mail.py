"""Mails to staff: what is in them and what is not, how to unsubscribe, and each is sent once."""

import html5lib
import pytest

from consult.delivery.mail.transport import SmtpTransport
from consult.delivery.notifications import staff_mail
from consult.delivery.worker import RetryableError
from consult.storage import deliveries
from consult.storage.db.database import Database
from consult.storage.leads import handovers
from consult.storage.privacy import erasure
from consult.workflow.notification_types import EMAIL_TYPES
from tests.delivery.notifications.test_dispatch import notify
from tests.support.databases import ON_SQLITE, Clock, read, write
from tests.support.lead_factories import colleague, set_lead
from tests.support.mail_server import mail_server
from tests.support.submissions import CONTACT, left_contact, save_contact, submitted
from tests.support.workers import (
    BASE_URL,
    SECRET_KEY,
    SENDER,
    Box,
    drop_jobs,
    make_worker,
    sent_mails,
    text_of,
)

PERSONAL = (CONTACT.name, CONTACT.email, "+1 555 0199", "baton", "31.2")


@ON_SQLITE
def test_a_real_server_gets_a_mail_with_an_unsubscribe_link(database: Database) -> None:
    ada = colleague(database, "ada")
    lead_id = left_contact(database, wants_consult=True)
    with mail_server() as server:
        make_worker(database, transport=SmtpTransport(f"smtp://127.0.0.1:{server.port}")).run_once()
    (message,) = server.mails()
    assert server.recipients == ["ada@agency.example"]
    assert (message["To"], message["From"]) == ("ada@agency.example", SENDER)
    assert message["Subject"] == "Okafor Tents requested a consult"
    stop = message["List-Unsubscribe"].strip("<>")
    assert stop.startswith(f"{BASE_URL}/mail/stop/")
    token = stop.rpartition("/")[2]
    assert staff_mail.read_unsubscribe_token(SECRET_KEY, token) == (ada, "consult_wanted")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        said = text_of(message, kind)
        for part in (
            "Hello Ada",
            "Okafor Tents requested a consult",
            f"{BASE_URL}/staff/leads/{lead_id}",
            f"{BASE_URL}/staff/account#notifications",
            stop,
        ):
            assert part in said
    (sent,) = read(database, deliveries.for_lead, lead_id)
    assert (sent.sent_via, sent.user and sent.user.name) == ("server", "Ada")


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "answered", "says"),
    [
        ("consult_wanted", False, "A first reply is due Mon, Mar 2, 10:30 AM (UTC)."),
        ("overdue", False, "A first reply was due Mon, Mar 2, 10:30 AM (UTC)."),
        ("overdue", True, ""),
        ("finished", False, ""),
    ],
)
def test_the_mail_says_when_due(database: Database, kind: str, answered: bool, says: str) -> None:
    colleague(database, "ada", finished="all")
    lead_id = left_contact(database)
    sent_mails(database)
    set_lead(database, lead_id, first_contact_at=database.clock() if answered else None)
    notify(database, lead_id, kind, occasion="again")  # type: ignore[arg-type]
    (message,) = sent_mails(database)
    for part in ("plain", "html"):
        said = text_of(message, part)
        assert ("A first reply" in said) == bool(says)
        assert says in " ".join(said.split())


@ON_SQLITE
def test_no_mail_says_more_about_an_owner_than_the_business(database: Database) -> None:
    ada = colleague(database, "ada", finished="all")
    lead_id = left_contact(database, phone="+1 555 0199")
    drop_jobs(database)
    set_lead(database, lead_id, offered_to_id=ada, offered_at=database.clock(), assignee_id=None)
    kinds = [kind for kind in EMAIL_TYPES if kind != "digest"]
    for kind in kinds:
        notify(database, lead_id, kind, recipient_id=ada, occasion="x")
    mails = sent_mails(database)
    assert len(mails) == len(kinds)
    for message in mails:
        for part in ("plain", "html"):
            said = text_of(message, part)
            assert not [text for text in PERSONAL if text in said]
            assert "Okafor Tents" in said
        html5lib.HTMLParser(strict=True).parse(text_of(message, "html"))
        assert "\n\n\n" not in text_of(message).replace("\r", "")


@ON_SQLITE
def test_the_agency_chooses_whether_it_says_whom_to_call(database: Database) -> None:
    colleague(database, "ada")
    says = {"troubles": [{"name": "Leads ghost us"}], "own_words": "See evil.example for more"}
    token = submitted(database, report=says)
    save_contact(database, token, phone="+1 555 0199", name="visit evil.example")
    (message,) = sent_mails(database, staff_mails="contact")
    said, page = text_of(message), text_of(message, "html")
    for part in (
        "Assigned to: You",
        "Wants: A consult",
        "Phone: +1 555 0199",
        f"Email: {CONTACT.email}",
        "What’s bothering them: Leads ghost us",
        "Wanted in three months: See evil example for more",
    ):
        assert part in said
    assert "evil.example" not in said + page
    assert 'href="tel:+15550199"' in page
    html5lib.HTMLParser(strict=True).parse(page)


@ON_SQLITE
def test_a_returned_handover_says_why(database: Database, clock: Clock) -> None:
    ada, bo = colleague(database, "ada"), colleague(database, "bo")
    lead_id = left_contact(database)
    write(database, handovers.claim, lead_id, by=ada)
    write(database, handovers.hand_over, lead_id, bo, by=ada)
    sent_mails(database)
    write(database, handovers.decline, lead_id, by=bo, reason="no_time", comment="Sorry")
    clock.go_on(minutes=1)  # until then, it could be undone
    (message,) = sent_mails(database)
    for kind in ("plain", "html"):
        assert "“I don’t have time.”" in text_of(message, kind)
        assert "Sorry" not in text_of(message, kind)


@ON_SQLITE
@pytest.mark.parametrize("business", ["+1 (900) 555-0199", "<>", "\u202e"])
def test_a_lead_without_a_name_to_print_has_its_number(database: Database, business: str) -> None:
    colleague(database, "ada")
    lead_id = left_contact(database, business=business)
    (message,) = sent_mails(database)
    assert message["Subject"] == f"New lead: Lead {lead_id}"


@ON_SQLITE
def test_a_mail_about_a_lead_that_was_deleted_is_not_sent(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    lead_id = left_contact(database)
    make_worker(database, transport=Box(RetryableError("busy"))).run_once()
    write(database, erasure.erase, [lead_id], "delete", by=None, reason="requested")
    clock.go_on(days=1)
    assert sent_mails(database) == []


# --- The link that stops a kind of mail ---------------------------------------------------------


@pytest.mark.parametrize(
    "change", ["{token}x", "x{token}", "", ".", "..", "7.digest.{token}", "\ud800"]
)
def test_a_changed_token_is_not_valid(change: str) -> None:
    token = staff_mail.unsubscribe_token(SECRET_KEY, 7, "digest")
    assert staff_mail.read_unsubscribe_token(SECRET_KEY, change.format(token=token)) is None
    assert staff_mail.read_unsubscribe_token("other key", token) is None
