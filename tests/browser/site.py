"""A site for the browser to look at: checks half done and handed in, and leads for the staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from consult.staff import accounts
from tests.support import staff
from tests.support.apps import make_app, services_of
from tests.support.browser import serving
from tests.support.client import PageClient
from tests.support.journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT, DISCIPLINED_SOLO, MOSTLY_UNKNOWN

QUESTION_PAGES = (
    *("who", "buyers", "sort-1", "sort-2", "sort-3", "sort-4", "lately", "purpose", "goals"),
    *("measures", "first-touch", "catch", "keep-going", "learning", "numbers"),
)
"""The pages of the quick look, in order."""


@dataclass(frozen=True)
class Site:
    """A running site: its address, and the paths of what is there to see.

    `empty_check` is one that was just started, `full_check` one with every answer given,
    `result` that of an owner who said who they are, `anonymous_result` of one who did not and
    knows little, `best_result` of one who needs no help, with a money range; `invitation` is a
    one-time link for a colleague.
    """

    app: Flask
    origin: str
    empty_check: str
    full_check: str
    result: str
    anonymous_result: str
    best_result: str
    invitation: str


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Serve a site with something on every page, until the block ends."""
    apps: list[Flask] = []

    def make(address: str) -> Flask:
        apps.append(make_app(folder, base_url=address))
        return apps[0]

    with serving(make) as origin:
        yield _filled(apps[0], origin)


def _filled(app: Flask, origin: str) -> Site:
    staff.make_user(app)
    empty, full = _journey(app), _journey(app)
    empty.start()
    full.start()
    full.to_review()
    unknown = Journey(PageClient(app), MOSTLY_UNKNOWN.answers)
    unknown.to_result()
    praised = Journey(PageClient(app), DISCIPLINED_SOLO.answers)
    praised.to_result()
    known = _journey(app)
    known.to_result()
    known.go(f"{known.root}/contact")
    known.client.submit(known.page.form("/contact").fill(**CONTACT))
    invitation = accounts.invite(services_of(app).database, "", "ada@example.com")
    return Site(
        app, origin, empty.root, full.root, known.root, unknown.root, praised.root, invitation
    )


def _journey(app: Flask) -> Journey:
    return Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
