"""The documents and the code speak of the same settings, commands and files."""

import re
from pathlib import Path

import pytest
from flask import Flask

from consult.commands import FAMILIES
from consult.questionnaire.editions import folder, names
from consult.settings.schema import Settings
from consult.settings.server_settings import PREFIX
from consult.settings.setting_sources import known_variables
from consult.workflow.stages import CLOSING_REASONS
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR
from tools import take_pictures

ROOT = Path(__file__).parents[2]
CODE = [
    path
    for top in ("consult", "templates", "static", "tests", "tools", "benchmarks", "deploy")
    for path in sorted((ROOT / top).rglob("*"))
    if path.suffix in (".py", ".html", ".js", ".yaml", ".sql", ".service")
    and path != Path(__file__)
]
TOPS = (ROOT, ROOT / "consult", ROOT / "templates", folder(names()[-1]))
"""Where the paths in documents begin."""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN_COMMANDS = {"test", "explore", "check", "bench", "mutants", "storm", "lock", *FAMILIES}
"""What `./run` does itself, and what it passes on."""


READ_BY_THE_SETTINGS = {
    *("secret_key", "var_dir"),
    *(
        "time_zone",
        "business_hours",
        "booking_hours",
        "lead_sources",
        "closed_on",
        "reply_within_hours",
    ),  # by `office`
}
"""Settings that other settings are made of."""


def names_read_in(paths: list[Path]) -> set[str]:
    sources = (path.read_text("utf-8") for path in paths)
    return {name for source in sources for name in re.findall(r"\.([a-z_]+)\b", source)}


def test_every_setting_is_read_somewhere() -> None:
    code = ROOT / "consult"
    elsewhere = [path for path in code.rglob("*.py") if code / "settings" not in path.parents]
    unread = set(Settings.model_fields) - names_read_in(elsewhere)
    assert unread <= READ_BY_THE_SETTINGS


def test_the_page_on_the_api_has_the_reasons_that_a_stage_needs() -> None:
    text = (ROOT / "docs/api.md").read_text("utf-8")
    for stage, reasons in CLOSING_REASONS.items():
        (line,) = re.findall(rf"^\| `{stage}` \| `reason`(.+)$", text, re.MULTILINE)
        assert re.findall(r"`(\w+)`", line) == list(reasons)


@pytest.fixture(scope="module")
def words_of_code() -> set[str]:
    """Every word of the code, and the names of its files."""
    found = {name for path in CODE for name in (path.name, path.stem)}
    return found.union(*(re.findall(r"\w+", path.read_text("utf-8")) for path in CODE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_modules_and_names_of_the_code(
    document: Path, words_of_code: set[str]
) -> None:
    """What was renamed, merged or deleted is renamed in the documents, too."""
    text = document.read_text("utf-8")
    named = set(re.findall(r"`([a-z]\w*_\w+|\w+\.py)(?:\(\))?`", text))
    assert named - words_of_code <= {"relay_check_started"}, "embed.js puts this one together"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_settings_commands_and_files_that_exist(document: Path) -> None:
    text = document.read_text("utf-8")
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", text)) <= known_variables()
    assert set(re.findall(r"\./run ([a-z]+)\b", text)) <= RUN_COMMANDS
    named = re.findall(r"`((?:[\w-]+/)+[\w-]+\.(?:py|html|txt|css|yaml|md|toml|sh|gs))`", text)
    assert [path for path in named if not any((top / path).exists() for top in TOPS)] == []
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", text)
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing


def test_the_picture_of_a_report_is_one_of_a_real_pdf(app: Flask, tmp_path: Path) -> None:
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.to_result()
    take_pictures.picture_of_cover(journey, tmp_path / "cover.png")
    assert (tmp_path / "cover.png").read_bytes().startswith(b"\x89PNG")
