"""What holds for every route of the app, public or not."""

import re

import pytest

from tests.support.every_route import Site

CLOSING_QUOTE, ELLIPSIS = "\N{RIGHT DOUBLE QUOTATION MARK}", "\N{HORIZONTAL ELLIPSIS}"
COPIED_ALONG = (".", ",", ")", "/", ">", "/).", CLOSING_QUOTE, "%20", ELLIPSIS)


def test_head_is_get_without_a_body_and_stores_no_more(site: Site) -> None:
    """Such as a form whose fields are all empty: no HEAD has a form token."""
    kept = ("Content-Type", "Cache-Control", "Location", "Allow")
    for rule, path in site.pages.items():
        with site.ask("GET", path) as got:
            assert got.status_code < 500, rule
        before = site.world.version()
        with site.ask("HEAD", path) as answer:
            assert (answer.status_code, answer.data) == (got.status_code, b""), rule
        for name in kept:
            assert answer.headers.get(name) == got.headers.get(name), rule
        # What a GET stores each time: the audit entry of an export, and a row to see if it can.
        if not re.search("export|record.json|ready", rule):
            assert site.world.version() == before, rule


@pytest.mark.parametrize("more", COPIED_ALONG)
def test_a_private_link_opens_with_what_was_copied_along(site: Site, more: str) -> None:
    with_token = {rule: path for rule, path in site.pages.items() if "<token>" in rule}
    assert len(with_token) > 10
    for rule, path in with_token.items():
        for method in ("GET", "HEAD"):
            answer = site.ask(method, f"{path}{more}?a=b%20c")
            assert (answer.status_code, answer.location) == (303, f"{path}?a=b%20c"), rule


@pytest.mark.parametrize(
    "path", ["/result/.", "/result//", "/check/)", "/about.", "/static/css/site.css)"]
)
def test_an_address_without_a_token_is_not_shortened(site: Site, path: str) -> None:
    assert site.app.test_client().get(path).status_code in (404, 308)
