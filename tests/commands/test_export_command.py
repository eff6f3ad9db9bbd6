"""`consult export`: leads as CSV or XLSX, by the filters of the list, recorded in the audit log."""

import csv
from pathlib import Path
from stat import S_IMODE

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from consult.commands import lead_commands
from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.tables.account_tables import AuditRow
from tests.support.commands import run
from tests.support.many_leads import MadeLead, make_many


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[MadeLead]:
    monkeypatch.setenv("CONSULT_VAR_DIR", str(tmp_path / "var"))
    database = Database(f"sqlite:///{tmp_path}/var/consult.db", synchronous="NORMAL")
    migrate.upgrade(database)
    made = make_many(database, 30)
    database.close()
    return made


def test_leads_are_written_as_filtered_and_sorted(made: list[MadeLead], tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    expected = sorted(
        (lead.row["submitted_at"], lead.id)
        for lead in made
        if lead.row["wants_consult"] and lead.row["stage"] in ("won", "new")
    )
    printed = run("export", file, "consult=yes", "stage=won", "stage=new", "sort=oldest").stdout
    with file.open(encoding="utf-8-sig", newline="") as lines:
        assert [int(row["Lead"]) for row in csv.DictReader(lines)] == [id for _, id in expected]
    assert f"Wrote {len(expected)} lead" in printed
    assert S_IMODE(file.stat().st_mode) == 0o600
    database = Database(f"sqlite:///{tmp_path}/var/consult.db")
    with database.reading() as session:
        entry = session.scalars(select(AuditRow).where(AuditRow.action == "leads.exported")).one()
    database.close()
    filters = "stage: new; stage: won; consult: yes"
    facts = {"format": "csv", "leads": len(expected), "filters": filters}
    assert (entry.by_id, entry.facts) == (None, facts)


def test_a_workbook_leaves_nothing_beside_it(
    made: list[MadeLead], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    run("export", folder / "leads.xlsx")
    assert [file.name for file in folder.iterdir()] == ["leads.xlsx"]
    assert load_workbook(folder / "leads.xlsx")["Leads"].max_row == 31
    monkeypatch.setattr(lead_commands, "MAX_ROWS", 29)
    assert "room for 29 leads, not 30" in run("export", folder / "more.xlsx", code=1).stderr
    run("export", folder / "more.csv", "sort=newest")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["leads.txt"], "must end in .csv or .xlsx"),
        (["leads.csv", "stage=sold"], "stage=sold is not a filter"),
        (["leads.csv", "color=red"], "color=red is not a filter"),
        (["leads.csv", "consult"], "consult is not a filter"),
        (["leads.csv", "assignee=me"], "needs a signed-in user"),
    ],
)
def test_an_unknown_filter_or_format_is_refused(
    arguments: list[str], error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown filter is not ignored, as in a URL: that would export too much."""
    monkeypatch.chdir(tmp_path)
    assert error in run("export", *arguments, code=2).stderr
    assert list(tmp_path.iterdir()) == []
