"""Published editions are frozen: what an owner was asked and told stays what it was."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import consult
from consult.questionnaire.conditions import rung
from consult.questionnaire.describe import fingerprint
from consult.questionnaire.editions import (
    create,
    folder,
    load,
    names,
    newest,
    refuse_other_editions,
)
from consult.questionnaire.model import Rule
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import EditionError
from consult.questionnaire.wording import Heading
from tests.support.small_edition import ROLES, small_edition, structure

FINGERPRINTS = {"2026-12": "c760288d148fec1f31cc8934b8fabd39a01c4430a6886d1aeb29d7037f8909f7"}
"""What `./run questionnaire fingerprint --edition NAME` printed when the edition was published."""


def complaint(edition: Questionnaire, recorded: Mapping[str, str]) -> str:
    """What to do about an edition that is not what was recorded when it was published, or ""."""
    command = f"./run questionnaire fingerprint --edition {edition.name}"
    if edition.name not in recorded:
        return f"edition {edition.name} is new. Before it is published, record it: {command}"
    if fingerprint(edition) == recorded[edition.name]:
        return ""
    return (
        f"edition {edition.name} is not what it was when it was published. A published edition "
        "does not change, because submissions were scored by it: undo the change, copy the edition "
        "under a new name and change the copy (docs/changing.md). Only while nobody has answered "
        f"it yet: record the new one, {command}"
    )


def test_a_published_edition_does_not_change() -> None:
    assert [found for name in names() if (found := complaint(load(name), FINGERPRINTS))] == []


def test_whatever_changes_in_a_published_edition_is_noticed() -> None:
    small = small_edition()
    made, texts, plan = small.structure, small.texts, ROLES.plan
    recorded = {"mini": fingerprint(small)}
    assert "is new" in complaint(small, {})
    assert not complaint(small_edition(), recorded)
    roles: list[dict[str, Any]] = [
        {"gates": {"list": {"reply": 34}}},
        {"gates": {}},
        {"touches": {**plan.touches, "pen": ("order",)}},
        {"order": {"speed": ("reply",)}},
        {"talk": "reply"},
    ]
    first, other = made.dimensions
    flags = (*made.flags, Rule("late", rung("reply", 1)))
    structures = [
        *(structure(roles=replace(ROLES, plan=replace(plan, **change))) for change in roles),
        structure(dimensions=(replace(first, weight=first.weight + 1), other)),
        structure(flags=flags),
        structure(flags=flags[::-1]),
        structure(flags=(replace(made.flags[0], when=rung("list", 1)),)),
    ]
    reworded = replace(texts, parts={**texts.parts, "shop": Heading("The store")})
    changed = [*(Questionnaire(each, texts) for each in structures), Questionnaire(made, reworded)]
    assert all("is not what it was" in complaint(each, recorded) for each in changed)
    assert len({fingerprint(each) for each in changed}) == len(changed)

    backwards = replace(texts, findings=dict(reversed(list(texts.findings.items()))))
    assert not complaint(Questionnaire(made, backwards), recorded)


def test_what_was_published_stays_is_loaded_once_and_anything_else_is_refused() -> None:
    assert set(FINGERPRINTS) == set(names())
    assert newest() is load(names()[-1])
    with pytest.raises(EditionError, match=f"no '1999'; known: {', '.join(names())}$"):
        load("1999")


@pytest.mark.parametrize("name", ["2026-10", "2026-12", "2027", "next", "2027-5", "../2027-05"])
def test_a_new_edition_has_a_later_year_and_month(name: str, tmp_path: Path) -> None:
    with pytest.raises(EditionError, match=f"is not a year and month after {names()[-1]}"):
        create(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_new_edition_is_a_copy_that_names_itself_only(tmp_path: Path) -> None:
    made, old = create("2031-05", tmp_path), folder(newest().name)
    assert made == tmp_path / "edition_2031_05"
    refuse_other_editions("2031-05", made)
    files = {file.relative_to(old) for file in old.rglob("*.*") if file.suffix != ".pyc"}
    assert {file.relative_to(made) for file in made.rglob("*.*")} == files
    assert 'name="2031-05"' in (made / "structure.py").read_text()
    for file in old.rglob("*.yaml"):
        assert file.read_bytes() == (made / file.relative_to(old)).read_bytes()


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("from consult.questionnaire.editions.edition_2026_12 import rules", "edition_2026_12"),
        ('NAME = "2026-12"', "2026-12"),
    ],
)
def test_an_edition_that_leans_on_another_is_refused(line: str, other: str, tmp_path: Path) -> None:
    made = create("2031-05", tmp_path)
    (made / "rules.py").write_text(f"{(made / 'rules.py').read_text()}\n{line}\n")
    with pytest.raises(EditionError, match=f"^edition_2031_05/rules.py: names {other}; an edition"):
        refuse_other_editions("2031-05", made)


RECIPE = """
import sys
from importlib import reload
from pathlib import Path
from click.testing import CliRunner
from consult.commands import consult
from consult.questionnaire import editions

def run(line):
    return CliRunner().invoke(consult, ["questionnaire", *line.split()]).output

run("new 2031-05")
texts = Path(editions.__file__).parent / "edition_2031_05/wording/pages.yaml"
texts.write_text(texts.read_text().replace("title: ", "title: A new ", 1))
reload(editions)  # as each process that starts from now on finds them
print(*map(run, sys.argv[1:]), sep="\\0", end="")
"""
"""All of it in one process, as it takes long to start."""


def test_the_recipe_for_a_new_edition_works_as_written(tmp_path: Path) -> None:
    shutil.copytree(Path(consult.__file__).parent, tmp_path / "consult")
    lines = ("show", "check --edition 2031-05", f"fingerprint --edition {newest().name}")
    shown, checked, old, new = subprocess.run(
        [sys.executable, "-c", RECIPE, *lines, "fingerprint"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    assert json.loads(shown)["edition"] == "2031-05"
    assert checked == "All texts are fit to be shown.\n"
    assert old.strip() == fingerprint(newest())
    assert len(new) == len(old)
    assert new != old
