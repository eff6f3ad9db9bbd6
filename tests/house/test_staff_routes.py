"""Every staff route declares its role, and a line of the matrix says what it answers."""

from flask import Flask

from consult.staff.accounts import access
from consult.staff.blueprint import declared_role, required_role
from tests.staff.access_matrix import MATRIX, staff_routes


def test_every_route_has_a_line_in_the_matrix_and_every_line_a_route(app: Flask) -> None:
    routes = staff_routes(app)
    assert sorted(routes.keys() - MATRIX.keys()) == [], "add a line to tests/staff/access_matrix.py"
    assert sorted(MATRIX.keys() - routes.keys()) == []


def test_every_view_declares_its_role(app: Flask) -> None:
    """Put `@for_staff` or `@for_admins` (staff/blueprint.py) under the route."""
    views = {endpoint: app.view_functions[endpoint] for endpoint, _ in staff_routes(app)}
    silent = {name for name, view in views.items() if declared_role(view) is None}
    assert sorted(silent - access.OPEN_ENDPOINTS) == []


def test_the_views_declare_the_roles_of_the_matrix(app: Flask) -> None:
    with app.app_context():
        for (endpoint, _), expected in MATRIX.items():
            if expected.audience == "anyone":
                assert endpoint in access.OPEN_ENDPOINTS
            else:
                assert required_role(endpoint) == expected.audience, endpoint
