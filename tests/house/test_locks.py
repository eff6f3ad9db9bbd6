"""What is installed is pinned, hashed, explained, and free of any one machine's addresses."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements-build", "requirements", "requirements-dev"]

# Nobody's registry and nobody's folders belong in a file that others will use.
REGISTRY = re.compile(
    r"(?:pypi|pythonhosted|npmjs)\.(?:org|com)|(?:deb|security)\.debian\.(?:org|net)"
)
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:work|root|home|Users|opt)/\w")


IMPORT = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)
OUR_FOLDERS = {"consult", "tests", "tools", "benchmarks"}
"""Some packages bring a folder of such a name along."""

COPYLEFT = re.compile(r"\b[AL]?GPL|\bGNU\b|\bMPL|Mozilla|\bEUPL|\bCDDL|\bOSL-|CC-BY-SA")
ACCEPTED = {
    "certifi",
    "psycopg",
    "psycopg-binary",
    "pyphen",
    "recurring-ical-events",
    "x-wr-timezone",
}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(lock: str) -> set[str]:
    """The names that a hand-written `.in` file asks for."""
    lines = (ROOT / f"{lock}.in").read_text().splitlines()
    return {canonical(re.split(r"[\[<=>]", line)[0]) for line in lines if line[:1].isalnum()}


def pinned(lock: str) -> dict[str, str]:
    """Each name that a lock file pins, and its version."""
    text = (ROOT / f"{lock}.txt").read_text()
    return {
        canonical(name): version
        for name, version in re.findall(r"^([\w.\[\]-]+)==(\S+)", text, re.M)
    }


def imported_by(*folders: str) -> set[str]:
    """The installed packages whose modules the Python files in these folders import."""
    distributions = packages_distributions()
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    # One module a line, as the linter wants it.
    modules = {name for path in files for name in IMPORT.findall(path.read_text("utf-8"))}
    foreign = modules - sys.stdlib_module_names - OUR_FOLDERS
    return {canonical(name) for module in foreign for name in distributions.get(module, [])}


@pytest.mark.parametrize("lock", LOCKS)
def test_all_that_is_wanted_is_pinned_with_hashes_and_nothing_says_where_from(lock: str) -> None:
    assert wanted(lock) <= pinned(lock).keys()
    text = (ROOT / f"{lock}.txt").read_text()
    requirements = re.sub(r" \\\n\s+", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.M))
    for line in requirements.splitlines():
        assert re.fullmatch(
            r"[\w.\[\]-]+==[^\s;]+( ; [^\\]+?)?( --hash=sha256:[0-9a-f]{64})+", line
        )


def test_the_tests_run_on_the_versions_that_are_served() -> None:
    served, tested = pinned("requirements"), pinned("requirements-dev")
    assert [name for name in tested.keys() & served.keys() if tested[name] != served[name]] == []


def test_each_direct_dependency_is_explained_once_and_nothing_else_is() -> None:
    document = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    explained = re.findall(r"^\| ([a-z][\w-]*) \| (?!what it does)\w", document, re.M)
    assert sorted(explained) == sorted(name for lock in LOCKS for name in wanted(lock))


def copyleft_of(name: str) -> str | None:
    """The license of an installed package, where changes to it must be published."""
    try:
        about = metadata(name)
    except PackageNotFoundError:  # one for another system
        return None
    fields = ("License-Expression", "License", "Classifier")
    said = [line for field in fields for line in about.get_all(field) or () if len(line) < 200]
    found = [line for line in said if COPYLEFT.search(line)]
    return found[0] if found else None


def test_no_new_copyleft_license_comes_along_with_what_is_served() -> None:
    found = {name for name in pinned("requirements") if copyleft_of(re.sub(r"\[.*", "", name))}
    assert found == ACCEPTED
    document = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    [named] = re.findall(r"^Licenses under which .*?\n\n", document, re.M | re.S)
    assert set(re.findall(r"[\w-]+", named)) >= ACCEPTED
    assert copyleft_of("djlint"), "and one is seen"


def test_what_the_code_imports_is_asked_for_by_name() -> None:
    known = wanted("requirements") | {"relay-check"}
    assert imported_by("consult") <= known
    assert imported_by("tests", "tools", "benchmarks") <= known | wanted("requirements-dev")


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        try:
            text = (ROOT / name).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # a picture, a font; or just deleted
            continue
        found += [f"{name}: {m[0]}" for p in (REGISTRY, MACHINE_PATH) for m in p.finditer(text)]
    assert found == []
