"""A lead in words for staff: the money line, in the owner's numbers, and the reply clock."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.report.report_sections import money_in_words
from consult.scoring.money import Estimate, Money, Range, Silent
from consult.settings.brand import CURRENCY_SIGNS
from consult.staff.leads.lead_presenter import NO_ESTIMATE, first_reply, money_text
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.office_hours import Office, read_hours
from tests.support.strategies import BRANCHES

FIGURES = Money(
    silent=Silent(
        leads=Range(Fraction(10), Fraction(19)),
        worked=(Fraction(9, 10), Fraction(1)),
        each=Fraction(3500),
    ),
    estimate=Estimate(Fraction(29, 2), Fraction(19, 20), Fraction(9, 20), Fraction(3500)),
    refused=None,
)
WORDS = newest().texts.findings["money"]


@pytest.mark.parametrize("sign", CURRENCY_SIGNS.values(), ids=CURRENCY_SIGNS)
def test_staff_read_of_them_what_the_owner_read_of_themselves(sign: str) -> None:
    shown, _ = money_in_words(FIGURES, walk(newest(), BRANCHES[0]), sign)
    says, basis = money_text(FIGURES, shown)
    assert says == (
        "Each month, up to 2 of their leads may end without a clear answer. "
        f"A first sale is worth {sign}3,500."
        f" Those leads may be worth {sign}110 to {sign}570 a month, or about 0.03 to 0.2 sales."
    )
    assert f"at {sign}3,500 per first sale" in basis
    assert not re.search(r"\byou", says + basis, re.IGNORECASE)


@pytest.mark.parametrize("reason", WORDS["refusals"])
def test_why_there_is_no_range_is_shown(reason: str) -> None:
    assert money_text(Money(None, None, reason), None) == (
        f"No estimate. {NO_ESTIMATE[reason]}",
        "",
    )


def test_a_promise_is_shown_in_the_hours_that_it_was_made_under() -> None:
    came, present = datetime(2026, 3, 2, 20, tzinfo=UTC), Office()
    nights = Office(week=read_hours("mon-sun 18:00-24:00"))
    lead = LeadRow(stage="new", clock_started_at=came, due_at=nights.due_at(came))
    lead.clock_hours = nights.hours_from(came.date())
    then = came + timedelta(minutes=12)
    assert first_reply(lead, present, then) == ("Reply due in 48 min", False)
    assert first_reply(lead, present, came + timedelta(hours=2)) == ("Overdue by 1 h", True)
    lead.first_contact_at = then
    assert first_reply(lead, present, then) == ("First contacted after 12 min", False)
    lead.due_at = None
    booked = ("They booked a consult before anyone replied", False)
    assert first_reply(lead, present, then) == booked, "no reply was due, so none was quick"
