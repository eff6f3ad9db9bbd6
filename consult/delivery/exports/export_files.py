"""Leads as tables for a spreadsheet: the columns, and the two file formats.

Files are written a batch of leads at a time. An export of any length takes the memory of a short
one: CSV is a stream, and XLSX is written row by row into temporary files.
"""

import csv
import io
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from fractions import Fraction
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, cast

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from consult.questionnaire.editions import load, names
from consult.questionnaire.questions import DEPTH_LABELS, UNKNOWN, Answer, Kind, Question
from consult.report.display import I_DO_NOT_KNOW, tenths
from consult.storage.exports.lead_export import Lead
from consult.workflow.calendars import BOOKING_STATES, CALENDAR_NAMES
from consult.workflow.stages import NAMES, SOURCE_LABELS, Stage

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""Their media types."""

MAX_ROWS = 1_048_575
"""A sheet has 2 to the power of 20 rows, and the first is the header."""

# Without it, Excel reads the file in the old code page of the machine and garbles every name that
# is not English; all other programs know to skip it.
_BYTE_ORDER_MARK = "\ufeff"

# OWASP, "CSV Injection". Spreadsheets turn the full-width signs into the plain ones.
_SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_ENDS_OF_CELLS = ",;|\"'\t\r\n"
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_MAY_BEGIN = re.compile(f"[{re.escape(_SIGNS)}]")
_TELEPHONE = re.compile(r"\+[0-9][0-9 ().-]{5,}")

_MAX_TEXT = 32_767
_COLUMNS_BEFORE_SCROLL = 2  # the number and the business stay in sight
_HEADER_HEIGHT = 48  # points: three lines, which the longest question needs
_OLD_SECONDS = 86_400

Cell = str | int | float | datetime | date | None

NO_ANSWER = "No answer"
"""For a question that was asked and skipped; one that was not asked has an empty cell."""

_CONSULT = {"yes": "Yes", "optional": "Optional", "not_now": "Not now"}
_PLAN_STEPS = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, its width in letters, and its cell for a lead."""

    header: str
    width: int
    cell: Callable[[Lead], Cell]


def columns(zone: tzinfo) -> tuple[Column, ...]:
    """All columns, in order; the same for every export, so that two can be compared.

    Times are in `zone`, the agency's, which the headers name.
    """
    return (*_facts(zone), *_workflow(zone), *_scores(), *_answers())


def _facts(zone: tzinfo) -> Iterator[Column]:
    yield Column("Lead", 7, itemgetter("id"))
    yield Column("Business", 28, itemgetter("business"))
    yield Column("Name", 24, itemgetter("name"))
    yield _time(zone, "Finished", "submitted_at")
    yield Column("Demo", 7, lambda lead: _yes(lead["demo"]))
    yield Column("Edition", 10, itemgetter("edition"))
    yield Column("Questions", 16, lambda lead: DEPTH_LABELS[lead["depth"]])
    yield Column("Minutes taken", 9, lambda lead: round(lead["seconds_taken"] / 60, 1))
    yield Column("Email", 30, itemgetter("email"))
    yield Column("Phone", 17, itemgetter("phone"))
    yield Column("Best time", 17, itemgetter("best_time"))
    yield Column("Consult requested", 10, lambda lead: _yes(lead["wants_consult"]))
    yield _time(zone, "Consent", "consented_at")
    for key, header in SOURCE_LABELS.items():
        yield Column(header, 16, partial(_source, key))


def _workflow(zone: tzinfo) -> Iterator[Column]:
    yield Column("Stage", 15, lambda lead: NAMES[cast(Stage, lead["stage"])])
    yield _time(zone, "Stage since", "stage_since")
    yield Column("Assigned to", 22, itemgetter("assignee"))
    yield _time(zone, "Reply due", "due_at")
    yield _time(zone, "First contact", "first_contact_at")
    yield _time(zone, "Opened the calendar", "pressed_at")
    yield _time(zone, "Consult on", "consult_at")
    yield Column("Booking", 12, lambda lead: BOOKING_STATES.get(lead["booking"]))
    yield Column("Booked in", 14, lambda lead: CALENDAR_NAMES.get(lead["calendar"]))
    yield Column("Follow up on", 12, itemgetter("follow_up_on"))
    yield Column("Won amount", 12, _won_amount)
    yield Column("Currency", 9, itemgetter("won_currency"))


def _scores() -> Iterator[Column]:
    yield Column("Separation", 11, lambda lead: _score(lead["separation"]))
    yield Column("Separation in words", 20, itemgetter("separation_band"))
    yield Column("Handoff", 9, lambda lead: _score(lead["handoff"]))
    yield Column("Handoff in words", 20, itemgetter("handoff_band"))
    yield Column("Archetype", 26, itemgetter("archetype"))
    yield Column("Consult advised", 10, lambda lead: _CONSULT.get(lead["consult"], lead["consult"]))
    for step in range(_PLAN_STEPS):
        yield Column(f"Plan, step {step + 1}", 26, partial(_plan_step, step))


def _answers() -> Iterator[Column]:
    for question, header in _questions():
        cell = _sentence if question.kind is Kind.TEXT else _answer
        yield Column(f"{header} ({question.id})", 30, partial(cell, question.id))


def _questions() -> list[tuple[Question, str]]:
    """Each question of any edition and its short name, in the order of the newest that has it.

    A question of older editions only comes after the question that it followed there.
    """
    found: list[tuple[Question, str]] = []
    for edition in reversed(names()):
        place = 0
        questionnaire = load(edition)
        for id, question in questionnaire.questions.items():
            known = [known.id for known, _ in found]
            if id in known:
                place = known.index(id) + 1
                continue
            wording = questionnaire.wording(id)
            found.insert(place, (question, wording.title or wording.ask))
            place += 1
    return found


