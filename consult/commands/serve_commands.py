"""`consult serve`, `consult web` and `consult worker`: the processes that run the app."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType

import click
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from consult import create_app
from consult.commands import CommandError
from consult.commands.database_commands import open_database
from consult.delivery.context import Context, plain
from consult.delivery.handlers import handlers_with, schedule_purge
from consult.delivery.notifications.dispatch import schedule_tick
from consult.delivery.worker import Worker, run_until_signal
from consult.report.pdf.renderer import Renderer
from consult.settings.schema import PREFIX, Settings
from consult.settings.setting_sources import load_settings
from consult.staff.accounts.account_admin import first_invitation
from consult.storage.jobs import BACKGROUND, NORMAL
from consult.storage.settings.setting_overrides import SettingsProvider
from consult.storage.webhooks.endpoints import sync_environment
from consult.web.monitoring import configure_logging

log = logging.getLogger(__name__)

THREADS = 4
RESTART_SECONDS = 2
STOP_SECONDS = 20
# The server itself refuses larger requests, without a page; the app refuses smaller ones.
SERVER_BODY_LIMIT = 16 * 1024 * 1024
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not listened on

host_option = click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on."
)
port_option = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port."
)


@click.command()
@host_option
@port_option
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(0, 32),
    help="Number of processes that make PDFs and send emails and webhooks.",
)
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages and run the worker, all on this machine."""
    configure_logging()
    settings = _settings_for(host, port)
    server = _listen(settings, host, port)
    with worker_processes(settings, workers):
        _run(server, settings)


@click.command()
@host_option
@port_option
def web(host: str, port: int) -> None:
    """Serve the pages only; `consult worker` runs separately, here or on another machine."""
    configure_logging()
    settings = _settings_for(host, port)
    _run(_listen(settings, host, port), settings)


@click.command()
@click.option("--once", is_flag=True, help="Run the jobs that are due, then exit.")
@click.option("--with-parent", is_flag=True, hidden=True)
def worker(once: bool, with_parent: bool) -> None:
    """Make PDFs and send emails and webhooks, until stopped."""
    configure_logging()
    if with_parent:
        end_with_parent()
    settings = load_settings()
    renderer = Renderer(settings.pdf_timeout_seconds, settings.pdf_memory_mb)
    with open_database(settings) as database, closing(renderer):
        with database.writing() as session:
            schedule_purge(session)
            schedule_tick(session)
            sync_environment(session, plain(settings.webhook_url))
        handlers = handlers_with(
            Context.current(SettingsProvider(settings, database), database, renderer.render)
        )
        lease = settings.job_lease_seconds
        if once:
            Worker(database, handlers, lease_seconds=lease).run_once()
        else:
            # Side by side: a long export or a webhook that hangs must not delay reports.
            run_until_signal(
                *(
                    Worker(database, handlers, lease_seconds=lease, priority=priority)
                    for priority in (NORMAL, BACKGROUND)
                )
            )


def _settings_for(host: str, port: int) -> Settings:
    """The settings; the base URL defaults to the address that the server listens on."""
    settings = load_settings()
    if "base_url" in settings.model_fields_set:
        return settings
    name = "127.0.0.1" if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
    return load_settings(base_url=f"http://{name}:{port}")


def _listen(settings: Settings, host: str, port: int) -> BaseWSGIServer | MultiSocketServer:
    with open_database(settings):
        pass  # fail now, in one line, and not with every page
    try:
        return create_server(
            create_app(settings),
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            max_request_body_size=SERVER_BODY_LIMIT,
            clear_untrusted_proxy_headers=settings.proxy_hops == 0,
        )
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(
            f"cannot listen on {host}:{port}: {reason}; see --host and --port"
        ) from error


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
        else:
            log.error("worker %d ended with %s", process.pid, process.returncode)
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
