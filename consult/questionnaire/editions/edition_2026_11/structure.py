"""The edition 2026-11: what is asked, in which order, on which branch, and what it counts for.

The words stand beside this file in ``wording/``, joined by id. Item order within a dimension and
the order of the dimensions are the order of the report and break ties.
"""

from itertools import islice

from consult.questionnaire.conditions import all_of, any_of, is_, not_, some_of
from consult.questionnaire.editions.edition_2026_11.cards import CARDS
from consult.questionnaire.editions.edition_2026_11.rules import CONTRADICTIONS, FLAGS, NOT_ASKED
from consult.questionnaire.model import (
    NOT_SURE,
    Dimension,
    Fact,
    Kind,
    Page,
    Part,
    Question,
    Structure,
    choice,
    item,
)

_AT_CHECKOUT = is_("path", "checkout")
_AT_COUNTER = is_("path", "counter")
_UNDER_FIVE = is_("customers_so_far", "under_five")

# One person who does both jobs is not a team, and neither is one who leaves selling to a website.
MODE = Fact(
    "mode",
    cases=(("solo", all_of(is_("marketing_by", "me"), any_of("selling_by", "me", "website"))),),
    otherwise="team",
)
PATH = Fact(
    "path",
    cases=(
        ("checkout", some_of(is_("selling_by", "website"), is_("buying_path", "checkout"))),
        ("counter", is_("buying_path", "counter")),
    ),
    otherwise="conversation",
)


def _cards(first: int) -> tuple[Question, ...]:
    return tuple(
        Question(
            f"sort_{id}",
            Kind.SORT,
            choices=("marketing", "sales", NOT_SURE),
            required=side != "either",
            answer=side,
        )
        for id, side in islice(CARDS.items(), first, first + 4)
    )


PARTS = (
    Part(
        "business",
        (
            Page(
                "who",
                (
                    choice("marketing_by", "me", "staff", "several", "agency", "nobody"),
                    choice("selling_by", "me", "staff", "several", "website", "nobody"),
                ),
            ),
            Page(
                "buyers",
                (
                    choice(
                        "buying_path",
                        *("conversation", "counter", "checkout", "mix"),
                        asked=not_(is_("selling_by", "website")),
                    ),
                    choice("buyers", "businesses", "people", "both", required=False),
                    choice("customers_so_far", "under_five", "five_or_more"),
                ),
            ),
        ),
    ),
    Part(
        "two-jobs",
        (
            Page("sort-1", _cards(0)),
            Page("sort-2", _cards(4)),
            Page("sort-3", _cards(8)),
            Page("sort-4", _cards(12)),
            Page(
                "lately",
                (
                    Question("done_last_30_days", Kind.CHOICES, choices=tuple(CARDS)),
                    Question(
                        "symptoms",
                        Kind.CHOICES,
                        choices=(
                            "not_enough_leads",
                            "poor_leads",
                            "leads_go_quiet",
                            "cannot_close",
                            "feast_or_famine",
                            "do_not_know_what_works",
                            "no_time",
                        ),
                        max_choices=3,
                    ),
                ),
            ),
        ),
    ),
    Part(
        "lanes",
        (
            Page(
                "purpose",
                (
                    item("purpose_of_each", star=True),
                    item("marketing_owner", star=True, best_first=True),
                    item("sales_owner", star=True),
                ),
            ),
            Page(
                "goals",
                (
                    item("marketing_goal", star=True),
                    item("sales_goal", star=True, best_first=True),
                    item("patience", unknown=True),
                ),
            ),
            Page("time-and-money", (item("busy_week", best_first=True), item("budget_split"))),
            Page(
                "measures",
                (
                    item("marketing_measure", star=True),
                    item("sales_measure", star=True, best_first=True),
                    item("slow_month", star=True),
                ),
            ),
            Page("aim", (item("audience"), item("sales_list", best_first=True))),
            Page("tune", (item("marketing_tests", best_first=True), item("sales_steps"))),
        ),
    ),
    Part(
        "handoff",
        (
            Page(
                "first-touch",
                (
                    item("lead_definition", star=True),
                    item("handoff_moment", star=True, best_first=True),
                ),
            ),
            Page(
                "catch",
                (
                    item("lead_list", star=True),
                    item("lead_source", star=True, unknown=True, asked=not_(_UNDER_FIVE)),
                    item(
                        "first_reply",
                        star=True,
                        unknown=True,
                        best_first=True,
                        rungs=5,
                        rungs_in={"counter": 4},
                    ),
                ),
            ),
            Page(
                "story",
                (
                    item("after_hours", unknown=True),
                    item("lead_context", unknown=True, asked=not_(_AT_COUNTER)),
                    item("promise_match", unknown=True, best_first=True),
                ),
            ),
            Page(
                "keep-going",
                (
                    item("follow_up", star=True, unknown=True),
                    item("clear_answers", star=True, unknown=True, asked=not_(_UNDER_FIVE)),
                    item(
                        "not_now",
                        star=True,
                        unknown=True,
                        best_first=True,
                        asked=not_(_AT_CHECKOUT),
                    ),
                ),
            ),
        ),
    ),
    Part(
        "looking-back",
        (
            Page(
                "learning",
                (
                    item("buyer_words", star=True, best_first=True),
                    item("won_by_source", unknown=True),
                    item("funnel_counts", star=True),
                    item("lost_reasons", best_first=True),
                ),
            ),
            Page("together", (item("joint_review"), item("review_outcome", best_first=True))),
        ),
    ),
    Part(
        "numbers",
        (
            Page(
                "numbers",
                (
                    Question(
                        "leads_per_month",
                        Kind.RANGE,
                        choices=(
                            "under_5",
                            "5_9",
                            "10_19",
                            "20_49",
                            "50_99",
                            "100_199",
                            "200_or_more",
                        ),
                    ),
                    Question(
                        "buy_of_ten",
                        Kind.RANGE,
                        choices=("0_1", "2_3", "4_5", "6_7", "8_10"),
                        most=10,
                    ),
                    Question("first_sale_value", Kind.NUMBER),
                ),
            ),
        ),
    ),
)