def _answer(id: str, lead: Lead) -> Cell:
    """An answer as its choice was shown, or the number that was typed."""
    if id not in lead["wording"]:
        return None
    answer: Answer | None = lead["answers"].get(id)
    choices: Any = lead["wording"][id].get("choices", {})
    if answer is None:
        return NO_ANSWER
    if answer == UNKNOWN:
        return I_DO_NOT_KNOW
    if isinstance(answer, tuple):
        return "; ".join(choices.get(choice, choice) for choice in answer) or "None of these"
    if str(answer) in choices:
        return str(choices[str(answer)])
    return answer


def _sentence(id: str, lead: Lead) -> Cell:
    """What the owner wrote: nothing if they skipped it, or it was removed with their name."""
    answer: str | None = lead["answers"].get(id)
    return answer


def _source(key: str, lead: Lead) -> Cell:
    return str(lead["tags"].get(key, ""))


def _plan_step(step: int, lead: Lead) -> Cell:
    plan: Sequence[str] = lead["plan"]
    return plan[step] if step < len(plan) else ""


def _won_amount(lead: Lead) -> Cell:
    return None if lead["won_amount"] is None else lead["won_amount"] / 100


def _yes(whether: bool) -> str:
    return "Yes" if whether else "No"


def _time(zone: tzinfo, header: str, name: str) -> Column:
    """A column of times without their zone, which the header names: no spreadsheet knows zones."""

    def cell(lead: Lead) -> Cell:
        then: datetime | None = lead[name]
        if then is None:
            return None
        return then.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)

    return Column(f"{header} ({zone})", 20, cell)


def _score(score: float) -> float:
    return tenths(Fraction(score)) / 10


def csv_chunks(columns: Sequence[Column], batches: Iterable[Sequence[Lead]]) -> Iterator[bytes]:
    """Yield a CSV file (RFC 4180, UTF-8): its header, then one chunk for each batch of leads."""
    header = _csv_lines([[column.header for column in columns]])
    yield (_BYTE_ORDER_MARK + header).encode()
    for leads in batches:
        yield _csv_lines([column.cell(lead) for column in columns] for lead in leads).encode()


def _csv_lines(rows: Iterable[Sequence[Cell]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerows([_csv_text(cell) for cell in row] for row in rows)
    return written.getvalue()


def _csv_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return escape_formula(cell.encode(errors="replace").decode())
        case datetime():
            # Not with a T between them, which spreadsheets do not take for a date.
            return cell.strftime("%Y-%m-%d %H:%M")
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


@lru_cache(maxsize=8192)
def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula when it opens a CSV file.

    An apostrophe is put before each sign that could begin one: at the start, and wherever a program
    with other habits may take a cell to begin, after a separator, a quote or the end of a line.
    Nothing else is changed, so the text can be recovered. A telephone number is no formula; only
    its hyphens become spaces, as a spreadsheet would subtract. XLSX needs none of this, as its
    cells say themselves that they are text.
    """
    if _TELEPHONE.fullmatch(text):
        return text.replace("-", " ")
    return "".join(_escaped(text)) if _MAY_BEGIN.search(text) else text


def _escaped(text: str) -> Iterator[str]:
    begins = True
    for letter in text:
        if begins and letter in _SIGNS:
            yield "'"
        yield letter
        begins = letter in _ENDS_OF_CELLS or (begins and (letter.isspace() or letter in _INVISIBLE))


def write_xlsx(
    target: BinaryIO, folder: Path, columns: Sequence[Column], batches: Iterable[Sequence[Lead]]
) -> None:
    """Write leads as XLSX, with texts, numbers and dates as such, and a header that stays in sight.

    Temporary files in the `folder` hold what the export holds, so it should be private. Of more
    leads than `MAX_ROWS`, the first ones are written.
    """
    options = {
        "constant_memory": True,
        "tmpdir": str(folder),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(target, options) as book:
        sheet, formats = book.add_worksheet("Leads"), _formats(book)
        header = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column.width)
            sheet.write_string(0, at, column.header, header)
        sheet.set_row(0, _HEADER_HEIGHT)
        sheet.freeze_panes(1, _COLUMNS_BEFORE_SCROLL)
        row = 0
        for leads in batches:
            for lead in leads[: MAX_ROWS - row]:
                row += 1
                for at, column in enumerate(columns):
                    _write_cell(sheet, row, at, column.cell(lead), formats)
        sheet.autofilter(0, 0, row, len(columns) - 1)


def _formats(book: Workbook) -> Mapping[type, Format]:
    right = {"align": "right", "indent": 1}  # away from the text in the next column
    return {
        int: book.add_format(right),
        float: book.add_format({**right, "num_format": "0.0#"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        date: book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
    }


def _write_cell(
    sheet: Worksheet, row: int, at: int, cell: Cell, formats: Mapping[type, Format]
) -> None:
    match cell:
        case None | "":
            return
        case str():
            # What UTF-8 can write, and what fits a cell.
            sheet.write_string(row, at, cell.encode(errors="replace").decode()[:_MAX_TEXT])
        case date():
            sheet.write_datetime(row, at, cell, formats[type(cell)])
        case _:
            sheet.write_number(row, at, cell, formats[type(cell)])


@contextmanager
def temp_folder(parent: Path) -> Iterator[Path]:
    """A private folder for temporary files, which is deleted with all in it on leaving."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)


def clear_temp_folders(parent: Path) -> None:
    """Delete what a process that was killed left behind a day ago or earlier."""
    long_ago = time.time() - _OLD_SECONDS
    for folder in parent.glob("*"):
        with suppress(FileNotFoundError):  # its process is done with it by now
            if folder.stat().st_mtime < long_ago:
                shutil.rmtree(folder, ignore_errors=True)
