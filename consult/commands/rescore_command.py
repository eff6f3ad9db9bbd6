"""`consult rescore`: how another edition would score the stored submissions."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import click

from consult.commands import UsageError
from consult.commands.database_commands import open_database
from consult.questionnaire import EditionError
from consult.questionnaire.editions import load
from consult.scoring.rescoring import AXES, STEPS, Comparison, Stored, compare
from consult.settings import load_settings
from consult.storage.db.database import Session
from consult.storage.leads import leads


@click.command()
@click.option("--edition", required=True, help="The edition to score by.")
@click.option(
    "--dry-run", is_flag=True, help="What it does anyway: nothing stored is ever changed."
)
def rescore(edition: str, dry_run: bool) -> None:
    """Show how scores, bands and archetypes of all submissions would change with an edition.

    Changes nothing: each submission keeps the result of its own edition.
    """
    try:
        questionnaire = load(edition)
    except EditionError as error:
        raise UsageError(str(error)) from error
    with open_database(load_settings()) as database, database.reading() as session:
        total = leads.count(session)
        with click.progressbar(_stored(session), length=total, label="Rescoring") as progress:
            comparison = compare(progress, questionnaire)
    for line in _lines(edition, comparison):
        click.echo(line)


def _stored(session: Session) -> Iterator[Stored]:
    for depth, answers, scorecard in leads.scored(session):
        yield Stored("full" if depth == "full" else "quick", answers, scorecard)


def _lines(edition: str, comparison: Comparison) -> Iterator[str]:
    yield f"{comparison.compared} submissions scored by edition {edition}; nothing was changed."
    if comparison.unfinished:
        yield f"{comparison.unfinished} lack an answer that this edition needs; not scored."
    for id, count in comparison.dropped.most_common():
        yield f"{count} answers to {id} would not count."
    if not comparison.compared:
        return
    yield from _distribution(comparison)
    for axis in AXES:
        yield from _transitions(f"{axis}: bands", comparison.bands[axis])
    yield from _transitions("archetypes", comparison.archetypes)


def _distribution(comparison: Comparison) -> Iterator[str]:
    yield ""
    yield f"{'points moved':>14}" + "".join(f"{axis:>12}" for axis in AXES)
    for index, name in enumerate(_step_names(STEPS)):
        counts = [comparison.moves[axis][index] for axis in AXES]
        if any(counts):
            yield f"{name:>14}" + "".join(f"{count:>12}" for count in counts)


def _step_names(steps: Sequence[int]) -> list[str]:
    between = [
        "about the same" if low < 0 < high else f"{low:+} to {high:+}"
        for low, high in pairwise(steps)
    ]
    return [f"below {steps[0]:+}", *between, f"{steps[-1]:+} or more"]


def _transitions(title: str, counts: Counter[tuple[str, str]]) -> Iterator[str]:
    yield ""
    yield title
    for (before, after), count in sorted(counts.items(), key=lambda found: -found[1]):
        yield f"{count:>7}  {before if before == after else f'{before} -> {after}'}"
