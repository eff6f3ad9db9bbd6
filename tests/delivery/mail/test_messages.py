"""Headers as the bytes that leave for a mail server, of every kind of mail and with odd names.

A mail program gets these bytes, and Python's parser forgives what mail programs don't.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import delete, select

from consult.crypto import Purpose, encrypt
from consult.delivery.handlers import HANDLERS
from consult.delivery.mail.messages import name_for_staff, safe_name
from consult.delivery.notifications import dispatch
from consult.delivery.notifications.staff_mail import ALERT_TEXTS
from consult.settings.brand import Brand
from consult.settings.setting_sources import load_settings
from consult.storage import deliveries, documents, jobs
from consult.storage.db.database import Database
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.tables.delivery_tables import EndpointRow, JobRow, NotificationRow
from consult.workflow.notification_types import EMAIL_TYPES
from tests.delivery.mail.test_report_mail import LINK, report_of
from tests.delivery.notifications.test_dispatch import notify
from tests.support.databases import ON_SQLITE, Clock, rows, write
from tests.support.lead_factories import colleague, set_lead
from tests.support.mail_server import as_read, mail_server
from tests.support.submissions import lead_of, save_contact, submitted
from tests.support.workers import BASE_URL, SECRET_KEY, SENDER, SETTINGS, Box, make_context, text_of

LONG = "The Honest Towing, Roadside Repair and Winter Storage Company of Greater Springfield"
GERMAN = "Müller, Meier & Söhne Garten- und Landschaftsbau GmbH & Co. KG, Nürnberg"
NAMES = {
    "24/7 Towing": "24 7 Towing",
    "T" * 61: "T" * 61,
    "T" * 200: "T" * 99 + "…",
    LONG: LONG,
    GERMAN: GERMAN,
    "日本語" * 20: "日本語" * 20,
    "مرحبا 🦔": "مرحبا 🦔",
    "St.Mary’s Dental": "St Mary’s Dental",
    "J.R. O’Neil-Smith": "J.R. O’Neil-Smith",
    'Ada "The Tent", <ada@evil.example>': 'Ada "The Tent", ada evil example',
    "Tents\r\nBcc: all@evil.example": "Tents Bcc all evil example",
    "T\u202exx": "T xx",
    "=?utf-8?q?=0d=0aBcc=3aevil?=": "utf-8?q 0d=0aBcc=3aevil",
    "WWW evil \uff58\uff0e\uff43\uff4f\uff4d": "evil x com",
    "Call 1900 555 0199 now": "Call now",
    "evil.example/pay <b>x</b>": "evil example pay b x b",
}
"""What owners may call their business, and how a mail to staff calls it."""

SENDERS = {
    SENDER: SENDER,
    f'"{LONG}" <relay@check.example>': f'"{LONG}" <relay@check.example>',
    f'"{GERMAN}" <hallo@müller-agentur.de>': f"{GERMAN} <hallo@xn--mller-agentur-wob.de>",
}
BRANDS = (
    Brand(email="hello@maven.example"),
    Brand(email="hallo@müller-agentur.de", product=f"Staffel-Prüfung der {GERMAN}"[:80]),
)
BASE_URLS = (BASE_URL, load_settings(env_file=None, base_url="https://prüf.straße.de").base_url)
HOST = r"(check\.example|xn--prf-ioa\.xn--strae-oqa\.de)"
HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"),
    *("Content-Type", "Content-Transfer-Encoding", "Reply-To"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),
}


def headers_of(raw: bytes) -> Mapping[str, str]:
    """The headers of a mail, unfolded and otherwise as they are sent, after a look at each line."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    assert "\n" not in head.replace("\r\n", "")
    for line in head.split("\r\n"):
        assert len(line) <= (76 if "=?" in line else 998)
    lines = re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines)
    assert headers.keys() <= HEADERS
    return headers


def decoded(header: str) -> str:
    return str(make_header(decode_header(header)))


def check_mail(raw: bytes, sender: str, brand: Brand) -> str:
    """Check all headers of a mail; returns its subject."""
    headers = headers_of(raw)
    assert re.fullmatch(rf"<[0-9a-f]{{32}}@{HOST}>", headers["Message-ID"])
    assert re.fullmatch(r"[\w.-]+@[\w.-]+", headers["To"])
    # One sender: a comma that is neither in quotes nor encoded begins another.
    assert "," not in re.sub(r'"[^"]*"', "", headers["From"])
    assert decoded(headers["From"]) == sender
    if "Reply-To" in headers:
        assert headers["Reply-To"] == brand.email.replace("müller-agentur", "xn--mller-agentur-wob")
    if "List-Unsubscribe" in headers:
        link = rf"<https://{HOST}/mail/stop/[\w.-]+>"
        assert re.fullmatch(link, headers["List-Unsubscribe"])
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return decoded(headers["Subject"])


