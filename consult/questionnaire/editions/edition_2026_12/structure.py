"""The edition 2026-12: what is asked, in which order, on which branch, and what it counts for.

The texts are beside this file in ``wording/``, joined by id. Item order within a dimension and
the order of the dimensions are the order of the report and break ties.
"""

from itertools import islice

from consult.questionnaire.conditions import all_of, any_of, is_, not_, some_of
from consult.questionnaire.editions.edition_2026_12.rules import (
    CARDS,
    CONTRADICTIONS,
    FLAGS,
    HABITS,
    NOT_ASKED,
    NOTES,
    QUICK_CARDS,
    ROLES,
)
from consult.questionnaire.model import Dimension, Structure
from consult.questionnaire.questions import (
    NOT_SURE,
    SKIP,
    UNKNOWN,
    Fact,
    Kind,
    Question,
    choice,
    item,
    page,
    part,
)

_AT_CHECKOUT = is_("path", "checkout")
_AT_COUNTER = is_("path", "counter")
_UNDER_FIVE = is_("customers_so_far", "under_five")

# One person who does both jobs is not a team, and neither is one who leaves the other job to a
# website or to no one.
MODE = Fact(
    "mode",
    cases=(
        (
            "solo",
            all_of(
                any_of("marketing_by", "me", "nobody"),
                any_of("selling_by", "me", "nobody", "website"),
                some_of(is_("marketing_by", "me"), is_("selling_by", "me")),
            ),
        ),
    ),
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
            quick=id in QUICK_CARDS,
            required=side != "either",
            answer=side,
        )
        for id, side in islice(CARDS.items(), first, first + 4)
    )


def _about_it(id: str, *choices: str) -> Question:
    """A question about the one real lead that the owner has in mind or looks at."""
    return choice(id, *choices, asked=any_of("lead_evidence", "looking", "memory"), required=False)


_HABITS = (*HABITS["marketing"], *HABITS["sales"])

PARTS = (
    part(
        "business",
        page(
            "trouble", Question("symptoms", Kind.CHOICES, tuple(ROLES.plan.touches), max_choices=3)
        ),
        page(
            "who",
            choice("marketing_by", "me", "staff", "several", "agency", "nobody"),
            choice("selling_by", "me", "staff", "several", "website", "nobody"),
        ),
        page(
            "buyers",
            choice(
                "buying_path",
                *("conversation", "counter", "checkout", "mix"),
                asked=not_(is_("selling_by", "website")),
            ),
            choice("buyers", "businesses", "people", "both", required=False),
            choice("customers_so_far", "under_five", "five_or_more"),
        ),
    ),
    part(
        "two-jobs",
        page("sort-1", *_cards(0)),
        page(
            "sort-2",
            *_cards(4),
            Question(
                "done_last_30_days",
                Kind.CHOICES,
                choices=_HABITS,
                groups=HABITS,
                unlisted=tuple(id for id in CARDS if id not in _HABITS),
            ),
        ),
        page("sort-3", *_cards(8)),
        page("sort-4", *_cards(12)),
    ),
    part(
        "lanes",
        page(
            "purpose",
            item("purpose_of_each", "Q1", "Q2", "Q3"),
            item("marketing_owner", "Q5", "Q14", star=True, best_first=True),
            item("sales_owner", "Q5", "Q14", star=True),
            item("busy_week", "Q3", "Q5", star=True, best_first=True),
            item("budget_split", "Q3", "Q14"),
        ),
        page(
            "goals",
            item("marketing_goal", "Q6", "Q14", star=True),
            item("sales_goal", "Q9", "Q14", star=True, best_first=True),
            item("patience", "Q6", unknown=True),
            item("audience", "Q7"),
            item("sales_list", "Q10", star=True, best_first=True),
        ),
        page(
            "measures",
            item("marketing_measure", "Q14", "Q16", star=True),
            item("sales_measure", "Q14", "Q16", star=True, best_first=True),
            item("slow_month", "Q16", star=True),
            item("marketing_tests", "Q8", star=True, best_first=True),
            item("sales_steps", "Q12"),
        ),
    ),
    part(
        "handoff",
        page(
            "first-touch",
            item("lead_definition", "Q13", "Q15", star=True),
            item("handoff_moment", "Q13", star=True, best_first=True),
            item("lead_list", "Q13", star=True),
            item("lead_source", "Q13", "Q14", star=True, unknown=True, asked=not_(_UNDER_FIVE)),
        ),
        page(
            "keep-going",
            item(
                "first_reply",
                "Q11",
                "Q13",
                star=True,
                unknown=True,
                best_first=True,
                rungs=5,
                rungs_in={"counter": 4},
            ),
            item("after_hours", "Q11", "Q13", unknown=True),
            item("follow_up", "Q11", "Q13", star=True, unknown=True),
            item("clear_answers", "Q11", "Q13", star=True, unknown=True, asked=not_(_UNDER_FIVE)),
            item("buyer_words", "Q15", star=True, best_first=True),
        ),
        page(
            "story",
            item("lead_context", "Q13", "Q15", unknown=True, asked=not_(_AT_COUNTER)),
            item("promise_match", "Q13", "Q15", unknown=True, best_first=True),
            item("not_now", "Q6", "Q13", unknown=True, best_first=True, asked=not_(_AT_CHECKOUT)),
        ),
        page(
            "learning",
            item("won_by_source", "Q14", "Q15", unknown=True),
            item("funnel_counts", "Q4", "Q14"),
            item("lost_reasons", "Q4", "Q14", best_first=True),
            item("joint_review", "Q15"),
            item("review_outcome", "Q15", best_first=True),
        ),
    ),
    part(
        "last",
        page(
            "numbers",
            Question(
                "leads_per_month",
                Kind.RANGE,
                choices=tuple(ROLES.money.leads_ranges),
                asked=not_(_AT_COUNTER),
            ),
            Question(
                "buy_of_ten",
                Kind.RANGE,
                choices=tuple(ROLES.money.buyers_ranges),
                asked=not_(_AT_COUNTER),
                most=10,
            ),
            Question("first_sale_value", Kind.NUMBER, asked=not_(_AT_COUNTER)),
            Question("new_customers_last_month", Kind.COUNT, asked=not_(_AT_COUNTER)),
        ),
        page("one-lead", choice("lead_evidence", "looking", "memory", SKIP, required=False)),
        page(
            "that-lead",
            _about_it(
                "lead_came_from", "search", "referral", "social", "ad", "walk_in", "other", UNKNOWN
            ),
            _about_it("lead_asked", "today", "this_week", "this_month", "longer", UNKNOWN),
            _about_it(
                "lead_heard_back",
                *("hour", "same_day", "next_day", "two_days", "later", "never", UNKNOWN),
            ),
            _about_it("lead_last_word", "we", "they", "nobody"),
            _about_it(
                "lead_ended", "bought", "said_no", "waiting_on_them", "waiting_on_us", "quiet"
            ),
        ),
        page("own-words", Question("own_words", Kind.TEXT, most=300)),
    ),
)

