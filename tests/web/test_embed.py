"""The check in a page of another site, over the wire: its script, and addresses that stay there."""

import gzip
from pathlib import Path

import pytest
from flask import Flask

from consult.application import OWNER_PAGES
from consult.web.embed import FRAMED
from tests.support.apps import make_app
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.page import Page
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT

LARGEST_SCRIPT = 5000
NEW_TAB = {"target": "_blank", "rel": "noopener"}


def test_the_script_is_small_and_any_site_may_include_it(app: Flask) -> None:
    client = PageClient(app)
    sent = client.get("/embed.js")
    assert len(gzip.compress(sent.body)) <= LARGEST_SCRIPT
    assert sent.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert sent.headers["Cache-Control"] == "public, max-age=3600"
    assert sent.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Robots-Tag" not in sent.headers
    etag = sent.headers["ETag"]
    assert client.get("/embed.js", status=304, headers={"If-None-Match": etag}).body == b""


def test_the_script_has_the_address_and_the_name_of_this_site(tmp_path: Path) -> None:
    brand = tmp_path / "brand.toml"
    brand.write_text('product = "The \\"Baton\\" check"\n')
    site = "https://check.example"
    made = make_app(tmp_path / "var", base_url=site, brand_file=brand)
    text = PageClient(made, base_url=site).get("/embed.js").body.decode()
    assert f'const BASE = "{site}";' in text
    assert '"The \\"Baton\\" check"' in text
    assert "VERSION" not in text


def check_stays(page: Page, prefix: str) -> None:
    """Each link and form leads to a page in the frame, or to a new tab without it."""
    assert page.path.startswith(prefix)
    document = page.document
    assert document.root.attrib["class"].startswith("is-framed")
    assert document.all("header") == []
    assert len(document.all("footer")) == 1
    for form in document.all("form"):
        assert form.attrib["action"].startswith(f"{prefix}/")
    for link in document.all("a"):
        to = link.attrib["href"]
        new_tab = {name: link.attrib.get(name) for name in NEW_TAB} == NEW_TAB
        assert to.startswith("#") or to.startswith(f"{prefix}/") != new_tab, to
        assert not new_tab or "/embed" not in to, to
    assert "http://127.0.0.1:8000/embed" not in page.html


def start_in(client: PageClient, prefix: str) -> Journey:
    """A check that was begun in a frame."""
    journey = Journey(client, BATON_ON_THE_FLOOR.answers, query=f"{prefix[1:]}/?ref=fair")
    check_stays(journey.page, prefix)
    assert journey.page.link("Open in a full page") == "/?ref=fair"
    journey.start()
    check_stays(journey.page, prefix)
    return journey


def test_each_kind_of_frame_is_stayed_in(client: PageClient) -> None:
    for prefix in ("/embed", "/embed/auto", "/embed/clear"):
        journey = start_in(client, prefix)
        journey.answer()
        check_stays(journey.page, prefix)


def test_every_page_stays_in_the_frame(client: PageClient) -> None:
    """Without cookies, scripts, or headers that an old browser doesn't send."""
    prefix = "/embed/auto/clear"
    journey = start_in(client, prefix)
    check = journey.page.path.removesuffix("/trouble")
    check_stays(client.get(f"{check}/pause"), prefix)
    while not journey.page.path.endswith("/review"):
        journey.answer()
        check_stays(journey.page, prefix)
    result = journey.submit()
    for path in ("", "/why", "/contact", "/consult"):
        check_stays(client.get(result.path + path), prefix)
    # The PDF asks first who it's for: in the frame.
    to_pdf = client.get(result.path).link("PDF report")
    assert client.get(to_pdf, status=303).location == f"{result.path}/contact"


def test_owners_pages_have_an_address_in_a_frame_and_no_others(client: PageClient) -> None:
    owners = {blueprint.name for blueprint in OWNER_PAGES}
    for rule in client.app.url_map.iter_rules():
        is_for_owners = rule.endpoint.partition(".")[0] in owners
        assert bool(FRAMED.fullmatch(f"/embed{rule.rule}")) == is_for_owners, rule
    for path in ("/embed/staff/", "/embed/health/live", "/embed/embed/", "/embed/clear/staff/"):
        client.get(path, status=404)
    assert client.get("/embed").h1 == client.get("/embed/").h1


def test_an_address_that_the_browser_shows_elsewhere_leads_to_its_place(client: PageClient) -> None:
    for place, asked, right in (
        ("document", "/embed/?ref=a%20b", "/?ref=a%20b"),
        ("document", "/embed/auto/clear/check/x/who", "/check/x/who"),
        ("iframe", "/?ref=a%20b", "/embed/?ref=a%20b"),
        ("iframe", "/result/x", "/embed/result/x"),
    ):
        sent = client.get(asked, status=303, headers={"Sec-Fetch-Dest": place})
        assert sent.location == right
    client.get("/", headers={"Sec-Fetch-Dest": "document"})
    client.get("/embed/", headers={"Sec-Fetch-Dest": "iframe"})
    # A form that was sent is never sent elsewhere.
    client.post("/embed/start", headers={"Sec-Fetch-Dest": "document"})


def test_errors_in_a_frame_lead_on_in_it(client: PageClient) -> None:
    lost = client.get("/embed/check/nothing/who", status=404)
    check_stays(lost, "/embed")
    assert client.get("/embed/check/x).", status=303).location == "/embed/check/x"


def test_a_form_that_is_refused_in_a_frame_goes_on_in_a_tab_of_its_own(client: PageClient) -> None:
    other = {"Sec-Fetch-Site": "cross-site"}
    for path, to in (("/start", "/"), ("/check/x/who", "/check/x/who")):
        refused = client.post(f"/embed{path}", status=403, headers=other)
        assert refused.link("Continue in a new tab") == refused.link("Open in a full page") == to
        check_stays(refused, "/embed")
    full = client.post("/start", status=403, headers=other)
    assert full.link("Go to the start page") == "/"


@pytest.mark.parametrize("depth", ["quick", "full"])
def test_a_page_says_what_was_reached_and_nothing_of_the_answers(
    tmp_path: Path, depth: str
) -> None:
    """Also where the contact comes before the result."""
    client = PageClient(make_app(tmp_path, contact_before="result"))
    journey = Journey(client, BATON_ON_THE_FLOOR.answers, query=f"embed/?depth={depth}")

    def said(page: Page) -> dict[str, str]:
        (body,) = page.document.all("body")
        return {name: value for name, value in body.attrib.items() if name.startswith("data-")}

    assert said(journey.page) == {"data-depth": depth, "data-reached": ""}
    assert said(journey.start()) == {"data-depth": depth, "data-reached": "started"}
    journey.to_review()
    asked = journey.submit()
    assert asked.path.endswith("/contact")
    assert said(asked) == {"data-depth": depth, "data-reached": "finished"}
    thanks = client.follow(client.submit(asked.form("/contact").fill(**CONTACT)))
    reached = {"data-depth": depth, "data-reached": "finished contact"}
    assert said(thanks) == reached