def request_every_mail(database: Database, names: Collection[str]) -> int:
    """Request one mail of each kind: of each owner, about them, and of the rest; how many."""
    ada = colleague(database, "ada")
    kinds = [kind for kind in EMAIL_TYPES if kind != "digest"]
    for name in names:
        token = submitted(database, report=report_of("baton_on_the_floor"))
        save_contact(database, token, LINK, name=name[:100], business=name, wants_consult=False)
        lead_id = lead_of(database, token).id
        write(database, documents.put, lead_id, documents.REPORT, 2, b"%PDF")
        for kind in kinds:
            notify(database, lead_id, kind, recipient_id=ada, actor_id=ada)
        set_lead(
            database, lead_id, offered_to_id=ada, offered_at=database.clock(), assignee_id=None
        )
    with database.writing() as session:
        session.execute(delete(JobRow).where(JobRow.kind != jobs.EMAIL_REPORT))
        for notification in session.scalars(select(NotificationRow).order_by(NotificationRow.id)):
            deliveries.enqueue_staff_email(
                session, ada, notification.kind, notification=notification
            )
        deliveries.enqueue_staff_email(session, ada, "digest", day=date(2026, 3, 2))
        for alert in ALERT_TEXTS:
            deliveries.enqueue_staff_email(session, ada, alert)
        endpoint = EndpointRow(
            url="https://hooks.example/",
            from_environment=False,
            events=[],
            includes_contact=False,
            active=False,
            disabled_reason="gone",
            salt="",
            secret_hash="",
            created_at=session.now(),
        )
        session.add(endpoint)
        session.flush()
        deliveries.enqueue_staff_email(
            session, ada, deliveries.WEBHOOK_DISABLED, endpoint_id=endpoint.id
        )
        draft = drafts.load(session, drafts.start(session, "2026-12", "quick", {}))
        assert draft
        sealed = encrypt(SECRET_KEY, Purpose.REMINDER, "token", draft.id)
        reminder_consent.grant(session, draft.id, "bo@example.com", "Once.", sealed)
        [(consent, *_)] = reminder_consent.unused(session)
        assert reminder_consent.request_send(session, consent.id)
    return len(names) * (1 + len(kinds)) + 1 + len(ALERT_TEXTS) + 2


@ON_SQLITE
@pytest.mark.parametrize("number", range(len(SENDERS) * len(BRANDS)))
def test_every_mail_has_plain_headers_and_the_name(database: Database, number: int) -> None:
    # Six numbers have every sender with every brand, and each name one of them.
    names = dict(list(NAMES.items())[number :: len(SENDERS) * len(BRANDS)])
    sender, brand = list(SENDERS)[number % len(SENDERS)], BRANDS[number % len(BRANDS)]
    base_url = BASE_URLS[number % len(BASE_URLS)]
    count, box = request_every_mail(database, names), Box()
    context = make_context(database, transport=box, sender=sender, brand=brand, base_url=base_url)
    for job in rows(database, JobRow):
        HANDLERS[job.kind](context, job)
    mails = []
    for mail in box.mails:
        raw = mail.as_bytes()
        mails.append((check_mail(raw, SENDERS[sender], brand), text_of(as_read(raw))))
    assert len(mails) == count
    subjects = [subject for subject, _ in mails]
    (digest,) = (text for subject, text in mails if subject.startswith("Monday: "))
    for shown in names.values():
        about = {subject: text for subject, text in mails if shown in subject}
        assert len(about) == len(EMAIL_TYPES) - 1
        for text in (digest, *about.values()):
            assert shown in text
    assert f"Your unfinished {brand.product}" in subjects
    assert len([one for one in subjects if one.startswith("Your result: ")]) == len(names)


@pytest.mark.parametrize("number", range(len(SENDERS)))
def test_a_server_without_smtputf8_takes_it(number: int) -> None:
    sender, brand = list(SENDERS)[number], BRANDS[number % len(BRANDS)]
    with mail_server(smtputf8=False) as server:
        url = SecretStr(f"smtp://127.0.0.1:{server.port}")
        settings = SETTINGS.model_copy(update={"mail_from": sender, "smtp_url": url})
        problem = dispatch.send_account_link(
            *(settings, brand, "bo@bücher.example", LINK),
            valid_for="a day",
            is_new=True,
            now=Clock()(),
        )
    assert problem == ""
    (raw,) = server.accepted
    assert check_mail(raw, SENDERS[sender], brand) == f"Your account at {brand.product}"
    assert server.recipients == ["bo@xn--bcher-kva.example"]


@given(
    st.text(
        st.sampled_from("aZ0123456789 .@/:<>\\=?w,\"'-+()\u3002\uff0e\u202e\r\nüé"), max_size=140
    )
)
@example("ww/ww.evil.example")
@example("=?=?=?")
def test_a_name_for_staff_is_safe(text: str) -> None:
    name = name_for_staff(text)
    assert name == safe_name(name, 100)
    if safe_name(text):
        assert name == safe_name(text)
