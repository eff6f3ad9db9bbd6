"""The `consult` command line: one module per family of commands, imported when it is used."""

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import IO, Any

import click

from consult.questionnaire.questions import EditionError
from consult.report.pdf.renderer import UntestedLibraryError
from consult.settings.brand import BrandError
from consult.settings.server_settings import PREFIX
from consult.settings.setting_sources import known_variables, unknown_variables
from consult.settings.setting_types import SettingsError

FAMILIES = {
    "serve": "serve_commands",
    "web": "serve_commands",
    "worker": "serve_commands",
    "score": "questionnaire_commands",
    "report": "questionnaire_commands",
    "questionnaire": "questionnaire_commands",
    "db": "database_commands",
    "staff": "staff_commands",
    "audit": "staff_commands",
    "rescore": "lead_commands",
    "demo": "lead_commands",
    "export": "lead_commands",
    "settings": "database_commands",
    "doctor": "doctor",
    "health": "health",
}
"""Each command and the module of this package that holds it, in the order `--help` lists them."""

LINE_MAX = 600


class CommandError(click.ClickException):
    """The command failed: exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message as one line on standard error."""
        line = " ".join(self.format_message().split())
        # It may quote the input, and that may be anything.
        safe = "".join(c if c.isprintable() else "?" for c in line)
        shown = safe if len(safe) <= LINE_MAX else f"{safe[: LINE_MAX - 3]}..."
        click.echo(f"consult: {shown}", file=file, err=True)


class UsageError(CommandError):
    """The input cannot be used: exit code 2."""

    exit_code = 2


def reason(error: Exception) -> str:
    """What the system says about an error, with the file and without the number."""
    file = getattr(error, "filename", None)
    return (f"{file}: " if file else "") + str(getattr(error, "strerror", None) or error)


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turn errors that a person can fix into one line each; anything else stays a traceback."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "consult"
        raise UsageError(f"{error.format_message().rstrip('.')}. See: {command} --help") from error
    except BrandError as error:
        raise UsageError(str(error)) from error
    except SettingsError as error:
        raise UsageError("; ".join(str(error).splitlines())) from error
    except (EditionError, UntestedLibraryError) as error:
        raise CommandError(str(error)) from error
    except click.FileError as error:
        raise CommandError(f"{error.ui_filename}: {error.message}") from error
    except BrokenPipeError:
        raise  # the reader of our output has closed it: not an error, and click exits silently
    except OSError as error:
        raise CommandError(reason(error)) from error


class LazyCommands(click.Group):
    """A group that imports a command when it is used, and prints every error as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(FAMILIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
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
        with errors_in_one_line():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with errors_in_one_line():
            return super().invoke(ctx)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="relay-check", message="Relay Check %(version)s")
def consult() -> None:
    """Relay Check: a questionnaire on marketing, sales and the handoff between them.

    Every command exits with 0 on success, 2 on bad input, and 1 on failure.
    """
    if "--with-parent" in sys.argv:
        return  # its parent has named them
    for variable in unknown_variables():
        # Without what all names begin with, which would make any two of them alike.
        known = {name.removeprefix(PREFIX): name for name in known_variables()}
        similar = get_close_matches(variable.removeprefix(PREFIX), known, n=1)
        hint = f"; did you mean {known[similar[0]]}?" if similar else ""
        click.echo(f"consult: {variable} is set, but no setting has that name{hint}", err=True)


def main() -> None:
    # Imports leave no garbage: looking for it after each 700 objects is a sixth of a start.
    gc.set_threshold(20_000)
    # Else Python looks at every object once more before it exits, which takes up to a second.
    atexit.register(gc.freeze)
    # A stream that was closed by the caller (`2>&-`) is None in Python.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    consult(prog_name="consult")
