"""How commands report that something is wrong: one line on standard error and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from consult.questionnaire import EditionError
from consult.report.pdf.renderer import UnprovenLibraryError
from consult.settings import SettingsError
from consult.settings.brand import BrandError

LONGEST_LINE = 600


class Failure(click.ClickException):
    """Something went wrong that is not the fault of what was given: exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message as one line on standard error."""
        line = " ".join(self.format_message().split())
        # It may quote what was given, and that may be anything.
        safe = "".join(c if c.isprintable() else "?" for c in line)
        shown = safe if len(safe) <= LONGEST_LINE else f"{safe[: LONGEST_LINE - 3]}..."
        click.echo(f"consult: {shown}", file=file, err=True)


class BadInput(Failure):
    """What was given cannot be used: exit code 2."""

    exit_code = 2


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turn faults that a person can mend into one line each; anything else stays a traceback."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "consult"
        raise BadInput(f"{error.format_message()} See: {command} --help") from error
    except BrandError as error:
        raise BadInput(str(error)) from error
    except SettingsError as error:
        raise BadInput("; ".join(str(error).splitlines())) from error
    except (EditionError, UnprovenLibraryError) as error:
        raise Failure(str(error)) from error
    except BrokenPipeError:
        raise  # whoever read the rest has had enough: no fault, and click ends without a word
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{where}{error.strerror or error}") from error
