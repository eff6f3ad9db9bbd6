"""How many connections a server keeps, and for how long."""

import resource
import socket
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from consult.commands import serve_commands
from tests.support.forks import forks, run_command
from tests.support.patience import patience, wait_until
from tests.support.served import answer


def impatient_web(settings: dict[str, str], log: Path) -> None:
    """`consult web`, which ends a connection that says nothing for a second."""
    serve_commands.IDLE_SECONDS = 1
    run_command(["web"], settings, log)


def test_a_connection_that_says_nothing_more_is_ended(
    settings: dict[str, str], port: int, log: Path
) -> None:
    process = forks().start(impatient_web, settings, log)
    wait_until(lambda: answer(port), "the first answer")
    with ExitStack() as lines:
        told = {}
        for said in (b"", b"POST /start HTTP/1.1\r\n", b"GET /health/live HTTP/1.1\r\n\r\n"):
            address = ("127.0.0.1", port)
            told[said] = lines.enter_context(socket.create_connection(address, patience()))
            told[said].sendall(said)
        for said, line in told.items():
            assert b"".join(iter(partial(line.recv, 1_000), b"")).endswith(
                b"ok\n" if b"GET" in said else b""
            )
    process.terminate()
    process.wait()


@pytest.mark.parametrize(
    ("allowed", "most", "kept", "raised"),
    [
        (1_024, 4_096, 2_000, 2_100),
        (1_024, resource.RLIM_INFINITY, 2_000, 2_100),
        (256, 600, 500, 600),
        (256, 256, 156, None),
        (65_536, 65_536, 2_000, None),
    ],
)
def test_as_many_connections_are_kept_as_the_system_allows_files(
    allowed: int, most: int, kept: int, raised: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (allowed, most))
    monkeypatch.setattr(resource, "setrlimit", lambda _what, to: now.append(to[0]))
    assert serve_commands._connection_limit() == kept
    assert now == ([raised] if raised else [])
