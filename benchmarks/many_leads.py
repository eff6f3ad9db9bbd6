"""A database full of leads, with the spread of a busy agency over three years.

Most leads are long closed, a few sources bring most of them and many bring few, words follow a long
tail. What is frozen with a submission (answers, report) is left almost empty; no list reads it.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select

from consult.storage.db.database import Database
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadEventRow
from tests.support.many_leads import MadeLead, insert_leads, make_staff

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)
_PEOPLE = 20
_BATCH = 1_000

ARCHETYPES = (
    *(("baton_on_the_floor", 0.3), ("one_hat_one_bucket", 0.25), ("all_running_no_lanes", 0.2)),
    *(("two_silos", 0.1), ("good_legs_loose_grip", 0.08), ("fast_hands_no_lanes", 0.05)),
    *(("running_in_the_dark", 0.017), ("well_rehearsed_relay", 0.003)),
)
SOURCES = (("", 0.5), ("newsletter", 0.3), ("google", 0.15), ("fair", 0.047), ("podcast", 0.003))
CLOSED_STAGES = (("lost", 0.6), ("won", 0.3), ("not_a_fit", 0.1))
OPEN_STAGES = (
    *(("new", 0.3), ("taken", 0.3), ("reached", 0.25)),
    *(("consult_booked", 0.1), ("consult_held", 0.05)),
)
STEMS = ("ba", "ko", "lin", "mer", "sto", "ra", "vel", "tan", "gri", "dou")
_LANES = {"baton_on_the_floor", "two_silos", "good_legs_loose_grip", "well_rehearsed_relay"}
_GRIP = {"good_legs_loose_grip", "well_rehearsed_relay", "fast_hands_no_lanes"}


def fill(database: Database, number: int) -> None:
    """Put so many leads, and the users they are assigned to, into an empty database."""
    random = Random(number)  # noqa: S311 - benchmark data is no secret
    with database.writing() as session:
        there = session.scalars(select(StaffUserRow.id))
        make_staff(session, sorted(set(range(1, _PEOPLE + 1)) - set(there)))
        for start in range(0, number, _BATCH):
            batch = range(start + 1, min(start + _BATCH, number) + 1)
            made = [_lead(random, id, NOW - SPAN * ((number - id) / number)) for id in batch]
            insert_leads(session, made)
            session.execute(insert(LeadEventRow), [event for one in made for event in _events(one)])
    if not database.is_sqlite:
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM ANALYZE")


def _lead(random: Random, number: int, submitted: datetime) -> MadeLead:
    # Of the last weeks' leads most are open, of older ones next to none.
    is_open = random.random() < (0.9 if (NOW - submitted).days < 21 else 0.004)
    stage = _one_of(random, OPEN_STAGES if is_open else CLOSED_STAGES)
    answered = submitted + timedelta(hours=random.random() * 30)
    archetype = _one_of(random, ARCHETYPES)
    first, last = _word(random, 2_000), _word(random, 50_000)
    business = f"{_word(random, 20_000)} {_word(random, 300)}"
    is_new = stage == "new"
    row = {
        "submission_id": number,
        "version": 1,
        "stage": stage,
        "stage_since": submitted,
        "assignee_id": None if is_new else random.randrange(1, _PEOPLE + 1),
        "first_contact_at": None if is_new else answered,
        "due_at": submitted + timedelta(hours=24),
        "consult_at": answered + timedelta(days=5) if stage == "consult_booked" else None,
        "submitted_at": submitted,
        "demo": random.random() < 0.01,
        "archetype": archetype,
        "separation": _score(random, archetype in _LANES),
        "handoff": _score(random, archetype in _GRIP),
        "source": _one_of(random, SOURCES),
        "wants_consult": random.random() < 0.3,
    }
    contact = {
        "submission_id": number,
        "name": f"{first} {last}",
        "email": f"{first}.{last}@{business.replace(' ', '-')}.com",
        "business": business,
        "wants_consult": row["wants_consult"],
        "consent_text": "Yes.",
        "consented_at": submitted,
    }
    return MadeLead(row, contact, ())


def _score(random: Random, high: bool) -> float:
    return round(50 * random.random() + (50 if high else 0), 1)


def _one_of(random: Random, shares: Sequence[tuple[str, float]]) -> str:
    return random.choices([name for name, _ in shares], [share for _, share in shares])[0]


def word(number: int) -> str:
    """The word of this number; the lower the number, the more leads have it."""
    return "".join(STEMS[int(digit)] for digit in reversed(str(number)))


def _word(random: Random, of: int) -> str:
    """The first words are in thousands of leads, the last ones in one or none."""
    return word(int(of * random.random() ** 4))


def _events(lead: MadeLead) -> Iterator[dict[str, Any]]:
    """The timeline: who they are, the first answer, the last word; some came back in between."""
    stage, submitted = lead.row["stage"], lead.row["submitted_at"]
    found: list[tuple[str, datetime, dict[str, Any]]] = [("contact_left", submitted, {})]
    if answered := lead.row["first_contact_at"]:
        found.append(("contact", answered, {"channel": "phone", "reached": True}))
    if lead.id % 33 == 0:
        found.append(("declined", submitted, {"reason": "no_time"}))
    if stage in ("won", "lost", "not_a_fit"):
        found.append(("moved", answered, {"from": "reached", "to": stage}))
    for kind, at, data in found:
        yield {"submission_id": lead.id, "at": at, "kind": kind, "data": data}
