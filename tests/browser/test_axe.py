"""What axe has passed is looked at once, and everything else each time."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Visit, axe_violations, visiting


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator[Visit]:
    """A window on no site."""
    with visiting(browser, "") as visit:
        yield visit


@pytest.mark.parametrize(
    ("style", "readable"),
    [
        ("color: #777", False),
        ("color: #777; font-size: 30px", True),
        ("background: #222", False),
        ("opacity: .4", False),
        ("background: #222; color: #eee", True),
    ],
)
@pytest.mark.parametrize("place", ["section", "p"])
def test_axe_passes_only_what_looks_as_before(
    visit: Visit, place: str, style: str, readable: bool
) -> None:
    """What it passed on one page says nothing about a text that is painted in another way."""
    page = "<html lang=en><title>A</title><main><h1>A</h1><section><p>A text</section></main>"
    visit.tab.goto("about:blank")
    for html in (page, page.replace(place, f"{place} style='{style}'", 1)):
        visit.tab.set_content(html)
        problems = axe_violations(visit)
    assert bool(problems) is not readable, problems
    visit.tab.set_content(page.replace("A text", "Another"))
    assert axe_violations(visit) == []


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (
            "<p>Words around a <a href='/'>link</a>",
            "style='text-decoration: none'",
            "link-in-text-block",
        ),
        ("<div><button>A</button><button>B</button></div>", "style='width: 19px'", "target-size"),
    ],
)
def test_axe_judges_links_and_targets_that_it_has_not_passed(
    visit: Visit, before: str, after: str, rule: str
) -> None:
    head = "<html lang=en><title>A</title><style>div { display: flex } button { height: 24px; "
    head += "width: 99px; padding: 0; border: 0 }</style>"
    visit.tab.goto("about:blank")
    visit.tab.set_content(f"{head}<main><h1>A</h1>{before}</main>")
    assert axe_violations(visit) == []
    changed = before.replace("<a ", f"<a {after} ").replace("<button", f"<button {after}", 1)
    visit.tab.set_content(f"{head}<main><h1>A</h1>{changed}</main>")
    assert [found.split()[0] for found in axe_violations(visit)][:1] == [rule]
