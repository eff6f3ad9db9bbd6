"""A lead in an export, on SQLite and on PostgreSQL, compared with only reading its documents."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC
from itertools import chain, repeat
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from sqlalchemy import text

from benchmarks.measure import Row, computed_by
from consult.delivery.exports.export_files import columns, csv_chunks, write_xlsx
from consult.demo.generator import make_leads
from consult.questionnaire.editions import newest
from consult.settings.brand import load_brand
from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.exports.lead_export import Lead, matching_batches
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.workflow.office_hours import Office
from tests.support.postgres import shared_server

LEADS = 60
TIMES = 5
ROUNDS = 5
AIM = {"CSV": 3.0, "XLSX": 7.0}
"""Times what it takes to read a lead's documents from the database and to parse them."""


def rows() -> list[Row]:
    """Computing time of a lead as CSV and as XLSX, on each engine."""
    found: list[Row] = []
    with TemporaryDirectory() as folder, shared_server(Path(folder)) as server:
        urls = {"SQLite": f"sqlite:///{folder}/consult.db", "PostgreSQL": server.create_database()}
        for engine, url in urls.items():
            with closing(Database(url, synchronous="NORMAL")) as database:
                migrate.upgrade(database)
                list(make_leads(database, newest(), load_brand(None), Office(), LEADS, 1))
                found += _measured(engine, database, Path(folder))
    return found


def _measured(engine: str, database: Database, folder: Path) -> Iterator[Row]:
    cells = columns(UTC)

    def as_csv() -> None:
        for _ in csv_chunks(cells, _batches(database)):
            pass

    def as_xlsx() -> None:
        with TemporaryFile(dir=folder) as file:
            write_xlsx(file, folder, cells, _batches(database))

    floor = _microseconds(database, lambda: _documents(database))
    for name, make in (("CSV", as_csv), ("XLSX", as_xlsx)):
        ours = _microseconds(database, make)
        yield Row(
            f"{engine}: a lead as {name}", ours, "µs", "its documents, parsed", floor, AIM[name]
        )


def _batches(database: Database) -> Iterator[Sequence[Lead]]:
    every = (matching_batches(database, LeadFilter(), Viewer(1, UTC)) for _ in repeat(None, TIMES))
    return chain.from_iterable(every)


def _documents(database: Database) -> None:
    for _ in repeat(None, TIMES):
        with database.reading() as session:
            query = text("SELECT CAST(report AS TEXT), CAST(answers AS TEXT) FROM submissions")
            for documents in session.execute(query):
                for document in documents:
                    json.loads(document)


def _microseconds(database: Database, make: Callable[[], None]) -> float:
    """What a lead costs us and the database server: the least of some rounds."""
    make()
    clock = computed_by(database)
    least = float("inf")
    for _ in range(ROUNDS):
        start = clock()
        make()
        least = min(least, clock() - start)
    return least * 1e6 / (LEADS * TIMES)
