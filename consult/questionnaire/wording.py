"""The words of an edition, read from its YAML files and joined to the structure by id.

A text belongs to a question and, where shops differ, to a variant of it: ``solo`` or ``team``
(who does the work), ``checkout`` or ``counter`` (how people buy). A variant states only what
differs from the base. Whatever is missing, unknown or of the wrong length is refused with the
file and the id, so that a slip in a YAML file is found at start-up and not by an owner.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consult.questionnaire.finding_texts import check_findings
from consult.questionnaire.model import Structure
from consult.questionnaire.questions import BASE, EditionError, Kind, Question
from consult.questionnaire.yaml_texts import Texts, check_ids, read_texts, refuse_extra, text_at

_FILES = ("profile", "separation", "handoff", "tools", "sorting", "pages", "findings")
_ITEM_KEYS = {"title", "ask", "help", "choices", "unknown", "why", "fix", "unknown_fix", "proof"}
_ITEM_NEEDS = {"title", "ask", "choices", "why", "fix", "proof"}
_PROFILE_KEYS = {"ask", "help", "why", "choices", "title", "groups"}
_CARD_KEYS = {"text", "done", "note"}
_TOOL_KEYS = {"effort", "tool", "text"}
_EFFORTS = ("hour", "habit", "project")
_FEEDBACK_KEYS = {"all", "some"}
_SORTING_TEXTS = ("title", "prompt", "test", "either_note")


@dataclass(frozen=True, slots=True)
class Wording:
    """What an owner reads about one question under one variant.

    ``choices`` maps choice ids to texts in stored order (worst to best for scored items).
    ``unknown`` labels the answer "I don't know" where a question offers it.
    ``why`` says why it matters, ``fix`` what to do when the answer is low, ``unknown_fix`` how
    to find out, ``proof`` how to know that the fix worked, ``note`` explains a sorting card.
    ``groups`` are the headings of choices that are shown in groups.
    """

    ask: str
    choices: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    help: str = ""
    unknown: str = "I don’t know"
    why: str = ""
    fix: str = ""
    unknown_fix: str = ""
    proof: str = ""
    note: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tool:
    """The thing itself for one scored item: a message, a list or a card, ready to copy.

    ``effort`` is what it takes to put it to use, one of `_EFFORTS`.
    ``text`` is plain lines, as they are copied and printed; ____ is a blank to fill in.
    """

    name: str
    effort: str
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a page or part, and an optional line under it."""

    title: str
    intro: str = ""


@dataclass(frozen=True)
class EditionTexts:
    """All texts of an edition: by question and variant, by page, by part, and the findings.

    ``tools`` are by scored item and variant. Their variants are their own: a card may have to
    differ for a shop where the question does not.
    """

    questions: Mapping[str, Mapping[str, Wording]]
    tools: Mapping[str, Mapping[str, Tool]]
    pages: Mapping[str, Heading]
    parts: Mapping[str, Heading]
    sorting: Texts
    findings: Texts


def read_edition_texts(structure: Structure, folder: Path) -> EditionTexts:
    """Read and check the wording of an edition.

    Raises `EditionError`, naming file and id, for YAML that cannot be read and for anything
    missing, left over or of the wrong shape.
    """
    files = {name: read_texts(folder / f"{name}.yaml") for name in _FILES}
    buttons = _mapping(files["sorting"], "buttons", "sorting.yaml")
    cards = _mapping(files["sorting"], "cards", "sorting.yaml")
    for name in _SORTING_TEXTS:
        text_at(f"sorting.yaml: {name}", files["sorting"].get(name))
    feedback = _mapping(files["sorting"], "feedback", "sorting.yaml")
    _check_keys("sorting.yaml: feedback", feedback, _FEEDBACK_KEYS, _FEEDBACK_KEYS)
    for name in _FEEDBACK_KEYS:
        text_at(f"sorting.yaml: feedback: {name}", feedback[name])
    _refuse_leftovers(structure, files, cards)
    questions: dict[str, Mapping[str, Wording]] = {}
    # The cards first: the checklist shows them again.
    for question in sorted(structure.questions.values(), key=lambda q: q.kind is not Kind.SORT):
        match question.kind:
            case Kind.RUNG:
                questions[question.id] = _item(question, files)
            case Kind.SORT:
                questions[question.id] = _card(question, cards, buttons)
            case _:
                checked = cards if question.id == structure.roles.recent_jobs else None
                questions[question.id] = _profile(question, files["profile"], checked)
    return EditionTexts(
        questions=questions,
        tools={
            id: _tools(id, files["tools"])
            for id, question in structure.questions.items()
            if question.kind is Kind.RUNG
        },
        pages=_headings(files["pages"], "pages", [page.id for page in structure.pages]),
        parts=_headings(files["pages"], "parts", [part.id for part in structure.parts]),
        sorting=files["sorting"],
        findings=check_findings(structure, files["findings"]),
    )


