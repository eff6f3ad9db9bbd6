"""`consult questionnaire`: editions; `consult score` and `consult report`: results of answers."""

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NoReturn

import click

from consult.commands import CommandError, UsageError
from consult.editing.edition_check import check as problems_of
from consult.editing.edition_document import document as edition_document
from consult.editing.edition_document import map_svg
from consult.questionnaire.describe import edition_json, fingerprint, map_text
from consult.questionnaire.editions import create, load, names
from consult.questionnaire.journey import Walk, walk
from consult.questionnaire.questionnaire import AnswerError, Questionnaire, read_answers
from consult.questionnaire.questions import DEPTHS, EditionError
from consult.report.build import build_report
from consult.report.html_document import document_html
from consult.report.pdf.renderer import Renderer, RenderError
from consult.scoring.as_json import scorecard_json
from consult.settings.brand import load_brand
from consult.settings.schema import Settings
from consult.settings.setting_sources import load_settings

_edition = click.option(
    "--edition", "name", metavar="NAME", help="The edition; the newest if left out."
)


@click.group()
def questionnaire() -> None:
    """Show the questionnaire and check its texts."""


@questionnaire.command()
@_edition
def check(name: str | None) -> None:
    """List every text that needs a change, and what to change.

    Without --edition, every published edition is checked.
    """
    found = False
    wanted = [name] if name else names()
    for edition in wanted:
        for problem in problems_of(_load(edition)):
            found = True
            click.echo(f"{edition}/{problem}" if len(wanted) > 1 else str(problem))
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

    The copy is the newest edition from then on. Editing it doesn’t change any other.
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


_KEYS = {"edition", "depth", "answers"}


@click.command()
@click.argument("file", type=click.File("rb"))
def score(file: IO[bytes]) -> None:
    """Score the answers in FILE (`-` reads standard input) and print the scorecard as JSON.

    FILE holds JSON, one object or a list of them, and a list gives a list of scorecards in the same
    order. Only "answers" is required:

    {"edition": "2026-12", "depth": "full", "answers": {"ID": ANSWER, ...}}

    `consult questionnaire show` lists the IDs. An ANSWER is the ID of a choice, a list of them, a
    number, a text, or, for a question with steps, the number of the step from 0, or "unknown".
    """
    currency = load_brand(load_settings().brand_file).currency
    walks, is_list = _read_answers(file)
    hidden = len(walks) < 100 or not sys.stderr.isatty()
    with click.progressbar(walks, label="Scoring", file=sys.stderr, hidden=hidden) as progress:
        cards = [scorecard_json(one.on_path, currency) for one in progress]
    click.echo(json.dumps(cards if is_list else cards[0], indent=2))


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)
@click.option("--html", is_flag=True, help="Write the report as a web page instead of a PDF.")
def report(file: IO[bytes], output: Path, html: bool) -> None:
    """Write the owner's report for the answers in FILE (`-` reads standard input).

    `consult score --help` says what FILE holds.
    """
    settings = load_settings()
    walks, is_list = _read_answers(file)
    if is_list:
        raise UsageError("a report needs one set of answers, and this is a list")
    answered = walks[0]
    if not answered.complete:
        first, rest = answered.missing[:5], len(answered.missing[5:])
        more = f" and {rest} more" if rest else ""
        raise UsageError(f"answers are missing: {', '.join(first)}{more}")
    brand = load_brand(settings.brand_file)
    page = document_html(
        build_report(answered, brand),
        datetime.now(UTC).date(),
        brand=brand,
        paper=settings.paper,
        standalone=html,
    )
    content = page.encode() if html else _pdf(page, settings)
    try:
        output.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}") from error


def _pdf(page: str, settings: Settings) -> bytes:
    with closing(Renderer(settings.pdf_timeout_seconds, settings.pdf_memory_mb)) as renderer:
        try:
            return renderer.render(page)
        except RenderError as error:
            raise CommandError(f"the PDF could not be made: {error}") from error


def _read_answers(file: IO[bytes]) -> tuple[Sequence[Walk], bool]:
    """Read one set of answers, or a list of them; returns the walks, and whether it is a list.

    Raises UsageError, naming the question and its place, for anything else.
    """
    raw = _parse(file.read())
    if not isinstance(raw, list):
        return [_walk(raw, "")], False
    return [_walk(one, f"answers {number}: ") for number, one in enumerate(raw, 1)], True


def _parse(content: bytes) -> object:
    try:
        return json.loads(
            content, parse_constant=_refuse_number, object_pairs_hook=_without_duplicates
        )
    except UnicodeDecodeError:
        raise UsageError("the answers are not text in UTF-8") from None
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"the answers are not JSON: {error.msg} ({at})") from None
    except RecursionError:
        raise UsageError("the answers are not JSON of the expected shape: too deep") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise UsageError(f"the answers are not JSON: {error}") from None


def _walk(raw: object, where: str) -> Walk:
    if not isinstance(raw, dict) or not isinstance(raw.get("answers"), dict):
        raise UsageError(f'{where}expected an object with "answers", which is an object as well')
    if unknown := sorted(raw.keys() - _KEYS):
        raise UsageError(f"{where}unknown key {_quoted(unknown[0])}; known: {_listed(_KEYS)}")
    depth = raw.get("depth", "full")
    if not isinstance(depth, str) or depth not in DEPTHS:
        raise UsageError(f"{where}depth: {_quoted(depth)} must be one of {_listed(DEPTHS)}")
    edition = raw.get("edition", names()[-1])
    if not isinstance(edition, str):
        raise UsageError(f"{where}edition: {_quoted(edition)} must be one of {_listed(names())}")
    try:
        loaded = load(edition)
        return walk(loaded, read_answers(loaded, raw["answers"]), DEPTHS[depth])
    except (AnswerError, EditionError) as error:
        raise UsageError(f"{where}{error}") from error


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) < len(pairs):
        ids = [id for id, _ in pairs]
        twice = next(id for id in ids if ids.count(id) > 1)
        raise UsageError(f"{_quoted(twice)} is repeated")
    return read


def _refuse_number(text: str) -> NoReturn:
    raise UsageError(f"the answers are not JSON: {text} is not a number")


def _listed(known: Iterable[str]) -> str:
    return ", ".join(sorted(known))


def _quoted(value: object) -> str:
    """A value as JSON in ASCII, cut short: it may be anything."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."
