"""`consult staff`: who may sign in; `consult audit`: a copy of the audit log for other systems."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import IO, Any

import click

from consult.commands import UsageError
from consult.commands.database_commands import open_database, settings_in_effect
from consult.settings.schema import Settings
from consult.settings.setting_sources import load_settings
from consult.storage.accounts import account_admin, accounts
from consult.storage.audit import audit_log
from consult.storage.db.base import HIGHEST_ID
from consult.storage.db.database import Database
from consult.workflow.office_hours import Office


@contextmanager
def _accounts() -> Iterator[tuple[Settings, Database]]:
    settings = load_settings()
    with open_database(settings) as database:
        try:
            yield settings, database
        except account_admin.AccountError as error:
            raise UsageError(str(error)) from error


@click.group()
def staff() -> None:
    """Manage staff accounts."""


@staff.command()
@click.argument("email")
@click.option("--admin", is_flag=True, help="Can manage other accounts, too.")
def invite(email: str, admin: bool) -> None:
    """Print a one-time link with which EMAIL can sign up within seven days."""
    with _accounts() as (settings, database):
        click.echo(account_admin.invite(database, settings.base_url, email, admin=admin))


@staff.command()
@click.argument("email")
@click.option(
    "--second-factor",
    is_flag=True,
    help="Also reset two-step verification: app, passkeys and recovery codes.",
)
def reset(email: str, second_factor: bool) -> None:
    """Print a one-time link with which EMAIL can choose a new password within a day."""
    with _accounts() as (settings, database):
        link = account_admin.reset(database, settings.base_url, email, second_factor=second_factor)
        click.echo(link)


@staff.command()
@click.argument("email")
def disable(email: str) -> None:
    """Disable the account of EMAIL, end its sessions at once, and reassign its leads."""
    with _accounts() as (settings, database):
        new_leads_to = settings_in_effect(settings, database).new_leads_to
        account_admin.disable(database, email, new_leads_to)


@staff.command(name="list")
def list_accounts() -> None:
    """List all accounts: address, role, state, name."""
    with _accounts() as (_, database), database.reading() as session:
        for user in accounts.all_users(session):
            state = "active" if user.active else "disabled"
            click.echo(f"{user.email}\t{user.role}\t{state}\t{user.name}")


@click.group()
def audit() -> None:
    """Work with the audit log."""


@audit.command()
@click.argument("file", type=click.File("w", "utf-8", lazy=True), default="-")
@click.option(
    "--since",
    metavar="ID|DATE",
    help="Only entries after this ID, or from this date on, in the agency's time zone.",
)
def export(file: IO[str], since: str | None) -> None:
    """Write the audit log to FILE or standard output: one JSON object per line, oldest first."""
    settings = load_settings()
    with open_database(settings) as database:
        office = settings_in_effect(settings, database).office
        chosen = _parse_since(since, office) if since else {}
        with database.reading() as session:
            emails = {user.id: user.email for user in accounts.all_users(session)}
            for entry in audit_log.entries(session, **chosen):
                line = {
                    "id": entry.id,
                    "at": entry.at.isoformat(),
                    "by": entry.by_id,
                    "email": emails.get(entry.by_id or 0),
                    "action": entry.action,
                    "lead": entry.lead_id,
                    "facts": entry.facts,
                }
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _parse_since(since: str, office: Office) -> dict[str, Any]:
    if since.isascii() and since.isdigit() and int(since) <= HIGHEST_ID:
        return {"after_id": int(since)}
    try:
        day = date.fromisoformat(since)
    except ValueError:
        raise UsageError(
            f"--since must be an ID or a date such as 2026-12-31, not {since!r}"
        ) from None
    return {"since": office.start_of(day)}
