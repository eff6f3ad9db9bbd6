"""`consult audit`: a copy of the audit log for other systems."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import IO, Any

import click

from consult.commands import UsageError
from consult.commands.database_commands import open_database
from consult.settings import Settings, load_settings
from consult.storage.accounts import accounts
from consult.storage.audit import audit_log
from consult.storage.db.base import HIGHEST_ID


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
    chosen = _parse_since(since, settings) if since else {}
    with open_database(settings) as database, database.reading() as session:
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


def _parse_since(since: str, settings: Settings) -> dict[str, Any]:
    if since.isascii() and since.isdigit() and int(since) <= HIGHEST_ID:
        return {"after_id": int(since)}
    try:
        day = date.fromisoformat(since)
    except ValueError:
        raise UsageError(
            f"--since must be an ID or a date such as 2026-12-31, not {since!r}"
        ) from None
    return {"since": datetime.combine(day, time(), settings.office.zone)}