# Weights are our judgment: more for what the source stresses (own goals, own measures) and for
# where leads physically drop (meaning, capture, reply, follow-up). See docs/instrument.md.
DIMENSIONS = (
    Dimension(
        "distinct_jobs",
        "separation",
        10,
        ("purpose_of_each",),
        claims=("Q1", "Q2", "Q3"),
        sorting=True,
    ),
    Dimension(
        "named_owners", "separation", 15, ("marketing_owner", "sales_owner"), claims=("Q5", "Q14")
    ),
    Dimension(
        "own_goals",
        "separation",
        20,
        ("marketing_goal", "sales_goal", "patience"),
        claims=("Q6", "Q9"),
    ),
    Dimension(
        "fair_measures",
        "separation",
        20,
        ("marketing_measure", "sales_measure", "slow_month"),
        claims=("Q14", "Q16"),
    ),
    Dimension(
        "own_time_and_money",
        "separation",
        10,
        ("busy_week", "budget_split"),
        claims=("Q3", "Q5"),
    ),
    Dimension(
        "crowd_and_list", "separation", 10, ("audience", "sales_list"), claims=("Q7", "Q10")
    ),
    Dimension(
        "try_and_tune", "separation", 15, ("marketing_tests", "sales_steps"), claims=("Q8", "Q12")
    ),
    Dimension(
        "lead_meaning",
        "handoff",
        15,
        ("lead_definition", "handoff_moment"),
        claims=("Q13", "Q15"),
        critical=True,
    ),
    Dimension(
        "lead_capture",
        "handoff",
        15,
        ("lead_list", "lead_source"),
        claims=("Q13", "Q14"),
        critical=True,
    ),
    Dimension(
        "reply_speed",
        "handoff",
        15,
        ("first_reply", "after_hours"),
        claims=("Q11", "Q13"),
        critical=True,
    ),
    Dimension(
        "lead_story", "handoff", 10, ("lead_context", "promise_match"), claims=("Q13", "Q15")
    ),
    Dimension(
        "persistence",
        "handoff",
        15,
        ("follow_up", "clear_answers"),
        claims=("Q11", "Q13"),
        critical=True,
    ),
    Dimension("recycling", "handoff", 5, ("not_now",), claims=("Q6", "Q13")),
    Dimension("feedback", "handoff", 10, ("buyer_words", "won_by_source"), claims=("Q15",)),
    Dimension("joint_talk", "handoff", 5, ("joint_review", "review_outcome"), claims=("Q15",)),
    Dimension(
        "leak_visibility", "handoff", 10, ("funnel_counts", "lost_reasons"), claims=("Q4", "Q14")
    ),
)

STRUCTURE = Structure(
    name="2026-11",
    facts=(MODE, PATH),
    variant_facts=("path", "mode"),
    parts=PARTS,
    dimensions=DIMENSIONS,
    contradictions=CONTRADICTIONS,
    flags=FLAGS,
    not_asked=NOT_ASKED,
)
