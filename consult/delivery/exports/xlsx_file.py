"""An export as XLSX: texts that are texts, numbers and dates that are such, and a head that stays.

Written row by row into a file of its own beside the others (`folder`), so the memory it takes does
not grow with the number of leads.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from consult.delivery.exports.cells import Cell
from consult.delivery.exports.columns import Column
from consult.storage.exports.export_rows import ExportedLead

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_LEADS = 1_048_575
"""A sheet has 2 to the power of 20 rows, and the first is the head."""

_LONGEST_TEXT = 32_767
_COLUMNS_BEFORE_SCROLL = 2  # the number and the business stay in sight
_HEAD_HEIGHT = 48  # points: three lines, which the longest question needs


def write_xlsx(
    target: BinaryIO,
    folder: Path,
    columns: Sequence[Column],
    bundles: Iterable[Sequence[ExportedLead]],
) -> None:
    """Write the leads into `target`; of more than `MOST_LEADS`, the first ones.

    `folder` is for files in the making. They hold what the export holds, so it should be private,
    and be deleted afterwards.
    """
    options = {
        "constant_memory": True,
        "tmpdir": str(folder),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(target, options) as book:
        sheet = book.add_worksheet("Leads")
        _Writer(book, sheet).write(columns, bundles)


class _Writer:
    """One sheet and the formats of its cells."""

    def __init__(self, book: Workbook, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._head: Format = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        # Away from the text in the next column.
        self._number: Format = book.add_format({"align": "right", "indent": 1})
        self._tenths: Format = book.add_format(
            {"align": "right", "indent": 1, "num_format": "0.0#"}
        )
        self._moment: Format = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        self._day: Format = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})

    def write(self, columns: Sequence[Column], bundles: Iterable[Sequence[ExportedLead]]) -> None:
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, column.head, self._head)
        self._sheet.set_row(0, _HEAD_HEIGHT)
        self._sheet.freeze_panes(1, _COLUMNS_BEFORE_SCROLL)
        row = 0
        for leads in bundles:
            for lead in leads[: MOST_LEADS - row]:
                row += 1
                for place, column in enumerate(columns):
                    self._cell(row, place, column.cell(lead))
        self._sheet.autofilter(0, 0, row, len(columns) - 1)

    def _cell(self, row: int, place: int, cell: Cell) -> None:
        match cell:
            case None | "":
                return
            case str():
                self._sheet.write_string(row, place, _writable(cell))
            case datetime():
                self._sheet.write_datetime(row, place, cell, self._moment)
            case date():
                self._sheet.write_datetime(row, place, cell, self._day)
            case float():
                self._sheet.write_number(row, place, cell, self._tenths)
            case _:
                self._sheet.write_number(row, place, cell, self._number)


def _writable(text: str) -> str:
    """A text that fits a cell, and that UTF-8 can write."""
    return text.encode(errors="replace").decode()[:_LONGEST_TEXT]
