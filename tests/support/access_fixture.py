"""A small agency whose routes are tried by everyone: see `tests/staff/access_matrix.py`."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from consult.staff.accounts import account_admin
from consult.storage import deliveries
from consult.storage.accounts import accounts as accounts_module
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.leads import notes
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.support.apps import make_app, services_of
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
        self._notes = self._with_notes()
        invitation = account_admin.invite(made.database, "", "new@example.com").rsplit("/", 1)[1]
        self._messages: list[int] = []
        with made.database.writing() as session:
            for number, lead in enumerate(self.leads, 1):
                deliveries.enqueue_report_email(
                    session, lead, CONTACT.email, "https://check.example/x"
                )
                deliveries.record_sent(session, number, "server", subject="Hi", body="Hi")
            for number in range(1, 3):
                address = f"https://hooks.example/{number}"
                endpoints.add(
                    session,
                    address,
                    WEBHOOK_EVENTS,
                    includes_contact=False,
                    salt=str(number),
                    secret_hash="never used",
                    by=None,
                )
                self._messages.append(deliveries.enqueue_webhook(session, number))
            for lead, role in zip(self.leads, (STAFF, ADMIN), strict=True):
                assignee = select(StaffUserRow.id).where(StaffUserRow.email == _EMAILS[role])
                session.execute(
                    update(LeadRow)
                    .where(LeadRow.submission_id == lead)
                    .values(assignee_id=assignee.scalar_subquery())
                )
            session.execute(
                update(StaffUserRow)
                .where(StaffUserRow.email == _EMAILS[DISABLED])
                .values(active=False)
            )
            members = session.execute(select(StaffUserRow.email, StaffUserRow.id)).all()
            for number in range(1, 3):
                token = drafts.start(session, "2026-12", "quick", {})
                check = drafts.load(session, token)
                assert check is not None
                reminder_consent.grant(
                    session, check.id, f"{number}@example.com", "Once.", b"encrypted"
                )
            self._passkeys = {email: add_passkey_row(session, id) for email, id in members}
        self._invitation = invitation
        self._file = folder / "consult.db"
        self._kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._file)) as now:
            now.backup(self._kept)
        self._people = {role: self._id_of("staff_users", _EMAILS[role]) for role in _EMAILS}
        self._invitations = [self._id_of("staff_invitations", "new@example.com")]
        self._watch = sqlite3.connect(self._file)

    def _with_notes(self) -> dict[str, list[int]]:
        """A note on each lead by everyone who could ever write one; their ids."""
        written: dict[str, list[int]] = {}
        with services_of(self.app).database.writing() as session:
            for role in _EMAILS:
                user = accounts_module.user_by_email(session, _EMAILS[role])
                assert user is not None
                made = [notes.add(session, lead, "Call again", by=user.id) for lead in self.leads]
                written[role] = [note.id for note in made if note]
        return written

    def close(self) -> None:
        self._watch.close()
        self._kept.close()
        services_of(self.app).database.close()

    def restore(self) -> None:
        """Put the database back to how it was."""
        with closing(sqlite3.connect(self._file)) as now:
            self._kept.backup(now)

    def version(self) -> int:
        """A number that changes when someone writes to the database."""
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def objects(self, role: str) -> Mapping[str, Mapping[str, object]]:
        """For each argument of a route, what is a person's own, another's, or nowhere."""
        me = STAFF if role not in _EMAILS else role
        other = ADMIN if me == STAFF else STAFF
        return {
            "lead_id": {"own": self.leads[0], "another's": self.leads[1]},
            "passkey_id": {
                "own": self._passkeys[_EMAILS[me]],
                "another's": self._passkeys[_EMAILS[other]],
            },
            "note_id": {"own": self._notes[me][0], "another's": self._notes[other][1]},
            "invitation_id": dict.fromkeys(("own", "another's"), self._invitations[0]),
            "consent_id": {"own": 1, "another's": 2},
            "mail_id": {"own": 1, "another's": 2},
            "endpoint_id": {"own": 1, "another's": 2},
            "message_id": {"own": self._messages[0], "another's": self._messages[1]},
            "session_id": {"own": self._session_of(me), "another's": self._session_of(other)},
            "slug": {"own": "hours"},
            "token": {"own": self._invitation, "missing": "x" * 43},
            "user_id": {"own": self._people[me], "another's": self._people[other]},
        }

    def ask(self, role: str, method: str, path: str, fields: Mapping[str, str]) -> TestResponse:
        """Send a request as someone of a role, from a page of this site."""
        data = {"csrf_token": self._tokens.get(role, ""), **fields} if method == "POST" else None
        return self._client(role).open(path, method=method, data=data, headers=_SAME_SITE)

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

    def _id_of(self, table: str, email: str) -> int:
        query = f"SELECT id FROM {table} WHERE email = ?"  # noqa: S608 - one of ours
        return int(self._kept.execute(query, (email,)).fetchone()[0])

    def _session_of(self, role: str) -> int:
        """The session of someone's other browser."""
        found = self._kept.execute(
            "SELECT max(s.id) FROM staff_sessions s JOIN staff_users u ON u.id = s.user_id "
            "WHERE u.email = ?",
            (_EMAILS[role],),
        )
        return int(found.fetchone()[0])
