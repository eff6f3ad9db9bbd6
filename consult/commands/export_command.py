"""`consult export`: leads as a table for a spreadsheet, however many there are."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from consult.commands import CommandError, UsageError
from consult.commands.database_commands import open_database
from consult.delivery.exports.columns import columns
from consult.delivery.exports.export_files import MAX_ROWS, csv_chunks, write_xlsx
from consult.settings import load_settings
from consult.storage.audit import audit_log
from consult.storage.exports.lead_export import matching_batches
from consult.storage.search.find_leads import how_many
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.settings.setting_overrides import SettingsProvider

_NO_ACCOUNT = 0


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("filters", nargs=-1, metavar="[NAME=VALUE]...")
def export(file: Path, filters: tuple[str, ...]) -> None:
    """Write leads to FILE, which ends in .csv or .xlsx: all of them, or those that match filters.

    Filters and order are those in the address of the list of leads, such as stage=open consult=yes
    sort=oldest. The export is recorded in the audit log.
    """
    wanted = parse_filters(filters)
    if file.suffix not in (".csv", ".xlsx"):
        raise UsageError(f"{file} must end in .csv or .xlsx")
    settings = load_settings()
    with open_database(settings) as database:
        office = SettingsProvider(settings, database).settings.office
        viewer = Viewer(_NO_ACCOUNT, office.zone)
        with database.writing() as session:
            count = how_many(session, wanted, viewer)
            if file.suffix == ".xlsx" and count > MAX_ROWS:
                raise CommandError(f"an Excel sheet has room for {MAX_ROWS:,} leads, not {count:,}")
            audit_log.record(
                session,
                "leads.exported",
                by=None,
                format=file.suffix[1:],
                leads=count,
                filters=wanted.recorded,
            )
        shown, batches = columns(office.zone), matching_batches(database, wanted, viewer)
        file.touch(mode=0o600)  # it holds names and addresses
        with file.open("wb") as target, TemporaryDirectory(dir=file.parent) as folder:
            if file.suffix == ".csv":
                target.writelines(csv_chunks(shown, batches))
            else:
                write_xlsx(target, Path(folder), shown, batches)
    click.echo(f"Wrote {count:,} {'lead' if count == 1 else 'leads'} to {file}.")


def parse_filters(filters: tuple[str, ...]) -> LeadFilter:
    """Read filters of the form NAME=VALUE; raise UsageError for any that make no sense."""
    query: dict[str, list[str]] = {}
    for text in filters:
        name, _, value = text.partition("=")
        alone = LeadFilter.from_query({name: [value]})
        if alone == LeadFilter() and text != "sort=newest":
            raise UsageError(f"{text} is not a filter of the list of leads")
        if alone.assignee in ("me", "offered"):
            raise UsageError(f"{text} needs a signed-in user; give the number of an account")
        query.setdefault(name, []).append(value)
    return LeadFilter.from_query(query)
