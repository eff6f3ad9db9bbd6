"""The rendering process can hang, die or eat memory, and the next PDF comes all the same."""

import os
import signal
import threading
import time
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


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """A renderer for all tests here, which leave it working: to start one takes a second."""
    made = Renderer(timeout=30)
    yield made
    made.close()


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


def test_a_runaway_is_ended_and_the_next_pdf_comes() -> None:
    with closing(Renderer(timeout=0.5)) as renderer:
        renderer.render(HELLO)
        hanging = process_of(renderer)
        with pytest.raises(RenderTimeout, match=r"more than 0\.5 seconds of computing"):
            renderer.render(NEVER_ENDING)
        assert not is_running(hanging)
        assert renderer.render(HELLO).startswith(b"%PDF-")


def test_waiting_for_a_processor_is_not_computing() -> None:
    with closing(Renderer(timeout=1)) as renderer:
        first = renderer.render(HELLO)
        process = process_of(renderer)
        os.kill(process, signal.SIGSTOP)
        goes_on = threading.Timer(2, os.kill, (process, signal.SIGCONT))
        goes_on.start()
        assert renderer.render(HELLO) == first
        goes_on.join()


def test_what_computes_nothing_is_ended_too(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer.render(HELLO)
    os.kill(process_of(renderer), signal.SIGSTOP)
    monkeypatch.setattr(renderer, "_wall_seconds", 0.5)
    with pytest.raises(RenderTimeout, match=r"more than 0\.5 seconds$"):
        renderer.render(HELLO)
    monkeypatch.setattr(renderer, "_wall_seconds", 600)
    assert renderer.render(HELLO).startswith(b"%PDF-")


def test_a_memory_hog_is_stopped_and_the_next_pdf_comes() -> None:
    renderer = Renderer(timeout=60, memory_mb=400)
    try:
        hog = HELLO + '<p style="font-size: 4pt">' + "word " * 3_000_000
        with pytest.raises(RenderError):
            renderer.render(hog)
        assert renderer.render(HELLO).startswith(b"%PDF-")
    finally:
        renderer.close()


def test_a_crash_is_reported_and_the_next_pdf_comes(renderer: Renderer) -> None:
    renderer.render(HELLO)
    killer = threading.Timer(0.3, os.kill, (process_of(renderer), signal.SIGKILL))
    killer.start()
    with pytest.raises(RenderCrash, match="died"):
        renderer.render(NEVER_ENDING)
    killer.join()
    assert renderer.render(HELLO).startswith(b"%PDF-")


def test_a_process_killed_in_a_pause_is_replaced(renderer: Renderer) -> None:
    first = renderer.render(HELLO)
    os.kill(process_of(renderer), signal.SIGKILL)
    time.sleep(0.05)
    try:
        again = renderer.render(HELLO)
    except RenderCrash:  # the kill was noticed only while rendering
        again = renderer.render(HELLO)
    assert again == first


def test_a_bad_document_says_where_and_not_what(renderer: Renderer) -> None:
    process = None
    for html in (HELLO + "<div>" * 500 + "secret", HELLO + '<img alt="x" src="file:///secret">'):
        with pytest.raises(RenderError, match=r"^\w+ in \w+\.py, line \d+$") as fault:
            renderer.render(html)
        assert "secret" not in str(fault.value)
        assert process in (None, process_of(renderer))
        process = process_of(renderer)
    assert renderer.render(HELLO).startswith(b"%PDF-")


def test_an_old_process_makes_room() -> None:
    renderer = Renderer(timeout=30, renders_per_process=2)
    try:
        processes = []
        for _ in range(3):
            renderer.render(HELLO)
            processes.append(process_of(renderer))
        assert processes[0] == processes[1] != processes[2]
        assert not is_running(processes[0])
    finally:
        renderer.close()


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
