"""`consult demo`, `consult export` and `consult rescore`: leads made, written and scored again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from consult.commands import CommandError, UsageError
from consult.commands.database_commands import open_database, settings_in_effect
from consult.delivery.exports.export_files import MAX_ROWS, columns, csv_chunks, write_xlsx
from consult.demo.generator import make_leads, remove_leads
from consult.questionnaire.editions import load, newest
from consult.questionnaire.journey import walk
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import DEPTHS, Answer, Axis, EditionError
from consult.report.display import number_of
from consult.scoring.scorecard import Scorecard
from consult.settings.setting_sources import load_settings
from consult.storage.audit import audit_log
from consult.storage.exports.lead_export import matching_batches
from consult.storage.leads import leads as stored_leads
from consult.storage.search.find_leads import how_many
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.settings.setting_overrides import SettingsProvider

_NO_ACCOUNT = 0


@click.command()
@click.option("--leads", default=40, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same leads.")
@click.option("--remove", is_flag=True, help="Delete all demo leads instead, without a trace.")
def demo(leads: int, seed: int, remove: bool) -> None:
    """Add a year of clearly fake leads, with sources, dropouts and staff actions.

    They are tagged everywhere and counted separately. No notifications are sent about them, and
    the PDF of one is made on request.
    """
    settings = load_settings()
    with open_database(settings) as database:
        if remove:
            click.echo(f"Removed {number_of(remove_leads(database), 'demo lead')}.")
            return
        provider = SettingsProvider(settings, database)
        office = provider.settings.office
        with click.progressbar(length=leads, label="Demo leads") as progress:
            for made in make_leads(database, newest(), provider.brand, office, leads, seed):
                progress.update(made - progress.pos)
    click.echo(f"Added {number_of(leads, 'demo lead')}. Look at /staff/ and /staff/insights.")


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
        zone = settings_in_effect(settings, database).office.zone
        viewer = Viewer(_NO_ACCOUNT, zone)
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
        shown, batches = columns(zone), matching_batches(database, wanted, viewer)
        file.touch(mode=0o600)  # it holds names and addresses
        with file.open("wb") as target, TemporaryDirectory(dir=file.parent) as folder:
            if file.suffix == ".csv":
                target.writelines(csv_chunks(shown, batches))
            else:
                write_xlsx(target, Path(folder), shown, batches)
    click.echo(f"Wrote {number_of(count, 'lead')} to {file}.")


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


@click.command()
@click.option("--edition", required=True, help="The edition to score by.")
@click.option("--dry-run", is_flag=True, help="The default: nothing stored is ever changed.")
def rescore(edition: str, dry_run: bool) -> None:
    """Show how scores, bands and archetypes of all submissions would change with an edition.

    Changes nothing: each submission keeps the result of its own edition.
    """
    try:
        questionnaire = load(edition)
    except EditionError as error:
        raise UsageError(str(error)) from error
    with open_database(load_settings()) as database, database.reading() as session:
        total = stored_leads.count(session)
        stored = stored_leads.scored(session)
        with click.progressbar(stored, length=total, label="Rescoring") as progress:
            comparison = compare(progress, questionnaire)
    for line in _lines(edition, comparison):
        click.echo(line)


AXES: tuple[Axis, Axis] = ("separation", "handoff")
STEPS = (-20, -10, -5, -1, 1, 5, 10, 20)
"""Where the steps of the distribution of changes begin, in points."""

Scored = tuple[str, Mapping[str, Answer], Mapping[str, Any]]
"""The depth and answers of a submission, and the scorecard of its own edition."""


@dataclass
class Comparison:
    """How stored results would move under another edition.

    ``moves`` counts changes of each axis by step of `STEPS`, ``bands`` and ``archetypes`` count
    (before, after) pairs. ``unfinished`` are submissions whose answers do not suffice for the new
    edition, ``dropped`` counts answers, by id, that it no longer asks or offers.
    """

    compared: int = 0
    unfinished: int = 0
    moves: dict[Axis, Counter[int]] = field(default_factory=lambda: {a: Counter() for a in AXES})
    bands: dict[Axis, Counter[tuple[str, str]]] = field(
        default_factory=lambda: {a: Counter() for a in AXES}
    )
    archetypes: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


def compare(stored: Iterable[Scored], edition: Questionnaire) -> Comparison:
    """Score every stored submission by ``edition`` and count how the results differ."""
    comparison = Comparison()
    for depth, answers, scorecard in stored:
        replayed = walk(edition, answers, DEPTHS[depth])
        comparison.dropped.update(replayed.on_path.ignored)
        if replayed.complete:
            _count(comparison, scorecard, Scorecard(replayed.on_path))
        else:
            comparison.unfinished += 1
    return comparison


def step_of(change: float) -> int:
    """The index of the step that a change of a score falls into, 0 for the largest fall."""
    return sum(change >= step for step in STEPS)


def _count(comparison: Comparison, before: Mapping[str, Any], after: Scorecard) -> None:
    comparison.compared += 1
    comparison.archetypes[before["archetype"], after.archetype] += 1
    for axis in after.axes:
        old = before[axis.axis]
        comparison.moves[axis.axis][step_of(float(axis.confirmed) - old["confirmed"])] += 1
        comparison.bands[axis.axis][old["band"], axis.band] += 1


def _lines(edition: str, comparison: Comparison) -> Iterator[str]:
    scored = number_of(comparison.compared, "submission")
    yield f"{scored} scored by edition {edition}; nothing was changed."
    if comparison.unfinished:
        yield f"{comparison.unfinished} lack an answer that this edition needs; not scored."
    for id, count in comparison.dropped.most_common():
        yield f"{number_of(count, 'answer')} to {id} would not count."
    if not comparison.compared:
        return
    yield from _distribution(comparison)
    for axis in AXES:
        yield from _transitions(f"{axis}: bands", comparison.bands[axis])
    yield from _transitions("archetypes", comparison.archetypes)


def _distribution(comparison: Comparison) -> Iterator[str]:
    yield ""
    yield f"{'points moved':>14}" + "".join(f"{axis:>12}" for axis in AXES)
    for index, name in enumerate(_step_names()):
        counts = [comparison.moves[axis][index] for axis in AXES]
        if any(counts):
            yield f"{name:>14}" + "".join(f"{count:>12}" for count in counts)


def _step_names() -> list[str]:
    between = [
        "about the same" if low < 0 < high else f"{low:+} to {high:+}"
        for low, high in pairwise(STEPS)
    ]
    return [f"below {STEPS[0]:+}", *between, f"{STEPS[-1]:+} or more"]


def _transitions(title: str, counts: Counter[tuple[str, str]]) -> Iterator[str]:
    yield ""
    yield title
    for (before, after), count in sorted(counts.items(), key=lambda found: -found[1]):
        yield f"{count:>7}  {before if before == after else f'{before} -> {after}'}"
