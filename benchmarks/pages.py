"""A question page in process: reading it and answering it, beside the least that Flask can do."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask, render_template
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder
from werkzeug.wsgi import ClosingIterator

from benchmarks.measure import Row, cpu_per_call
from tests.support.apps import make_app
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.page import Page
from tests.support.personas import BATON_ON_THE_FLOOR

PAGE = "keep-going"
"""The page with the most choices in the quick check: 15 of them, in three questions."""

AIM_GET = 4.0
"""Times a static template; with the ordinary form widgets it would be 20."""

AIM_POST = 6.0
"""Times a static template, though it commits to the database."""

AIM_FULL = 1.1
"""Times the same page of the quick check: the full check has more questions, on other pages."""


def rows() -> list[Row]:
    """CPU of a question page's GET and POST, against a static template and a bare route."""
    with TemporaryDirectory() as folder:
        client = PageClient(make_app(Path(folder)))
        quick, full = _at_the_page(client, ""), _at_the_page(client, "?depth=full")
        return _measured(quick, full, make_app(Path(folder)))


def _at_the_page(client: PageClient, query: str) -> Journey:
    journey = Journey(client, BATON_ON_THE_FLOOR.answers, query=query)
    journey.start()
    journey.to_page(PAGE)
    return journey


def _measured(journey: Journey, full: Journey, app: Flask) -> list[Row]:
    page = journey.page
    _add_static_page(app, page)
    form = journey.fill()
    cases = {
        "bare route": request(_bare_app(), "/"),
        "static template": request(app, "/static-page"),
        "GET": request(app, page.path),
        "POST": request(app, form.action, form.data),
        "full GET": request(app, full.page.path),
    }
    cost = cpu_per_call(cases)
    return (
        [
            Row("a question page, GET", cost["GET"], "µs", floor, cost[floor], aim)
            for floor, aim in (("static template", AIM_GET), ("bare route", None))
        ]
        + [
            Row("a question page, POST", cost["POST"], "µs", floor, cost[floor], aim)
            for floor, aim in (("static template", AIM_POST), ("bare route", None))
        ]
        + [
            Row(
                "the same page, full check",
                cost["full GET"],
                "µs",
                "quick check",
                cost["GET"],
                AIM_FULL,
            )
        ]
    )


def _bare_app() -> Flask:
    app = Flask("bare")

    @app.get("/")
    def hello() -> str:
        return "Hello"

    return app


def _add_static_page(app: Flask, page: Page) -> None:
    """Serve the words of the same page from a template that knows them, in the site's frame."""
    words = page.html.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    template = app.jinja_env.from_string(
        '{% extends "base.html" %}{% block title %}Static{% endblock %}'
        "{% block main %}{% raw %}" + words + "{% endraw %}{% endblock %}"
    )

    def static_page() -> str:
        return render_template(template)

    app.add_url_rule("/static-page", view_func=static_page)


def request(
    app: Flask, path: str, data: dict[str, list[str]] | None = None
) -> Callable[[], object]:
    """A call that runs one request through the app, as a server would."""
    method = "GET" if data is None else "POST"
    builder = EnvironBuilder(path=path, method=method, data=MultiDict(data) if data else None)
    environ = builder.get_environ()
    body = environ["wsgi.input"].read()
    expected = "200" if data is None else "303"

    def start_response(status: str, _headers: Any, _fault: Any = None) -> Callable[[bytes], object]:
        if not status.startswith(expected):
            raise RuntimeError(f"{method} {path} answers {status}")
        return len

    def call() -> None:
        answer = ClosingIterator(app(environ | {"wsgi.input": BytesIO(body)}, start_response))
        b"".join(answer)
        answer.close()

    return call
