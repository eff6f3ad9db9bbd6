"""The `consult` command line: one module per family of commands.

A family is imported when one of its commands is used, so that `consult score` starts without
loading the web, and the worker without the questionnaire's lint.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from consult.commands.command_errors import errors_in_one_line

FAMILIES = {
    "serve": "serve_commands",
    "web": "serve_commands",
    "worker": "serve_commands",
    "score": "score_command",
    "report": "report_command",
    "questionnaire": "questionnaire_commands",
    "db": "database_commands",
    "staff": "staff_commands",
    "audit": "audit_commands",
    "rescore": "rescore_command",
    "demo": "demo_command",
    "export": "export_command",
    "settings": "database_commands",
}
"""Each command and the module of this package that holds it, in the order `--help` lists them."""


class LazyCommands(click.Group):
    """A group that imports a command when it is used, and prints every error as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(FAMILIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its family."""
        if cmd_name not in FAMILIES:
            return None
        module = importlib.import_module(f"{__name__}.{FAMILIES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        """Read the arguments of the group itself."""
        with errors_in_one_line():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with errors_in_one_line():
            return super().invoke(ctx)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
def consult() -> None:
    """Relay Check: a questionnaire on marketing, sales and the handoff between them.

    Every command exits with 0 on success, 2 on bad input, and 1 on failure.
    """


def main() -> None:
    """Run the command line; the entry point of the `consult` program."""
    # A stream that was closed by the caller (`2>&-`) is None in Python.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    consult(prog_name="consult")
