"""Many random leads at once, with everything that a list can be filtered by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

from sqlalchemy import insert

from consult.storage.db.database import Database, Session
from consult.storage.search_index import index_terms
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.lead_tables import NEVER, LeadRow, LeadWordRow, NoteRow
from consult.storage.tables.submission_tables import ContactRow, DraftRow, SubmissionRow
from consult.workflow.stages import CLOSED, STAGES

ARCHETYPES = ("baton_on_the_floor", "two_silos", "well_rehearsed_relay")
SOURCES = ("", "-", "autumn-letter", "fair")
NAMES = (
    *("Ada Okafor", "Łukasz Żak", "Zoë O'Neil", "anna-maria de la Cruz", "佐藤 花子"),
    "Ann Smith",
)
BUSINESSES = ("Okafor Tents", "Café Zoë", "STRASSE & Söhne", "Ann's Bakery", "_", "50% off")
ADDRESSES = ("anna@okafor-tents.com", "a.smith@cafe.example", "Ann+news@bakery.co.uk")
NOTES = ("Asked about tents, again.", "Ruft nächste Woche an", "anna@okafor-tents.com bounced")


@dataclass(frozen=True)
class MadeLead:
    row: dict[str, Any]
    contact: dict[str, Any] | None
    notes: tuple[str, ...]

    @property
    def is_requested(self) -> bool:
        """Whether its owner picked a time that isn't confirmed yet."""
        return self.row.get("consult_at") is not None and self.id % 3 == 0

    @property
    def id(self) -> int:
        lead_id: int = self.row["submission_id"]
        return lead_id

    @cached_property
    def terms(self) -> set[str]:
        """What it is found by."""
        contact = self.contact or {"name": "", "business": "", "email": "", "phone": ""}
        names = [contact["name"], contact["business"]]
        return index_terms(names, contact["email"], contact.get("phone") or "", self.notes)


PEOPLE = (1, 2, 3)


def make_staff(session: Session, ids: Iterable[int] = PEOPLE) -> None:
    for number in ids:
        user = {"email": f"staff{number}@example.com", "name": f"Staff {number}", "role": "staff"}
        made = {"password_hash": "x", "active": True, "created_at": session.now()}
        session.add(StaffUserRow(id=number, **user, **made))
    session.flush()


def make_many(
    database: Database, count: int, seed: int = 1, new_staff: Iterable[int] = PEOPLE
) -> list[MadeLead]:
    """Insert leads, some at the very same time, and the accounts of `new_staff`."""
    random = Random(seed)  # noqa: S311 - test data is no secret
    with database.writing() as session:
        make_staff(session, new_staff)
        made = [_made(random, number, session.now()) for number in range(1, count + 1)]
        insert_leads(session, made)
        session.add_all(_notes(made, session.now()))
    return made


def insert_leads(session: Session, made: Sequence[MadeLead]) -> None:
    """Insert leads with their drafts, submissions, contacts and search terms, but no notes."""
    contacts = [lead.contact for lead in made if lead.contact]
    session.execute(insert(DraftRow), [_draft(lead) for lead in made])
    session.execute(insert(SubmissionRow), [_submission(lead) for lead in made])
    rows = [{name: lead.row[name] for name in lead.row if name != "next_at"} for lead in made]
    session.execute(insert(LeadRow), rows)
    session.execute(insert(ContactRow), contacts)
    if bookings := [_booking(lead) for lead in made if lead.is_requested]:
        session.execute(insert(BookingRow), bookings)
    terms = [(lead.id, term) for lead in made for term in sorted(lead.terms)]
    words = [{"submission_id": id, "word": term} for id, term in terms]
    session.execute(insert(LeadWordRow), words)


