"""The rules of the edition 2026-12 that turn answers into findings, as tables joined by id.

A finding never changes a score. ``sorting`` is the sorting score in points (0-100); everything
else that a rule reads is an answer or a fact. "I don't know" makes none of them true.
"""

from consult.questionnaire.conditions import (
    Condition,
    all_of,
    answered,
    at_least,
    at_most,
    includes,
    is_,
    not_,
    rung,
    some_of,
)
from consult.questionnaire.model import JobLine, MoneyInputs, OneLeadInputs, PlanRules, Roles, Rule

# The sorting cards in the order in which they are shown: marketing or sales, under the source's
# definitions (Q1, Q2). An "either" card teaches and never counts. The order mixes the sides so
# that no page of four is all of one kind. The first eight make the quick check.
CARDS = {
    "social_post": "marketing",
    "quote_callback": "sales",
    "referral_ask": "either",
    "newsletter": "marketing",
    "ask_for_order": "sales",
    "be_found": "marketing",
    "proposal": "sales",
    "deadline_deal": "either",
    "cold_ad": "marketing",
    "price_objection": "sales",
    "sponsorship": "marketing",
    "trade_show": "either",
    "demo": "sales",
    "how_to_content": "marketing",
    "prospect_list": "sales",
    "retargeting_ad": "either",
}
QUICK_CARDS = tuple(CARDS)[:8]

# The habits that are asked about, under the job that each belongs to.
HABITS = {
    "marketing": ("social_post", "newsletter", "cold_ad", "be_found"),
    "sales": ("quote_callback", "proposal", "ask_for_order", "prospect_list"),
}

_PAYS_FOR_ADS = some_of(
    includes("done_last_30_days", "cold_ad"), includes("done_last_30_days", "retargeting_ad")
)

# In the order in which they are shown: what the owner asked about, then what costs money.
#
# Owners are asked about a contradiction only where its answers can't all be true. By rule:
# - more_leads_unworked, poor_leads_undefined, cannot_close_unworked, stop_start_marketing: a
#   trouble and what may cause it. Both are true wherever the finding helps.
# - paid_to_voicemail: ads run while the phone rings out.
# - marketing_judged_by_sales: it reads one answer only.
# - blame_without_numbers, fast_but_uncounted, numbers_without_source: people blame, answer fast and
#   look at numbers without having counted that one thing.
# - follow_up_into_silence: six tries and a last question may still end in silence.
# - long_goal_short_clock, patience_without_target: a goal and the time for it are two decisions.
# - rule_without_list, steps_without_list: what is written down about leads is no list of them.
# - meet_without_hearing: a monthly talk may be about anything but buyers.
# - invite_all_admit_few: who marketing speaks to, and who is called first.
# - know_but_not_run: knowing is not doing.
# - name_without_time: can be impossible, for one person alone. It says so below.
CONTRADICTIONS = (
    Rule(
        "more_leads_unworked",
        all_of(
            includes("symptoms", "not_enough_leads"),
            some_of(at_most("clear_answers", 1), rung("lead_list", 0), rung("first_reply", 0)),
        ),
        ("Q13",),
    ),
    Rule(
        "poor_leads_undefined",
        all_of(includes("symptoms", "poor_leads"), at_most("lead_definition", 1)),
        ("Q13", "Q15"),
    ),
    Rule(
        "cannot_close_unworked",
        all_of(includes("symptoms", "cannot_close"), at_most("follow_up", 1)),
        ("Q11",),
    ),
    Rule(
        "paid_to_voicemail",
        all_of(_PAYS_FOR_ADS, some_of(at_most("after_hours", 1), at_most("first_reply", 1))),
        ("Q13", "Q14"),
    ),
    Rule(
        "marketing_judged_by_sales",
        # In a web store, orders per source are a fair yardstick for marketing.
        all_of(rung("marketing_measure", 1), not_(is_("path", "checkout"))),
        ("Q16",),
    ),
    Rule(
        "blame_without_numbers",
        all_of(rung("slow_month", 0), at_most("funnel_counts", 1)),
        ("Q14", "Q16"),
    ),
    Rule(
        "stop_start_marketing",
        all_of(includes("symptoms", "feast_or_famine"), at_most("busy_week", 1)),
        ("Q5", "Q6"),
    ),
    Rule(
        "follow_up_into_silence",
        all_of(rung("follow_up", 3), at_most("clear_answers", 1)),
        ("Q11", "Q12"),
    ),
    Rule(
        "fast_but_uncounted", all_of(at_least("first_reply", 3), rung("funnel_counts", 0)), ("Q14",)
    ),
    Rule(
        "long_goal_short_clock", all_of(at_least("marketing_goal", 2), rung("patience", 0)), ("Q6",)
    ),
    Rule(
        "patience_without_target",
        all_of(rung("patience", 3), at_most("marketing_goal", 1)),
        ("Q14",),
    ),
    Rule(
        "name_without_time",
        all_of(rung("marketing_owner", 3), at_most("busy_week", 1)),
        ("Q5",),
        # One person alone says in the first answer that the time is set, and in the second that
        # there is none to lose. In a team the name is one person's and the time another's; and
        # time that is the first to go is still a time.
        impossible=all_of(is_("mode", "solo"), rung("marketing_owner", 3), rung("busy_week", 0)),
    ),
    Rule(
        "numbers_without_source",
        all_of(rung("marketing_measure", 3), at_most("lead_source", 1)),
        ("Q14",),
    ),
    Rule(
        "rule_without_list", all_of(rung("lead_definition", 3), at_most("lead_list", 1)), ("Q13",)
    ),
    Rule(
        "meet_without_hearing", all_of(rung("joint_review", 3), at_most("buyer_words", 1)), ("Q15",)
    ),
    Rule(
        "steps_without_list",
        all_of(rung("sales_steps", 3), at_most("sales_list", 1)),
        ("Q10", "Q12"),
    ),
    Rule(
        "invite_all_admit_few",
        all_of(rung("audience", 0), at_least("lead_definition", 2)),
        ("Q7", "Q13"),
    ),
    Rule(
        "know_but_not_run",
        all_of(
            at_least("sorting", 80), at_most("marketing_goal", 1), at_most("marketing_measure", 1)
        ),
        ("Q3",),
    ),
)