def _item(question: Question, files: Mapping[str, Texts]) -> Mapping[str, Wording]:
    file = next((f for f in ("separation", "handoff") if question.id in files[f]), None)
    if file is None:
        raise EditionError(f"separation.yaml, handoff.yaml: {question.id} has no wording")
    where = f"{file}.yaml: {question.id}"
    entry = _mapping(files[file], question.id, f"{file}.yaml")
    needs = _ITEM_NEEDS | ({"unknown_fix"} if question.unknown else set())
    worded = {}
    for name, place, texts in _variants(entry, where, _ITEM_KEYS, needs):
        ids = question.choices_as(name)
        choices = texts["choices"]
        if not isinstance(choices, list) or len(choices) != len(ids):
            there = len(choices) if isinstance(choices, list) else "no list of"
            raise EditionError(f"{place}: has {there} choices and needs {len(ids)}, worst first")
        worded[name] = _wording(place, texts, dict(zip(ids, choices, strict=True)))
    return worded


def _tools(item: str, files: Texts) -> Mapping[str, Tool]:
    where = f"tools.yaml: {item}"
    tools = {}
    entry = _mapping(files, item, "tools.yaml")
    for name, place, texts in _variants(entry, where, _TOOL_KEYS, _TOOL_KEYS):
        own = {key: text_at(f"{place}: {key}", text) for key, text in texts.items()}
        if own["effort"] not in _EFFORTS:
            raise EditionError(f"{place}: effort should be one of {', '.join(_EFFORTS)}")
        tools[name] = Tool(own["tool"], own["effort"], own["text"])
    return tools


def _card(question: Question, cards: Texts, buttons: Texts) -> Mapping[str, Wording]:
    card_id = question.id.removeprefix("sort_")
    where = f"sorting.yaml: {card_id}"
    entry = _mapping(cards, card_id, "sorting.yaml")
    choices = {}
    for side in question.choices:
        choices[side] = text_at(f"sorting.yaml: buttons: {side}", buttons.get(side))
    worded = {}
    for name, place, texts in _variants(entry, where, _CARD_KEYS, _CARD_KEYS):
        own = {key: text_at(f"{place}: {key}", text) for key, text in texts.items()}
        worded[name] = Wording(own["text"], choices, title=own["text"], note=own["note"])
    return worded


def _profile(question: Question, profile: Texts, cards: Texts | None) -> Mapping[str, Wording]:
    """A question about the business; the choices of the checklist are the sorting cards."""
    where = f"profile.yaml: {question.id}"
    entry = _mapping(profile, question.id, "profile.yaml")
    if cards is not None:
        _check_keys(where, entry, _PROFILE_KEYS, {"ask"})
        return _checklist(question, where, entry, cards)
    worded, base_choices = {}, entry.get("choices", {})
    for name, place, texts in _variants(entry, where, _PROFILE_KEYS, {"ask"}):
        choices = texts.get("choices", {})
        if not isinstance(choices, dict) or not isinstance(base_choices, dict):
            raise EditionError(f"{place}: choices should give a text for each choice")
        choices = {**base_choices, **choices}
        check_ids(f"{place}: choices", choices, question.choices)
        worded[name] = _wording(place, texts, {id: choices[id] for id in question.choices})
    return worded


