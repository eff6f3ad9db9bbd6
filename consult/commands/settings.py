"""`consult settings`: every setting, where its value comes from and what it means."""

from __future__ import annotations

import shutil
import textwrap

import click

from consult.settings import describe, load_settings, unknown_variables


@click.command()
def settings() -> None:
    """Show every setting: its value, where the value comes from, what it means."""
    width = min(shutil.get_terminal_size().columns, 100)
    for setting in describe(load_settings()):
        click.echo(f"{setting.variable} = {setting.value}  [{setting.origin}]")
        click.echo(
            textwrap.fill(setting.meaning, width, initial_indent="    ", subsequent_indent="    ")
        )
    for variable in unknown_variables():
        click.echo(f"consult: {variable} is set, but no setting has that name", err=True)
