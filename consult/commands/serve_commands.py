"""`consult serve`, `consult web` and `consult worker`: the processes that run the app."""

import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any

import click
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from consult.commands import CommandError, UsageError
from consult.commands.database_commands import DatabaseAwayError, open_database, upgrade_database
from consult.delivery.context import Context, plain
from consult.delivery.handlers import handlers_with, schedule_purge
from consult.delivery.notifications.dispatch import schedule_tick
from consult.delivery.worker import Worker, run_until_signal
from consult.report.pdf.renderer import Renderer
from consult.settings.schema import Settings
from consult.settings.server_settings import PREFIX
from consult.settings.setting_sources import load_settings
from consult.storage.accounts.account_admin import first_invitation
from consult.storage.settings.setting_overrides import SettingsProvider
from consult.storage.webhooks.endpoints import sync_environment
from consult.web.monitoring import configure_logging

log = logging.getLogger(__name__)

THREADS = 4
CONNECTIONS = 2_000
"""Open at the same time; what a connection waits for costs no thread."""
OWN_FILES = 100
IDLE_SECONDS = 60
HEADER_LIMIT = 32 * 1024
"""Also how much of a body is kept in memory while it arrives; the rest goes into a file."""
RESTART_SECONDS = 2.0
STOP_SECONDS = 20
# The server itself refuses larger requests, without a page; the app refuses smaller ones.
SERVER_BODY_LIMIT = 16 * 1024 * 1024

host_option = click.option(
    "--host", help=f"The address to listen on, instead of {PREFIX}HOST or 127.0.0.1."
)
port_option = click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    help=f"The port to listen on, instead of {PREFIX}PORT or 8000.",
)
upgrade_option = click.option(
    "--upgrade", is_flag=True, help="Run missing migrations first, like `consult db upgrade`."
)


@click.command()
@host_option
@port_option
@upgrade_option
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(0, 32),
    help="Number of processes that make PDFs and send emails and webhooks.",
)
def serve(host: str | None, port: int | None, upgrade: bool, workers: int) -> None:
    """Serve the pages and run the worker, all on this machine."""
    configure_logging()
    settings = _settings_for(host, port)
    server = _listen(settings, upgrade=upgrade)
    with worker_processes(settings, workers):
        _run(server, settings)
    _end_line()


@click.command()
@host_option
@port_option
@upgrade_option
def web(host: str | None, port: int | None, upgrade: bool) -> None:
    """Serve the pages only; `consult worker` runs separately, here or on another machine."""
    configure_logging()
    settings = _settings_for(host, port)
    _run(_listen(settings, upgrade=upgrade), settings)
    _end_line()


@click.command()
@click.option("--once", is_flag=True, help="Run the jobs that are due, then exit.")
@click.option("--with-parent", is_flag=True, hidden=True)
def worker(once: bool, with_parent: bool) -> None:
    """Make PDFs and send emails and webhooks, until stopped."""
    configure_logging()
    if with_parent:
        end_with_parent()
    settings = load_settings()
    while True:
        try:
            _work(settings, once=once)
        except DatabaseAwayError as error:
            if once:
                raise
            log.warning("%s; trying again", error.message)
            time.sleep(RESTART_SECONDS)
        else:
            return


def _work(settings: Settings, *, once: bool) -> None:
    renderer = Renderer(settings.pdf_timeout_seconds, settings.pdf_memory_mb)
    with open_database(settings) as database, closing(renderer):
        with database.writing() as session:
            schedule_purge(session)
            schedule_tick(session)
            sync_environment(session, plain(settings.webhook_url))
        provider = SettingsProvider(settings, database)
        handlers = handlers_with(
            lambda: Context.of(provider.settings, provider.brand, database, renderer.render)
        )
        log.info("started, for %s", database.engine.url)  # which hides the password
        worker = Worker(database, handlers, lease_seconds=settings.job_lease_seconds)
        if once:
            worker.run_once()
        else:
            run_until_signal(worker)
            _end_line()
        log.info("stopped")


