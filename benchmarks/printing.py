"""The printing of reports as it is in the product: beside a browser, two at once, from submission.

Chromium prints the same HTML with the same styles; it has neither our tags' repairs nor our fonts.
"""

import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Row
from consult.delivery.context import Context
from consult.delivery.handlers import handlers_with
from consult.delivery.worker import Worker
from consult.owner.open_draft import freeze
from consult.questionnaire.journey import Walk
from consult.report.pdf.renderer import Renderer
from consult.settings.brand import Brand
from consult.settings.schema import Settings
from consult.storage import documents
from consult.storage.db.database import Database
from consult.storage.db.migrate import upgrade
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from tests.support.browser import FLAGS, find_browser

SECONDS_TO_READY = 1.5
TWO_TO_ONE = 1.8
ONLY_LEAD = 1
"""The id of the first lead of a database."""

ROUNDS, CALLS = 5, 4
RENDERS_TO_SETTLE = 20


def chromium_cpu(html: Path) -> float:
    """CPU milliseconds of a Chromium that starts, prints one document and ends."""
    before = _children()
    command = [
        str(find_browser()),
        "--headless",
        *FLAGS,
        f"--print-to-pdf={html}.pdf",
        html.as_uri(),
    ]
    with TemporaryDirectory() as profile:
        subprocess.run(
            [*command, f"--user-data-dir={profile}"],
            check=True,
            capture_output=True,
            env={**os.environ, "HOME": profile},
        )
    return (_children() - before) * 1000


def rows(html: str, way: Walk, most_memory: float) -> Iterator[Row]:
    """Memory of a renderer, two at once, and a report from its submission on."""
    with ExitStack() as stack:
        pair = [stack.enter_context(closing(Renderer(timeout=60))) for _ in range(2)]
        yield _memory(pair[0], html, most_memory)
        yield from _two_at_once(pair, html)
        yield _from_submission_to_ready(pair[0], way)


def _memory(renderer: Renderer, html: str, most: float) -> Row:
    """MiB that a renderer took at most, after so many reports that it takes no more."""
    for _ in range(RENDERS_TO_SETTLE):
        renderer.render(html)
    status = Path(f"/proc/{renderer.process_id}/status").read_text().splitlines()
    (taken,) = (int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    return Row("memory of a renderer", taken, "MiB", "the promise", most, 1)


def _two_at_once(pair: list[Renderer], html: str) -> Iterator[Row]:
    """PDFs a second of two renderers beside one, and what a PDF costs when two are made at once.

    Whatever else the machine does slows two more than one, which the first row cannot tell from
    two that are in each other's way. Those would spend more on each PDF: see the second row.
    """
    found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for renderer in pair:
        renderer.render(html)
    for _ in range(ROUNDS):
        for count, measured in found.items():
            measured.append(_at_once(pair[:count], html))
    rate = {count: max(rate for rate, _ in measured) for count, measured in found.items()}
    cost = {count: min(cost for _, cost in measured) for count, measured in found.items()}
    yield Row(
        "PDFs a second, two renderers", rate[2], "/s", "one renderer", rate[1],
        1 / TWO_TO_ONE, more_is_better=True,
    )  # fmt: skip
    yield Row("CPU of a PDF, two at once", cost[2], "ms", "alone", cost[1], 2 / TWO_TO_ONE)


def _at_once(renderers: list[Renderer], html: str) -> tuple[float, float]:
    """PDFs a second of renderers that work at once, and the CPU milliseconds of each PDF."""
    made = 0
    before, start = _cpu(renderers), time.perf_counter()
    with ThreadPoolExecutor(len(renderers)) as threads:
        # A thread for each: two that wait for one renderer would leave the other idle.
        for made_by_one in threads.map(_several(html), renderers):
            made += len(made_by_one)
    seconds = time.perf_counter() - start
    return made / seconds, (_cpu(renderers) - before) * 1000 / made


def _several(html: str) -> Callable[[Renderer], list[bytes]]:
    return lambda renderer: [renderer.render(html) for _ in range(CALLS)]


def _cpu(renderers: list[Renderer]) -> float:
    """CPU seconds that the renderers' processes have spent."""
    ticks = 0
    for renderer in renderers:
        fields = Path(f"/proc/{renderer.process_id}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # in our name, and in the system's
    return ticks / os.sysconf("SC_CLK_TCK")


def _from_submission_to_ready(renderer: Renderer, way: Walk) -> Row:
    """Seconds from sending the answers until the PDF is stored, with an idle worker beside."""
    with TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, var_dir=Path(folder))
        database = Database(f"sqlite:///{folder}/consult.db")
        upgrade(database)
        context = Context.of(settings, Brand(), database, renderer.render)
        worker = Worker(database, handlers_with(lambda: context))
        stop = threading.Event()
        running = threading.Thread(target=worker.run_forever, args=[stop])
        running.start()
        try:
            seconds = _until_ready(database, way)
        finally:
            stop.set()
            running.join()
    name = "submission until PDF is ready"
    return Row(name, seconds * 1000, "ms", "the promise", SECONDS_TO_READY * 1000, 1)


def _until_ready(database: Database, way: Walk) -> float:
    with database.writing() as session:
        check = drafts.start(session, way.questionnaire.name, way.depth, {})
    start = time.perf_counter()
    with database.writing() as session:
        submission.submit(session, check, freeze(way, Brand()))
    while time.perf_counter() - start < 60:
        # Not the whole lead: reading its documents over and over would slow the worker.
        with database.reading() as session:
            if documents.stored_revision(session, ONLY_LEAD, documents.REPORT):
                return time.perf_counter() - start
        time.sleep(0.02)
    raise RuntimeError("no PDF within a minute")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
