"""The parts of the benchmarks, each on very little: they end and say what they mean."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

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
from consult.delivery import handlers
from tests.support.postgres import PostgresServer

SHORT = "<!doctype html><html lang=en><title>A short page</title><h1>Few words</h1></html>"
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
    (handlers, dict.fromkeys(("document_html", "brief_html"), lambda *_, **__: SHORT)),
    # The CPU of a process is told in steps of 10 ms, and a short page takes about one.
    (printing, {"ROUNDS": 1, "CALLS": 5, "RENDERS_TO_SETTLE": 1}),
    (server, {"SECONDS": 0.1, "WARM_UP_SECONDS": 0.01}),
    (
        load,
        {"PEOPLE": 3, "SLOW": 2, "SETTLE_SECONDS": 0.1, "SECONDS": 0.3, "READS_FOR": (0.05, 0.1)},
    ),
    (
        leads,
        {
            "LEADS": 20,
            "LEADS_OF_TODAY": 20,
            "ROUNDS": 1,
            "CASES": dict(list(leads.CASES.items())[::9]),
        },
    ),
    (insights, {"RESPONSES": 40, "ROUNDS": 1}),
    (exports, {"LEADS": 2, "TIMES": 1, "ROUNDS": 1}),
    (worker, {"DEPTH": "quick", "FEW": 1, "MANY": 2, "CONTACTS_BEFORE": 0, "OWNERS": 1}),
    (worker, {"SETTLE_SECONDS": 0.05, "IDLE_SECONDS": 0.5}),
)
NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("leads", "today", "exports", "insights"), ("SQLite", "PostgreSQL")),
    "journey": ("taps", "words", "screens", "review"),
    "pages": ("GET", "POST"),
    "scoring": ("scorecards",),
    "pdf": ("PDF",),
    "server": ("connections", "p99"),
    "worker": ("SQLite: a job", "PostgreSQL: an idle worker"),
    "mail": ("mail server hangs",),
    "load": ("SQLite: 3 people, p99", "PostgreSQL: people a minute", "memory", "no error"),
}
"""What the names of a part's rows tell."""


def run_part(
    part: str, folder: Path, patch: pytest.MonkeyPatch, server: PostgresServer | None = None
) -> None:
    """Run a part as `./run bench` does, and look at what it says.

    One that compares the engines uses `server`: its own takes longer to set up than the rest.
    """
    for module in (exports, insights, leads, load, worker):
        patch.setattr(module, "shared_server", lambda _folder: nullcontext(server))
    for module, values in SHORTER:
        for name, value in values.items():
            patch.setattr(module, name, value)
    file = folder / "rows.json"
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
