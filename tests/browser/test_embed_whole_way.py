"""The check in a page of another site, on a phone from the first page to the last."""

from playwright.sync_api import Browser

from tests.browser.frame import (
    assert_site_was_told,
    leave_a_contact,
    send,
    started_check,
    starts_at_the_top,
)
from tests.support.agency_site import Embedded
from tests.support.axe import find_violations
from tests.support.keyboard_and_touch import fill_at_once, fill_by_tapping
from tests.support.personas import BATON_ON_THE_FLOOR

TAPPED = 4
"""Pages that are filled in by tapping: with choices, cards and ticks."""


def test_the_whole_way_in_a_page_of_another_site(browser: Browser, embedded: Embedded) -> None:
    with started_check(browser, embedded, (375, 740)) as (visit, frame):
        faults = find_violations(frame, set())
        send(frame)
        seen = []
        while "/result/" not in frame.url:
            seen.append(frame.url)
            starts_at_the_top(visit, frame)
            # Tapping is much work; where there is no frame, each page is filled in by it.
            fill = fill_by_tapping if len(seen) <= TAPPED else fill_at_once
            fill(frame, BATON_ON_THE_FLOOR.answers)
            send(frame)
        assert len(seen) >= 15
        faults += leave_a_contact(visit, frame, fill_by_tapping)
        assert faults == []
        assert_site_was_told(visit, embedded)
