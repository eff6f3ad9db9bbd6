"""Errors of commands: one line on standard error and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from consult.questionnaire import EditionError
from consult.report.pdf.renderer import UnprovenLibraryError
from consult.settings import SettingsError
from consult.settings.brand import BrandError

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


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turn errors that a person can fix into one line each; anything else stays a traceback."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "consult"
        raise UsageError(f"{error.format_message()} See: {command} --help") from error
    except BrandError as error:
        raise UsageError(str(error)) from error
    except SettingsError as error:
        raise UsageError("; ".join(str(error).splitlines())) from error
    except (EditionError, UnprovenLibraryError) as error:
        raise CommandError(str(error)) from error
    except BrokenPipeError:
        raise  # the reader of our output has closed it: not an error, and click exits silently
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CommandError(f"{where}{error.strerror or error}") from error
