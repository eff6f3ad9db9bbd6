"""What the check in a page of another site gets to know of that page."""

import pytest
from playwright.sync_api import Browser

from consult.storage.tables.submission_tables import DraftRow
from tests.support.agency_site import Embedded
from tests.support.apps import services_of
from tests.support.browser import visiting
from tests.support.databases import rows
from tests.support.patience import wait_until


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/?utm_source=fair&attributes=no-source", {}),
        # As Wix shows pasted code: in a box of another site, which knows the site around it only.
        ("/box?inside={box}/?utm_source=box", {"utm_source": "box", "referrer": "localhost"}),
    ],
    ids=["without", "boxed"],
)
def test_of_the_page_around_it_is_kept_what_is_known_and_allowed(
    browser: Browser, embedded: Embedded, path: str, kept: dict[str, str]
) -> None:
    with visiting(browser, embedded.agency, also=[embedded.box, embedded.check]) as visit:
        visit.open(path.format(box=embedded.box))
        start = f"{embedded.check}/embed/?"
        frame = wait_until(
            lambda: next((one for one in visit.tab.frames if one.url.startswith(start)), None),
            "the frame with the check",
        )
        with frame.expect_navigation():
            frame.locator("main form button").click()
    assert rows(services_of(embedded.app).database, DraftRow)[-1].source == kept
