"""A small agency whose routes are tried by everyone: see `tests/staff/access_matrix.py`."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from consult.crypto import Purpose, encrypt
from consult.storage import deliveries
from consult.storage.accounts import account_admin
from consult.storage.api import api_tokens
from consult.storage.booking import busy_feeds, calendar_setup
from consult.storage.db.database import Session
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.leads import notes
from consult.storage.search import saved_views
from consult.storage.tables.account_tables import StaffInvitationRow, StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.support.apps import SECRET_KEY, make_app, services_of
from tests.support.calendar_payloads import receive
from tests.support.client import PageClient
from tests.support.passkeys import add_passkey_row
from tests.support.second_factors import let_pass
from tests.support.staff_client import enter, make_lead, make_user, signed_in
from tests.support.submissions import CONTACT

NOBODY, DISABLED, STAFF, ADMIN = ROLES = ("nobody", "disabled", "staff", "admin")
_EMAILS = {role: f"{role}@example.com" for role in (DISABLED, STAFF, ADMIN)}
_SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
MISSING = 987_654


class World:
    """An app with an admin, a member of staff, someone disabled, and two leads.

    All are signed in, the disabled one in a browser whose session was left open. `restore` puts
    the database back, so that each request finds the same world.
    """

    def __init__(self, folder: Path) -> None:
        self.app = make_app(folder)
        let_pass(self.app)  # however long the test takes, who signed in did so just now
        made = services_of(self.app)
        for role in _EMAILS:
            make_user(self.app, _EMAILS[role], admin=role == ADMIN)
        self._browsers = {role: PageClient(self.app) for role in ROLES}
        for role in _EMAILS:
            enter(self._browsers[role], _EMAILS[role])
            signed_in(self.app, _EMAILS[role])  # in another browser
        self._tokens = {role: self._form_token(role) for role in ROLES}
        self.leads = [make_lead(self.app, contact=CONTACT) for _ in range(2)]
        link = account_admin.invite(made.database, "", "new@example.com")
        self._invitation = link.rsplit("/", 1)[1]
        with made.database.writing() as session:
            users = {user.email: user.id for user in session.scalars(select(StaffUserRow))}
            self._people = {role: users[email] for role, email in _EMAILS.items()}
            self._passkeys = {
                role: add_passkey_row(session, id) for role, id in self._people.items()
            }
            self._notes = {role: self._write_notes(session, role) for role in _EMAILS}
            for number, lead in enumerate(self.leads, 1):
                address = "https://check.example/x"
                deliveries.email_owner(session, deliveries.REPORT, lead, CONTACT.email, address)
                deliveries.record_sent(session, number, "server", subject="Hi", body="Hi")
            for id in self._people.values():
                saved_views.add(session, "Fairs", "source=fair", shared=False, by=id)
            self._api_tokens = [
                api_tokens.make(session, f"rc_{role}", role, [], life=timedelta(days=9), by=id).id
                for role, id in self._people.items()
                if role != DISABLED
            ]
            self._add_bookings(session)
            self._feeds = [
                busy_feeds.add(session, f"{number}", f"https://x.example/{number}", "x", by=1)
                for number in (1, 2)
            ]
            self._messages = [self._send_webhook(session, number) for number in (1, 2)]
            for lead, role in zip(self.leads, (STAFF, ADMIN), strict=True):
                session.get_one(LeadRow, lead).assignee_id = self._people[role]
            session.get_one(StaffUserRow, self._people[DISABLED]).active = False
            for number in (1, 2):
                draft = drafts.load(session, drafts.start(session, "2026-12", "quick", {}))
                assert draft is not None
                email = f"{number}@example.com"
                reminder_consent.grant(session, draft.id, email, "Once.", b"encrypted")
            newest = select(func.max(StaffInvitationRow.id))
            self._invitation_id = session.scalars(newest).one()
        self._file = folder / "consult.db"
        self._kept = sqlite3.connect(":memory:")
        self.keep()
        self._watch = sqlite3.connect(self._file)
        self.version()  # what has read keeps the log in place, as a server's connections do

    def _write_notes(self, session: Session, role: str) -> list[int]:
        """A note on each lead by someone who could ever write one; their ids."""
        by = self._people[role]
        made = [notes.add(session, lead, "Call again", by=by) for lead in self.leads]
        return [note.id for note in made if note]

    def _add_bookings(self, session: Session) -> None:
        """A calendar that reports, and two bookings without a lead."""
        secret = encrypt(SECRET_KEY, Purpose.CALENDAR, "secret of a calendar", "cal")
        calendar_setup.set_up(session, "cal", "x" * 32, secret, by=self._people[ADMIN])
        for name in ("own", "another"):
            receive(session, "booked", name, f"{name}@example.net")

    def _send_webhook(self, session: Session, number: int) -> int:
        """A message to an endpoint of this number; its id."""
        url = f"https://hooks.example/{number}"
        salt = str(number)
        endpoints.add(
            session,
            url,
            WEBHOOK_EVENTS,
            includes_contact=False,
            salt=salt,
            secret_hash="x",
        )
        return deliveries.enqueue_webhook(session, number)

    def close(self) -> None:
        self._watch.close()
        self._kept.close()
        services_of(self.app).database.close()

    def keep(self) -> None:
        """Have `restore` put the database back to how it is now."""
        with closing(sqlite3.connect(self._file)) as now:
            now.backup(self._kept)

    def restore(self) -> None:
        """Put the database back to how it was."""
        with closing(sqlite3.connect(self._file)) as now:
            now.execute("PRAGMA synchronous = OFF")  # no test cuts the power
            self._kept.backup(now)

    def version(self) -> int:
        """A number that changes when someone writes to the database."""
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def objects(self, role: str) -> Mapping[str, Mapping[str, object]]:
        """For each argument of a route, what is a person's own, another's, or nowhere."""
        me = STAFF if role not in _EMAILS else role
        other = ADMIN if me == STAFF else STAFF
        views = list(_EMAILS)  # each made one
        return {
            "lead_id": {"own": self.leads[0], "another's": self.leads[1]},
            "passkey_id": {"own": self._passkeys[me], "another's": self._passkeys[other]},
            "note_id": {"own": self._notes[me][0], "another's": self._notes[other][1]},
            "invitation_id": dict.fromkeys(("own", "another's"), self._invitation_id),
            "consent_id": {"own": 1, "another's": 2},
            "booking_id": {"own": 1, "another's": 2},
            "provider": {"own": "cal"},
            "mail_id": {"own": 1, "another's": 2},
            "feed_id": dict(zip(("own", "another's"), self._feeds, strict=True)),
            "token_id": dict(zip(("own", "another's"), self._api_tokens, strict=True)),
            "endpoint_id": {"own": 1, "another's": 2},
            "message_id": {"own": self._messages[0], "another's": self._messages[1]},
            "session_id": {"own": self._session_of(me), "another's": self._session_of(other)},
            "slug": {"own": "hours"},
            "token": {"own": self._invitation, "missing": "x" * 43},
            "view_id": {"own": views.index(me) + 1, "another's": views.index(other) + 1},
            "user_id": {"own": self._people[me], "another's": self._people[other]},
        }

    def ask(self, role: str, method: str, path: str, fields: Mapping[str, str]) -> TestResponse:
        """Send a request as someone of a role, from a page of this site."""
        data = {"csrf_token": self._tokens.get(role, ""), **fields} if method == "POST" else None
        client = self._client(role)
        # Buffered, so that no file of an answer stays open.
        return client.open(path, method=method, data=data, headers=_SAME_SITE, buffered=True)

    def _client(self, role: str) -> FlaskClient:
        """A fresh browser with the cookies that this role signed in with."""
        kept = self._browsers[role]._client.get_cookie("staff")
        client = self.app.test_client()
        if kept:
            client.set_cookie("staff", kept.value)
        return client

    def _form_token(self, role: str) -> str:
        page = "/staff/sign-in" if role == NOBODY else "/staff/account"
        return self._browsers[role].get(page).form().data["csrf_token"][0]

    def _session_of(self, role: str) -> int:
        """The session of someone's other browser."""
        found = self._kept.execute(
            "SELECT max(s.id) FROM staff_sessions s JOIN staff_users u ON u.id = s.user_id "
            "WHERE u.email = ?",
            (_EMAILS[role],),
        )
        return int(found.fetchone()[0])
