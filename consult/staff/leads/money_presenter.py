"""What lost leads may be worth, for staff: what the owner read of it says "you", and is frozen."""

from dataclasses import dataclass

from consult.report.report import Money
from consult.report.report_sections import money_in_figures
from consult.scoring.money import MoneyRange

_SAYS = (
    "Leads without a clear answer may cost them {low} to {high} a month, "
    "or about {sales_low} to {sales_high} sales."
)
_RESTS_ON = (
    "By their numbers: {leads} leads a month, {unworked} of them without a clear yes or no. Of ten "
    "they talk with, {buy} buy, at {value} for a first sale. By our guess, leads left waiting buy "
    "at {discount} of that rate."
)
NO_RANGE = {
    "numbers_missing": "They did not give all three numbers: leads a month, how many of ten buy, "
    "and what a first sale is worth.",
    "clear_answers_unknown": "They do not know how many leads get a clear yes or no.",
    "too_few_customers": "They have too few customers yet.",
    "too_few_leads": "They get fewer than five leads a month.",
    "open_ended": "They get more leads than our ranges cover.",
    "inputs_do_not_fit": "By their numbers, it would be more than half of what leads bring them "
    "now. Ask for the numbers again.",
}


@dataclass(frozen=True, slots=True)
class MoneyView:
    """What to tell staff. `rests_on` is empty where there is no range, and `says` tells why."""

    says: str
    rests_on: str


def money_view(found: MoneyRange | str, told: Money | None) -> MoneyView:
    """The range of a lead, worked out from its answers; `told` is what its owner read of it."""
    if isinstance(found, str) or told is None:
        return MoneyView(f"No range. {NO_RANGE.get(str(found), '')}".strip(), "")
    figures = money_in_figures(found, told)
    return MoneyView(_SAYS.format(**figures), _RESTS_ON.format(**figures))
