"""docs/security.md names every requirement of its standard, and only files and tests that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text("utf-8")
REQUIREMENTS = 253
"""So many has the standard at its levels 1 and 2."""

VERDICTS = frozenset({"holds", "you", "part", "no", "\N{EN DASH}"})
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
TALKS = {"embed.js": {'"message"'}, "frame.js": {"postMessage"}, "proof.js": {"postMessage"}}
"""The two that talk to each other across windows: the page of another site and the frame in it."""
# What makes text into a page or a program, talks to other windows, or keeps what pages say.
NOT_IN_SCRIPTS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|postMessage"
    r"|\"message\"|sessionStorage|indexedDB|document\.cookie|localStorage\.setItem\((?!KEPT,)"
)


def rows() -> Iterator[tuple[str, str, str]]:
    """The numbers, the verdict and the evidence of each row."""
    for line in DOCUMENT.splitlines():
        if re.match(r"\| \d+\.\d", line):
            numbers, verdict, where = line.strip("| ").split(" | ", 2)
            yield numbers, verdict, where


def expanded(numbers: str) -> Iterator[str]:
    """Each number of a cell such as `1.2.1, 1.2.4–1.2.6`."""
    for part in numbers.split(", "):
        first, _, last = part.partition("\N{EN DASH}")
        section, _, begin = first.rpartition(".")
        assert not last or last.startswith(f"{section}."), part
        for number in range(int(begin), int((last or first).rpartition(".")[2]) + 1):
            yield f"{section}.{number}"


def test_every_requirement_is_judged_once() -> None:
    judged = [number for numbers, _, _ in rows() for number in expanded(numbers)]
    assert len(judged) == len(set(judged)) == REQUIREMENTS
    assert {verdict for _, verdict, _ in rows()} == VERDICTS
    assert all(where for _, _, where in rows())


def test_what_it_names_exists() -> None:
    tests = set(re.findall(r"`([\w/]+/test_\w+)`", DOCUMENT))
    assert len(tests) > 50
    assert [name for name in tests if not (ROOT / "tests" / f"{name}.py").is_file()] == []
    files = set(re.findall(r"`((?:consult|tests|docs)/[\w/.]+)`", DOCUMENT))
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_no_script_makes_a_page_of_text_or_keeps_what_it_says() -> None:
    assert SCRIPTS
    found = {path.name: set(NOT_IN_SCRIPTS.findall(path.read_text("utf-8"))) for path in SCRIPTS}
    assert {name: names for name, names in found.items() if names} == TALKS
