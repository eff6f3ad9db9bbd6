"""The list of leads: what a search selects, page by page, is what a look at every row selects."""

from datetime import UTC

from consult.storage.database import Database
from consult.storage.lead_finding import find
from consult.storage.lead_search import LeadSearch, Viewer
from tests.support.databases import Clock
from tests.support.submissions import submitted

ME = Viewer(id=1, zone=UTC)


def test_a_page_goes_on_where_the_one_before_ended(database: Database, clock: Clock) -> None:
    for number in range(5):
        clock.go_on(minutes=number % 2)  # some at the very same moment
        submitted(database)
    with database.reading() as session:
        first = find(session, LeadSearch(), ME, limit=2)
    submitted(database)
    with database.reading() as session:
        second = find(session, LeadSearch(), ME, limit=2, after=first.after)
        third = find(session, LeadSearch(), ME, limit=2, after=second.after)
        again = find(session, LeadSearch(), ME, limit=2, before=third.before)
    pages = [[lead.id for lead in page.leads] for page in (first, second, third)]
    assert pages == [[5, 4], [3, 2], [1]]
    assert (first.before, third.after) == ("", "")
    assert again == second