def _checklist(question: Question, where: str, texts: Texts, cards: Texts) -> Mapping[str, Wording]:
    """The checklist shows sorting cards again, in each variant that changes one of them."""
    check_ids(f"{where}: groups", texts.get("groups", {}), question.groups)
    worded_cards = {id: _with_base(cards[id], f"sorting.yaml: {id}") for id in question.accepted}
    names = dict.fromkeys(
        [BASE, *(name for variants in worded_cards.values() for name in variants)]
    )
    return {
        name: _wording(
            where, texts, {id: v.get(name, v[BASE])["done"] for id, v in worded_cards.items()}
        )
        for name in names
    }


def _wording(where: str, texts: Texts, choices: Mapping[str, Any]) -> Wording:
    plain = {key: value for key, value in texts.items() if key not in ("choices", "groups")}
    groups = texts.get("groups", {})
    return Wording(
        groups={id: text_at(f"{where}: groups: {id}", text) for id, text in groups.items()},
        choices={
            id: text_at(f"{where}: choices: {number if id.isdigit() else id}", text)
            for number, (id, text) in enumerate(choices.items(), start=1)
        },
        **{key: text_at(f"{where}: {key}", text) for key, text in plain.items()},
    )


def _variants(
    entry: Texts, where: str, allowed: set[str], needed: set[str]
) -> Iterator[tuple[str, str, Texts]]:
    """Each variant of an entry: its name, its place and its texts, which are the right ones."""
    for name, texts in _with_base(entry, where).items():
        place = where if name == BASE else f"{where}: in {name}"
        _check_keys(place, texts, allowed, needed)
        yield name, place, texts


def _with_base(entry: Texts, where: str) -> dict[str, Texts]:
    """The texts by variant: a variant takes from the base what it does not change."""
    base = {key: value for key, value in entry.items() if key != "in"}
    variants = entry.get("in", {})
    if not isinstance(variants, dict) or not all(isinstance(v, dict) for v in variants.values()):
        raise EditionError(f"{where}: 'in' should hold solo, team, checkout or counter texts")
    return {BASE: base} | {name: {**base, **changes} for name, changes in variants.items()}


def _check_keys(where: str, texts: Texts, allowed: set[str], needed: set[str]) -> None:
    for key in sorted(needed - set(texts)):
        raise EditionError(f"{where}: {key} is missing")
    for key in sorted(set(texts) - allowed):
        raise EditionError(f"{where}: {key} is not a text that is used here")


def _mapping(texts: Texts, key: str, file: str) -> Texts:
    found = texts.get(key)
    if not isinstance(found, dict):
        raise EditionError(f"{file}: {key} has no wording")
    return found


def _headings(texts: Texts, key: str, ids: list[str]) -> Mapping[str, Heading]:
    entries = _mapping(texts, key, "pages.yaml")
    for id in ids:
        _mapping(entries, id, f"pages.yaml: {key}")
        _check_keys(f"pages.yaml: {key}: {id}", entries[id], {"title", "intro"}, {"title"})
    refuse_extra(f"pages.yaml: {key}", entries, ids)
    return {
        id: Heading(
            **{
                name: text_at(f"pages.yaml: {key}: {id}: {name}", text)
                for name, text in entries[id].items()
            }
        )
        for id in ids
    }


def _refuse_leftovers(structure: Structure, files: Mapping[str, Texts], cards: Texts) -> None:
    by_kind = {
        "profile": [
            q.id for q in structure.questions.values() if q.kind not in (Kind.RUNG, Kind.SORT)
        ],
        "separation": _items_of(structure, "separation"),
        "handoff": _items_of(structure, "handoff"),
        "tools": [id for dimension in structure.dimensions for id in dimension.items],
    }
    for name, ids in by_kind.items():
        refuse_extra(f"{name}.yaml", files[name], ids)
    sorted_ids = [q.id.removeprefix("sort_") for q in structure.questions.values()]
    refuse_extra("sorting.yaml: cards", cards, sorted_ids)


def _items_of(structure: Structure, axis: str) -> list[str]:
    return [id for d in structure.dimensions if d.axis == axis for id in d.items]
