"""An edition of five questions, small enough to write out whatever is made of it."""

from typing import Any

from consult.questionnaire.conditions import is_, rung
from consult.questionnaire.model import (
    Dimension,
    JobLine,
    MoneyInputs,
    OneLeadInputs,
    PlanRules,
    Roles,
    Rule,
    Structure,
)
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import (
    BASE,
    Fact,
    Kind,
    Part,
    Question,
    choice,
    item,
    page,
    part,
)
from consult.questionnaire.wording import EditionTexts, Heading, Wording

ROLES = Roles(
    troubles="tools",
    recent_jobs="tools",
    early=is_("seller", "me"),
    one_lead=OneLeadInputs(
        **dict.fromkeys(("evidence", "came_from", "asked", "heard_back"), "seller"),
        **dict.fromkeys(("last_word", "ended"), "seller"),
        first_reply="reply",
        days_since={},
        days_to_reply={"me": 0},
        rungs={"me": 1},
        left_with={},
    ),
    own_words="wish",
    marketing_items=("list",),
    sales_items=("reply",),
    talking=("order",),
    acting=("speed",),
    figures={"clock": "speed"},
    agreement={"time": "reply", "takes": "seller"},
    own_performance={"reply_time": "reply"},
    money=MoneyInputs(
        worked="reply",
        worked_of_ten=((0, 3), (4, 7), (8, 10)),
        leads="leads",
        leads_ranges={"few": (1, 9), "many": (10, None)},
        buyers="buy",
        buyers_ranges={"few": (0, 5), "many": (6, 10)},
        first_sale="price",
        new_customers="gained",
    ),
    plan=PlanRules(
        touches={"pen": ("speed",), "list": ("order",)},
        gates={"list": {"reply": 33}},
        order={},
        talk="list",
    ),
    jobs={"time": JobLine(("list",), ("reply",), ("Q1",))},
)

PARTS: tuple[Part, ...] = (
    part(
        "shop",
        page("you", choice("seller", "me", "staff")),
        page(
            "them",
            Question("tools", Kind.CHOICES, choices=("pen", "list"), max_choices=1),
            Question("card", Kind.SORT, ("marketing", "sales"), quick=False, answer="sales"),
        ),
    ),
    part(
        "track",
        page(
            "run",
            item("reply", "Q1", "Q2", unknown=True, rungs=3, rungs_in={"solo": 2}),
            item("list", "Q3", asked=is_("mode", "team")),
        ),
        page(
            "numbers",
            Question("leads", Kind.RANGE, ("few", "many")),
            Question("buy", Kind.RANGE, ("few", "many"), most=10),
            Question("price", Kind.NUMBER),
            Question("gained", Kind.COUNT),
            Question("wish", Kind.TEXT, most=20),
        ),
    ),
)


def structure(**changes: Any) -> Structure:
    fields: dict[str, Any] = {
        "name": "mini",
        "facts": (
            Fact("mode", (("solo", is_("seller", "me")), ("web", is_("seller", "web"))), "team"),
        ),
        "variant_facts": ("mode",),
        "parts": PARTS,
        "dimensions": (
            Dimension("speed", "handoff", 3, ("reply",), critical=True),
            Dimension("order", "separation", 2, ("list",), sorting=True),
        ),
        "contradictions": (Rule("slow", rung("reply", 0), ("Q1",)),),
        "flags": (Rule("no_list", rung("list", 0)),),
        "notes": (Rule("alone_note", is_("mode", "solo")),),
        "not_asked": (Rule("alone", is_("mode", "solo")),),
        "roles": ROLES,
    }
    return Structure(**{**fields, **changes})


def small_edition() -> Questionnaire:
    reply = {"0": "Late", "1": "Soon", "2": "Now"}
    questions = {
        "seller": {BASE: Wording("Who sells?", {"me": "I do", "staff": "Staff <all>"})},
        "tools": {BASE: Wording("Which tools?", {"pen": "A pen", "list": "A list"}, help="One.")},
        "card": {
            BASE: Wording("Calling", {"marketing": "M", "sales": "S"}, title="Calling", note="One.")
        },
        "reply": {
            BASE: Wording(
                "How fast?", reply, "Reply", why="Why.", fix="Fix.", unknown_fix="See.", proof="So."
            ),
            "solo": Wording("How fast are you?", {"0": "Late", "1": "Now"}, "Reply"),
            "web": Wording("How fast is it?", reply, "Reply"),
        },
        "list": {BASE: Wording("Is there a list?", {str(n): f"{n}" for n in range(4)}, "List")},
    }
    for id in ("leads", "buy"):
        questions[id] = {BASE: Wording("How many?", {"few": "A few", "many": "Many"})}
    questions["price"] = {BASE: Wording("How much?")}
    questions["gained"] = {BASE: Wording("How many are new?")}
    questions["wish"] = {BASE: Wording("What else?")}
    findings = {
        "dimensions": {"speed": {"name": "Speed"}, "order": {"name": "Order"}},
        "archetypes": {"fast": {}, "slow": {}},
    }
    texts = EditionTexts(
        questions=questions,
        tools={},
        pages={
            "you": Heading("You"),
            "them": Heading("Them"),
            "run": Heading("Run & <go>"),
            "numbers": Heading("Numbers"),
        },
        parts={"shop": Heading("The shop"), "track": Heading("The track & <field>")},
        sorting={},
        findings=findings,
    )
    return Questionnaire(structure(), texts)