def _checked_none_of(side: str) -> Condition:
    checked = (includes("done_last_30_days", id) for id, answer in CARDS.items() if answer == side)
    return all_of(answered("done_last_30_days"), not_(some_of(*checked)))


FLAGS = (
    Rule("no_first_runner", _checked_none_of("marketing"), ("Q5",)),
    Rule("no_last_runner", _checked_none_of("sales"), ("Q5",)),
)

# Jobs that no one does still happen, by accident.
NOTES = (
    Rule("market_by_accident", is_("marketing_by", "nobody"), ("Q5",)),
    Rule("sell_by_accident", is_("selling_by", "nobody"), ("Q5",)),
)

# Why an item can fall away; the depth has a reason of its own, "quick_look".
NOT_ASKED = (
    Rule("path_checkout", is_("path", "checkout")),
    Rule("path_counter", is_("path", "counter")),
    Rule("under_five", is_("customers_so_far", "under_five")),
)

# A trouble and the dimensions that it may come from, in the order in which it is answered.
_TOUCHES = {
    "not_enough_leads": (
        *("named_owners", "own_goals", "own_time_and_money", "crowd_and_list", "lead_capture"),
    ),
    "poor_leads": ("lead_meaning", "crowd_and_list", "lead_story", "feedback"),
    "leads_go_quiet": ("reply_speed", "persistence", "recycling"),
    "cannot_close": ("try_and_tune", "persistence", "leak_visibility", "lead_story"),
    "feast_or_famine": ("own_time_and_money", "own_goals", "recycling"),
    "do_not_know_what_works": ("fair_measures", "lead_capture", "leak_visibility", "feedback"),
    "no_time": ("own_time_and_money", "named_owners"),
}

# What a step rests on: the groundwork, and the points it needs. 33 is one rung up, 66 two of three.
_GATES = {
    "marketing_goal": {"marketing_owner": 33},
    "marketing_tests": {"marketing_owner": 33, "marketing_goal": 33},
    "patience": {"marketing_goal": 33},
    "busy_week": {"marketing_owner": 33},
    "marketing_measure": {"lead_source": 33},
    "sales_goal": {"sales_list": 33},
    "sales_steps": {"sales_list": 33},
    "sales_list": {"lead_list": 33},
    "sales_measure": {"lead_list": 33},
    "slow_month": {"marketing_measure": 66, "sales_measure": 66},
    "clear_answers": {"lead_list": 33, "follow_up": 66},
    "follow_up": {"lead_list": 33},
    "not_now": {"lead_list": 33},
    "handoff_moment": {"lead_definition": 33},
    "won_by_source": {"lead_source": 66},
    "funnel_counts": {"lead_list": 33},
    "lost_reasons": {"clear_answers": 33},
    "review_outcome": {"joint_review": 33},
    "lead_context": {"lead_list": 33},
}

