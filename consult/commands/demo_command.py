"""`consult demo`: demo leads to try the staff pages with."""

import click

from consult.commands.database_commands import open_database
from consult.demo import make_leads
from consult.questionnaire.editions import newest
from consult.settings import load_settings
from consult.storage.settings.setting_overrides import SettingsProvider


@click.command()
@click.option("--leads", default=40, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same leads.")
def demo(leads: int, seed: int) -> None:
    """Add a year of clearly fake leads, with sources, dropouts and staff actions.

    They are tagged everywhere and counted separately. No notifications are sent about them, and
    the PDF of one is made on request.
    """
    settings = load_settings()
    with open_database(settings) as database:
        provider = SettingsProvider(settings, database)
        office = provider.settings.office
        with click.progressbar(length=leads, label="Demo leads") as progress:
            for made in make_leads(database, newest(), provider.brand, office, leads, seed):
                progress.update(made - progress.pos)
    click.echo(f"Added {leads} demo leads. See them at /staff/ and /staff/insights.")
