"""Published editions are frozen: what an owner was asked and told stays what it was."""

from dataclasses import replace

import pytest

from consult.questionnaire import EditionError, Questionnaire
from consult.questionnaire.editions import load, names, newest
from consult.questionnaire.fingerprint import fingerprint

FINGERPRINTS = {
    "2026-11": "082bfa137b0c503134c363205830a427366d578e78f1f68537bfbb8000db5753",
}
"""What `./run questionnaire fingerprint --edition NAME` printed when the edition was published."""


@pytest.mark.parametrize("name", names())
def test_a_published_edition_does_not_change(name: str) -> None:
    assert name in FINGERPRINTS, (
        f"edition {name} is new. Before it is published, record its fingerprint above: "
        f"./run questionnaire fingerprint --edition {name}"
    )
    assert fingerprint(load(name)) == FINGERPRINTS[name], (
        f"edition {name} is not what it was when it was published. A published edition does not "
        "change, because submissions were scored by it: undo the change, copy the edition under "
        "a new name and change the copy (docs/changing.md). Only while nobody has answered it "
        f"yet: record the new one, ./run questionnaire fingerprint --edition {name}"
    )


def test_an_edition_that_was_published_stays_published() -> None:
    assert set(FINGERPRINTS) == set(names())


def test_the_newest_edition_is_loaded_once() -> None:
    assert newest() is load(names()[-1])


def test_an_edition_that_was_never_published_is_refused_by_name() -> None:
    with pytest.raises(EditionError, match=r"^edition: there is no '1999'; known are 2026-11$"):
        load("1999")


def test_a_fingerprint_tells_words_weights_rules_and_order_apart() -> None:
    edition = newest()
    structure, words = edition.structure, edition.words
    first, *others = structure.dimensions
    heavier = replace(first, weight=first.weight + 1)
    late, *early = structure.flags
    changed = [
        replace(structure, dimensions=(heavier, *others)),
        replace(structure, flags=(*early, late)),
        replace(structure, flags=(replace(late, when=early[0].when), *early)),
    ]
    one, other = structure.pages[0].id, structure.pages[1].id
    retold = replace(words, pages={**words.pages, one: words.pages[other]})
    editions = [
        edition,
        *(Questionnaire(each, words) for each in changed),
        Questionnaire(structure, retold),
    ]
    assert len({fingerprint(each) for each in editions}) == len(editions)


def test_a_fingerprint_does_not_hang_on_the_order_of_a_file() -> None:
    edition = newest()
    backwards = dict(reversed(list(edition.words.findings.items())))
    same = Questionnaire(edition.structure, replace(edition.words, findings=backwards))
    assert fingerprint(same) == fingerprint(edition)