# What each job is, line by line. The introduction above them rests on Q3, Q4 and Q5, what stands
# below them on Q13, Q15 and Q16.
_JOBS = {
    "purpose": JobLine(("marketing_goal",), ("sales_goal",), ("Q1", "Q2", "Q6", "Q9", "Q11")),
    "audience": JobLine(("audience",), ("sales_list",), ("Q7", "Q10")),
    "time": JobLine(("patience", "busy_week"), ("sales_owner",), ("Q6", "Q9")),
    "progress": JobLine(("marketing_tests",), ("sales_steps",), ("Q8", "Q12")),
    "measure": JobLine(("marketing_measure",), ("sales_measure",), ("Q14", "Q16")),
}

ROLES = Roles(
    troubles="symptoms",
    recent_jobs="done_last_30_days",
    early=is_("customers_so_far", "under_five"),
    one_lead=OneLeadInputs(
        evidence="lead_evidence",
        came_from="lead_came_from",
        asked="lead_asked",
        heard_back="lead_heard_back",
        last_word="lead_last_word",
        ended="lead_ended",
        first_reply="first_reply",
        days_since={"today": 0, "this_week": 3, "this_month": 15, "longer": 45},
        days_to_reply={
            "hour": 0,
            "same_day": 0,
            "next_day": 1,
            "two_days": 2,
            "later": 7,
            "never": None,
        },
        rungs={"hour": 4, "same_day": 3, "next_day": 2, "two_days": 1, "later": 0, "never": 0},
        left_with={
            "bought": "",
            "said_no": "",
            "waiting_on_us": "with_you",
            "waiting_on_them": "with_them",
            # Where it went quiet, it is the turn of the one who heard last.
            "they": "with_you",
            "we": "with_them",
            "nobody": "with_them",
        },
    ),
    own_words="own_words",
    marketing_items=(
        "marketing_owner",
        "marketing_goal",
        "patience",
        "marketing_measure",
        "busy_week",
        "audience",
        "marketing_tests",
    ),
    sales_items=("sales_owner", "sales_goal", "sales_measure", "sales_list", "sales_steps"),
    talking=("lead_meaning", "feedback", "joint_talk"),
    acting=("lead_capture", "reply_speed", "persistence"),
    figures={"web_lead_replies": "reply_speed", "six_tries": "reply_speed"},
    agreement={
        "lead": "lead_definition",
        "moment": "handoff_moment",
        "passes": "marketing_by",
        "takes": "selling_by",
        "time": "first_reply",
        "facts": "lead_context",
        "missed": "after_hours",
        "silent": "follow_up",
        "not_now": "not_now",
        "review": "joint_review",
    },
    own_performance={
        "reply_time": "first_reply",
        "tries": "follow_up",
        "outcomes": "clear_answers",
        "dates_kept": "not_now",
        "known_sources": "lead_source",
    },
    money=MoneyInputs(
        worked="clear_answers",
        worked_of_ten=((0, 3), (4, 6), (7, 8), (9, 10)),
        leads="leads_per_month",
        leads_ranges={
            "under_5": (0, 4),
            "5_9": (5, 9),
            "10_19": (10, 19),
            "20_49": (20, 49),
            "50_99": (50, 99),
            "100_199": (100, 199),
            "200_or_more": (200, None),
        },
        buyers="buy_of_ten",
        buyers_ranges={"0_1": (0, 1), "2_3": (2, 3), "4_5": (4, 5), "6_7": (6, 7), "8_10": (8, 10)},
        first_sale="first_sale_value",
        new_customers="new_customers_last_month",
    ),
    plan=PlanRules(
        touches=_TOUCHES,
        gates=_GATES,
        order={"crowd_and_list": ("sales_list", "audience")},
        talk="joint_review",
    ),
    jobs=_JOBS,
)
