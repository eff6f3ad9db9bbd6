"""A process that is killed in the middle of its work has stored every answer it acknowledged."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from tests.support.forks import forks
from tests.support.patience import wait_until


def write(url: str, acknowledged: Path) -> None:
    """Store one answer after the other, and acknowledge each with a line in a file."""
    # Only a power failure loses what the system has and the disk does not.
    database = Database(url, synchronous="NORMAL")
    with acknowledged.open("w", buffering=1) as file:
        while True:
            with database.writing() as session:
                token = drafts.start(session, "2026-12", "quick", {})
            with database.writing() as session:
                drafts.save(session, token, {"first_reply": (3, "solo")})
            file.write(f"{token}\n")


def test_a_killed_writer_loses_nothing_it_acknowledged(database_url: str, tmp_path: Path) -> None:
    acknowledged = tmp_path / "acknowledged"
    acknowledged.touch()
    writer = forks().start(write, database_url, acknowledged)
    wait_until(lambda: acknowledged.read_text().count("\n") >= 150)
    writer.kill()
    writer.wait()
    tokens = acknowledged.read_text().split()
    with closing(Database(database_url)) as database:
        found = [drafts.fetch(database, token) for token in tokens]
        assert all(draft and draft.answers == {"first_reply": 3} for draft in found)
        if database.is_sqlite:
            with database.engine.connect() as connection:
                assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
