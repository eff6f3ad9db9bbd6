"""The chain of the audit log: whatever is changed behind the application's back is found."""

from collections.abc import Callable
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text

from consult.storage.audit import audit_chain, audit_log
from consult.storage.audit.audit_chain import Checked, Mark, verify
from consult.storage.db.database import Database
from consult.storage.tables.audit_tables import AuditRow

Rows = list[dict[str, Any]]
Tamper = Callable[[Rows], object]

FACTS = st.dictionaries(
    st.sampled_from(("rows", "to", "account")),
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(("", "é", "staff")),
    max_size=2,
)
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(("lead.seen", "setting.changed")),
        st.none() | st.integers(1, 3),
        st.none() | st.integers(1, 3),
        FACTS,
    ),
    min_size=2,
    max_size=6,
)


def write_log(database: Database, entries: list[tuple[Any, ...]]) -> None:
    with database.writing() as session:
        _open(database, session)
        session.execute(delete(AuditRow))
    for action, by, lead_id, facts in entries:
        with database.writing() as session:
            audit_log.record(session, action, by=by, lead_id=lead_id, **facts)


def tamper_with(database: Database, tamper: Tamper) -> None:
    """Rewrite the table as somebody can who owns the database and not the key."""
    with database.writing() as session:
        _open(database, session)
        rows = [
            dict(row._mapping)
            for row in session.execute(select(*AuditRow.__table__.columns).order_by("id"))
        ]
        tamper(rows)
        session.execute(delete(AuditRow))
        if rows:
            session.execute(insert(AuditRow), rows)


def _open(database: Database, session: Any) -> None:
    """Take the triggers out of the way."""
    if database.is_sqlite:
        session.execute(text("DROP TRIGGER IF EXISTS audit_log_no_update"))
        session.execute(text("DROP TRIGGER IF EXISTS audit_log_no_delete"))
    else:
        session.execute(text("SET LOCAL session_replication_role = replica"))


def check(database: Database, **how: Any) -> Checked:
    with database.reading() as session:
        return verify(session, **how)


def last_mark(database: Database) -> Mark:
    last = check(database).last
    assert last is not None
    return last


def changed(data: st.DataObject, rows: Rows) -> None:
    """Change one thing about one entry."""
    at = data.draw(st.integers(0, len(rows) - 1))
    row = rows[at]
    match data.draw(st.sampled_from(("at", "by_id", "action", "lead_id", "facts", "seal"))):
        case "at":
            row["at"] += timedelta(microseconds=data.draw(st.sampled_from((-1, 1, 10**9))))
        case "facts":
            row["facts"] = data.draw(FACTS.filter(lambda facts: not same(facts, row["facts"])))
        case "action":
            row["action"] += data.draw(st.sampled_from((" ", "s")))
        case "seal":
            digit = "0" if row["seal"][0] != "0" else "1"
            row["seal"] = digit + row["seal"][1:]
        case name:
            row[name] = data.draw(
                (st.none() | st.integers(0, 9)).filter(lambda value: value != row[name])
            )


def alike(before: Rows, after: Rows) -> int:
    """How many rows are the same, from the first one on."""
    pairs = zip(before, after, strict=False)
    return len([*takewhile(lambda pair: same(*pair), pairs)])


def same(one: object, other: object) -> bool:
    return repr(one) == repr(other)


def removed(data: st.DataObject, rows: Rows) -> None:
    """Remove one entry; those after it may be numbered anew."""
    at = data.draw(st.integers(0, len(rows) - 1))
    del rows[at]
    if data.draw(st.booleans()):
        for number, row in enumerate(rows, 1):
            row["id"] = number


def swapped(data: st.DataObject, rows: Rows) -> None:
    """Let two entries change places."""
    first, second = sorted(data.draw(st.permutations(range(len(rows))))[:2])
    rows[first], rows[second] = rows[second], rows[first]
    rows[first]["id"], rows[second]["id"] = rows[second]["id"], rows[first]["id"]


def inserted(data: st.DataObject, rows: Rows) -> None:
    """Put in a copy of an entry, anywhere, with whatever seal there is."""
    at = data.draw(st.integers(0, len(rows)))
    copy = dict(data.draw(st.sampled_from(rows)))
    copy["seal"] = data.draw(st.sampled_from([row["seal"] for row in rows]))
    rows.insert(at, copy)
    for number, row in enumerate(rows, 1):
        row["id"] = number


