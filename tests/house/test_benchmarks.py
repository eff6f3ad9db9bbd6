"""The benchmarks run, end by themselves, and say what they mean."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks import exports, insights, leads, load, measure, pdf, printing, scoring, worker
from benchmarks.measure import Row

SHORT = "<!doctype html><html lang=en><title>A short page</title><h1>Few words</h1></html>"


def test_rows_say_how_many_times_the_floor_ours_costs_and_whether_aims_are_met() -> None:
    near, far = Row("near", 19, "ms", "floor", 10, 2.0), Row("far", 21, "ms", "floor", 10, 2.0)
    watched = Row("watched", 30, "ms", "floor", 10)
    assert watched.ratio == 3
    assert Row("speed", 200, "/s", "floor", 1000, more_is_better=True).ratio == 5
    verdicts = [row.verdict for row in (near, far, watched)]
    assert verdicts == ["met: at most 2", "MISSED: at most 2", ""]
    assert command.in_short([near, watched]) == "1 aims, all met. Nearest: near, 1.90x."
    assert "MISSED by 1: far." in command.in_short([near, far, watched])
    assert command.in_short([watched]) == ""


def test_all_of_them_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "ROUNDS", 1)
    monkeypatch.setattr(measure, "SECONDS_A_ROUND", 0.01)
    monkeypatch.setattr(scoring, "SCORECARDS", 20)
    monkeypatch.setattr(scoring, "DIFFERENT", 10)
    monkeypatch.setattr(pdf, "RENDERS", 1)
    monkeypatch.setattr(pdf, "ROUNDS", 1)
    monkeypatch.setattr(pdf, "document", lambda *, standalone=False: SHORT)
    monkeypatch.setattr(printing, "ROUNDS", 1)
    # The CPU of a process is told in steps of 10 ms, and a short page takes about one.
    monkeypatch.setattr(printing, "CALLS", 10)
    monkeypatch.setattr(printing, "RENDERS_TO_SETTLE", 1)
    monkeypatch.setattr(load, "SECONDS", 0.3)
    monkeypatch.setattr(load, "WARM_UP_SECONDS", 0.05)
    monkeypatch.setattr(leads, "LEADS", 60)
    monkeypatch.setattr(leads, "ROUNDS", 1)
    monkeypatch.setattr(insights, "RESPONSES", 40)
    monkeypatch.setattr(insights, "ROUNDS", 1)
    monkeypatch.setattr(worker, "MANY", 40)
    monkeypatch.setattr(exports, "LEADS", 6)
    monkeypatch.setattr(exports, "ROUNDS", 1)
    monkeypatch.setattr(leads, "CASES", dict(list(leads.CASES.items())[::9]))
    file = tmp_path / "rows.json"
    # In a thread of its own: a browser test may have left its event loop running in this one.
    with ThreadPoolExecutor(1) as elsewhere:
        arguments = ["--json", str(file)]
        run = elsewhere.submit(CliRunner().invoke, command.main, arguments).result()
    # So short, some may miss their aim.
    assert run.exit_code in (0, 1), run.exception
    assert run.exception is None or isinstance(run.exception, SystemExit)
    rows = json.loads(file.read_text())["rows"]
    assert len(rows) == len(run.stdout.splitlines()) - 2
    names = " ".join(row["name"] for row in rows)
    for part in ("GET", "POST", "scorecards", "PDF", "connections", "p99", "SQLite", "PostgreSQL"):
        assert part in names
    assert all(row["ratio"] > 0 for row in rows)
