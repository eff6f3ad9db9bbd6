"""The inspector finds what it is there to find: every law, broken once."""

import os
from xml.etree.ElementTree import tostring

import pytest
from flask import Flask
from html5lib import HTMLParser

from tests.support.client import PageClient
from tests.support.headers import header_problems
from tests.support.inspection import LAWS, page_problems
from tests.support.page import Document
from tests.support.patience import patience

GOOD_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A page</title><link rel="stylesheet" href="/static/a.css"></head>
<body><a href="#main">Skip</a><main id="main"><h1>A page</h1><h2>A part</h2>
<form method="post" action="/next"><fieldset aria-describedby="help"><legend>Which?</legend>
<p id="help">One of them.</p><input type="radio" name="which" value="0" id="which-0">
<label for="which-0">This</label></fieldset><label>Name <input name="name"></label>
<button>Go on</button></form><img src="/static/a.svg" alt=""></main></body></html>"""

PUBLIC_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


@pytest.mark.parametrize(
    ("part", "broken", "complaint"),
    [
        ("<!doctype html>", "", "DOCTYPE"),
        ("<h2>A part</h2>", "<p><div>x</div></p>", "Unexpected"),
        ("<h1>A page</h1>", "<p>A page</p>", "0 h1"),
        ("<h2>A part</h2>", "<h1>A part</h1>", "2 h1"),
        ("<h2>A part</h2>", "<h3>A part</h3>", "h3 follows h1"),
        ("<h2>A part</h2>", "<h2> </h2>", "empty h2"),
        ("<title>A page</title>", "<title> </title>", "0 titles"),
        (' lang="en"', "", "no lang"),
        ('<main id="main">', '<div id="main">', "0 main"),
        ('content="width=device-width"', 'content="user-scalable=no"', "forbids zooming"),
        ('<meta name="viewport" content="width=device-width">', "", "no viewport"),
        ('id="help"', 'id="main"', "'main' 2 times"),
        ('id="help"', 'id="help me"', "cannot be referred to"),
        ('href="#main"', 'href="#content"', "href='#content'> leads nowhere"),
        ('aria-describedby="help"', 'aria-describedby="hint"', "'hint'> leads nowhere"),
        ('for="which-0"', 'for="which-1"', "'which' has no label"),
        ("<label>Name ", "<label>", "'name' has no label"),
        ("<legend>Which?</legend>", "", "no legend"),
        ("Go on</button>", "</button>", "<button> without words"),
        ("Skip</a>", "</a>", "<a> without words"),
        ("<h2>A part</h2>", "<table><tr><th>A part</th></tr></table>", "a table without a name"),
        (' alt=""', "", "has no alt"),
        ("<h2>", '<h2 style="color: red">', "style=…> is inline"),
        ("<h2>", '<h2 onclick="go()">', "onclick=…> is inline"),
        ("</main>", "<script>go()</script></main>", "an inline <script>"),
        ("</head>", "<style>a{}</style></head>", "an inline <style>"),
        ('href="#main"', 'href="javascript:go()"', "a javascript: link"),
        ('href="/static/a.css"', 'href="https://cdn.example/a.css"', "leaves this site"),
        ('src="/static/a.svg"', 'src="//cdn.example/a.svg"', "leaves this site"),
        ('src="/static/a.svg"', 'src="data:image/png;base64,AA"', "leaves this site"),
        ('action="/next"', 'action="https://other.example/"', "leaves this site"),
    ],
)
def test_each_broken_law_is_found(part: str, broken: str, complaint: str) -> None:
    assert page_problems(GOOD_PAGE) == []
    assert part in GOOD_PAGE
    problems = page_problems(GOOD_PAGE.replace(part, broken, 1))
    assert any(complaint in problem for problem in problems), problems


WORDS = (
    *("plain words", "", " ", "  a\n b  ", "tom & jerry", "&#39;&nosuch;", "a > b", "a < b"),
    *("\0", "\x01", "\x85", "\ufdd0", "\ufffe", "\ue0000\ue001", "é漢😀", "<b>", "</b>", '"'),
    *("<!--", "--> b", "<p>x<table>y", "</label>", "<!doctype html>", "t" * 50, "<a b='/'>"),
)
PARTS = (
    *("<section><p>a</p></section>", "<p><section>a</section>", "<section>", "</section>"),
    *("<section><p>a</section>", "<section><b>a</section>", "<b><section><i>a</i></section></b>"),
    *("<p>a<section></p></section>", "<section><details></section></details>", "<!--<section>-->"),
    *("<form><p>a</p></form>", "<form><form></form></form>", "<section><form></form></section>"),
    *("<form><section><form>a</form></section></form>", "<details><td>a</details>", "<form></p>"),
    *("<table><tr><td><section>a</section></table>", "<table><section>a</section></table>"),
    *("<textarea><section>a</section></textarea>", "<select><form></form></select>"),
    *("<a href='/a'><details><a href='/b'>b</a></details></a>", "<svg><form>a</form></svg>"),
    *("<ul><li><section><li>a</section></ul>", "<li><details>a</details><li>", "<title><form>"),
    *("<section data-cut='0'></section>", "<template><section>a</section></template>"),
    *("<button><section><button>a</button></section></button>", "<h2><form><h3>a</h3></form></h2>"),
    *('"<section>a</section>"', "'<form>a</form>'", "<section><section>b</section></section>"),
)
PLACES = ("Which?", "One of", '"0"', 'name="name">', "/next", "/static/a.svg", "Name ", "</form>")


@pytest.mark.parametrize("text", [*WORDS, *PARTS])
def test_a_page_is_read_alike_whether_or_not_its_parts_are_known(text: str) -> None:
    """Each has the elements, words and mistakes that the parser finds in that very page."""
    for place in PLACES:
        assert place in GOOD_PAGE
        html = GOOD_PAGE.replace(place, text if text in WORDS else place + text, 1)
        parser, document = HTMLParser(namespaceHTMLElements=False), Document(html)
        assert tostring(document.root) == tostring(parser.parse(html))
        assert len(document.parse_errors) == len(parser.errors)
        assert page_problems(html) == [problem for law in LAWS for problem in law(document)]


STAFF_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        *(("/", {name: ""}) for name in PUBLIC_HEADERS),
        ("/", {"X-Frame-Options": "DENY"}),
        ("/", {"Strict-Transport-Security": "max-age=1"}),
        ("/", {"Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'"}),
        ("/", {"Content-Type": "text/html"}),
        ("/", {"Access-Control-Allow-Origin": "*"}),
        ("/check/abc/page", {}),
        ("/staff/", STAFF_HEADERS),
        ("/result/abc/report.pdf", STAFF_HEADERS),
    ],
)
def test_each_missing_or_wrong_header_is_found(path: str, changes: dict[str, str]) -> None:
    assert header_problems("/", 200, PUBLIC_HEADERS, https=False) == []
    assert header_problems("/", 200, PUBLIC_HEADERS, https=True)
    assert header_problems(path, 200, PUBLIC_HEADERS | changes, https=False)


def test_the_client_refuses_a_wrong_status_a_cookie_and_a_title_used_twice() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: (GOOD_PAGE, PUBLIC_HEADERS), endpoint="first")
    app.add_url_rule("/second", view_func=lambda: (GOOD_PAGE, PUBLIC_HEADERS), endpoint="second")
    cookie = {**PUBLIC_HEADERS, "Set-Cookie": "visitor=1"}
    app.add_url_rule("/cookie", view_func=lambda: (GOOD_PAGE, cookie), endpoint="cookie")
    client = PageClient(app)
    client.get("/")
    for path, complaint in (
        ("/missing", "404"),
        ("/cookie", "sets a cookie"),
        ("/second", "is also that of /"),
    ):
        with pytest.raises(AssertionError, match=complaint):
            client.get(path)


@pytest.mark.parametrize(("busy", "times"), [(0.2, 1), (1, 1), (10, 10)])
def test_what_is_waited_for_may_take_longer_on_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch, busy: float, times: float
) -> None:
    """Busy is how many processes want a processor, for each that there is."""
    load = busy * (os.cpu_count() or 1)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0, 0))
    assert patience(60) == pytest.approx(60 * times)
