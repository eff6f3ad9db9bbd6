"""An edition shown: as JSON, as a map in lines, and as a picture."""

from typing import Any
from xml.etree import ElementTree

from consult.editing.edition_document import map_svg
from consult.questionnaire.describe import edition_json, map_text
from consult.questionnaire.editions import newest
from tests.support.small_edition import small_edition

HOW_MANY = {"base": {"ask": "How many?", "choices": {"few": "A few", "many": "Many"}}}
SVG = "{http://www.w3.org/2000/svg}"

MAP = """\
Edition mini
mode: solo when seller is me; web when seller is web; otherwise team

1 · The shop
   you
      seller
   them
      tools
      card  [full only]
2 · The track & <field>
   run  [full only]
      reply  [full only, own words for solo and web]
      list  [full only, asked when mode is team]
   numbers
      leads
      buy
      price
      gained
      wish"""


def test_the_map_gives_each_question_a_line_with_when_it_is_asked() -> None:
    assert map_text(small_edition()) == MAP


def test_the_picture_shows_the_lines_of_the_map_from_top_to_bottom() -> None:
    svg = map_svg(small_edition())
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own
    assert (root.get("viewBox"), root.get("role")) == ("0 0 760 342", "img")
    title, background = root.find(f"{SVG}title"), root.find(f"{SVG}rect")
    assert title is not None
    assert background is not None
    assert title.text == "The branches of edition mini"
    assert (background.get("width"), background.get("height")) == ("760", "342")
    lines = [
        (int(line.get("x", "")), int(line.get("y", "")), line.get("font-weight"), *line.itertext())
        for line in root.iter(f"{SVG}text")
    ]
    depths = {0: (24, "bold"), 3: (52, "normal"), 6: (80, "normal")}
    wanted = []
    for number, line in enumerate([MAP.splitlines()[0], *MAP.splitlines()[3:]]):
        text, _, note = line.strip().partition("  [")
        x, weight = depths[len(line) - len(line.lstrip())]
        texts = [text, note.removesuffix("]")] if note else [text]
        wanted.append((x, 36 + 18 * number, weight, *texts))
    assert lines == wanted
    shown = [title.text, *(text for _, _, _, *texts in lines for text in texts)]
    assert list(root.itertext()) == shown
    bars = [(bar.get("x"), bar.get("y")) for bar in root.findall(f"{SVG}rect")[1:]]
    assert bars == [("70", "205")]  # beside the one question that a condition decides on


def question(id: str, kind: str, wording: object, **rest: object) -> dict[str, object]:
    plain = {"required": True, "quick": True, "unknown_offered": False, "asked": None}
    return {"id": id, "kind": kind, **plain, "wording": wording, **rest}


def test_the_json_holds_ids_words_conditions_and_weights_in_the_order_of_the_pages() -> None:
    late = {"0": "Late", "1": "Soon", "2": "Now"}
    advice = {"why": "Why.", "fix": "Fix.", "unknown_fix": "See.", "proof": "So."}
    reply = {
        "base": {"ask": "How fast?", "choices": late, "title": "Reply", **advice},
        "solo": {
            "ask": "How fast are you?",
            "choices": {"0": "Late", "1": "Now"},
            "title": "Reply",
        },
        "web": {"ask": "How fast is it?", "choices": late, "title": "Reply"},
    }
    seller = {"ask": "Who sells?", "choices": {"me": "I do", "staff": "Staff <all>"}}
    tools = {"ask": "Which tools?", "choices": {"pen": "A pen", "list": "A list"}, "help": "One."}
    sides = {"marketing": "M", "sales": "S"}
    card = {"ask": "Calling", "choices": sides, "title": "Calling", "note": "One."}
    steps = {"ask": "Is there a list?", "choices": {str(n): f"{n}" for n in range(4)}}
    optional = {"required": False}

    shown: dict[str, Any] = edition_json(small_edition())
    parts = shown.pop("parts")
    pages = [page for part in parts for page in part["pages"]]
    titles = {"you": "You", "them": "Them", "run": "Run & <go>", "numbers": "Numbers"}
    assert [(page["id"], page["title"]) for page in pages] == list(titles.items())
    assert [each for page in pages for each in page["questions"]] == [
        question("seller", "choice", {"base": seller}),
        question("tools", "choices", {"base": tools}, **optional, max_choices=1),
        question("card", "sort", {"base": card}, **optional, quick=False, answer="sales"),
        question("reply", "rung", reply, quick=False, unknown_offered=True, claims=["Q1", "Q2"]),
        question(
            "list",
            "rung",
            {"base": {**steps, "title": "List"}},
            quick=False,
            asked="mode is team",
            claims=["Q3"],
        ),
        *(question(id, "range", HOW_MANY, **optional) for id in ("leads", "buy")),
        question("price", "number", {"base": {"ask": "How much?", "choices": {}}}, **optional),
        question(
            "gained", "count", {"base": {"ask": "How many are new?", "choices": {}}}, **optional
        ),
        question("wish", "text", {"base": {"ask": "What else?", "choices": {}}}, **optional),
    ]
    keys = ("id", "axis", "weight", "items", "sorting_cards", "critical", "name")
    assert shown == {
        "edition": "mini",
        "facts": {
            "mode": {"cases": {"solo": "seller is me", "web": "seller is web"}, "otherwise": "team"}
        },
        "dimensions": [
            dict(zip(keys, ("speed", "handoff", 3, ["reply"], False, True, "Speed"), strict=True)),
            dict(
                zip(keys, ("order", "separation", 2, ["list"], True, False, "Order"), strict=True)
            ),
        ],
        "contradictions": {"slow": "reply is 0"},
        "flags": {"no_list": "list is 0"},
        "archetypes": ["fast", "slow"],
    }
    assert [(part["id"], part["title"], len(part["pages"])) for part in parts] == [
        ("shop", "The shop", 2),
        ("track", "The track & <field>", 2),
    ]


def test_the_json_holds_groups_of_choices_and_those_that_are_taken_but_not_shown() -> None:
    edition = newest()
    parts: Any = edition_json(edition)["parts"]
    shown = [each for part in parts for page in part["pages"] for each in page["questions"]]
    grouped = [each for each in edition.questions.values() if each.groups]
    assert grouped
    assert {each["id"]: each["groups"] for each in shown if "groups" in each} == {
        each.id: {id: [*choices] for id, choices in each.groups.items()} for each in grouped
    }
    assert {each["id"]: each["accepted_too"] for each in shown if "accepted_too" in each} == {
        each.id: [*each.unlisted] for each in edition.questions.values() if each.unlisted
    }
