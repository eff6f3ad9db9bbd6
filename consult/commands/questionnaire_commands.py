"""`consult questionnaire`: show and check editions of the questionnaire."""

import json

import click

from consult.commands import CommandError, UsageError
from consult.content import check as problems_of
from consult.content import document as edition_document
from consult.questionnaire import EditionError, Questionnaire
from consult.questionnaire.describe import edition_json, fingerprint, map_svg, map_text
from consult.questionnaire.editions import create, load, names

_edition = click.option(
    "--edition", "name", metavar="NAME", help="The edition; the newest if left out."
)


@click.group()
def questionnaire() -> None:
    """Show the questionnaire and check its texts."""


@questionnaire.command()
@_edition
def check(name: str | None) -> None:
    """Name every text that is not fit to be shown, with what to change.

    Without --edition, every published edition is checked.
    """
    found = False
    for edition in [name] if name else names():
        for problem in problems_of(_load(edition)):
            found = True
            click.echo(f"{edition}/{problem}" if len(names()) > 1 else str(problem))
    if found:
        raise CommandError("some texts need a change, see above")
    click.echo("All texts are fit to be shown.")


@questionnaire.command("map")
@_edition
@click.option("--svg", is_flag=True, help="Draw a picture (SVG) instead of text.")
def draw(name: str | None, svg: bool) -> None:
    """Show the branches: the pages in order, and when each question is asked."""
    edition = _load(name)
    click.echo(map_svg(edition) if svg else map_text(edition))


@questionnaire.command()
@_edition
def show(name: str | None) -> None:
    """Print an edition as JSON: ids, wording, choices, conditions, weights."""
    click.echo(json.dumps(edition_json(_load(name)), indent=2, ensure_ascii=False))


@questionnaire.command()
@click.argument("name")
def new(name: str) -> None:
    """Start a new edition: a copy of the newest one, under NAME, as in 2027-05.

    The copy is the newest edition from then on. Editing it does not change any other.
    """
    try:
        folder = create(name)
    except EditionError as error:
        raise UsageError(str(error)) from error
    click.echo(f"{folder}\nChange its files, then: consult questionnaire check --edition {name}")


@questionnaire.command("document")
@_edition
def write(name: str | None) -> None:
    """Print an edition for review on paper, as Markdown (docs/instrument.md)."""
    click.echo(edition_document(_load(name)), nl=False)


@questionnaire.command("fingerprint")
@_edition
def print_fingerprint(name: str | None) -> None:
    """Print what changes as soon as anything of an edition does.

    A test holds it for each published edition (tests/questionnaire/test_editions.py).
    """
    click.echo(fingerprint(_load(name)))


def _load(name: str | None) -> Questionnaire:
    try:
        return load(name or names()[-1])
    except EditionError as error:
        raise UsageError(str(error)) from error