def _made(random: Random, number: int, now: datetime) -> MadeLead:
    submitted = now - timedelta(hours=6 * random.randrange(400))
    stage = random.choice(STAGES)
    offered = random.choice((None, None, None, 1, 2))
    due = random.choice((None, submitted + timedelta(hours=24 * random.randrange(1, 60))))
    first_contact, follow_up = random.choice((None, submitted)), random.randrange(-9, 10)
    consult_at = now + timedelta(hours=random.randrange(-60, 60))
    if follow_up > 0 and follow_up % 3 == 0 and due:  # a snooze starts the clock again
        due = max(due, now + timedelta(days=follow_up, hours=9))
    row = {
        "submission_id": number,
        "version": 1,
        "stage": stage,
        "stage_since": submitted,
        "assignee_id": random.choice((None, 1, 1, 2, 3)),
        "offered_to_id": offered,
        "offered_at": submitted if offered else None,
        "first_contact_at": first_contact,
        "due_at": due,
        "consult_at": consult_at if stage == "consult_booked" else None,
        "follow_up_on": (now + timedelta(days=follow_up)).date() if follow_up % 3 == 0 else None,
        "pressed_at": now - timedelta(hours=number % 48) if number % 4 == 0 else None,
        "anonymised_at": now if number % 7 == 0 and not due and follow_up % 3 else None,
        "submitted_at": submitted,
        "demo": random.random() < 0.2,
        "archetype": random.choice(ARCHETYPES),
        "separation": random.choice((0.0, 24.99, 25.0, 49.9, 50.0, 74.5, 75.0, 100.0)),
        "handoff": random.choice((0.0, 25.0, 33.3, 50.0, 99.0, 100.0)),
        "source": random.choice(SOURCES),
        "wants_consult": random.random() < 0.4,
    }
    row["next_at"] = next_at(row)
    return MadeLead(row, _contact(random, number, submitted), tuple(_note_texts(random)))


def next_at(row: Mapping[str, Any]) -> datetime:
    """When something is to be done next with a lead, as the database should derive it."""
    day: date | None = row["follow_up_on"]
    at: datetime | None = None
    if row["stage"] in CLOSED:
        at = None
    elif row["first_contact_at"] is None and row["due_at"]:
        at = row["due_at"]
    elif day:
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    elif row["stage"] == "consult_booked":
        at = row["consult_at"]
    elif row["first_contact_at"]:
        at = row["stage_since"]
    return at or NEVER


def _booking(lead: MadeLead) -> dict[str, Any]:
    at = lead.row["consult_at"]
    return {
        "submission_id": lead.id,
        "calendar": "cal",
        "uid": str(lead.id),
        "state": "requested",
        "starts_at": at,
        "ends_at": at + timedelta(minutes=30),
        "zone": "UTC",
        "matched_by": "key",
        "created_at": at,
        "changed_at": at,
    }


def _note_texts(random: Random) -> Iterator[str]:
    while random.random() < 0.2:
        yield random.choice(NOTES)


def _contact(random: Random, number: int, now: datetime) -> dict[str, Any] | None:
    if random.random() < 0.2:
        return None
    return {
        "submission_id": number,
        "name": random.choice(NAMES),
        "email": random.choice(ADDRESSES),
        "business": random.choice(BUSINESSES),
        "phone": random.choice((None, "+1 (555) 010-7788", "555-0107 or 555-0108")),
        "wants_consult": False,
        "consent_text": "Yes.",
        "consented_at": now,
    }


def _draft(lead: MadeLead) -> dict[str, Any]:
    row = {"id": lead.id, "token_hash": f"c{lead.id}", "answers": {}, "source": {}}
    times = dict.fromkeys(("created_at", "updated_at"), lead.row["submitted_at"])
    return {**row, **times, "edition": "2026-12", "depth": "quick"}


def _submission(lead: MadeLead) -> dict[str, Any]:
    same = ("submitted_at", "archetype", "separation", "handoff", "demo")
    return {
        "id": lead.id,
        "draft_id": lead.id,
        "result_token_hash": f"r{lead.id}",
        "edition": "2026-12",
        "depth": "quick",
        **{name: {"a": 1} for name in ("answers", "wording", "scorecard", "report")},
        "consult": "optional",
        "seconds_taken": 60,
        "report_revision": 1,
        **{name: lead.row[name] for name in same},
    }


def _notes(made: list[MadeLead], now: datetime) -> Iterator[NoteRow]:
    for lead in made:
        for text in lead.notes:
            yield NoteRow(submission_id=lead.id, author_id=1, text=text, created_at=now)


def is_open(lead: MadeLead) -> bool:
    return lead.row["stage"] not in CLOSED
