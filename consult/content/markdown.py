"""The little Markdown that the document needs."""

from collections.abc import Iterable, Iterator, Sequence


def heading(level: int, text: str) -> Iterator[str]:
    """A heading with an empty line after it."""
    yield f"{'#' * level} {text}"
    yield ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table with an empty line after it."""
    yield _row(head)
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row(row)
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
