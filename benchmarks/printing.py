"""The printing of reports as it is in the product: beside a browser, two at once, from submission.

Chromium prints the same HTML with the same styles; it has neither our tags' repairs nor our fonts.
"""

import os
import resource
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Row
from consult.delivery.handlers import handlers_of
from consult.delivery.worker import Worker
from consult.owner.submission import freeze
from consult.questionnaire import Walk
from consult.report.brand import Brand
from consult.report.renderer import Renderer
from consult.settings import Settings
from consult.storage import checks, documents, leads
from consult.storage.database import Database
from consult.storage.schema import upgrade
from tests.support.browser import FLAGS, find_browser

SECONDS_TO_READY = 1.5
TWO_TO_ONE = 1.8


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


def two_at_once(html: str, renders: int) -> Row:
    """PDFs a second of two renderers beside one."""
    with ExitStack() as stack:
        renderers = [stack.enter_context(closing(Renderer(timeout=60))) for _ in range(2)]
        for renderer in renderers:
            renderer.render(html)
        rates = [_rate(renderers[:count], html, renders) for count in (1, 2)]
    name = "PDFs a second, two renderers"
    return Row(name, rates[1], "/s", "one renderer", rates[0], 1 / TWO_TO_ONE, more_is_better=True)


def from_submission_to_ready(way: Walk) -> Row:
    """Seconds from sending the answers until the PDF is stored, with an idle worker beside."""
    with TemporaryDirectory() as folder, closing(Renderer(timeout=60)) as renderer:
        settings = Settings(_env_file=None, var_dir=Path(folder))
        database = Database(f"sqlite:///{folder}/consult.db")
        upgrade(database)
        renderer.render("<html lang=en><title>Warm</title><h1>Warm</h1>")
        worker = Worker(database, handlers_of(settings, Brand(), database, renderer.render))
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
        check = checks.start(session, way.questionnaire.name, way.depth, {})
    start = time.perf_counter()
    with database.writing() as session:
        token = leads.submit(session, check, freeze(way, Brand()))
    while time.perf_counter() - start < 60:
        with database.reading() as session:
            lead = leads.by_result_token(session, token)
            if lead and documents.stored_revision(session, lead.id, documents.REPORT):
                return time.perf_counter() - start
        time.sleep(0.02)
    raise RuntimeError("no PDF within a minute")


def _rate(renderers: list[Renderer], html: str, renders: int) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(len(renderers)) as threads:
        for renderer in renderers:
            for _ in range(renders):
                threads.submit(renderer.render, html)
    return len(renderers) * renders / (time.perf_counter() - start)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
