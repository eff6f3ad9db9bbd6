"""The pages of the settings: their tabs, and the preview of the brand."""

from tests.browser.site import Site
from tests.support import staff_client
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, ZOOMED_WIDTH, Visit, large_text


def test_the_preview_follows_what_is_typed_and_chosen(admin: Visit, site: Site) -> None:
    staff_client.age_authentication(site.app, minutes=0)
    admin.open("/staff/settings/brand")
    tab, picture = admin.tab, admin.tab.locator("[data-preview]")
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


def test_tabs_fold_where_there_is_no_room_for_them(admin: Visit) -> None:
    admin.open("/staff/settings/notifications")
    tabs = admin.tab.locator(".tabs a").filter(visible=True)
    for width in (DESK_WIDTH, PHONE_WIDTH):
        admin.look(width)
        assert "All settings" not in tabs.all_inner_texts()
        assert tabs.count() > 10
    with large_text(admin):
        assert tabs.all_inner_texts() == ["Notifications", "All settings"]
    admin.look(ZOOMED_WIDTH)
    tabs.last.click()
    assert tabs.count() > 10
