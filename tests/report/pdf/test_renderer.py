"""The rendering process stays, can die or grow old, and the next PDF comes all the same."""

import os
import signal
import threading
from contextlib import closing

import pytest

from consult.report.pdf.renderer import (
    TESTED_VERSIONS,
    RenderCrash,
    Renderer,
    RenderError,
    UntestedLibraryError,
)
from tests.support.rendering import HELLO, is_running, process_of


def test_html_becomes_a_pdf_in_a_process_that_stays(renderer: Renderer) -> None:
    first = renderer.render(HELLO)
    process = process_of(renderer)
    assert first.startswith(b"%PDF-")
    assert renderer.render(HELLO) == first
    assert process_of(renderer) == process


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


def test_a_process_whose_worker_was_killed_ends_without_a_word(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with closing(Renderer()) as made:
        made.render(HELLO)
        assert made._running
        line, process = made._running.line, made._running.process
        line.send_bytes(HELLO.encode())
        assert line.poll(60), "an answer that nobody reads anymore"
        line.close()
        assert process.wait(60) == 0
    assert capfd.readouterr().err == ""


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
