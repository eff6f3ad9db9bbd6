"""A database full of leads, made fast: rows straight into the tables, indexes afterwards.

Their spread is that of a busy agency over three years: most leads are long closed, a few sources
bring most of them and many bring few, words follow a long tail. What is frozen with a submission
(answers, report) is left almost empty; no list reads it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from random import Random
from typing import Any

from sqlalchemy import Connection, text

from consult.storage.db.base import Base
from consult.storage.db.database import Database
from consult.storage.tables.lead_tables import WORD_MAX

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)
_PEOPLE = 20
_ROWS_AT_ONCE = 20_000

ARCHETYPES = (
    ("baton_on_the_floor", 0.3),
    ("one_hat_one_bucket", 0.25),
    ("all_running_no_lanes", 0.2),
    ("two_silos", 0.1),
    ("good_legs_loose_grip", 0.08),
    ("fast_hands_no_lanes", 0.05),
    ("running_in_the_dark", 0.017),
    ("well_rehearsed_relay", 0.003),
)
SOURCES = (("", 0.5), ("newsletter", 0.3), ("google", 0.15), ("fair", 0.047), ("podcast", 0.003))
CLOSED_STAGES = (("lost", 0.6), ("won", 0.3), ("not_a_fit", 0.1))
OPEN_STAGES = (("new", 0.3), ("taken", 0.3), ("reached", 0.25), ("consult_booked", 0.1),
               ("consult_held", 0.05))  # fmt: skip
STEMS = ("ba", "ko", "lin", "mer", "sto", "ra", "vel", "tan", "gri", "dou")

Row = tuple[Any, ...]


def fill(database: Database, number: int) -> None:
    """Put so many leads, and the users they are assigned to, into an empty database."""
    leads = list(_leads(Random(number), number))  # noqa: S311 - benchmark data is no secret
    with database.migrating() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("SET LOCAL TimeZone = 'UTC'"))
        there = set(connection.scalars(text("SELECT id FROM staff_users")))
        _load(connection, "staff_users", _USER, _people(there))
        _load(connection, "drafts", _DRAFT, (_draft(lead) for lead in leads))
        _load(connection, "submissions", _SUBMISSION, (_submission(lead) for lead in leads))
        _load(connection, "contacts", _CONTACT, (_contact(lead) for lead in leads))
        _load(connection, "leads", _LEAD, (lead[: len(_LEAD)] for lead in leads))
        _load(connection, "lead_words", ("submission_id", "word"), _words(leads))
        _load(connection, "lead_events", _EVENT, _events(leads))
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as open_one:
            open_one.execute(text("VACUUM ANALYZE"))


def _load(connection: Connection, name: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Fill a table, without its indexes, and make those again."""
    table = Base.metadata.tables[name]
    for index in table.indexes:
        index.drop(connection)
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        into = f"INSERT INTO {name} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        for batch in batched(rows, _ROWS_AT_ONCE):
            connection.exec_driver_sql(into, batch)
    else:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    for index in table.indexes:
        index.create(connection)


