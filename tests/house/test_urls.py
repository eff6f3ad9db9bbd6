"""Every address is in kebab-case and can be said on the phone."""

import re
from pathlib import Path

from flask import Flask

from consult.questionnaire.editions import load, names

CONSULT = Path(__file__).parents[2] / "consult"
SEGMENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)?")


def odd_segments(rule: str) -> list[str]:
    fixed = [part for part in rule.split("/") if part and "<" not in part]
    return [part for part in fixed if not SEGMENT.fullmatch(part)]


def test_every_address_is_in_kebab_case(app: Flask) -> None:
    rules = [rule.rule for rule in app.url_map.iter_rules()]
    assert {rule: odd for rule in rules if (odd := odd_segments(rule))} == {}


def test_no_page_of_questions_hides_behind_another_address(app: Flask) -> None:
    """A page named like a fixed address beside it could never be opened."""
    root = "/check/<token>/"
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(root)]
    fixed = {rule.removeprefix(root).split("/")[0] for rule in rules}
    assert {"review", "pause", "contradictions"} < fixed
    pages = {
        page.id for name in names() for part in load(name).structure.parts for page in part.pages
    }
    assert not pages & fixed


def test_no_address_with_a_host_is_made_by_what_stays_in_a_frame() -> None:
    """In a frame of another site, `url_for` makes the address of the frame: see `full_path`."""
    framed = re.compile(r"base_url\b[^\n]*\+\s*(url_for|\w+\.(root|\w+_url))\b")
    paths = CONSULT.glob("owner/*.py")
    assert [path.name for path in paths if framed.search(path.read_text("utf-8"))] == []
