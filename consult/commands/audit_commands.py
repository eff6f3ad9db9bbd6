"""`consult audit`: whether the record of who did what is still the one that was written."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from consult.commands.command_errors import BadInput, Failure
from consult.commands.database_commands import open_database
from consult.settings import audit_key_of, load_settings
from consult.storage.audit import audit_log as log
from consult.storage.audit.audit_chain import Checked, Mark
from consult.storage.audit.audit_chain import verify as verify_chain


@click.group()
def audit() -> None:
    """Look after the audit log."""


@audit.command()
@click.option(
    "--expect",
    metavar="MARK",
    help="The mark that an earlier run printed: finds what was cut off at the end since then.",
)
@click.option(
    "--former-keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the secret keys that were in use before, one a line, oldest first.",
)
def verify(expect: str | None, former_keys: Path | None) -> None:
    """Check that no entry of the audit log was changed, removed, inserted or moved.

    Prints how many entries there are, and a mark of the last one: keep it where nobody who can
    write to the database can write to.
    """
    expected = _mark(expect) if expect else None
    keys = _keys_in(former_keys) if former_keys else []
    with (
        open_database(load_settings()) as database,
        database.reading() as session,
        click.progressbar(
            length=log.count(session),
            label="Audit log",
            file=sys.stderr,
            hidden=not sys.stderr.isatty(),
        ) as bar,
    ):
        found = verify_chain(
            session,
            former_keys=[audit_key_of(key) for key in keys],
            expected=expected,
            progress=bar.update,
        )
    _tell(found)


def _keys_in(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"{file} cannot be read as a list of keys: {fault}") from fault


def _mark(noted: str) -> Mark:
    try:
        return Mark.read(noted)
    except ValueError as fault:
        raise BadInput(str(fault)) from fault


def _tell(found: Checked) -> None:
    if found.broken is not None:
        raise Failure(f"the audit log is broken at entry {found.broken}: {found.why}")
    if found.why:
        raise Failure(f"the audit log is broken: {found.why}")
    if found.last is None:
        click.echo("The audit log is empty.")
    else:
        click.echo(f"The audit log is whole: entries 1 to {found.entries}. Mark: {found.last}")
