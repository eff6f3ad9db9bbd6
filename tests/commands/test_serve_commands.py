"""`consult serve` as a process: it serves, keeps a worker, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from consult.commands import serve_commands
from tests.support.commands import run
from tests.support.fork_server import Forked
from tests.support.forks import command_process, forks
from tests.support.patience import patience, wait_until
from tests.support.served import answer, hasty

RUN = Path(__file__).parents[2] / "run"


@pytest.fixture
def served(settings: dict[str, str], port: int, log: Path) -> Iterator[Forked]:
    """The app with a worker, served."""
    process = forks().start(hasty, ["serve"], settings, log)
    try:
        wait_until(lambda: answer(port), "the first answer")
        yield process
    finally:
        process.kill()
        process.wait()


def workers_in(log: Path, count: int) -> list[int] | None:
    """The process ids of the workers started so far, once there are `count` of them."""
    found = re.findall(r"worker (\d+) started", log.read_text())
    return [int(pid) for pid in found] if len(found) >= count else None


def has_ended(pid: int) -> bool:
    """Whether a process has ended, and at most its parent does not know it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


START = b"POST /start HTTP/1.1\r\nHost: localhost\r\n"
UNCLEAR = {
    b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nGET /": b"400",
    b"Content-Length: +5\r\n\r\nGET /": b"400",
    b"Content-Length : 5\r\n\r\nGET /": b"400",
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n": b"501",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n": b"501",
    b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n": b"400",
    b"X\rY: 1\r\n\r\n": b"400",
    b"Content-Length: 17000000\r\n\r\nx": b"413",
}
"""Requests that a proxy may take for another one than we do, or that are too much; the answer."""


def status_of(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), patience()) as line:
        line.sendall(request)
        return line.recv(12)[-3:]


def everything_of(port: int, method: bytes) -> bytes:
    """All bytes that come for the start page."""
    with socket.create_connection(("127.0.0.1", port), patience()) as line:
        line.sendall(method + b" / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b"".join(iter(lambda: line.recv(65_536), b""))


def test_it_prints_its_url_keeps_its_port_replaces_its_worker_and_ends_on_a_signal(
    served: Forked, settings: dict[str, str], port: int, log: Path, tmp_path: Path
) -> None:
    (first,) = wait_until(lambda: workers_in(log, 1), "the start of a worker")
    os.kill(first, signal.SIGKILL)
    assert f"Relay Check is at http://127.0.0.1:{port}\n" in log.read_text()
    link = re.escape(f"http://127.0.0.1:{port}/staff/invitation/") + r"[\w-]{43}\n"
    assert re.search(link, log.read_text())
    assert run("health").output == "ok\n"
    assert {more: status_of(port, START + more) for more in UNCLEAR} == UNCLEAR
    assert status_of(port, b"F\x1b[2J / HTTP/1.1\r\n\r\n") == b"400"
    head, get = (everything_of(port, method) for method in (b"HEAD", b"GET"))
    assert head.endswith(b"\r\n\r\n")
    assert get.startswith(head.splitlines()[0])
    assert b"<title>" in get
    second_server = command_process("web", settings, tmp_path / "second")
    assert second_server.wait(patience()) == 1
    (line,) = (tmp_path / "second").read_text().splitlines()
    assert line.startswith(f"consult: cannot listen on 127.0.0.1:{port}: ")
    # Told by ./run before it sets anything up.
    told = subprocess.run([RUN, "serve", "--port", str(port)], capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (1, "")
    (line,) = told.stderr.splitlines()
    assert line.startswith(f"run: cannot listen on 127.0.0.1:{port}: ")
    assert_a_thousand_connections_that_say_nothing_or_half_of_something_cost_nothing(port)
    assert_a_worker_that_ends_is_replaced_and_an_idle_one_stops_at_once(served.pid, log)
    served.terminate()
    assert served.wait(patience()) == 0
    assert all(has_ended(worker) for worker in workers_in(log, 3) or [])


def test_a_host_that_nobody_knows_is_told_in_one_line(settings: dict[str, str], log: Path) -> None:
    process = command_process("web", {**settings, "HOST": "nowhere.invalid"}, log)
    assert process.wait(patience()) == 2
    (line,) = log.read_text().splitlines()
    assert line == "consult: nowhere.invalid is no address to listen on; see --host"


def assert_a_worker_that_ends_is_replaced_and_an_idle_one_stops_at_once(
    server: int, log: Path
) -> None:
    _, second = wait_until(lambda: workers_in(log, 2), "the start of another worker")
    started = f"started, for sqlite:///{log.parent}/var/consult.db"
    wait_until(lambda: log.read_text().count(started) or None, "what it says at its start")
    to_start, others = computed_by(second), computed_by_children_of(server)
    os.kill(second, signal.SIGTERM)
    wait_until(lambda: workers_in(log, 3), "the start of a third worker")
    (killed, told) = re.findall(
        r"(\w+) consult.commands.serve_commands - worker \d+ ended with (\S+)", log.read_text()
    )
    assert (killed, told) == (("ERROR", "-9"), ("INFO", "0"))
    # It used to take a third of what it takes to start.
    assert computed_by_children_of(server) - others - to_start < to_start / 10


def test_no_worker_outlives_a_server_that_is_killed(served: Forked, port: int, log: Path) -> None:
    (worker,) = wait_until(lambda: workers_in(log, 1), "the start of a worker")
    served.kill()
    served.wait()
    wait_until(lambda: has_ended(worker), "the end of its worker")
    error = run("health", code=1).stderr
    assert error == f"consult: nothing healthy answers at 127.0.0.1:{port}: Connection refused\n"


def assert_a_thousand_connections_that_say_nothing_or_half_of_something_cost_nothing(
    port: int,
) -> None:
    assert serve_commands._connection_limit() > 1_100  # this process may have as many files
    with ExitStack() as lines:
        for number in range(1_100):  # more than select() knows: 1,024 files
            line = lines.enter_context(socket.create_connection(("127.0.0.1", port), patience()))
            if number % 2:
                line.sendall(
                    b"POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nd"
                )
        start = time.monotonic()
        assert answer(port) == b"ok\n"
        assert time.monotonic() - start < patience() / 2


def computed_by(process_id: int) -> float:
    """Seconds that all threads of a process have computed."""
    threads = Path(f"/proc/{process_id}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in threads) / 1e9


def computed_by_children_of(process_id: int) -> float:
    """Seconds that the processes that a process started and that have ended computed."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")
