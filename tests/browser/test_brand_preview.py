"""The preview of the brand follows its fields as they change."""

from playwright.sync_api import Browser

from tests.browser.site import ADMIN, Site
from tests.support import staff_client
from tests.support.browser import DESK_WIDTH, visiting
from tests.support.keyboard_and_touch import sign_in


def test_the_preview_follows_what_is_typed_and_chosen(browser: Browser, site: Site) -> None:
    staff_client.age_authentication(site.app, minutes=0)
    with visiting(browser, site.origin, width=DESK_WIDTH) as visit:
        sign_in(visit, ADMIN)
        visit.open("/staff/settings/brand")
        tab, picture = visit.tab, visit.tab.locator("[data-preview]")
        tab.fill("#brand-product", "Baton Check")
        tab.fill("#brand-consult_url", f"https://northside.example/{'long/' * 9}")
        tab.fill("#brand-colours-sales", "#cccccc")
        tab.select_option("#brand-currency", "GBP")
        tab.select_option("#paper", "a4")
        shown = picture.locator("text").filter(visible=True).all_text_contents()
        assert {"Baton Check", "A4", "£1,200 to £4,800 a month."} <= set(shown)
        assert not {"US Letter", "$1,200 to $4,800 a month."} & set(shown)
        assert "northside.example/long/long/long/…" in shown
        assert "not enough contrast" in tab.locator("[data-text-on='sales paper']").inner_text()
        tab.fill("#brand-product", "")
        assert "Relay Check" in picture.locator("text").all_text_contents()
