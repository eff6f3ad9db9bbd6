"""`python -m benchmarks [--json FILE]`: measure everything, and print it beside its floors."""

import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from benchmarks import (
    download,
    exports,
    insights,
    journey,
    leads,
    load,
    pages,
    pdf,
    scoring,
    server,
    worker,
)
from benchmarks.measure import Row
from tests.support.forks import forks

PARTS: Mapping[str, Callable[[], list[Row]]] = {
    "journey": journey.rows,
    "pages": pages.rows,
    "scoring": scoring.rows,
    "pdf": pdf.rows,
    "download": download.rows,
    "server": server.rows,
    "leads": leads.rows,
    "today": leads.rows_of_today,
    "exports": exports.rows,
    "insights": insights.rows,
}
LONG: Mapping[str, Callable[[], list[Row]]] = {
    "worker": worker.rows,
    "mail": worker.rows_of_mail,
    "load": load.rows,
}
"""Parts that take minutes: measured only when they are named."""


def in_columns(rows: list[Row]) -> Iterator[str]:
    """The rows as lines of text: ours, its floor, and how many times the floor ours is."""
    yield f"{'':32} {'ours':>12}   {'floor':>12} {'':26} {'ratio':>8}   aim"
    for row in rows:
        yield (
            f"{row.name:32} {_shown(row.ours, row.unit):>12}   {_shown(row.floor, row.unit):>12} "
            f"{row.floor_name:26} {row.ratio:7.2f}x   {row.verdict}"
        ).rstrip()


def in_short(rows: list[Row]) -> str:
    """How many rows meet their aim, and which come nearest to missing it; empty without aims."""
    aimed = [row for row in rows if row.aim is not None]
    if not aimed:
        return ""
    missed = [row.name for row in aimed if not row.is_met]
    nearest = max(aimed, key=lambda row: row.ratio / (row.aim or 1))
    told = f"MISSED by {len(missed)}: {'; '.join(missed)}" if missed else "all met"
    return f"{len(aimed)} aims, {told}. Nearest: {nearest.name}, {nearest.ratio:.2f}x."


def _shown(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def as_json(rows: list[Row]) -> str:
    """The rows and the machine they were measured on."""
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    return json.dumps({"machine": machine, "rows": [row.as_json() for row in rows]}, indent=2)


@click.command()
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write the rows.")
@click.argument("parts", nargs=-1, type=click.Choice([*PARTS, *LONG]))
def main(json_file: Path | None, parts: tuple[str, ...]) -> None:
    """Measure what the product costs, as ratios to a floor measured in the same run.

    PARTS are those to measure; all but those that take minutes when none is named. Ends with 1 if
    an aim is missed.
    """
    forks()
    wanted = parts or tuple(PARTS)
    rows: list[Row] = []
    with click.progressbar(
        wanted,
        label="Measuring",
        item_show_func=lambda part: part,
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as progress:
        for part in progress:
            if progress.hidden:
                click.echo(f"Measuring {part}", err=True)
            rows += {**PARTS, **LONG}[part]()
    click.echo("\n".join(in_columns(rows)))
    if short := in_short(rows):
        click.echo(short)
    if json_file:
        json_file.write_text(as_json(rows) + "\n", encoding="utf-8")
    if any(not row.is_met for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
