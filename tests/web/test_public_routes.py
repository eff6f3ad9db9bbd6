"""Every route outside the staff area, as the app has them: a link opens what it is for, no more."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from consult.crypto import Purpose, encrypt
from consult.storage.booking import calendar_setup
from consult.web.headers import is_staff_path
from tests.support.apps import SECRET_KEY, make_app, services_of, stored
from tests.support.databases import write
from tests.support.results import public_tokens
from tests.support.staff_client import make_user, user_of

WITHOUT_A_LINK = {
    *("/", "/start", "/brand.css", "/favicon.ico", "/health/live", "/health/ready"),
    *("/static/<path:filename>", "/brand/<any(logo, portrait):name>", "/brand/share.png"),
    *("/embed.js", "/api/v1/openapi.json"),
}
"""What anyone may open. A new route that needs no secret must be listed here."""

API = "/api/v1/"
"""The API needs a token in a header (`tests/api/test_api_access.py`), but for its description."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    plenty = dict.fromkeys(("limit_contacts", "limit_starts"), "100000 per hour")
    made = make_app(tmp_path_factory.mktemp("public"), contact_before="nothing", **plenty)
    yield made
    services_of(made).database.close()


@pytest.fixture(scope="module")
def links(app: Flask) -> dict[str, str]:
    """A token of each kind, by how the rules begin that it opens."""
    return public_tokens(app) | {"/hooks/booking/": hook_path(app).rsplit("/", 1)[1]}


def hook_path(app: Flask) -> str:
    """Where a provider's calendar reports to."""
    secret, path = encrypt(SECRET_KEY, Purpose.CALENDAR, "secret", "cal"), "h" * 22
    make_user(app)
    database, by = services_of(app).database, user_of(app).id
    write(database, calendar_setup.set_up, "cal", path, secret, by=by)
    return f"/hooks/booking/{path}"


def public_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if not is_staff_path(rule.rule)]


def test_every_public_route_needs_a_token_or_is_listed(app: Flask) -> None:
    without = {rule.rule for rule in public_rules(app) if "token" not in rule.arguments}
    described = {rule for rule in without if rule.startswith(API)} - {f"{API}openapi.json"}
    assert without - described == WITHOUT_A_LINK
    for rule in described:
        path = re.sub("<[^>]*>", "1", rule)
        assert app.test_client().get(path).status_code == 401, rule
    # Forms are accepted from pages without an origin, which any site can make.
    changing = {
        r.rule for r in public_rules(app) if (r.methods or set()) & {"POST", "PUT", "DELETE"}
    }
    assert changing & WITHOUT_A_LINK == {"/start"}


def test_a_link_opens_nothing_of_another_kind(app: Flask, links: dict[str, str]) -> None:
    user_id, kind, signature = links["/mail/"].split(".")
    invalid = ["x" * 43, "x", "x" * 5000, "%00", "%ED%A0%80", "..", f"{user_id}.digest.{signature}"]
    invalid += [f"2.{kind}.{signature}", f"{user_id}.{kind}.", "9" * 5000 + f".{kind}.{signature}"]
    before = stored(app)
    for rule in public_rules(app):
        if "token" in rule.arguments:
            wrong = [token for begin, token in links.items() if not rule.rule.startswith(begin)]
            for token in (*wrong, *invalid):
                check_not_found(app, rule, token)
    assert stored(app) == before


def check_not_found(app: Flask, rule: Rule, token: str) -> None:
    path = rule.rule.replace("<token>", token).replace("<page_id>", "who")
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        answer = app.test_client().open(
            path, method=method, data={"kind": "x"}, follow_redirects=True
        )
        status = answer.status_code
        # An emailed link that opens nothing is most likely one that did.
        expected = 410 if rule.rule.startswith(("/resume/", "/confirm/")) else 404
        assert status == expected, f"{method} {path[:80]} answers {status}"


def test_the_right_link_opens_it(app: Flask, links: dict[str, str]) -> None:
    """Without this, the test above could be content with routes that open nothing at all."""
    paths = dict.fromkeys(links, "") | {"/check/": "/who"}
    # Its key is a signature.
    del paths["/hooks/booking/"]
    hook = f"/hooks/booking/{links['/hooks/booking/']}"
    assert app.test_client().post(hook).status_code == 401
    for begin, path in paths.items():
        start = "/mail/stop/" if begin == "/mail/" else begin
        assert app.test_client().get(f"{start}{links[begin]}{path}").status_code == 200
