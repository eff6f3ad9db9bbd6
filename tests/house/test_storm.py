"""People use the site while its parts fail, and nothing that they were told is saved is lost."""

import subprocess
import sys

import pytest

SECONDS = 3


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nothing_is_lost_in_a_storm(engine: str) -> None:
    arguments = ["--minutes", str(SECONDS / 60), "--engine", engine]
    ran = subprocess.run(
        [sys.executable, "-m", "tools.storm", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 lost or wrong." in ran.stdout
