"""The rendering process can hang, die or eat memory, and the next PDF comes all the same."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from consult.report.pdf.renderer import (
    TESTED_VERSIONS,
    RenderCrash,
    Renderer,
    RenderError,
    RenderTimeout,
    UntestedLibraryError,
)

HELLO = "<!doctype html><html lang=en><title>Hello</title><h1>Hello</h1>"
NEVER_ENDING = HELLO + '<div style="display: flex">' * 12 + "x"
"""Flex boxes nested this deep take WeasyPrint hours."""

HOG = "<html><body>" + '<b a=""/>' * 1_000_000 + "</body></html>"
"""Its elements alone take more memory than the renderer of these tests may."""


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """A renderer for most tests here, which leave it working: to start one takes a second."""
    with closing(Renderer(timeout=30, memory_mb=400)) as made:
        yield made


@pytest.fixture(scope="module")
def hasty() -> Iterator[Renderer]:
    """One that soon ends what computes, and not what waits."""
    with closing(Renderer(timeout=0.2, wall_seconds=60)) as made:
        yield made


def process_of(renderer: Renderer) -> int:
    assert renderer._running is not None
    return renderer._running.process.pid


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_html_becomes_a_pdf_in_a_process_that_stays(renderer: Renderer) -> None:
    first = renderer.render(HELLO)
    process = process_of(renderer)
    assert first.startswith(b"%PDF-")
    assert renderer.render(HELLO) == first
    assert process_of(renderer) == process


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


def test_a_crash_is_reported_and_the_next_pdf_comes(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer.render(HELLO)
    assert renderer._running
    line, process = renderer._running.line, process_of(renderer)
    os.kill(process, signal.SIGSTOP)
    monkeypatch.setattr(line, "send_bytes", lambda _: os.kill(process, signal.SIGKILL))
    with pytest.raises(RenderCrash, match="died"):
        renderer.render(HELLO)
    assert renderer.render(HELLO).startswith(b"%PDF-")


def test_a_process_killed_in_a_pause_is_replaced(renderer: Renderer) -> None:
    first = renderer.render(HELLO)
    os.kill(process_of(renderer), signal.SIGKILL)
    os.waitid(os.P_PID, process_of(renderer), os.WEXITED | os.WNOWAIT)
    assert renderer.render(HELLO) == first


def test_a_bad_document_says_where_and_not_what(renderer: Renderer) -> None:
    process = None
    for html in (HELLO + "<div>" * 500 + "secret", HELLO + '<img alt="x" src="file:///secret">'):
        with pytest.raises(RenderError, match=r"^\w+ in \w+\.py, line \d+$") as fault:
            renderer.render(html)
        assert "secret" not in str(fault.value)
        assert process in (None, process_of(renderer))
        process = process_of(renderer)
    assert renderer.render(HELLO).startswith(b"%PDF-")


def test_an_old_process_makes_room(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer.render(HELLO)
    assert renderer._running
    monkeypatch.setattr(renderer, "_renders_per_process", renderer._running.renders + 1)
    processes = [process_of(renderer)]
    for _ in range(2):
        renderer.render(HELLO)
        processes.append(process_of(renderer))
    assert processes[0] == processes[1] != processes[2]
    assert not is_running(processes[0])


def test_threads_take_turns(renderer: Renderer) -> None:
    documents = [HELLO + f"<p>{n}" for n in range(4)]
    alone = [renderer.render(html) for html in documents]
    together: dict[int, bytes] = {}

    def render(n: int) -> None:
        together[n] = renderer.render(documents[n])

    threads = [threading.Thread(target=render, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(4)] == alone


def test_closed_it_leaves_no_process_behind(renderer: Renderer) -> None:
    renderer.render(HELLO)
    process = process_of(renderer)
    renderer.close()
    assert not is_running(process)


@pytest.mark.parametrize("name", ["weasyprint", "pydyf"])
def test_a_library_of_another_version_is_refused_at_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TESTED_VERSIONS, name, "1.2.3")
    with pytest.raises(UntestedLibraryError, match=rf"{name} .* is installed.*with {name} 1\.2\.3"):
        Renderer()
