"""`consult report`: writes the report for a file of answers, without a database."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

from consult.commands import CommandError, UsageError
from consult.commands.score_command import read_answer_sets
from consult.questionnaire import Walk
from consult.report.build import build_report
from consult.report.html_document import document_html
from consult.report.pdf.renderer import Renderer, RenderError
from consult.settings import Settings, load_settings
from consult.settings.brand import Brand, load_brand


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
    """Write the owner's report for the answers in FILE (`-` reads standard input)."""
    settings = load_settings()
    sets = read_answer_sets(file)
    if sets.many:
        raise UsageError("a report needs one set of answers, and this is a list")
    page = _page(sets.walks[0], load_brand(settings.brand_file), settings, standalone=html)
    content = page.encode() if html else _pdf(page, settings)
    try:
        output.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}") from error


def _page(walk: Walk, brand: Brand, settings: Settings, *, standalone: bool) -> str:
    if not walk.complete:
        first, rest = walk.missing[:5], len(walk.missing[5:])
        more = f" and {rest} more" if rest else ""
        raise UsageError(f"answers are missing: {', '.join(first)}{more}")
    return document_html(
        build_report(walk, brand.currency),
        datetime.now(UTC).date(),
        brand=brand,
        paper=settings.paper,
        standalone=standalone,
    )


def _pdf(page: str, settings: Settings) -> bytes:
    with closing(Renderer(settings.pdf_timeout_seconds, settings.pdf_memory_mb)) as renderer:
        try:
            return renderer.render(page)
        except RenderError as error:
            raise CommandError(f"the PDF could not be made: {error}") from error
