"""`consult health`: for health checks, which ask often. So it loads next to nothing."""

from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

import click

from consult.commands import CommandError, reason
from consult.settings.setting_sources import load_settings
from consult.settings.setting_types import LOCAL_HOSTS

_SECONDS = 5


@click.command()
def health() -> None:
    """Ask the app on this machine whether it serves and saves: exit code 0, or 1 if not."""
    settings = load_settings()
    host, port = LOCAL_HOSTS.get(settings.host, settings.host), settings.port
    try:
        with closing(HTTPConnection(host, port, timeout=_SECONDS)) as connection:
            connection.request("GET", "/health/ready")
            response = connection.getresponse()
            answer = response.read(200).decode(errors="replace").strip()
    except (OSError, HTTPException) as error:
        raise CommandError(f"nothing healthy answers at {host}:{port}: {reason(error)}") from error
    if response.status != HTTPStatus.OK:
        raise CommandError(answer)
    click.echo(answer)
