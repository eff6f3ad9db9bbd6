"""A browser without a screen that reads every page it fetches with a critical eye."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.ctx import RequestContext
from flask.wrappers import Response

from tests.support.headers import header_problems
from tests.support.inspection import page_problems
from tests.support.page import Form, Page

FormData = Mapping[str, Any] | str | bytes

_FRAME = re.compile(r"^/embed(/auto)?(/clear)?(?=/|$)")
"""Before the address of a page in a frame: it is the same page."""
_CHANGING_SEGMENT = re.compile(r"(?<=/)(\d+|[A-Za-z0-9_-]{32,})(?=/|$)")


class PageClient:
    """Flask's test client with the manners of a browser and the eyes of an inspector.

    Every answer must have the expected status and its full set of security headers, set no
    cookie outside `/staff`, and, when it is a page, keep every law of
    `tests.support.inspection`. Two different pages may not share a title.

    Requests carry the headers by which a browser tells a page's own form from a foreign one;
    pass `headers` to play the foreign one.
    """

    def __init__(self, app: Flask, *, base_url: str = "http://localhost") -> None:
        self.app = app
        self.base_url = base_url
        self._client = app.test_client()
        self._path_of_title: dict[str, str] = {}

    def get(
        self, path: str, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Page:
        """Fetch a path and inspect what comes. Redirects are not followed: see `follow`."""
        return self.send("GET", path, status=status, headers=headers)

    def post(
        self,
        path: str,
        data: FormData | None = None,
        *,
        status: int = 303,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Page:
        """Post form fields as a page of this site would, and inspect what comes."""
        return self.send("POST", path, data, status=status, headers=headers, **options)

    def submit(self, form: Form, *, status: int = 303) -> Page:
        assert form.method == "post", f"the form for {form.action} does not post"
        return self.post(form.action, form.data, status=status)

    def request_context(self, path: str) -> RequestContext:
        """What the app has about a request from this browser, for what happens beside a page."""
        environ = {"REMOTE_ADDR": "127.0.0.1"}
        return self.app.test_request_context(path, base_url=self.base_url, environ_base=environ)

    def take_cookies(self, answer: Response) -> None:
        """Keep the cookies of an answer that this browser did not ask for."""
        host = urlsplit(self.base_url).hostname or ""
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, value = cookie.partition(";")[0].split("=", 1)
            self._client.set_cookie(name, value, domain=host)

    def follow(self, page: Page) -> Page:
        """Go where a redirect leads, and on until a page comes."""
        for _ in range(5):
            if not page.is_redirect:
                return page
            page = self.send("GET", page.location, status=None)
        raise AssertionError(f"redirects go round in circles near {page!r}")

    def send(
        self,
        method: str,
        path: str,
        data: FormData | None = None,
        *,
        status: int | None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Page:
        """Any request. `status` None expects any status below 400; see also `get` and `post`."""
        sent = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        if method == "POST":
            sent["Origin"] = self.base_url
        sent.update(headers or {})
        page = Page(
            self._client.open(
                path,
                method=method,
                data=data,
                base_url=self.base_url,
                headers=sent,
                buffered=True,  # as a server does: what is to follow the answer follows it
                **options,
            )
        )
        self._inspect(page, status)
        return page

    def _inspect(self, page: Page, status: int | None) -> None:
        as_expected = page.status < 400 if status is None else page.status == status
        shown = f": {page.text[:400]}" if page.is_html and not as_expected else ""
        assert as_expected, f"{page!r} came, not {status or 'a page'}{shown}"
        problems = header_problems(
            page.path, page.status, dict(page.headers), https=self.base_url.startswith("https")
        )
        if page.set_cookies and not re.match(r"/staff(/|$)", page.path):
            problems.append(f"a public page sets a cookie: {page.set_cookies}")
        if page.is_html and not page.is_redirect:
            problems += page_problems(page.html)
            problems += self._title_problems(page)
        assert not problems, f"{page!r}\n  " + "\n  ".join(problems)

    def _title_problems(self, page: Page) -> list[str]:
        if page.status != 200 or not page.title:
            return []
        path = _CHANGING_SEGMENT.sub("*", _FRAME.sub("", page.path) or "/")
        first = self._path_of_title.setdefault(page.title, path)
        return [] if first == path else [f"title {page.title!r} is also that of {first}"]
