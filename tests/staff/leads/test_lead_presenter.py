"""The money line in words for staff: the numbers and currency that the owner read, no "you"."""

import re
from fractions import Fraction

import pytest

from consult.questionnaire.editions import newest
from consult.report.report_sections import money_in_words
from consult.scoring.money import MoneyRange, Range
from consult.settings.brand import CURRENCY_SIGNS
from consult.staff.leads.lead_presenter import NO_ESTIMATE, money_text

RANGE = MoneyRange(
    leads=Range(Fraction(10), Fraction(19)),
    unworked=Range(Fraction(0), Fraction(1, 10)),
    buy_rate=Range(Fraction(4, 10), Fraction(5, 10)),
    first_sale=Fraction(3500),
)
WORDS = newest().texts.findings["money"]


@pytest.mark.parametrize("sign", CURRENCY_SIGNS.values(), ids=CURRENCY_SIGNS)
def test_staff_read_of_them_what_the_owner_read_of_themselves(sign: str) -> None:
    shown, _ = money_in_words(RANGE, WORDS, sign)
    says, basis = money_text(RANGE, shown)
    assert says == (
        f"Leads without a clear answer may cost them {sign}0 to {sign}2,500 a month, "
        "or about 0 to 0.7 sales."
    )
    assert f"at {sign}3,500 per first sale" in basis
    assert not re.search(r"\byou", says + basis, re.IGNORECASE)


@pytest.mark.parametrize("reason", WORDS["refusals"])
def test_why_there_is_no_range_is_shown(reason: str) -> None:
    assert money_text(reason, None) == (f"No estimate. {NO_ESTIMATE[reason]}", "")
