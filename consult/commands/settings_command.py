"""`consult settings`: every setting, where its value comes from and what it means."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from consult.commands.command_errors import Failure
from consult.commands.database_commands import open_database
from consult.settings import Settings, describe, load_settings, unknown_variables
from consult.storage.settings.setting_overrides import all_overrides


@click.command()
def settings() -> None:
    """Show every setting: its value, where the value comes from, what it means."""
    width = min(shutil.get_terminal_size().columns, 100)
    base = load_settings()
    for setting in describe(base, overrides=_overrides(base)):
        click.echo(f"{setting.variable} = {setting.value}  [{setting.origin}]")
        click.echo(
            textwrap.fill(setting.meaning, width, initial_indent="    ", subsequent_indent="    ")
        )
    for variable in unknown_variables():
        click.echo(f"consult: {variable} is set, but no setting has that name", err=True)


def _overrides(base: Settings) -> Mapping[str, Any]:
    """What was chosen in the staff area; nothing where there is no database yet."""
    file = base.database_url.removeprefix("sqlite:///")
    if base.embedded_database and not Path(file).exists():
        return {}
    try:
        with open_database(base) as database, database.reading() as session:
            return all_overrides(session)
    except Failure as fault:
        click.echo(f"consult: settings of the staff area are left out: {fault.message}", err=True)
        return {}
