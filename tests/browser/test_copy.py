"""Copying a tool of the plan: one tap with JavaScript, by hand without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.site import Site
from tests.support.browser import PHONE_WIDTH, Visit, visiting

SCRIPTS = [Path(__file__).parents[2] / "static/js" / name for name in ("copy.js", "share.js")]
MOST_BYTES = 2000


@pytest.fixture(scope="module")
def allowed(browser: Browser, site: Site) -> Iterator[Visit]:
    """A window that lets a page share, and use the clipboard."""
    with visiting(browser, site.origin, width=PHONE_WIDTH) as visit:
        visit.tab.add_init_script("navigator.share = async said => { window.said = said; }")
        visit.tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield visit


def test_one_tap_copies_the_whole_tool(allowed: Visit, site: Site) -> None:
    allowed.open(site.anonymous_result)
    tool = allowed.tab.locator("details.tool").first
    tool.get_by_role("button", name=f"Copy: {tool.locator('summary').text_content()}").click()
    tool.get_by_role("status").get_by_text("Copied").wait_for()
    copied = allowed.tab.evaluate("navigator.clipboard.readText()")
    assert copied == tool.locator("pre").text_content()
    assert "\n\n" in copied


def test_where_copying_is_not_allowed_the_tool_is_selected(owner: Visit, site: Site) -> None:
    owner.open(site.anonymous_result)
    owner.tab.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    tool = owner.tab.locator("details.tool").first
    tool.get_by_role("button", name="Copy").click()
    tool.get_by_role("status").get_by_text("selected").wait_for()
    selected = " ".join(owner.tab.evaluate("getSelection().toString()").split())
    assert selected == " ".join((tool.locator("pre").text_content() or "").split())


def test_without_javascript_the_tool_is_there_to_read(plain_owner: Visit, site: Site) -> None:
    plain_owner.open(site.anonymous_result)
    tool = plain_owner.tab.locator("details.tool").first
    assert tool.locator("pre").is_visible()
    assert tool.get_by_role("button").count() == 0


def test_links_are_copied_texted_and_emailed(allowed: Visit, site: Site) -> None:
    allowed.open(site.anonymous_result)
    links = allowed.tab.locator(".own-link")
    for place, path in ((0, "/result/"), (1, "/shared/")):
        allowed.tab.get_by_role("button", name="Copy link").nth(place).click()
        allowed.tab.get_by_text("Copied").nth(place).wait_for()
        copied = allowed.tab.evaluate("navigator.clipboard.readText()")
        assert copied == links.nth(place).text_content()
        assert copied.startswith(site.origin + path)
        allowed.tab.get_by_role("button", name="Share…").nth(place).click()
        assert copied in allowed.tab.evaluate("window.said.text")


def test_the_scripts_are_small() -> None:
    assert sum(len(script.read_bytes()) for script in SCRIPTS) < MOST_BYTES
