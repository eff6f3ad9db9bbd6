"""`consult serve`, `consult web` and `consult worker`: the processes that run the app."""

from __future__ import annotations

import signal
from contextlib import closing
from types import FrameType

import click
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from consult import create_app
from consult.commands.command_errors import Failure
from consult.commands.database_commands import open_database
from consult.commands.subprocesses import end_with_parent, worker_processes
from consult.delivery.handlers import current_handlers, schedule_purge
from consult.delivery.notifications.dispatch import schedule_look
from consult.delivery.worker import Worker, run_until_signal
from consult.report.pdf.renderer import Renderer
from consult.settings import Settings, load_settings
from consult.staff.accounts.account_admin import first_invitation
from consult.storage.jobs import NOBODY_WAITS, SOMEBODY_WAITS
from consult.storage.settings.setting_overrides import SettingsProvider
from consult.web.logs import configure_logging

THREADS = 4
# What is larger is answered by the server itself, without a page; what is smaller, by the app.
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
    help="How many processes make the PDFs and send mails and webhooks.",
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
    """Serve the pages alone; `consult worker` runs beside it, here or on another machine."""
    configure_logging()
    settings = _settings_for(host, port)
    _run(_listen(settings, host, port), settings)


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.option("--with-parent", is_flag=True, hidden=True)
def worker(once: bool, with_parent: bool) -> None:
    """Make the PDFs and send mails and webhooks, until told to stop."""
    configure_logging()
    if with_parent:
        end_with_parent()
    settings = load_settings()
    renderer = Renderer(settings.pdf_timeout_seconds, settings.pdf_memory_mb)
    with open_database(settings) as database, closing(renderer):
        with database.writing() as session:
            schedule_purge(session)
            schedule_look(session)
        handlers = current_handlers(SettingsProvider(settings, database), database, renderer.render)
        lease = settings.job_lease_seconds
        if once:
            Worker(database, handlers, lease_seconds=lease).run_once()
        else:
            # Beside each other: an export of minutes, or an address that hangs, holds up nobody
            # who waits for a report.
            run_until_signal(
                *(
                    Worker(database, handlers, lease_seconds=lease, patience=patience)
                    for patience in (SOMEBODY_WAITS, NOBODY_WAITS)
                )
            )


def _settings_for(host: str, port: int) -> Settings:
    """Return the settings; unless it was set, the site's address is the one we listen on."""
    settings = load_settings()
    if "base_url" in settings.model_fields_set:
        return settings
    name = "127.0.0.1" if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
    return load_settings(base_url=f"http://{name}:{port}")


def _listen(settings: Settings, host: str, port: int) -> BaseWSGIServer | MultiSocketServer:
    with open_database(settings):
        pass  # better now, in one line, than with every page
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
        raise Failure(f"cannot listen on {host}:{port}: {reason}; see --host and --port") from error


def _run(server: BaseWSGIServer | MultiSocketServer, settings: Settings) -> None:
    signal.signal(signal.SIGTERM, _leave)
    click.echo(f"Relay Check is at {settings.base_url}")
    with open_database(settings, checked=False) as database:
        if link := first_invitation(database, settings.base_url):
            click.echo(f"Make the first staff account at {link}")
    server.run()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
