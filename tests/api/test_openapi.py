"""The OpenAPI document and the routes say the same: looked at, and called in generated ways."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from consult.api import api_access
from consult.storage.api.api_tokens import SCOPES
from tests.support.api import ApiClient, make_token
from tests.support.apps import make_app, services_of
from tests.support.examples import examples
from tests.support.staff_client import ADMIN, make_lead, make_user
from tests.support.submissions import CONTACT

DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    made = make_app(tmp_path_factory.mktemp("openapi"))
    make_user(made, ADMIN, admin=True)
    for _ in range(3):
        make_lead(made, contact=CONTACT)
    yield made
    services_of(made).database.close()


@pytest.fixture(scope="module")
def tokens(app: Flask) -> Iterator[list[str]]:
    """A token with each scope, to be used as often as generated calls want."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(api_access, "RATE", "1000000 per minute")
        patched.setattr(api_access, "WRONG_TOKENS", "1000000 per minute")
        yield [make_token(app, [scope]) for scope in SCOPES]


@pytest.fixture(scope="module")
def document(app: Flask) -> Any:
    return ApiClient(app, None).get(DOCUMENT)


def test_the_document_has_every_route_and_no_other(app: Flask, document: Any) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    routes = {
        (str(rule).replace("<int:", "{").replace("<", "{").replace(">", "}"), method)
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD"}
    }
    described = {
        (path, method.upper()) for path, methods in document["paths"].items() for method in methods
    }
    assert described == routes
    assert len(described) == 5


def test_each_operation_says_what_it_needs(document: Any) -> None:
    needed = {
        f"{method} {path}": one["security"]
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    }
    assert needed == {
        "get /api/v1/leads": [{"token": ["read"]}],
        "get /api/v1/leads/{lead_id}": [{"token": ["read"]}],
        "patch /api/v1/leads/{lead_id}": [{"token": ["write"]}],
        "get /api/v1/editions/{name}": [{"token": ["read"]}],
        "get /api/v1/openapi.json": [],
    }
    assert document["openapi"].startswith("3.1.")
    assert document["components"]["securitySchemes"] == {
        "token": {"type": "http", "scheme": "bearer"}
    }


def test_every_field_is_described_with_its_type(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert {"Lead", "LeadDetails", "LeadPage", "Problem", "StageChange"} < schemas.keys()
    for name, schema in schemas.items():
        for field, one in schema["properties"].items():
            assert one.keys() & {"type", "$ref", "anyOf", "enum"}, f"{name}.{field}"
    assert schemas["Lead"]["properties"]["submitted_at"]["format"] == "date-time"
    assert sorted(schemas["StageChange"]["required"]) == ["stage"]


def described(app: Flask) -> Any:
    """The document as schemathesis reads it, which doesn't expect 428 for a missing header."""
    expected = {"missing_required_header": {"expected-statuses": [401, 403, 428]}}
    config = schemathesis.Config.from_dict({"checks": expected})
    return schemathesis.openapi.from_wsgi(DOCUMENT, app, config=config)


def check(case: Any, token: str) -> None:
    """Call the app; what is valid may still not fit the lead as it is."""
    excluded = [positive_data_acceptance] if case.method == "PATCH" else []
    headers = {"Authorization": f"Bearer {token}"}
    case.call_and_validate(headers=headers, excluded_checks=excluded)


def test_each_corner_of_the_document_is_as_it_says(app: Flask, tokens: list[str]) -> None:
    """Each limit of each parameter and field, from both sides; methods that there aren't."""
    schema = described(app)
    number = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        for case in schema.iter_coverage_cases(
            operation,
            generation_modes=list(GenerationMode),
            generation_config=schema.config.generation,
        ):
            check(case, tokens[-1])
            number += 1
    assert number > 100


@pytest.mark.parametrize("mode", GenerationMode)
def test_generated_calls_get_what_the_document_says(
    app: Flask, tokens: list[str], mode: GenerationMode
) -> None:
    schema = described(app)
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(max_examples=examples(6), suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy(generation_mode=mode), st.sampled_from(tokens))
        def call(case: Any, token: str) -> None:
            # Nothing of these would be sent, so they make no request invalid.
            assume(all(value not in ([], {}) for value in (case.query or {}).values()))
            check(case, token)

        call()
