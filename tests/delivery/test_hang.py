"""A render that hangs: it is ended and tried again, staff are told, and others get their PDFs."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from consult.report.pdf.renderer import Renderer
from consult.storage import documents, jobs
from consult.storage.db.database import Database
from tests.report.pdf.test_renderer import HELLO, NEVER_ENDING
from tests.support.databases import Clock
from tests.support.submissions import lead_of, submitted
from tests.support.workers import Press, make_worker


class RealPress(Press):
    """Prints for real; while `hanging`, the first lead's report takes for ever."""

    def __init__(self, renderer: Renderer) -> None:
        super().__init__()
        self.renderer = renderer
        self.hanging = True

    def render(self, html: str) -> bytes:
        hangs = self.hanging and html == "Report for nobody yet" and not self.printed
        self.printed.append(html)
        return self.renderer.render(NEVER_ENDING if hangs else HELLO)


@pytest.fixture
def press() -> Iterator[RealPress]:
    """A press whose renderer gives a document three seconds."""
    with closing(Renderer(timeout=3)) as renderer:
        yield RealPress(renderer)


def test_a_render_that_hangs_is_told_and_retried_and_harms_nobody(
    database: Database, clock: Clock, press: RealPress
) -> None:
    first, second = (lead_of(database, submitted(database)).id for _ in range(2))
    worker = make_worker(database, press)
    worker.run_once()
    with database.reading() as session:
        told = jobs.pdf_jobs(session, first)[0]
        assert told.state == "ready"
        assert told.last_error is not None
        assert "rendering took more than 3 seconds" in told.last_error
        states = documents.pdf_states(session, [first, second])
    assert states == {first: "pending", second: "ready"}
    clock.go_on(seconds=30)
    press.hanging = False
    worker.run_once()
    with database.reading() as session:
        assert documents.pdf_states(session, [first]) == {first: "ready"}
        stored = documents.get(session, first, documents.REPORT)
    assert stored
    assert stored.content.startswith(b"%PDF-")
