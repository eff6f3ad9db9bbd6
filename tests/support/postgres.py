"""A real PostgreSQL for the tests: one server per test run, started on first use.

The server is Debian's, on a Unix socket in a temporary folder, without the settings that
protect from a power failure. Concurrent test processes share it; the last one stops it.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg

from tests.support.patience import patience

_FAST = (
    "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c shared_buffers=32MB "
    "-c max_connections=200 -c listen_addresses=''"
)


_GUARDED = "guarded"


class PostgresMissing(RuntimeError):
    """The server's programs are not installed."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server; ``folder`` holds its socket, its data and its log."""

    folder: Path

    def create_database(self, options: str = "") -> str:
        name = f"test_{uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} {options}")
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def require_password(self, url: str, password: str) -> str:
        """The URL of a database for the one user who has to give a password; call it once."""
        self._execute(f"CREATE ROLE {_GUARDED} SUPERUSER LOGIN PASSWORD '{password}'")
        return url.replace("postgres@", f"{_GUARDED}:{quote(password, safe='')}@")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", autocommit=True) as admin:
            admin.execute(statement.encode())


@contextmanager
def shared_server(run_folder: Path) -> Iterator[PostgresServer]:
    """The server of a test run, started if needed, stopped when no process uses it.

    Args:
        run_folder: shared by all processes of the run, and by no other run.
    """
    record = run_folder / "postgres"
    users = run_folder / "postgres-users"
    me = users / str(os.getpid())
    with _locked(run_folder):
        users.mkdir(exist_ok=True)
        if not record.exists():
            record.write_text(str(_start()))
        me.touch()
    folder = Path(record.read_text())
    try:
        yield PostgresServer(folder)
    finally:
        with _locked(run_folder):
            me.unlink()
            if not any(users.iterdir()):
                _stop(folder)
                record.unlink()


def programs() -> Path:
    """The folder of the newest installed server's programs; Debian keeps them off the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])
    )
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).parent
    raise PostgresMissing("these tests need a PostgreSQL server: apt-get install postgresql")


def _start() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user := server_user():
        shutil.chown(folder, user)
    try:
        run_program("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync")  # fmt: skip
        rules = Path(folder, "data", "pg_hba.conf")
        trusting = rules.read_text()
        rules.write_text(f"local all {_GUARDED} scram-sha-256\n{trusting}")
        options = f"{_FAST} -c unix_socket_directories={folder}"
        log = f"{folder}/log"
        wait = ("-w", "-t", str(round(patience())))
        run_program("pg_ctl", "-D", f"{folder}/data", "-l", log, "-o", options, *wait, "start")
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder)
        raise RuntimeError(f"PostgreSQL did not start: {error.stderr}") from error
    return folder


def _stop(folder: Path) -> None:
    run_program("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


def run_program(program: str, *arguments: str) -> None:
    """Run one of the server's programs as the user that the server runs as."""
    subprocess.run(
        [programs() / program, *arguments],
        check=True,
        user=server_user(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        # Not a pipe: the server inherits it, and its reader would wait for the server to end.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
        text=True,
    )


def server_user() -> str | None:
    """PostgreSQL refuses to run as root; its package created a user."""
    return "postgres" if os.geteuid() == 0 else None


@contextmanager
def _locked(run_folder: Path) -> Iterator[None]:
    with (run_folder / "postgres-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
