"""A process that is killed in the middle of its work has stored every answer it acknowledged."""

import subprocess
import sys
from contextlib import closing

from sqlalchemy import text

from consult.storage.db.database import Database
from consult.storage.drafts import drafts

_WRITER = """
import sys
from consult.storage.drafts import drafts
from consult.storage.db.database import Database

database = Database(sys.argv[1])
while True:
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", {})
    with database.writing() as session:
        drafts.save(session, token, {"first_reply": (3, "solo")})
    print(token, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_acknowledged(database_url: str) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, database_url], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with writer, writer.stdout as acknowledged:
        tokens = [acknowledged.readline().strip() for _ in range(150)]
        writer.kill()
        tokens += [line.strip() for line in acknowledged if line.endswith("\n")]
    with closing(Database(database_url)) as database:
        found = [drafts.fetch(database, token) for token in tokens]
        assert all(draft and draft.answers == {"first_reply": 3} for draft in found)
        if database.is_sqlite:
            with database.engine.connect() as connection:
                assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
