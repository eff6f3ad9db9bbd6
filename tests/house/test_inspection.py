"""The inspector finds what it is there to find: every law, broken once."""

import pytest
from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from tests.support.client import PageClient
from tests.support.headers import header_problems
from tests.support.inspection import page_problems
from tests.support.owner_journey import Journey
from tests.support.page import Document

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


def test_a_good_page_has_no_problems() -> None:
    assert page_problems(Document(GOOD_PAGE)) == []


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
        (
            'content="width=device-width"',
            'content="user-scalable=no"',
            "forbids zooming",
        ),
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
        (' alt=""', "", "has no alt"),
        ("<h2>", '<h2 style="color: red">', "style=…> is inline"),
        ("<h2>", '<h2 onclick="go()">', "onclick=…> is inline"),
        ("</main>", "<script>go()</script></main>", "an inline <script>"),
        ("</head>", "<style>a{}</style></head>", "an inline <style>"),
        ('href="#main"', 'href="javascript:go()"', "a javascript: link"),
        (
            'href="/static/a.css"',
            'href="https://cdn.example/a.css"',
            "leaves this site",
        ),
        ('src="/static/a.svg"', 'src="//cdn.example/a.svg"', "leaves this site"),
        ('src="/static/a.svg"', 'src="data:image/png;base64,AA"', "leaves this site"),
        ('action="/next"', 'action="https://other.example/"', "leaves this site"),
    ],
)
def test_each_broken_law_is_found(part: str, broken: str, complaint: str) -> None:
    assert part in GOOD_PAGE
    problems = page_problems(Document(GOOD_PAGE.replace(part, broken, 1)))
    assert any(complaint in problem for problem in problems), problems


def test_the_full_header_table_has_no_problems() -> None:
    assert header_problems("/", 200, PUBLIC_HEADERS, https=False) == []


@pytest.mark.parametrize("name", PUBLIC_HEADERS)
def test_each_missing_header_is_found(name: str) -> None:
    rest = {key: value for key, value in PUBLIC_HEADERS.items() if key != name}
    assert header_problems("/", 200, rest, https=False)


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("/", {"X-Frame-Options": "DENY"}),
        ("/", {"Strict-Transport-Security": "max-age=1"}),
        (
            "/",
            {"Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'"},
        ),
        ("/", {"Content-Type": "text/html"}),
        ("/", {"Access-Control-Allow-Origin": "*"}),
        ("/check/abc/page", {}),
        ("/staff/", {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}),
        (
            "/result/abc/report.pdf",
            {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"},
        ),
    ],
)
def test_a_wrong_header_for_the_kind_of_answer_is_found(path: str, changes: dict[str, str]) -> None:
    assert header_problems(path, 200, PUBLIC_HEADERS | changes, https=False)


def test_plain_http_headers_do_not_do_over_https() -> None:
    assert header_problems("/", 200, PUBLIC_HEADERS, https=True)


def _two_page_app(cookie: bool = False, title_of_second: str = "Another page") -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def first() -> str:
        return GOOD_PAGE.replace("/next", "/start")

    @app.post("/start")
    @app.post("/next")
    def go_on() -> AnyResponse:
        app.config["SENT"] = request.form.to_dict(flat=False)
        return redirect("/second", 303)

    @app.get("/second")
    def second() -> str:
        return GOOD_PAGE.replace("<title>A page", f"<title>{title_of_second}")

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(PUBLIC_HEADERS)
        if cookie:
            response.set_cookie("visitor", "1")
        return response

    return app


def test_a_journey_fills_what_the_page_asks_and_follows_the_redirect() -> None:
    app = _two_page_app()
    journey = Journey(PageClient(app), {"which": 0, "name": "Ada", "not_asked": 3})
    journey.start()
    assert journey.page.path == "/second"
    journey.answer()
    assert app.config["SENT"] == {"which": ["0"], "name": ["Ada"]}


def test_a_journey_cannot_answer_what_is_not_offered() -> None:
    journey = Journey(PageClient(_two_page_app()), {"which": 4})
    journey.start()
    with pytest.raises(AssertionError, match="does not offer"):
        journey.answer()


def test_the_client_refuses_a_wrong_status_a_cookie_and_a_title_used_twice() -> None:
    with pytest.raises(AssertionError, match="404"):
        PageClient(_two_page_app()).get("/missing")
    with pytest.raises(AssertionError, match="sets a cookie"):
        PageClient(_two_page_app(cookie=True)).get("/")
    client = PageClient(_two_page_app(title_of_second="A page"))
    client.get("/")
    with pytest.raises(AssertionError, match="is also that of /"):
        client.get("/second")
