"""The OpenAPI document, written from the models and from the routes themselves.

`operation` says about a view what its route doesn't: who may call it, and what it returns.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from consult.api.api_models import Problem
from consult.storage.api.api_tokens import Scope

Json = dict[str, Any]
View = Callable[..., Any]
_View = TypeVar("_View", bound=View)

PROBLEM = "application/problem+json"
RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_OPERATION = "api_operation"
_REF = "#/components/schemas/{model}"
_DESCRIPTION = """
Reads leads and editions, and moves leads from stage to stage. Get a token from an admin, in the
staff area under Settings, API tokens, and send it as `Authorization: Bearer rc_…`. Leads that are
probably spam, and demo leads, are left out.
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """What the document says about a view. `problems` are those that not every operation has."""

    summary: str
    returns: type[BaseModel] | None
    scope: Scope | None = "read"
    takes: type[BaseModel] | None = None
    parameters: Sequence[Json] = ()
    problems: Sequence[int] = ()
    has_etag: bool = False

    @property
    def query_names(self) -> list[str]:
        return [one["name"] for one in self.parameters if one["in"] == "query"]


def operation(described: Operation) -> Callable[[_View], _View]:
    def decorate(view: _View) -> _View:
        view.__dict__[_OPERATION] = described
        return view

    return decorate


def operation_of(view: View) -> Operation:
    found: Operation = view.__dict__[_OPERATION]
    return found


def parameter(
    name: str, place: str, description: str, schema: Json, *, required: bool = False
) -> Json:
    return {
        "name": name,
        "in": place,
        "description": description,
        "required": required or place == "path",
        "schema": schema,
    }


def document(rules: Iterable[Rule], views: Mapping[str, View], base_url: str, product: str) -> Json:
    """The document of the API whose routes these are."""
    found = sorted(
        (rule.rule, method.lower(), rule.endpoint)
        for rule in rules
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    )
    operations = {endpoint: operation_of(views[endpoint]) for _, _, endpoint in found}
    paths: Json = {}
    for rule, method, endpoint in found:
        path = re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", r"{\1}", rule)
        described = {
            "operationId": endpoint.rpartition(".")[2],
            **_operation_json(operations[endpoint]),
        }
        paths.setdefault(path, {})[method] = described
    return {
        "openapi": "3.1.1",
        "info": {"title": product, "version": "1", "description": _DESCRIPTION.strip()},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(operations.values()),
        },
    }


def _schemas(operations: Iterable[Operation]) -> Json:
    returned = {one.returns for one in operations if one.returns} | {Problem}
    taken = {one.takes for one in operations if one.takes}
    by_name = [(model, "serialization") for model in returned]
    by_name += [(model, "validation") for model in taken]
    by_name.sort(key=lambda one: one[0].__name__)
    _, made = models_json_schema(by_name, ref_template=_REF)  # type: ignore[arg-type]
    return dict(sorted(made["$defs"].items()))


def _operation_json(described: Operation) -> Json:
    made: Json = {"summary": described.summary, "responses": _responses(described)}
    if described.parameters:
        made["parameters"] = list(described.parameters)
    if described.takes:
        schema = {"$ref": _REF.format(model=described.takes.__name__)}
        content = {"application/json": {"schema": schema}}
        made["requestBody"] = {"required": True, "content": content}
    made["security"] = [{"token": [described.scope]}] if described.scope else []
    return made


def _responses(described: Operation) -> Json:
    names = RATE_HEADERS if described.scope else ()
    headers = {name: {"schema": {"type": "integer"}} for name in names}
    tag = {"ETag": {"schema": {"type": "string"}}} if described.has_etag else {}
    schema: Json = {"type": "object"}
    if described.returns:
        schema = {"$ref": _REF.format(model=described.returns.__name__)}
    content = {"application/json": {"schema": schema}}
    made: Json = {"200": {"description": "OK", "headers": headers | tag, "content": content}}
    if described.has_etag and not described.takes:
        made["304"] = {"description": "Not changed since If-None-Match", "headers": headers | tag}
    problem = {PROBLEM: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}}
    common = (400, 401, 429, 503) if described.scope else ()
    for status in sorted({*common, *described.problems}):
        made[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return made
