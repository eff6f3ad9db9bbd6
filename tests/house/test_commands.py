"""The command line: every command is there, says what it does, and keeps to its exit codes."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest

from consult.commands import CommandError, consult, errors_in_one_line
from tests.support.commands import run
from tests.support.patience import patience

RUN = Path(__file__).parents[2] / "run"
_PROMISED = """
serve, web, worker, score, report, questionnaire check, questionnaire map, questionnaire show,
db upgrade, db backup, db restore, staff invite, staff list, staff disable, staff reset,
audit export, demo, settings, health, doctor
"""
PROMISED = {command.strip() for command in _PROMISED.split(",")}
"""The commands that people and scripts outside rely on."""


def every_command(group: click.Group, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed and not there"
        yield (*names, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*names, name))


def test_every_promised_command_is_there_and_every_command_says_what_it_does() -> None:
    there = list(every_command(consult))
    assert {" ".join(words) for words in there} >= PROMISED
    for words in there:
        usage, _, rest = run(*words, "--help").output.partition("\n\n")
        assert usage.startswith("Usage:")
        assert not rest.lstrip().startswith("Options:"), f"{words}: no sentence on what it does"


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["score", "--nonsense"], ["score", "/no/file"]]
)
def test_bad_input_ends_with_2_and_one_line(arguments: list[str]) -> None:
    assert run(*arguments, code=2).stdout == ""


def test_a_full_disk_is_one_line_and_a_reader_who_has_had_enough_is_none() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "out.pdf")
    with (
        pytest.raises(CommandError, match=r"^out\.pdf: No space left on device$"),
        errors_in_one_line(),
    ):
        raise full
    with pytest.raises(BrokenPipeError), errors_in_one_line():
        raise BrokenPipeError


@pytest.mark.parametrize("arguments", [["--version"], ["serve", "--port", "0"], ["test"]])
def test_a_folder_that_may_not_be_written_to_is_told_in_one_line(arguments: list[str]) -> None:
    """By someone who is not root: root may write anywhere."""
    with TemporaryDirectory() as name:  # which is outside `tmp_path`, where nobody else may go
        folder = Path(name)
        shutil.copy(RUN, folder)
        folder.chmod(0o555)
        user = 65_534 if os.geteuid() == 0 else None
        told = subprocess.run(
            [folder / "run", *arguments], user=user, capture_output=True, text=True
        )
        folder.chmod(0o755)
    (line,) = told.stderr.splitlines()
    assert (told.returncode, told.stdout) == (1, "")
    assert line.startswith(f"run: {line.split()[1]} may not write to {name}, where Python packages")


@pytest.mark.parametrize("line", ["{}  # ours", " '{}'", "1\nexport CONSULT_PORT={}"])
def test_a_taken_port_is_told_first_however_the_file_names_it(tmp_path: Path, line: str) -> None:
    shutil.copy(RUN, tmp_path)
    environment = {name: text for name, text in os.environ.items() if name != "CONSULT_PORT"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / ".env").write_text(f"CONSULT_PORT={line.format(port)}\n")
        told = subprocess.run(
            [tmp_path / "run"], env=environment, capture_output=True, text=True, timeout=patience()
        )
    assert told.stderr.startswith(f"run: cannot listen on 127.0.0.1:{port}: ")
    assert (told.returncode, len(told.stderr.splitlines())) == (1, 1)


def test_a_command_does_without_the_streams_that_whoever_starts_it_has_closed() -> None:
    command = f"exec {sys.executable} -m consult score - <&- 2>&-"
    assert subprocess.run(["sh", "-c", command], capture_output=True).returncode == 2
