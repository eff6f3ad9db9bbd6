"""A process that is killed in the middle of its work has stored every answer it acknowledged."""

from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection

from sqlalchemy import text

from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from tests.support.forks import FORKS


def write(url: str, acknowledged: Connection) -> None:
    """Store one answer after the other, and acknowledge each."""
    database = Database(url)
    while True:
        with database.writing() as session:
            token = drafts.start(session, "2026-12", "quick", {})
        with database.writing() as session:
            drafts.save(session, token, {"first_reply": (3, "solo")})
        acknowledged.send(token)


def what_is_left(line: Connection) -> Iterator[str]:
    """What was sent whole before the other end was closed."""
    try:
        while True:
            yield line.recv()
    except EOFError:
        return


def test_a_killed_writer_loses_nothing_it_acknowledged(database_url: str) -> None:
    line, theirs = FORKS.Pipe(duplex=False)
    with theirs:
        writer = FORKS.Process(target=write, args=(database_url, theirs))
        writer.start()
    tokens = [line.recv() for _ in range(150)]
    writer.kill()
    writer.join()
    tokens += what_is_left(line)
    with closing(line), closing(Database(database_url)) as database:
        found = [drafts.fetch(database, token) for token in tokens]
        assert all(draft and draft.answers == {"first_reply": 3} for draft in found)
        if database.is_sqlite:
            with database.engine.connect() as connection:
                assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
