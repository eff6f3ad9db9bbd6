"""What a row says, and what is counted as computing."""

import time
from contextlib import closing

from sqlalchemy import text

from benchmarks import __main__ as command
from benchmarks import measure
from benchmarks.measure import Row
from consult.storage.db.database import Database
from tests.support.postgres import PostgresServer


def test_rows_say_how_many_times_the_floor_ours_costs_and_whether_aims_are_met() -> None:
    near, far = Row("near", 19, "ms", "floor", 10, 2.0), Row("far", 21, "ms", "floor", 10, 2.0)
    watched = Row("watched", 30, "ms", "floor", 10)
    assert watched.ratio == 3
    assert Row("speed", 200, "/s", "floor", 1000, more_is_better=True).ratio == 5
    assert not Row("standstill", 0, "/s", "floor", 1000, 2.0, more_is_better=True).is_met
    verdicts = [row.verdict for row in (near, far, watched)]
    assert verdicts == ["met: at most 2", "MISSED: at most 2", ""]
    assert command.in_short([near, watched]) == "1 aims, all met. Nearest: near, 1.90x."
    assert "MISSED by 1: far." in command.in_short([near, far, watched])
    assert command.in_short([watched]) == ""


def test_what_a_server_computes_for_a_later_connection_counts(postgres: PostgresServer) -> None:
    busy = text("SELECT count(*) FROM generate_series(1, 300000)")
    with closing(Database(postgres.create_database())) as database:
        clock = measure.computed_by(database)
        start, ours = clock(), time.process_time()
        with database.reading() as first, database.reading() as later:
            first.execute(text("SELECT 1"))
            later.execute(busy)
        ours = time.process_time() - ours
        assert clock() - start > 2 * ours
