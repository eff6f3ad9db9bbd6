"""A PDF may take so much time and memory, and the next one comes all the same."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from consult.report.pdf.renderer import RenderCrash, Renderer, RenderTimeout
from tests.support.rendering import HELLO, is_running, process_of

NEVER_ENDING = HELLO + '<div style="display: flex">' * 12 + "x"
"""Flex boxes nested this deep take WeasyPrint hours."""

HOG = "<html><body>" + '<b a=""/>' * 1_000_000 + "</body></html>"
"""Its elements alone take more memory than the renderer of these tests may."""


@pytest.fixture(scope="module")
def hasty() -> Iterator[Renderer]:
    """One that soon ends what computes, and not what waits."""
    with closing(Renderer(timeout=0.2, wall_seconds=60)) as made:
        yield made


def test_waiting_for_a_processor_is_not_computing(hasty: Renderer) -> None:
    first = hasty.render(HELLO)
    process = process_of(hasty)
    os.kill(process, signal.SIGSTOP)
    goes_on = threading.Timer(0.4, os.kill, (process, signal.SIGCONT))
    goes_on.start()
    assert hasty.render(HELLO) == first
    assert process_of(hasty) == process
    goes_on.join()


def test_a_runaway_is_ended_and_the_next_pdf_comes(hasty: Renderer) -> None:
    hasty.render(HELLO)
    hanging = process_of(hasty)
    with pytest.raises(RenderTimeout, match=r"more than 0\.2 seconds of computing"):
        hasty.render(NEVER_ENDING)
    assert not is_running(hanging)
    assert hasty.render(HELLO).startswith(b"%PDF-")


def test_what_computes_nothing_is_ended_too(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer.render(HELLO)
    os.kill(process_of(renderer), signal.SIGSTOP)
    monkeypatch.setattr(renderer, "_wall_seconds", 0.05)
    with pytest.raises(RenderTimeout, match=r"more than 0\.05 seconds$"):
        renderer.render(HELLO)
    monkeypatch.undo()
    assert renderer.render(HELLO).startswith(b"%PDF-")


def test_a_memory_hog_is_stopped_and_the_next_pdf_comes(renderer: Renderer) -> None:
    renderer.render(HELLO)
    process = process_of(renderer)
    with pytest.raises(RenderCrash):
        renderer.render(HOG)
    assert not is_running(process)
    assert renderer.render(HELLO).startswith(b"%PDF-")
