"""`consult score`: answers in, scorecard out; no web, no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import IO

import click

from consult.commands.answers_file import read_sheets
from consult.questionnaire import Walk
from consult.scoring import score as score_answers
from consult.scoring import scorecard_json
from consult.settings import load_settings
from consult.settings.brand import load_brand


@click.command()
@click.argument("file", type=click.File("rb"))
def score(file: IO[bytes]) -> None:
    """Score the answers in FILE (`-` reads standard input) and print the scorecard as JSON.

    A list of answers gives a list of scorecards in the same order.
    """
    currency = load_brand(load_settings().brand_file).currency
    sheets = read_sheets(file)
    cards = [scorecard_json(score_answers(w.on_path), currency) for w in _watched(sheets.walks)]
    click.echo(json.dumps(cards if sheets.many else cards[0], indent=2))


def _watched(walks: Sequence[Walk]) -> Iterator[Walk]:
    """Pass the walks on, with a progress bar where they are many and a person watches."""
    alone = len(walks) < 100 or not sys.stderr.isatty()
    with click.progressbar(walks, label="Scoring", file=sys.stderr, hidden=alone) as progress:
        yield from progress