def batched(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """The rows, so many at a time."""
    waiting = iter(rows)
    while batch := list(islice(waiting, size)):
        yield batch


def _leads(random: Random, count: int) -> Iterator[Row]:
    """The columns of each lead, then first name, last name, business and mail address."""
    for number in range(1, count + 1):
        submitted = NOW - SPAN * ((count - number) / count)
        # Of the last weeks' leads most are open, of older ones next to none.
        is_open = random.random() < (0.9 if (NOW - submitted).days < 21 else 0.004)
        stage = _one_of(random, OPEN_STAGES if is_open else CLOSED_STAGES)
        answered = submitted + timedelta(hours=random.random() * 30)
        archetype = _one_of(random, ARCHETYPES)
        first, last = _word(random, 2_000), _word(random, 50_000)
        business = f"{_word(random, 20_000)} {_word(random, 300)}"
        is_new, when = stage == "new", _time_text(submitted)
        yield (
            *(number, 1, stage, when, None if is_new else random.randrange(1, _PEOPLE + 1)),
            *(
                None if is_new else _time_text(answered),
                _time_text(submitted + timedelta(hours=24)),
            ),
            *(when, random.random() < 0.01, archetype),
            *(_score(random, archetype in _LANES), _score(random, archetype in _GRIP)),
            *(_one_of(random, SOURCES), random.random() < 0.3),
            *(first, last, business, f"{first}.{last}@{business.replace(' ', '-')}.com"),
        )


_LEAD = (
    *("submission_id", "version", "stage", "stage_since", "assignee_id", "first_contact_at"),
    *("due_at", "submitted_at", "demo", "archetype", "separation", "handoff", "source"),
    "wants_consult",
)
_LANES = {"baton_on_the_floor", "two_silos", "good_legs_loose_grip", "well_rehearsed_relay"}
_GRIP = {"good_legs_loose_grip", "well_rehearsed_relay", "fast_hands_no_lanes"}


def _score(random: Random, high: bool) -> float:
    return round(50 * random.random() + (50 if high else 0), 1)


def _one_of(random: Random, shares: Sequence[tuple[str, float]]) -> str:
    drawn = random.random()
    for name, share in shares:
        drawn -= share
        if drawn < 0:
            return name
    return shares[0][0]


def word(number: int) -> str:
    """The word of this number; the lower the number, the more leads have it."""
    parts = [STEMS[int(digit)] for digit in str(number)]
    return "".join(reversed(parts))


def _word(random: Random, of: int) -> str:
    """The first words are in thousands of leads, the last ones in one or none."""
    return word(int(of * random.random() ** 4))


def _time_text(time: datetime) -> str:
    """As both engines take it: SQLite's own form, and PostgreSQL's under UTC."""
    return time.replace(tzinfo=None).isoformat(" ", "microseconds")


_USER = ("id", "email", "name", "role", "password_hash", "active", "created_at")


def _people(there: set[int]) -> Iterator[Row]:
    for number in set(range(1, _PEOPLE + 1)) - there:
        name, email = f"Person {number}", f"{number}@example.com"
        yield number, email, name, "staff", "x", True, _time_text(NOW)


_DRAFT = (
    *("id", "token_hash", "edition", "depth", "answers", "source", "created_at", "updated_at"),
)


def _draft(lead: Row) -> Row:
    return lead[0], f"c{lead[0]}", "2026-11", "quick", "{}", "{}", lead[7], lead[7]


_SUBMISSION = (
    *("id", "draft_id", "result_token_hash", "submitted_at", "edition", "depth", "answers"),
    *("wording", "scorecard", "report", "separation", "handoff", "archetype", "consult"),
    *("seconds_taken", "demo", "report_revision"),
)


def _submission(lead: Row) -> Row:
    almost_empty = ('{"a":1}',) * 4
    return (
        *(lead[0], lead[0], f"r{lead[0]}", lead[7], "2026-11", "quick", *almost_empty),
        *(lead[10], lead[11], lead[9], "yes", 300, lead[8], 1),
    )


_CONTACT = (
    *("submission_id", "name", "email", "business", "wants_consult", "consent_text"),
    "consented_at",
)


def _contact(lead: Row) -> Row:
    first, last, business, email = lead[len(_LEAD) :]
    return lead[0], f"{first} {last}", email, business, lead[13], "Yes.", lead[7]


def _words(leads: Iterable[Row]) -> Iterator[Row]:
    for lead in leads:
        first, last, business, email = lead[len(_LEAD) :]
        words = {first, last, *business.split(), email, "@" + email.partition("@")[2]}
        for found in sorted(words):
            yield lead[0], found[:WORD_MAX]


_EVENT = ("id", "submission_id", "at", "kind", "data")


def _events(leads: Iterable[Row]) -> Iterator[Row]:
    """The timeline: who they are, the first answer, the last word; some came back in between."""
    number = count(1)
    for lead in leads:
        yield next(number), lead[0], lead[7], "contact_left", "{}"
        if answered := lead[5]:
            yield next(number), lead[0], answered, "contact", '{"channel":"phone","reached":true}'
        if lead[0] % 33 == 0:
            yield next(number), lead[0], lead[7], "declined", '{"reason":"no_time"}'
        if lead[2] in ("won", "lost", "not_a_fit"):
            data = f'{{"from":"reached","to":"{lead[2]}"}}'
            yield next(number), lead[0], answered, "moved", data
