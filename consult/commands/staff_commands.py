"""`consult staff`: who may sign in to the review pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from consult.commands import UsageError
from consult.commands.database_commands import open_database
from consult.settings import Settings, load_settings
from consult.staff.accounts import account_admin
from consult.storage.db.database import Database


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
@click.option("--admin", is_flag=True, help="May manage other accounts too.")
def invite(email: str, admin: bool) -> None:
    """Print a one-time link with which EMAIL can sign up within seven days."""
    with _accounts() as (settings, database):
        click.echo(account_admin.invite(database, settings.base_url, email, admin=admin))


@staff.command()
@click.argument("email")
@click.option(
    "--second-factor", is_flag=True, help="Also forget a lost app, passkeys and recovery codes."
)
def reset(email: str, second_factor: bool) -> None:
    """Print a one-time link with which EMAIL can choose a new password within a day."""
    with _accounts() as (settings, database):
        link = account_admin.reset(database, settings.base_url, email, second_factor=second_factor)
        click.echo(link)


@staff.command()
@click.argument("email")
def disable(email: str) -> None:
    """Close the account of EMAIL, end its sessions at once, and give its leads to who is there."""
    with _accounts() as (settings, database):
        account_admin.disable(database, email, settings.new_leads_to)


@staff.command(name="list")
def list_accounts() -> None:
    """List all accounts: address, role, state, name."""
    with _accounts() as (_, database):
        for user in account_admin.list_accounts(database):
            state = "active" if user.active else "disabled"
            click.echo(f"{user.email}\t{user.role}\t{state}\t{user.name}")