def renumbered(data: st.DataObject, rows: Rows) -> None:
    """Give the entries from one on other numbers."""
    at = data.draw(st.integers(0, len(rows) - 1))
    step = data.draw(st.integers(1, 5))
    for row in rows[at:]:
        row["id"] += step


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=ENTRIES,
    how=st.sampled_from((changed, removed, swapped, inserted, renumbered)),
    data=st.data(),
)
def test_any_change_is_found_where_it_begins(
    database: Database,
    entries: list[tuple[Any, ...]],
    how: Callable[[st.DataObject, Rows], None],
    data: st.DataObject,
) -> None:
    write_log(database, entries)
    mark = last_mark(database)
    assert (check(database).is_whole, mark.number) == (True, len(entries))
    kept: list[Rows] = []

    def tamper(rows: Rows) -> None:
        before = [dict(row) for row in rows]
        how(data, rows)
        kept.extend((before, [dict(row) for row in rows]))

    tamper_with(database, tamper)
    found = check(database, expected=mark)
    assert not found.is_whole
    assert found.entries == alike(*kept)


@pytest.fixture
def three(database: Database) -> Mark:
    """A log of three entries; its mark."""
    write_log(database, [("lead.seen", 1, n, {}) for n in (1, 2, 3)])
    return last_mark(database)


def test_what_is_cut_off_at_the_end_shows_only_beside_a_mark(
    database: Database, three: Mark
) -> None:
    tamper_with(database, lambda rows: rows.pop())
    assert check(database).is_whole
    found = check(database, expected=three)
    assert "ends before entry 3" in found.why
    assert found.broken is None


def test_a_log_that_was_written_anew_with_the_key_shows_beside_a_mark(
    database: Database, three: Mark
) -> None:
    write_log(database, [("lead.seen", 1, n, {}) for n in (1, 2, 4, 5)])
    assert check(database).is_whole
    found = check(database, expected=three)
    assert found.broken == 3
    assert "written anew" in found.why


def test_a_longer_log_still_holds_the_place_that_was_noted(database: Database, three: Mark) -> None:
    with database.writing() as session:
        audit_log.record(session, "lead.seen", by=1, lead_id=9)
    assert check(database, expected=three).entries == 4
    assert Mark.read(str(three)) == three


def test_the_chain_goes_on_under_a_new_key(database_url: str) -> None:
    keys = [b"first", b"second", b"third"]
    for key in keys:
        database = Database(database_url, synchronous="NORMAL", audit_key=key)
        with database.writing() as session:
            audit_log.record(session, "lead.seen", by=1)
            audit_log.record(session, "lead.seen", by=2)
        if key != keys[-1]:
            database.close()
    assert check(database, former_keys=keys[:2]).entries == 6
    found = check(database)
    assert (found.broken, "another secret key" in found.why) == (1, True)
    assert check(database, former_keys=[b"second", b"first"]).broken == 3
    database.close()


def test_an_entry_that_cannot_be_read_is_a_broken_one(
    database_url: str, tmp_path: Path, database: Database, three: Mark
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL refuses to store it")
    for change in ("at = 'x'", "facts = 'x'", "at = 7"):
        write_log(database, [("lead.seen", 1, n, {}) for n in (1, 2, 3)])
        with database.writing() as session:
            session.execute(text(f"UPDATE audit_log SET {change} WHERE id = 2"))  # noqa: S608 - ours
        found = check(database)
        assert (found.entries, found.broken) == (1, 2)
        assert "cannot be read" in found.why


def test_a_log_of_many_chunks_is_looked_at_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "_CHUNK", 2)
    write_log(database, [("lead.seen", 1, n, {}) for n in range(5)])
    told: list[int] = []
    assert check(database, progress=told.append).entries == sum(told) == 5
    tamper_with(database, lambda rows: rows[4].update(action="lead.changed"))
    assert check(database).broken == 5


def test_an_entry_in_a_reading_session_would_be_lost_and_is_refused(database: Database) -> None:
    with database.reading() as session, pytest.raises(RuntimeError, match="writing session"):
        audit_log.record(session, "lead.seen", by=1)


def test_an_empty_log_is_whole(database: Database) -> None:
    assert check(database) == Checked(0, None)


@pytest.mark.parametrize("noted", ["", "1", "0:" + "a" * 64, "1:xyz", f"1:{'a' * 63}"])
def test_what_is_no_mark_is_refused(noted: str) -> None:
    with pytest.raises(ValueError, match="not a mark"):
        Mark.read(noted)
