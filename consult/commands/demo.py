"""`consult demo`: made-up leads to try the staff pages with."""

import click

from consult.choices import Choices
from consult.commands.database import open_database
from consult.owner.demo import make_leads
from consult.questionnaire.editions import newest
from consult.settings import load_settings


@click.command()
@click.option("--leads", default=40, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same leads.")
def demo(leads: int, seed: int) -> None:
    """Add clearly fake leads of the last thirty days, with sources, contacts and results."""
    settings = load_settings()
    with open_database(settings) as database:
        brand = Choices(settings, database).brand
        made = make_leads(database, newest(), brand, leads, seed)
        with click.progressbar(made, length=leads, label="Demo leads") as progress:
            for _ in progress:
                pass
    click.echo(f"Added {leads} demo leads. Their PDFs are made by the worker.")
