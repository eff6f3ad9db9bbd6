"""`consult db`, `consult staff` and `consult settings` on a database of their own."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consult.commands.database_commands import DatabaseAwayError, open_database
from consult.settings.setting_sources import load_settings
from consult.storage.accounts import accounts
from consult.storage.db import migrate
from consult.storage.settings import setting_overrides
from consult.storage.tables.account_tables import AuditRow
from tests.support.commands import run
from tests.support.lead_factories import make_account, new_lead, see, set_lead
from tests.support.postgres import PostgresServer


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULT_VAR_DIR", str(tmp_path / "var"))


def test_the_first_command_creates_the_database_and_an_older_one_is_upgraded_on_request_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run("staff", "list").stdout == ""
    run("db", "upgrade")
    monkeypatch.setattr(migrate, "is_current", lambda _database: False)
    assert "run: consult db upgrade" in run("staff", "list", code=1).stderr


def test_a_backup_can_be_restored_and_nothing_else(tmp_path: Path) -> None:
    copy, letter = str(tmp_path / "copy.db"), tmp_path / "letter.txt"
    run("db", "upgrade")
    run("db", "backup", copy)
    run("db", "restore", copy)
    assert "exists already" in run("db", "backup", copy, code=1).stderr
    letter.write_text("Dear Ada")
    assert "is not a backup" in run("db", "restore", str(letter), code=2).stderr
    assert "no file" in run("db", "restore", str(tmp_path / "none"), code=2).stderr


def test_backups_of_every_night_are_kept_and_checked_without_touching_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    run("db", "upgrade")
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / run("db", "backup", "--to", "backups", "--keep", "2").stdout.strip())
    assert [str(path) for path in folder.iterdir()] == [file]
    settings = load_settings()
    assert settings.last_backup_file.read_text() == f"{file}\n"
    shutil.rmtree(settings.var_dir)
    (folder / "relay-check-2020-01-01T000000Z.backup").touch()
    checked = run("db", "restore", "--check", file).stdout
    assert run("db", "restore", "--check", str(folder)).stdout == checked
    assert checked == f"{file} can be restored: 0 leads, 0 accounts, 0 questionnaires.\n"
    assert not settings.var_dir.exists()
    assert "no backup in" in run("db", "restore", "--check", str(tmp_path), code=2).stderr
    for arguments in ([], [file, "--keep", "2"], [file, "--to", str(folder)]):
        assert "either a FILE, or a folder" in run("db", "backup", *arguments, code=2).stderr


def test_staff_get_links_to_sign_up_with() -> None:
    run("db", "upgrade")
    link = run("staff", "invite", "Ada@Example.com").stdout.strip()
    assert link.startswith("http://127.0.0.1:8000/staff/invitation/")
    assert "not an email address" in run("staff", "invite", "ada", code=2).stderr
    assert "has no active account" in run("staff", "reset", "ada@example.com", code=2).stderr
    assert "has no account" in run("staff", "disable", "ada@example.com", code=2).stderr


def test_a_backup_is_known_on_a_machine_that_stored_nothing_else(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULT_DATABASE_URL", database_url)
    monkeypatch.setenv("CONSULT_SECRET_KEY", "s" * 40)
    run("db", "backup", str(tmp_path / "copy"))
    assert load_settings().last_backup_file.read_text() == f"{tmp_path / 'copy'}\n"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    line = f"consult: the database cannot be opened: {tmp_path / 'var'}: File exists\n"
    assert run("staff", "list", code=1).stderr == line


def test_settings_are_shown_with_their_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULT_SECRET_KEY", "s" * 40)
    result = run("settings")
    assert "CONSULT_SECRET_KEY = (set, not shown)  [environment]" in result.stdout
    assert "s" * 40 not in result.output


@pytest.mark.parametrize("command", ["settings", "staff list", "audit export", "db upgrade"])
def test_every_command_names_a_misspelled_variable_and_the_one_that_was_meant(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULT_PAPRE", "a4")
    monkeypatch.setenv("CONSULT_TOC", "1")
    assert run(*command.split()).stderr.splitlines() == [
        "consult: CONSULT_PAPRE is set, but no setting has that name; did you mean CONSULT_PAPER?",
        "consult: CONSULT_TOC is set, but no setting has that name",
    ]


def test_settings_of_the_staff_area_are_shown_once_there_is_a_database() -> None:
    assert "CONSULT_PAPER = letter  [default]" in run("settings").stdout
    run("db", "upgrade")
    with open_database(load_settings()) as database, database.writing() as session:
        setting_overrides.set_override(session, "paper", "a4")
    assert "CONSULT_PAPER = a4  [staff area]" in run("settings").stdout


def test_the_command_line_goes_by_the_settings_of_the_staff_area() -> None:
    with open_database(load_settings()) as database:
        make_account(database, "Cleo", role="admin")  # the default, being the first admin
        ada, bo = (make_account(database, name) for name in ("Ada", "Bo"))
        lead = new_lead(database)
        set_lead(database, lead, assignee_id=ada)
        with database.reading() as session:
            address = {user.id: user.email for user in accounts.all_users(session)}
        with database.writing() as session:
            setting_overrides.set_override(session, "new_leads_to", address[bo])
            setting_overrides.set_override(session, "time_zone", "Pacific/Kiritimati")
            evening = datetime(2026, 3, 1, 23, tzinfo=UTC)  # out there it's the next day
            session.add(AuditRow(at=evening, action="lead.seen", facts={}))
        run("staff", "disable", address[ada])
        assert see(database, lead).assignee_id == bo
    assert "lead.seen" in run("audit", "export", "--since", "2026-03-02").stdout


def test_bad_settings_and_a_bad_brand_file_are_usage_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("db", "upgrade")
    monkeypatch.setenv("CONSULT_BRAND_FILE", "/no/such/brand.toml")
    assert "/no/such/brand.toml" in run("worker", "--once", code=2).stderr
    monkeypatch.setenv("CONSULT_PAPER", "a3")
    monkeypatch.setenv("CONSULT_PROXY_HOPS", "-1")
    error = run("settings", code=2).stderr
    assert "CONSULT_PAPER" in error
    assert "CONSULT_PROXY_HOPS" in error


def test_a_file_that_is_no_database_and_a_server_that_is_away_are_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "letter.txt").write_text("Dear Ada")
    monkeypatch.setenv("CONSULT_DATABASE_URL", f"sqlite:///{tmp_path}/letter.txt")
    assert "file is not a database" in run("staff", "list", code=1).stderr
    monkeypatch.setenv("CONSULT_DATABASE_URL", "postgresql://user@127.0.0.1:1/none")
    monkeypatch.setenv("CONSULT_SECRET_KEY", "s" * 40)
    assert "does not answer" in run("staff", "list", code=1).stderr
    with pytest.raises(DatabaseAwayError) as away, open_database(load_settings()):
        raise AssertionError("there is no server")
    assert "\n" not in away.value.message, "a worker logs it"


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_of_another_encoding_is_refused(
    encoding: str, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.create_database(f"ENCODING '{encoding}' TEMPLATE template0")
    monkeypatch.setenv("CONSULT_DATABASE_URL", url)
    monkeypatch.setenv("CONSULT_SECRET_KEY", "s" * 40)
    assert f"has the encoding {encoding}, and UTF8" in run("db", "upgrade", code=1).stderr


@pytest.mark.parametrize("what", ["", "consult.db", "consult.db-wal"])
def test_what_may_not_be_written_to_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Most often a volume that belongs to another user, or what a command of root left behind."""
    monkeypatch.setenv("CONSULT_VAR_DIR", str(tmp_path))
    run("db", "upgrade")
    place = tmp_path / what
    place.touch()
    monkeypatch.setattr(os, "access", lambda asked, _mode: Path(asked) != place)
    error = run("staff", "list", code=1).stderr
    assert f"may not write to {place}, where" in error
    assert f"chown -R {os.getuid()}:{os.getgid()} {place})" in error
