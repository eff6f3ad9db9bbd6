"""The count after the storm: what was confirmed and sent, and what is in the database."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from consult.crypto import token_hash
from consult.storage.db.database import Database, Session
from consult.storage.documents import BRIEF, REPORT
from consult.storage.jobs import OPEN_STATES
from consult.storage.tables.account_tables import AuditRow, StaffUserRow
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.lead_tables import NoteRow
from consult.storage.tables.submission_tables import (
    ContactRow,
    DocumentRow,
    DraftRow,
    SubmissionRow,
)
from tests.support.mail_server import MailServer
from tests.support.webhook_receiver import Receiver
from tools.storm.people import Ledger

_PERIODIC = ("purge", "tick", "digest")
"""Jobs that are always waiting for their next time."""


@dataclass
class Audit:
    """What was counted: lines to print, and what is wrong."""

    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def compare(self, what: str, promised: int, missing: list[str], more: str = "") -> None:
        """Record how many of what was promised are there."""
        found = promised - len(missing)
        self.lines.append(f"{what:34} {promised:7,} {found:7,}  {more}".rstrip())
        self.faults += [f"{what}: {one}" for one in missing]


def open_jobs(database: Database) -> Sequence[str]:
    """The kinds of the jobs that wait or run, except for those that come again and again."""
    with database.reading() as session:
        return session.scalars(select(JobRow.kind).where(*_is_open())).all()


def make_due(database: Database, *states: str) -> None:
    """Have every job in these states be due now, as if hours had passed."""
    with database.writing() as session:
        session.execute(
            update(JobRow)
            .where(*_is_open(), JobRow.state.in_(states))
            .values(run_at=session.now() - timedelta(days=1))
        )


def _is_open() -> tuple[Any, ...]:
    return JobRow.state.in_(OPEN_STATES), JobRow.kind.not_in(_PERIODIC)


def audit(database: Database, ledger: Ledger, mail: MailServer, webhooks: Receiver) -> Audit:
    """Compare everything that was confirmed or sent with what is stored."""
    found = Audit()
    with database.reading() as session:
        _responses(session, ledger, found)
        _contacts(session, ledger, found)
        _staff(session, ledger, found)
        _documents(session, found)
        _mails(session, mail, found)
        _webhooks(session, webhooks, found)
        failed = session.scalars(select(JobRow).where(JobRow.state == "failed")).all()
    found.faults += [f"job {job.id} ({job.kind}) failed: {job.last_error}" for job in failed]
    found.faults += [f"integrity: {problem}" for problem in integrity_problems(database)]
    return found


def _responses(session: Session, ledger: Ledger, found: Audit) -> None:
    stored: dict[str, DraftRow] = {row.token_hash: row for row in session.scalars(select(DraftRow))}
    frozen = {row.draft_id: row for row in session.scalars(select(SubmissionRow))}
    lost: list[str] = []
    for token, answers in ledger.answers.items():
        draft = stored.get(token_hash(token))
        kept = draft.answers if draft else {}
        for id, answer in answers.items():
            value = kept.get(id, {}).get("value")
            if answer is not None and _plain(value) != _plain(answer):
                lost.append(f"{id} is {value!r}, and {answer!r} was saved")
    total = sum(map(len, ledger.answers.values()))
    found.compare("answers", total, lost, f"in {len(ledger.answers):,} responses")
    missing = [
        "a result that was shown has no lead"
        for token in ledger.results
        if (draft := stored.get(token_hash(token))) is None or draft.id not in frozen
    ]
    found.compare("submissions", len(ledger.results), missing, f"{len(frozen):,} stored")


def _plain(value: object) -> object:
    """An answer for comparison: a form sends text, and several choices in any order."""
    if isinstance(value, list | tuple):
        return sorted(map(str, value))
    return f"{value:g}" if isinstance(value, int | float) else value


def _contacts(session: Session, ledger: Ledger, found: Audit) -> None:
    query = select(SubmissionRow.result_token_hash, ContactRow.email).join(
        ContactRow, ContactRow.submission_id == SubmissionRow.id
    )
    stored = {row.result_token_hash: row.email for row in session.execute(query)}
    missing = [
        f"{email} was not kept"
        for path, email in ledger.contacts.items()
        if stored.get(token_hash(path.split("/")[2])) != email
    ]
    found.compare("contacts", len(ledger.contacts), missing, f"{len(stored):,} stored")


def _staff(session: Session, ledger: Ledger, found: Audit) -> None:
    ids = {row.email: row.id for row in session.scalars(select(StaffUserRow))}
    claims = select(AuditRow).where(AuditRow.action == "lead.claimed")
    claimed = {(row.lead_id, row.by_id) for row in session.scalars(claims)}
    missing = [
        f"lead {lead} was not assigned to {email}"
        for lead, email in ledger.claims
        if (lead, ids.get(email)) not in claimed
    ]
    found.compare("leads taken by staff", len(ledger.claims), missing)
    notes = Counter((row.text, row.submission_id) for row in session.scalars(select(NoteRow)))
    lost = [note for note, lead in ledger.notes.items() if (note, lead) not in notes]
    twice = sum(number - 1 for number in notes.values())
    found.compare("notes of staff", len(ledger.notes), lost, f"{twice} stored twice")


def _documents(session: Session, found: Audit) -> None:
    revisions = {row.id: row.report_revision for row in session.scalars(select(SubmissionRow))}
    for kind, name in ((REPORT, "PDFs for owners, current"), (BRIEF, "PDFs for staff, current")):
        stored = {
            row.submission_id: row
            for row in session.scalars(select(DocumentRow).where(DocumentRow.kind == kind))
        }
        wrong = [
            f"lead {lead} has none of revision {revision}"
            for lead, revision in revisions.items()
            if not (row := stored.get(lead)) or row.revision != revision or not _is_whole(row)
        ]
        found.compare(name, len(revisions), wrong)


def _is_whole(row: DocumentRow) -> bool:
    content = row.content
    is_pdf = content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
    return is_pdf and hashlib.sha256(content).hexdigest() == row.sha256


def _mails(session: Session, mail: MailServer, found: Audit) -> None:
    accepted = [(message["To"], message["Message-ID"]) for message in mail.mails()]
    times = Counter(accepted)
    repeats = len(accepted) - len(times)
    by_address = Counter(address for address, _ in times)
    addresses = session.scalars(select(ContactRow.email)).all()
    owners = [
        f"{address} got {by_address[address]}" for address in addresses if by_address[address] != 1
    ]
    found.compare("emails to owners, once each", len(addresses), owners)
    sent = select(func.count()).where(
        DeliveryRow.recipient == "staff", DeliveryRow.sent_at.is_not(None)
    )
    to_staff = session.scalar(sent) or 0
    received = sum(by_address.values()) - sum(by_address[address] for address in addresses)
    wrong = [] if received == to_staff else [f"{received} arrived"]
    more = f"{repeats} of all emails repeated, with the same Message-ID"
    found.compare("emails to staff, once each", to_staff, wrong, more)


def _webhooks(session: Session, webhooks: Receiver, found: Audit) -> None:
    wanted = session.scalars(
        select(DeliveryRow.token).where(DeliveryRow.recipient == "webhook")
    ).all()
    times = Counter(one.headers["webhook-id"] for one in webhooks.received)
    missing = [f"{token} never arrived" for token in wanted if f"msg_{token}" not in times]
    found.compare(
        "webhooks", len(wanted), missing, f"{times.total():,} attempts with {len(times):,} ids"
    )


def integrity_problems(database: Database) -> Iterator[str]:
    """What the database itself finds wrong with its files."""
    checks: dict[bool, Callable[[Database], Iterator[str]]] = {
        True: _sqlite_problems,
        False: _postgres_problems,
    }
    yield from checks[database.is_sqlite](database)


def _sqlite_problems(database: Database) -> Iterator[str]:
    with closing(sqlite3.connect(str(database.sqlite_file))) as connection:
        for (line,) in connection.execute("PRAGMA integrity_check"):
            if line != "ok":
                yield line
        for row in connection.execute("PRAGMA foreign_key_check"):
            yield f"a row without its parent: {row}"


def _postgres_problems(database: Database) -> Iterator[str]:
    with database.writing() as session:
        session.execute(text("CREATE EXTENSION IF NOT EXISTS amcheck"))
    with database.reading() as session:
        tables = "relkind = 'r' AND relnamespace = 'public'::regnamespace"
        query = f"SELECT relname, v.* FROM pg_class, verify_heapam(oid) v WHERE {tables}"  # noqa: S608 - no input
        for row in session.execute(text(query)):
            yield str(row)
        indexes = "SELECT bt_index_check(i.oid, true) FROM pg_class i JOIN pg_am a ON a.oid = relam"
        session.execute(
            text(f"{indexes} WHERE amname = 'btree' AND relnamespace = 'public'::regnamespace")
        )
