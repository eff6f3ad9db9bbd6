"""The shape of findings.yaml: which texts each finding, band, name and step has."""

from collections.abc import Iterator, Mapping

from consult.questionnaire.model import Structure
from consult.questionnaire.questions import EditionError
from consult.questionnaire.yaml_texts import Texts, check_ids, text_at

_FILE = "findings.yaml"
_ENTRIES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("dimensions",): ("name", "asks", "low", "strong", "call_question"),
    ("bands", "separation"): ("name", "means"),
    ("bands", "handoff"): ("name", "means"),
    ("archetypes",): ("name", "says", "rule"),
    ("contradictions",): ("text",),
    ("flags",): ("name", "text"),
    ("notes",): ("name", "text"),
    ("figures",): ("text", "source"),
    ("finding", "answers"): ("good", "low"),
    ("finding", "unknowns"): ("text",),
    ("matters",): ("solo", "team", "conversation", "counter", "checkout"),
    ("jobs", "lines"): ("name", "marketing", "sales"),
    ("agreement", "lines"): ("title", "settled", "open"),
}
"""Groups of entries, by where they stand, and the texts that each of their entries has."""

_TEXTS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    (): ("sources",),
    ("troubles",): ("explained", "again", "open"),
    ("one_lead",): (
        *("title", "intro", "came", "reply", "now", "last", "here", "beside", "waiting"),
        *("before_reply", "with_you", "with_them", "nowhere"),
    ),
    ("jobs",): ("title", "intro", "together", "you_said", "not_asked"),
    ("because",): (
        *("trouble", "trouble_later", "trouble_again", "lower", "groundwork", "most_lost"),
        "most_lost_later",
    ),
    ("too_much_unknown",): ("name", "means"),
    ("finding",): ("but", "unknown", "steady"),
    ("finding", "holds"): ("marketing", "handoff", "sales"),
    ("money",): ("intro", "silent", "result"),
    ("money", "steps"): (
        *("leads", "worked", "silent", "buy", "value", "middles", "discount", "low", "high"),
    ),
    **{
        ("consult", advice): ("title", "text", "button")
        for advice in ("yes", "optional", "not_now", "early", "quick")
    },
    ("money", "tags"): ("said", "assumed"),
    ("states",): ("partly", "unknown"),
    ("report",): (
        *("no_weak_exchange", "nothing_to_raise", "plan", "leave_strong"),
        *("nothing_pulls_apart", "open_answers"),
    ),
    ("agreement", "page"): ("title", "intro", "today", "unknown", "not_asked", "signed"),
    ("agreement", "names"): ("me", "staff", "several", "agency", "website", "nobody"),
    ("emails", "every"): (
        *("hello", "hello_anyone", "trouble", "own_words", "action"),
        *("consult", "requested", "book", "book_later", "book_on_result", "reply", "reply_later"),
    ),
    ("emails", "first"): (
        *("subject", "subject_asked", "subject_well", "quick", "full", "asked"),
        *("step", "enough", "best", "well", "step_well"),
    ),
    ("emails", "after_call"): (
        *("subject", "thanks", "agreed", "agreed_on", "step", "done_by", "check_in"),
    ),
    ("emails", "talk"): ("asked", "yes", "optional", "not_now", "call", "held"),
    ("consult_agenda",): ("about", "about_step", "outcome", "is_not", "helps", "helps_not"),
    ("consult_agenda", "points"): (
        *("troubles", "no_troubles", "topic", "contradiction", "first_fix", "close"),
    ),
}
"""Single texts, by where they stand."""

_LISTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("money",), "assumptions"),
    (("consult_agenda",), "bring"),
    (("consult_agenda",), "bring_online"),
    (("consult_agenda",), "bring_shop"),
    (("consult_agenda",), "watch"),
    ((), "method"),
)
_FREE = (
    ("double_check",),
    ("one_lead", "heard"),
    ("troubles", "unexplained"),
    ("money", "refusals"),
    ("consult", "topics"),
    ("not_asked",),
    ("claims",),
)
"""Lists of texts, and groups of texts by an id."""


def check_findings(structure: Structure, texts: Texts) -> Texts:
    """Return the texts when every one of them is there; raises `EditionError` with the place."""
    for path, names in _ENTRIES.items():
        for id, entry in _group(texts, path).items():
            _check_entry(_place(*path, id), entry, names)
    for place, text in _single_texts(texts):
        text_at(place, text)
    for path, ids in _by_structure(structure).items():
        check_ids(_place(*path), _group(texts, path), ids)
    return texts


def _single_texts(texts: Texts) -> Iterator[tuple[str, object]]:
    for path, names in _TEXTS.items():
        here = _group(texts, path)
        own = {name: here.get(name) for name in names}
        yield from ((_place(*path, name), text) for name, text in own.items())
        for variant in here.get("in", {}):
            changes = _group(texts, (*path, "in", variant))
            _check_entry(_place(*path, f"in {variant}"), {**own, **changes}, names)
    for path in _FREE:
        yield from ((_place(*path, id), text) for id, text in _group(texts, path).items())
    for path, name in _LISTS:
        listed = _group(texts, path).get(name)
        if not isinstance(listed, list) or not listed:
            raise EditionError(f"{_place(*path, name)}: should be a list of texts")
        yield from ((_place(*path, name, str(n)), text) for n, text in enumerate(listed, start=1))


def _check_entry(place: str, entry: object, names: tuple[str, ...]) -> None:
    if not isinstance(entry, dict):
        raise EditionError(f"{place}: should hold the texts {', '.join(names)}")
    for name in names:
        text_at(f"{place}: {name}", entry.get(name))
    for name in entry:
        if name not in (*names, "in"):
            raise EditionError(f"{place}: {name} is not a text that is used here")
    variants = entry.get("in", {})
    for variant, changes in variants.items() if isinstance(variants, dict) else ():
        _check_entry(f"{place}: in {variant}", {**entry, **(changes or {}), "in": {}}, names)


def _by_structure(structure: Structure) -> dict[tuple[str, ...], list[str]]:
    """The groups that need an entry for each of these ids, and for no other."""
    on_legs = [*structure.roles.marketing_items, *structure.roles.sales_items]
    for dimension in structure.dimensions:
        on_legs += dimension.items if dimension.axis == "handoff" else ()
    return {
        ("finding", "answers"): on_legs,
        ("finding", "unknowns"): [id for id in on_legs if structure.questions[id].unknown],
        ("dimensions",): [dimension.id for dimension in structure.dimensions],
        ("contradictions",): [rule.id for rule in structure.contradictions],
        ("double_check",): [
            "numbers",
            *(rule.id for rule in structure.contradictions if rule.impossible),
        ],
        ("troubles", "unexplained"): list(structure.roles.plan.touches),
        ("jobs", "lines"): list(structure.roles.jobs),
        ("one_lead", "heard"): list(structure.roles.one_lead.days_to_reply),
        ("flags",): [rule.id for rule in structure.flags],
        ("notes",): [rule.id for rule in structure.notes],
        ("not_asked",): [*(rule.id for rule in structure.not_asked), "quick_look"],
        ("agreement", "lines"): list(structure.roles.agreement),
        ("matters",): ["separation", "handoff"],
    }


def _group(texts: Texts, path: tuple[str, ...]) -> Texts:
    found: object = texts
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise EditionError(f"{_place(*path)}: is missing")
    return found


def _place(*path: str) -> str:
    return ": ".join((_FILE, *path))
