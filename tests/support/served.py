"""Commands that serve or work, hurried, and what answers."""

from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from consult.commands import serve_commands
from tests.support.forks import run_command


def answer(port: int) -> bytes | None:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready") as page:
            body: bytes = page.read()
            return body
    except URLError:
        return None


def hasty(command: list[str], settings: dict[str, str], log: Path) -> None:
    """A command that hardly waits before it tries again."""
    serve_commands.RESTART_SECONDS = 0.1
    run_command(command, settings, log)
