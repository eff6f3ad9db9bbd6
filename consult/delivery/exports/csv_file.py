"""An export as CSV (RFC 4180): every cell quoted, and none of them a formula.

In UTF-8 with a byte order mark. Without it, Excel takes the file for one in the old code page of
the machine and garbles every name that is not English; everything else knows to skip it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from consult.delivery.exports.cells import Cell, defused
from consult.delivery.exports.columns import Column
from consult.storage.exports.export_rows import ExportedLead

MIMETYPE = "text/csv"
_MARK = "\ufeff"


def csv_pieces(
    columns: Sequence[Column], bundles: Iterable[Sequence[ExportedLead]]
) -> Iterator[bytes]:
    """The file in pieces: its head, then one for each bundle of leads."""
    yield (_MARK + _lines([[column.head for column in columns]])).encode()
    for leads in bundles:
        yield _lines([column.cell(lead) for column in columns] for lead in leads).encode()


def _lines(rows: Iterable[Sequence[Cell]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return written.getvalue()


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return defused(cell.encode(errors="replace").decode())
        case datetime():
            # Not with a T between them, which spreadsheets do not take for a date.
            return cell.strftime("%Y-%m-%d %H:%M")
        case date():
            return cell.isoformat()
        case _:
            return str(cell)
