"""Each route answers everyone as `access_matrix` says, and changes nothing for who may not."""

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.staff.access_matrix import MATRIX, Expected, names_in_path, staff_routes
from tests.support.access_fixture import ADMIN, DISABLED, MISSING, NOBODY, ROLES, STAFF, World
from tests.support.staff_client import make_user, signed_in


@pytest.mark.parametrize(("endpoint", "method"), sorted(MATRIX))
def test_everyone_gets_what_the_matrix_says(world: World, endpoint: str, method: str) -> None:
    expected = MATRIX[endpoint, method]
    rule = staff_routes(world.app)[endpoint, method]
    for role in ROLES:
        for name, path in paths(world, rule, role, expected).items():
            check(world, role, method, path, name, expected)


def paths(world: World, rule: Rule, role: str, expected: Expected) -> dict[str, str]:
    """The address of each object that this role could try the route on."""
    objects, names = world.objects(role), names_in_path(rule)
    adapter = world.app.url_map.bind("localhost")
    found = {}
    for name in expected.status:
        values = {word: objects[word].get(name, MISSING) for word in names}
        found[name] = adapter.build(rule.endpoint, values)
    if len(names) > 1:
        # Something of one lead under the address of another.
        first, *others = sorted(names)
        values = {first: objects[first]["own"]} | {o: objects[o]["another's"] for o in others}
        found["mixed"] = adapter.build(rule.endpoint, values)
    return found


def check(world: World, role: str, method: str, path: str, name: str, expected: Expected) -> None:
    before = world.version()
    response = world.ask(role, method, path, expected.fields)
    status = response.status_code
    request = f"{role} on {name}: {method} {path} answers {status}"
    signed_in_as = role in (STAFF, ADMIN)
    if expected.audience == "anyone":
        apart = expected.signed_in if signed_in_as and expected.signed_in else None
        assert status == (apart or expected.status[name]), request
    elif role in (NOBODY, DISABLED):
        assert status == 303, request
        assert response.location.startswith("/staff/sign-in"), request
        assert world.version() == before, f"{request}, and writes"
    elif expected.audience == "admin" and role == STAFF:
        assert status == 403, request
        assert "This is for admins" in response.text
        assert world.version() == before, f"{request}, and writes"
    elif role == STAFF and name in expected.admins_only_on:
        assert status == 403, request
        assert world.version() == before, f"{request}, and writes"
    else:
        assert status == expected.status.get(name, 404), request
    if world.version() != before:
        world.restore()


def test_a_view_that_declares_no_role_is_for_admins(app: Flask) -> None:
    """A forgotten declaration must not open a page to everyone."""
    app.add_url_rule("/staff/forgotten", "forgotten", lambda: "anything")
    make_user(app)
    make_user(app, "admin@example.com", admin=True)
    page = signed_in(app).get("/staff/forgotten", status=403)
    assert page.h1 == "This is for admins"
    assert "See all leads" in page.links
    answer = signed_in(app, "admin@example.com")._client.get("/staff/forgotten")
    assert answer.text == "anything"
