"""Leads as the API reads them, on each engine."""

from consult.storage.api import api_leads
from consult.storage.db.database import Database
from tests.support.databases import read
from tests.support.lead_factories import new_lead, set_lead
from tests.support.submissions import CONTACT


def test_leads_come_in_the_order_asked_for_and_some_do_not(database: Database) -> None:
    bare, known, spam, demo = (new_lead(database, contact=number > 0) for number in range(4))
    set_lead(database, spam, suspect=True)
    set_lead(database, demo, demo=True)
    found = read(database, api_leads.read, [spam, known, demo, bare, 77])
    assert [(row.id, row.email) for row in found] == [(known, CONTACT.email), (bare, None)]
    details = read(database, api_leads.read_one, known)
    assert details
    assert details.scorecard == {"separation": {"confirmed": 41.7}}
    assert [read(database, api_leads.read_one, id) for id in (spam, demo, 77)] == [None] * 3
