"""The benchmarks run, end by themselves, and say what they mean."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from benchmarks import __main__ as command
from benchmarks import (
    exports,
    insights,
    journey,
    leads,
    load,
    measure,
    pdf,
    printing,
    scoring,
    server,
    worker,
)
from benchmarks.measure import Row
from consult.storage.db.database import Database
from tests.support.postgres import PostgresServer

SHORT = "<!doctype html><html lang=en><title>A short page</title><h1>Few words</h1></html>"


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


QUICK_ONLY = {
    "MOST": {"quick": journey.MOST["quick"]},
    "OWNERS": dict([*journey.OWNERS.items()][:1]),
}

SHORTER: tuple[tuple[ModuleType, dict[str, object]], ...] = (
    (measure, {"ROUNDS": 1, "SECONDS_A_ROUND": 0.01}),
    (journey, QUICK_ONLY),
    (scoring, {"SCORECARDS": 20, "DIFFERENT": 10}),
    (pdf, {"DEPTH": "quick", "RENDERS": 1, "ROUNDS": 1}),
    (pdf, {"document": lambda *, standalone=False: SHORT}),
    # The CPU of a process is told in steps of 10 ms, and a short page takes about one.
    (printing, {"ROUNDS": 1, "CALLS": 5, "RENDERS_TO_SETTLE": 1}),
    (server, {"SECONDS": 0.1, "WARM_UP_SECONDS": 0.01}),
    (
        load,
        {"PEOPLE": 3, "SLOW": 2, "SETTLE_SECONDS": 0.2, "SECONDS": 0.5, "READS_FOR": (0.1, 0.2)},
    ),
    (
        leads,
        {
            "LEADS": 60,
            "LEADS_OF_TODAY": 60,
            "ROUNDS": 1,
            "CASES": dict(list(leads.CASES.items())[::9]),
        },
    ),
    (insights, {"RESPONSES": 40, "ROUNDS": 1}),
    (exports, {"LEADS": 2, "TIMES": 1, "ROUNDS": 1}),
    (worker, {"DEPTH": "quick", "FEW": 1, "MANY": 2, "CONTACTS_BEFORE": 0, "OWNERS": 1}),
    (worker, {"SETTLE_SECONDS": 0.1, "IDLE_SECONDS": 0.6}),
)
NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("leads", "today", "exports", "insights"), ("SQLite", "PostgreSQL")),
    "journey": ("taps", "words", "screens", "review"),
    "pages": ("GET", "POST"),
    "scoring": ("scorecards",),
    "pdf": ("PDF",),
    "server": ("connections", "p99"),
    "worker": ("SQLite: a job", "PostgreSQL: an idle worker", "mail server hangs"),
    "load": ("SQLite: 3 people, p99", "PostgreSQL: people a minute", "memory", "no error"),
}
"""What the names of a part's rows tell."""


@pytest.mark.parametrize("part", [*command.PARTS, "load", "worker"])
def test_each_part_runs(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    for module in (exports, insights, leads, load, worker):
        # A server of its own takes longer to set up than most parts to run.
        monkeypatch.setattr(module, "shared_server", lambda _folder: nullcontext(postgres))
    for module, values in SHORTER:
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    file = tmp_path / "rows.json"
    # In a thread of its own: a browser test may have left its event loop running in this one.
    with ThreadPoolExecutor(1) as elsewhere:
        arguments = ["--json", str(file), part]
        run = elsewhere.submit(CliRunner().invoke, command.main, arguments).result()
    # So short, some may miss their aim.
    assert run.exit_code in (0, 1), run.exception
    assert run.exception is None or isinstance(run.exception, SystemExit)
    assert f"Measuring {part}\n" in run.stderr, "it says what it does in a pipe, too"
    rows = json.loads(file.read_text())["rows"]
    has_aims = any(row["aim"] is not None for row in rows)
    assert len(run.stdout.splitlines()) == len(rows) + 1 + has_aims
    assert all(any(name in row["name"] for row in rows) for name in NAMES.get(part, ()))
    assert all(row["ratio"] > 0 for row in rows)
