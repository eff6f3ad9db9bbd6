"""What leads without a clear answer may be worth: a range from the owner's own numbers (5.6).

    low  = leads (low)  x unworked (low)  x buy rate (low)  x 25% x first sale
    high = leads (high) x unworked (high) x buy rate (high) x 75% x first sale

One stage only, no yearly total and no outside statistic: the arithmetic is printed, and an
estimate that the inputs do not carry is refused with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from consult.questionnaire import UNKNOWN, Answer, OnPathAnswers

UNWORKED_WORTH = (Fraction(1, 4), Fraction(3, 4))
"""Our assumption: how well unworked leads would do compared with worked ones."""

FEWEST_LEADS = 5
"""A rate on fewer leads a month than this says nothing."""

NUMBERS_MISSING = "numbers_missing"
CLEAR_ANSWERS_UNKNOWN = "clear_answers_unknown"
TOO_FEW_CUSTOMERS = "too_few_customers"
TOO_FEW_LEADS = "too_few_leads"
OPEN_ENDED = "open_ended"
INPUTS_DO_NOT_FIT = "inputs_do_not_fit"


@dataclass(frozen=True, slots=True)
class Range:
    """Both ends of a figure, low first."""

    low: Fraction
    high: Fraction

    def __mul__(self, other: "Range") -> "Range":
        return Range(self.low * other.low, self.high * other.high)


@dataclass(frozen=True, slots=True)
class MoneyRange:
    """The estimate for one month with every figure that went into it, unrounded.

    ``leads`` a month; ``unworked`` the share of them without a clear answer; ``buy_rate`` the
    share of worked leads that buy; ``first_sale`` in the shop's currency (revenue, not profit).
    """

    leads: Range
    unworked: Range
    buy_rate: Range
    first_sale: Fraction

    @property
    def unworked_leads(self) -> Range:
        return self.leads * self.unworked

    @property
    def sales_if_worked(self) -> Range:
        """Sales a month if unworked leads did as well as the others."""
        return self.unworked_leads * self.buy_rate

    @property
    def sales(self) -> Range:
        """Sales a month, allowing that unworked leads may do worse."""
        return self.sales_if_worked * Range(*UNWORKED_WORTH)

    @property
    def amount(self) -> Range:
        return self.sales * Range(self.first_sale, self.first_sale)

    @property
    def fits(self) -> bool:
        """Whether the top end is something, within half of what the same inputs say is earned."""
        worked = 1 - self.unworked.high
        earned = self.leads.high * worked * self.buy_rate.high * self.first_sale
        return 0 < self.amount.high <= earned / 2


def money_range(answers: OnPathAnswers) -> MoneyRange | str:
    """The range, or the id of the reason why there is none. Reads no score."""
    values, inputs = answers.values, answers.questionnaire.structure.roles.money
    if inputs.worked not in answers.asked:
        return TOO_FEW_CUSTOMERS
    worked = values.get(inputs.worked)
    if worked == UNKNOWN:
        return CLEAR_ANSWERS_UNKNOWN
    first_sale = values.get(inputs.first_sale)
    leads = _range(values.get(inputs.leads), inputs.leads_ranges)
    buyers = _range(values.get(inputs.buyers), inputs.buyers_ranges)
    if leads is None or buyers is None or not isinstance(first_sale, int | float):
        return NUMBERS_MISSING
    if leads[0] < FEWEST_LEADS:
        return TOO_FEW_LEADS
    if leads[1] is None or buyers[1] is None:
        return OPEN_ENDED
    worked_low, worked_high = inputs.worked_of_ten[int(str(worked))]
    found = MoneyRange(
        leads=Range(Fraction(leads[0]), Fraction(leads[1])),
        unworked=Range(1 - Fraction(worked_high, 10), 1 - Fraction(worked_low, 10)),
        buy_rate=Range(Fraction(buyers[0]) / 10, Fraction(buyers[1]) / 10),
        first_sale=Fraction(str(first_sale)),
    )
    return found if found.fits else INPUTS_DO_NOT_FIT


def _range(
    given: Answer | None, ranges: Mapping[str, tuple[int, int | None]]
) -> tuple[float, float | None] | None:
    """Both ends of a number that was given as a range's id or as itself; None when not given."""
    if isinstance(given, int | float):
        return given, given
    return ranges[given] if isinstance(given, str) else None
