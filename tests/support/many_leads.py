"""Many made-up leads at once, with everything on their desks that a list can be filtered by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert

from consult.storage.db.database import Database, Session
from consult.storage.search_index import index_lead
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow, NoteRow
from consult.storage.tables.submission_tables import ContactRow, DraftRow, SubmissionRow
from consult.workflow.stages import CLOSED, STAGES

ARCHETYPES = ("baton_on_the_floor", "two_silos", "well_rehearsed_relay")
SOURCES = ("", "-", "autumn-letter", "fair")
NAMES = (
    "Ada Okafor",
    "Łukasz Żak",
    "Zoë O'Neil",
    "anna-maria de la Cruz",
    "佐藤 花子",
    "Ann Smith",
)
BUSINESSES = ("Okafor Tents", "Café Zoë", "STRASSE & Söhne", "Ann's Bakery", "_", "50% off")
ADDRESSES = ("anna@okafor-tents.com", "a.smith@cafe.example", "Ann+news@bakery.co.uk")
NOTES = ("Asked about tents, again.", "Ruft nächste Woche an", "anna@okafor-tents.com bounced")


@dataclass(frozen=True)
class Made:
    """A lead as it was put in."""

    desk: dict[str, Any]
    contact: dict[str, Any] | None
    notes: tuple[str, ...]

    @property
    def id(self) -> int:
        lead_id: int = self.desk["submission_id"]
        return lead_id


PEOPLE = (1, 2, 3)


def make_staff(session: Session, ids: Iterable[int] = PEOPLE) -> None:
    """Accounts with these ids."""
    for number in ids:
        session.add(
            StaffUserRow(
                id=number,
                email=f"staff{number}@example.com",
                name=f"Staff {number}",
                role="staff",
                password_hash="x",
                uniquifier=f"u{number}",
                active=True,
                created_at=session.now(),
            )
        )
    session.flush()


def make_many(
    database: Database, count: int, seed: int = 1, new_staff: Iterable[int] = PEOPLE
) -> list[Made]:
    """Make leads, some at the very same moment, and those of their assignees that are not there."""
    random = Random(seed)  # noqa: S311 - made-up leads are no secret
    with database.writing() as session:
        make_staff(session, new_staff)
        made = [_made(random, number, session.now()) for number in range(1, count + 1)]
        session.execute(insert(DraftRow), [_check(lead) for lead in made])
        session.execute(insert(SubmissionRow), [_submission(lead) for lead in made])
        session.execute(insert(LeadRow), [lead.desk for lead in made])
        session.add_all([ContactRow(**lead.contact) for lead in made if lead.contact])
        session.add_all(_notes(made, session.now()))
        for lead in made:
            index_lead(session, lead.id)
    return made


def _made(random: Random, number: int, now: datetime) -> Made:
    submitted = now - timedelta(hours=6 * random.randrange(400))
    stage = random.choice(STAGES)
    offered = random.choice((None, None, None, 1, 2))
    due = random.choice((None, submitted + timedelta(hours=24 * random.randrange(1, 60))))
    desk = {
        "submission_id": number,
        "version": 1,
        "stage": stage,
        "stage_since": submitted,
        "assignee_id": random.choice((None, 1, 1, 2, 3)),
        "offered_to_id": offered,
        "offered_at": submitted if offered else None,
        "first_contact_at": random.choice((None, submitted)),
        "due_at": due,
        "submitted_at": submitted,
        "demo": random.random() < 0.2,
        "archetype": random.choice(ARCHETYPES),
        "separation": random.choice((0.0, 24.99, 25.0, 49.9, 50.0, 74.5, 75.0, 100.0)),
        "handoff": random.choice((0.0, 25.0, 33.3, 50.0, 99.0, 100.0)),
        "source": random.choice(SOURCES),
        "wants_consult": random.random() < 0.4,
    }
    return Made(desk, _contact(random, number, submitted), tuple(_said(random)))


def _said(random: Random) -> Iterator[str]:
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
        "phone": None,
        "wants_consult": False,
        "consent_text": "Yes.",
        "consented_at": now,
    }


def _check(lead: Made) -> dict[str, Any]:
    now = lead.desk["submitted_at"]
    return {
        "id": lead.id,
        "token_hash": f"c{lead.id}",
        "edition": "2026-11",
        "depth": "quick",
        "answers": {},
        "source": {},
        "created_at": now,
        "updated_at": now,
    }


def _submission(lead: Made) -> dict[str, Any]:
    desk = lead.desk
    same = ("submitted_at", "archetype", "separation", "handoff", "demo")
    return {
        "id": lead.id,
        "draft_id": lead.id,
        "result_token_hash": f"r{lead.id}",
        "edition": "2026-11",
        "depth": "quick",
        "answers": {"a": 1},
        "wording": {"a": 1},
        "scorecard": {"a": 1},
        "report": {"a": 1},
        "consult": "optional",
        "seconds_taken": 60,
        "report_revision": 1,
        **{name: desk[name] for name in same},
    }


def _notes(made: list[Made], now: datetime) -> Iterator[NoteRow]:
    for lead in made:
        for text in lead.notes:
            yield NoteRow(submission_id=lead.id, author_id=1, text=text, created_at=now)


def is_open(lead: Made) -> bool:
    """Whether a lead has no clear answer yet."""
    return lead.desk["stage"] not in CLOSED
