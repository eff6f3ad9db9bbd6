"""The worker when hundreds hand in at once: what a job costs beside one when a few do.

Printing and sending are stand-ins, which take no time: what is left is the queue, the database, the
writing of reports and mails.
"""

import logging
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Row, computed_by
from consult.owner.open_draft import freeze
from consult.questionnaire import walk
from consult.questionnaire.editions import newest
from consult.settings.brand import load_brand
from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from tests.support.lead_factories import colleague
from tests.support.personas import BATON_ON_THE_FLOOR
from tests.support.postgres import shared_server
from tests.support.submissions import CONTACT
from tests.support.workers import make_worker

FEW, MANY = 20, 500
AIM = 1.5
"""Times what a job takes when few hand in."""


def rows() -> list[Row]:
    """Computing time of a job with many leads waiting, on each engine."""
    found: list[Row] = []
    with TemporaryDirectory() as folder, shared_server(Path(folder)) as server:
        for engine in ("SQLite", "PostgreSQL"):
            cost = {}
            for leads in (FEW, MANY):
                url = f"sqlite:///{folder}/{leads}.db"
                with closing(
                    Database(server.create_database() if engine == "PostgreSQL" else url)
                ) as database:
                    migrate.upgrade(database)
                    cost[leads] = _microseconds(database, leads)
            name, floor = f"{engine}: a job, {MANY} at once", f"with {FEW} at once"
            found.append(Row(name, cost[MANY], "µs", floor, cost[FEW], AIM))
    return found


def _microseconds(database: Database, leads: int) -> float:
    logging.disable()  # of a mail that waits for its PDF there is a line each
    colleague(database, "ada", admin=True)
    _hand_in(database, leads)
    worker, clock = make_worker(database), computed_by(database)
    start = clock()
    jobs = worker.run_once()
    logging.disable(logging.NOTSET)
    return (clock() - start) * 1e6 / jobs


def _hand_in(database: Database, leads: int) -> None:
    answers = BATON_ON_THE_FLOOR.payload()["answers"]
    frozen = freeze(walk(newest(), answers, "full"), load_brand(None))
    for number in range(leads):
        with database.writing() as session:
            token = drafts.start(session, frozen.edition, frozen.depth, {})
            result = submission.submit(session, token, frozen)
            contact = replace(CONTACT, email=f"{number}@example.com")
            submission.save_contact(session, result, contact, "https://check.example/result")
