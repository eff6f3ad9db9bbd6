"""People use the site on SQLite while its parts fail, and nothing that they saved is lost."""

from pathlib import Path

from tests.support.storms import nothing_is_lost


def test_nothing_is_lost_in_a_storm(tmp_path: Path) -> None:
    nothing_is_lost("sqlite", tmp_path / "log")