# Weights are our judgment: more for what the source stresses (own goals, own measures) and for
# where leads physically drop (meaning, capture, reply, follow-up). See docs/instrument.md.
DIMENSIONS = (
    Dimension("distinct_jobs", "separation", 10, ("purpose_of_each",), sorting=True),
    Dimension("named_owners", "separation", 15, ("marketing_owner", "sales_owner")),
    Dimension("own_goals", "separation", 20, ("marketing_goal", "sales_goal", "patience")),
    Dimension(
        "fair_measures", "separation", 20, ("marketing_measure", "sales_measure", "slow_month")
    ),
    Dimension("own_time_and_money", "separation", 10, ("busy_week", "budget_split")),
    Dimension("crowd_and_list", "separation", 10, ("audience", "sales_list")),
    Dimension("try_and_tune", "separation", 15, ("marketing_tests", "sales_steps")),
    Dimension("lead_meaning", "handoff", 15, ("lead_definition", "handoff_moment"), critical=True),
    Dimension("lead_capture", "handoff", 15, ("lead_list", "lead_source"), critical=True),
    Dimension("reply_speed", "handoff", 15, ("first_reply", "after_hours"), critical=True),
    Dimension("lead_story", "handoff", 5, ("lead_context", "promise_match")),
    Dimension("persistence", "handoff", 15, ("follow_up", "clear_answers"), critical=True),
    Dimension("recycling", "handoff", 5, ("not_now",)),
    Dimension("feedback", "handoff", 10, ("buyer_words", "won_by_source")),
    Dimension("joint_talk", "handoff", 10, ("joint_review", "review_outcome")),
    Dimension("leak_visibility", "handoff", 10, ("funnel_counts", "lost_reasons")),
)

STRUCTURE = Structure(
    name="2026-12",
    facts=(MODE, PATH),
    variant_facts=("path", "mode"),
    parts=PARTS,
    dimensions=DIMENSIONS,
    contradictions=CONTRADICTIONS,
    flags=FLAGS,
    notes=NOTES,
    not_asked=NOT_ASKED,
    roles=ROLES,
)
