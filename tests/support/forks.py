"""Commands as processes that are forked from one with everything imported and used once."""

import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import Flask

from consult.commands import consult, serve_commands
from consult.settings.server_settings import PREFIX
from tests.support.fork_server import Forked, ForkServer
from tests.support.templates import COMPILED

# The family of commands that serve is imported here once, and not by each process.
__all__ = ["HASTY", "command_process", "forks", "run_command", "serve_commands"]

HASTY = dict.fromkeys(("SPAM_TIMING", "SPAM_NETWORK", "SPAM_MAIL_SERVER"), "off")
"""For owners who answer faster than people do, all from one network, at made-up domains."""

Flask.jinja_options = {"bytecode_cache": COMPILED}


@cache
def forks() -> ForkServer:
    """Starts processes; it is to be made, which calling this does, before any thread."""
    return ForkServer()


def command_process(command: str, settings: Mapping[str, str], log: Path) -> Forked:
    """Start a command, such as `web --port 8000`; `settings` are by name, without their prefix."""
    return forks().start(run_command, command.split(), settings, log)


def run_command(arguments: list[str], settings: Mapping[str, str], log: Path) -> None:
    """Be this command from now on, with no settings but these; its output goes to `log`."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update({f"{PREFIX}{name}": value for name, value in settings.items()})
    write_to(log)
    sys.argv = ["consult", *arguments]
    consult(arguments, prog_name="consult")


def write_to(log: Path) -> None:
    """Have all output of this process go to a file from now on."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(output, standard)