def _settings_for(host: str | None, port: int | None) -> Settings:
    given: dict[str, Any] = {"host": host, "port": port}
    return load_settings(**{name: value for name, value in given.items() if value is not None})


def _end_line() -> None:
    """End the line in which a terminal shows `^C`."""
    if sys.stderr.isatty():
        click.echo(err=True)


def _listen(settings: Settings, *, upgrade: bool) -> BaseWSGIServer | MultiSocketServer:
    if upgrade:
        upgrade_database(settings)
    with open_database(settings):
        pass  # fail now, in one line, and not with every page
    # Not above: a worker must not wait for the whole web to load.
    from consult.application import create_app  # noqa: PLC0415

    app = create_app(settings)
    try:
        return create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=THREADS,
            ident=None,
            connection_limit=_connection_limit(),
            asyncore_use_poll=True,  # select() knows a thousand connections at most
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=IDLE_SECONDS // 4,
            max_request_header_size=HEADER_LIMIT,
            inbuf_overflow=HEADER_LIMIT,
            max_request_body_size=SERVER_BODY_LIMIT,
            clear_untrusted_proxy_headers=False,  # the app ignores them, and warns
        )
    except ValueError as error:  # so the server says that no such address is known
        raise UsageError(f"{settings.host} is no address to listen on; see --host") from error
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(
            f"cannot listen on {settings.host}:{settings.port}: {reason}; see --host and --port"
        ) from error


def _connection_limit() -> int:
    """How many connections to keep open: as many as wanted, if the system allows so many files."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + OWN_FILES
    if allowed < wanted and most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    if allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return min(CONNECTIONS, max(allowed, wanted) - OWN_FILES)


def _run(server: BaseWSGIServer | MultiSocketServer, settings: Settings) -> None:
    signal.signal(signal.SIGTERM, _exit)
    click.echo(f"Relay Check is at {settings.base_url}")
    with open_database(settings, checked=False) as database:
        with database.writing() as session:
            sync_environment(session, plain(settings.webhook_url))
        if link := first_invitation(database, settings.base_url):
            click.echo(f"Create the first staff account at {link}")
    server.run()


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


@contextmanager
def worker_processes(settings: Settings, count: int) -> Iterator[None]:
    """Run `count` worker processes while the block runs; one that ends is replaced."""
    stop = threading.Event()
    supervisors = [
        threading.Thread(target=_supervise, args=(settings, stop), name=f"worker {number}")
        for number in range(1, count + 1)
    ]
    for supervisor in supervisors:
        supervisor.start()
    try:
        yield
    finally:
        stop.set()
        for supervisor in supervisors:
            supervisor.join()


def end_with_parent() -> None:
    """Stop this process when the one that started it ends, whatever the reason.

    The parent has the other end of our standard input and never writes to it: the end of the
    file is the end of the parent.
    """

    def watch() -> None:
        # Not by sys.stdin: a waiting thread would hold its lock and block our own exit.
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _supervise(settings: Settings, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            process = _start_worker(settings)
        except OSError as error:  # out of memory or processes for the moment
            log.error("no worker could be started: %s", error.strerror)
            stop.wait(RESTART_SECONDS)
            continue
        log.info("worker %d started", process.pid)
        while not stop.wait(0.2) and process.poll() is None:
            pass
        if stop.is_set():
            _stop_worker(process)
            return
        # One that was told to end did what it should; only a crash is an error.
        level = logging.ERROR if process.returncode else logging.INFO
        log.log(level, "worker %d ended with %s", process.pid, process.returncode)
        stop.wait(RESTART_SECONDS)


def _start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "consult", "worker", "--with-parent"],
        stdin=subprocess.PIPE,
        env={**os.environ, f"{PREFIX}BASE_URL": settings.base_url},
        # Ctrl-C reaches the whole group of a terminal; the server stops its workers itself.
        start_new_session=True,
    )


def _stop_worker(process: subprocess.Popen[bytes]) -> None:
    """Let a worker finish its job; after the time for that, another worker gets the job again."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
