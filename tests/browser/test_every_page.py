"""Every page, in every state: for eyes, thumbs, screen readers and strong magnifiers."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser

from tests.browser.site import ADMIN, Site
from tests.browser.states import STAFF_STATES, STATES, State, give_password
from tests.support import staff_client
from tests.support.browser import (
    DESK_WIDTH,
    PHONE_WIDTH,
    TABLET_WIDTH,
    ZOOMED_WIDTH,
    Scheme,
    Visit,
    axe_violations,
    cramped_texts,
    small_targets,
    visiting,
)
from tests.support.keyboard_and_touch import sign_in
from tests.support.second_factors import SECRET

LOOKS: tuple[tuple[int, Scheme], ...] = (
    (PHONE_WIDTH, "light"),
    (DESK_WIDTH, "dark"),
    (PHONE_WIDTH, "dark"),
    (DESK_WIDTH, "light"),
)
"""Axe looks at each state in one of them, by turns; with `--every-look`, in all four.

What pages are built of comes back in many states, so that each part is seen in every look. Axe is
what takes most of the time here.
"""
SIZES = {ZOOMED_WIDTH: 256, TABLET_WIDTH: 600, PHONE_WIDTH: 740}
"""Of the windows that nothing may be wider than: width and height."""
THUMB = 44
DENSE = 24
"""Pixels: owners have a phone in hand; staff have tables, and what WCAG 2.5.8 asks for."""
KNOWN_STATES = [state for state in STATES if state.name != "not found"]
NOT_LOOKED_AT = {
    "booked.calendar_file",
    *("static", "brand.stylesheet", "brand.picture", "brand.shared", "health.live", "health.ready"),
    *(
        "favicon",
        "embed.script",
        "questionnaire.resume",
        "staff.report_pdf",
        "staff.brief_pdf",
        "staff.settings",
    ),
    *("staff.provider_invitation", "staff.provider_reauthentication"),
    *("staff.export_csv", "staff.export_xlsx", "staff.data_json"),
    *("api.lead_list", "api.lead", "api.edition", "api.openapi_document"),
}
"""Endpoints that answer with a file or send the reader on."""


@pytest.fixture(scope="module")
def passer_by(browser: Browser, site: Site) -> Iterator[Visit]:
    """A window of someone who is not signed in."""
    with visiting(browser, site.origin) as visit:
        yield visit


@pytest.fixture(scope="module")
def colleague(browser: Browser, site: Site) -> Iterator[Visit]:
    """A window of someone of the staff who is signed in."""
    with visiting(browser, site.origin) as visit:
        sign_in(visit)
        assert visit.path == "/staff/"
        yield visit


@pytest.fixture(scope="module")
def admin(browser: Browser, site: Site) -> Iterator[Visit]:
    """A window of an admin who is signed in."""
    with visiting(browser, site.origin) as visit:
        sign_in(visit, ADMIN)
        assert visit.path == "/staff/"
        yield visit


@pytest.fixture(scope="module")
def careful_colleague(browser: Browser, site: Site) -> Iterator[Visit]:
    """A window of someone of the staff who is signed in with a second factor."""
    with visiting(browser, site.origin) as visit:
        give_password(visit)
        visit.tab.fill("[name=code]", pyotp.TOTP(SECRET).now())
        visit.leave(visit.tab.locator("form:has([name=code]) button").click)
        assert visit.path == "/staff/"
        yield visit


def looks_at(state: State, config: pytest.Config) -> Sequence[tuple[int, Scheme]]:
    """In which looks axe looks at a state."""
    turn = STATES.index(state) % len(LOOKS)
    return LOOKS if config.getoption("every_look") else LOOKS[turn : turn + 1]


@pytest.fixture(scope="module")
def passed_looks() -> set[str]:
    """Of the texts and links that axe has passed in any of the windows."""
    return set()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_everybody_can_use_every_page(
    site: Site, state: State, passed_looks: set[str], request: pytest.FixtureRequest
) -> None:
    """Axe is content, nothing is wider than the window or cramped, and targets fit a thumb."""
    colleague = "careful_colleague" if state.careful else "admin" if state.admin else "colleague"
    visit: Visit = request.getfixturevalue(
        colleague if state.signed_in or state.admin else "passer_by"
    )
    visit.passed_looks = passed_looks
    staff_client.age_authentication(site.app, minutes=60 if state.stale else 0)
    looks = looks_at(state, request.config)
    visit.look(*looks[0], height=740)
    path = state.path(site)
    status = visit.open(path)
    if state.then:
        state.then(visit)
    else:
        assert (visit.path, status) == (path, state.status)
    if state.shows:
        assert state.shows in visit.tab.inner_text("main")
    found: list[str] = []
    for width, scheme in looks:
        visit.look(width, scheme, height=740)
        found += [f"{width} {scheme}: {violation}" for violation in axe_violations(visit)]
        if width == DESK_WIDTH and (wider := visit.overflow()):
            found.append(f"{wider} px wider than a desk's window")
    # Beginning with the size that the window has, as each change of it is laid out again.
    for width in sorted(SIZES, key=lambda width: width != visit.size[0]):
        visit.look(width, visit.scheme, height=SIZES[width])
        if wider := visit.overflow():
            found.append(f"{wider} px wider than a window of {width}")
        if width == PHONE_WIDTH:
            small = small_targets(visit, least=DENSE if state in STAFF_STATES else THUMB)
            found += [f"too small to hit: {target}" for target in small]
            found += [f"cramped: {text}" for text in cramped_texts(visit)]
            if wider := visit.overflow(text_size="200%"):
                found.append(f"{wider} px wider than a phone at twice the size of text")
    found += visit.take_faults()
    assert not found, f"{visit.path}\n" + "\n".join(found)


@pytest.mark.parametrize("who", ["colleague", "admin"])
def test_staff_sign_out_beside_the_mark(who: str, request: pytest.FixtureRequest) -> None:
    """On a phone the navigation of admins, who have one word more, takes a line of its own."""
    visit: Visit = request.getfixturevalue(who)
    visit.look(PHONE_WIDTH, height=740)
    visit.open("/staff/")
    tops = "parts => parts.map(part => part.getBoundingClientRect().top)"
    parts = visit.tab.locator(".masthead :is(.shell > a, nav, .sign-out)")
    mark, links, sign_out = parts.evaluate_all(tops)
    assert mark == sign_out
    assert (links == mark) is (who == "colleague")


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
    passer_by: Visit, place: str, style: str, readable: bool
) -> None:
    """What it passed on one page says nothing about a text that is painted in another way."""
    page = "<html lang=en><title>A</title><main><h1>A</h1><section><p>A text</section></main>"
    passer_by.tab.goto("about:blank")
    for html in (page, page.replace(place, f"{place} style='{style}'", 1)):
        passer_by.tab.set_content(html)
        problems = axe_violations(passer_by)
    assert bool(problems) is not readable, problems
    passer_by.tab.set_content(page.replace("A text", "Another"))
    assert axe_violations(passer_by) == []


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
    passer_by: Visit, before: str, after: str, rule: str
) -> None:
    head = "<html lang=en><title>A</title><style>div { display: flex } button { height: 24px; "
    head += "width: 99px; padding: 0; border: 0 }</style>"
    passer_by.tab.goto("about:blank")
    passer_by.tab.set_content(f"{head}<main><h1>A</h1>{before}</main>")
    assert axe_violations(passer_by) == []
    changed = before.replace("<a ", f"<a {after} ").replace("<button", f"<button {after}", 1)
    passer_by.tab.set_content(f"{head}<main><h1>A</h1>{changed}</main>")
    assert [found.split()[0] for found in axe_violations(passer_by)][:1] == [rule]


def test_no_page_is_left_out(site: Site) -> None:
    """A new page has to be looked at: give it a `State`."""
    addresses = site.app.url_map.bind("")
    seen = {addresses.match(urlsplit(state.path(site)).path, "GET")[0] for state in KNOWN_STATES}
    pages = {
        rule.endpoint
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint not in NOT_LOOKED_AT
    }
    assert pages <= seen
