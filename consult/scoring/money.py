"""What leads without a clear answer may be worth, from the owner's own numbers alone.

    silent    = leads x (1 - worked), both ends of both: it assumes nothing
    low, high = leads x (1 - worked) x buy rate x first sale x 10% and 50%, middles throughout

One month, no yearly total and no outside statistic: the arithmetic is printed, and a range that
the numbers do not carry is refused with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from consult.questionnaire.journey import OnPathAnswers
from consult.questionnaire.questions import UNKNOWN, Answer

UNWORKED_WORTH = (Fraction(1, 10), Fraction(1, 2))
"""Our assumption: how well leads without an answer would do compared with worked ones."""

FEWEST_LEADS = 5
"""A rate on fewer leads a month than this says nothing."""

DISAGREE = 2
"""How many times more or fewer new customers than the other numbers say is too far apart."""


@dataclass(frozen=True, slots=True)
class Range:
    """Both ends of a figure, low first; ``high`` is None for an open end."""

    low: Fraction
    high: Fraction | None

    @property
    def middle(self) -> Fraction | None:
        return None if self.high is None else (self.low + self.high) / 2


Ends = tuple[Fraction, Fraction]
"""The low and the high end of a figure."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Leads a month that end without a clear answer, and what each may have been worth.

    ``leads`` a month; ``worked`` the share of them with a clear answer; ``each`` is a first sale in
    the shop's currency (revenue, not profit).
    """

    leads: Range
    worked: Ends
    each: Fraction

    @property
    def a_month(self) -> Range:
        fewest, most = self.worked
        high = None if self.leads.high is None else self.leads.high * (1 - fewest)
        return Range(self.leads.low * (1 - most), high)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What those leads may be worth in one month; every figure is a middle, unrounded."""

    leads: Fraction
    worked: Fraction
    buy_rate: Fraction
    each: Fraction

    @property
    def new_customers(self) -> Fraction:
        """What the same figures say of the leads that are worked."""
        return self.leads * self.worked * self.buy_rate

    @property
    def sales(self) -> Ends:
        """Sales a month, allowing that these leads may do worse than the others."""
        if_alike = self.leads * (1 - self.worked) * self.buy_rate
        low, high = UNWORKED_WORTH
        return if_alike * low, if_alike * high

    @property
    def amount(self) -> Ends:
        low, high = self.sales
        return low * self.each, high * self.each


@dataclass(frozen=True, slots=True)
class Money:
    """What the numbers carry: ``refused`` is the reason why there is no estimate, else None.

    ``disagreeing`` are the new customers that the owner gave and those that the rest of the numbers
    make, where the two are too far apart.
    """

    silent: Silent | None
    estimate: Estimate | None
    refused: str | None
    disagreeing: Ends | None = None


def money_of(answers: OnPathAnswers) -> Money:
    """The money range of complete answers, or the reason why there is none. Reads no score."""
    values, inputs = answers.values, answers.questionnaire.structure.roles.money
    if inputs.leads not in answers.asked:
        return Money(None, None, "not_for_this_path")
    if inputs.worked not in answers.asked:
        return Money(None, None, "too_few_customers")
    if values[inputs.worked] == UNKNOWN:
        return Money(None, None, "clear_answers_unknown")
    fewest, most = inputs.worked_of_ten[int(str(values[inputs.worked]))]
    worked = Fraction(fewest, 10), Fraction(most, 10)
    leads = _range(values.get(inputs.leads), inputs.leads_ranges)
    buyers = _range(values.get(inputs.buyers), inputs.buyers_ranges)
    each = _number(values.get(inputs.first_sale))
    silent = None
    if leads and each is not None and leads.low >= FEWEST_LEADS:
        silent = Silent(leads, worked, each)
    if leads is None or buyers is None or each is None:
        return Money(silent, None, "numbers_missing")
    if silent is None:
        return Money(None, None, "too_few_leads")
    if leads.middle is None or buyers.middle is None:
        return Money(silent, None, "open_ended")
    estimate = Estimate(leads.middle, (worked[0] + worked[1]) / 2, buyers.middle / 10, each)
    given = _number(values.get(inputs.new_customers))
    made = estimate.new_customers
    if given is not None and not made / DISAGREE <= given <= made * DISAGREE:
        return Money(silent, None, "numbers_disagree", (given, made))
    return Money(silent, estimate, None)


def _range(given: Answer | None, ranges: Mapping[str, tuple[int, int | None]]) -> Range | None:
    """Both ends of a number that was given as a range's id or as itself; None when not given."""
    if isinstance(given, str):
        low, high = ranges[given]
        return Range(Fraction(low), None if high is None else Fraction(high))
    number = _number(given)
    return None if number is None else Range(number, number)


def _number(given: Answer | None) -> Fraction | None:
    return Fraction(str(given)) if isinstance(given, int | float) else None
