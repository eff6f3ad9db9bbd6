"""What the API takes and returns, as pydantic models, and the OpenAPI document written from them.

A field has the name that it has in webhooks, in exports and in the scorecard. Later versions add
fields; none is renamed or removed. `Operation` says about a view what its route doesn't: who may
call it, and which model it returns.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from consult.delivery.webhooks.webhook_formats import in_utc
from consult.storage.api.api_tokens import Scope
from consult.workflow.stages import CLOSING_REASONS, Stage

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

AMOUNT_MAX = 1_000_000_000


def _can_be_stored(at: datetime) -> datetime:
    # The first and last days of the calendar cannot be converted to all time zones.
    if not 2000 <= at.year < 9000:
        raise ValueError("Use a year from 2000 to 8999.")
    return at.replace(microsecond=0)


_DATE_TIME = WithJsonSchema({"type": "string", "format": "date-time"})
Time = Annotated[datetime, PlainSerializer(in_utc), _DATE_TIME]


class Contact(BaseModel):
    """How to reach a lead's owner. Only for tokens with the scope `contact`."""

    name: str
    email: str
    business: str
    phone: str | None
    best_time: str | None = Field(description="When to call, in the owner’s own words.")
    consented_at: Time


class Lead(BaseModel):
    """A lead. Times are in UTC."""

    id: int
    version: int = Field(description="Goes up with each change by staff.")
    url: str = Field(description="Its page in the staff area.")
    submitted_at: Time
    edition: str
    depth: Literal["quick", "full"]
    stage: Stage
    stage_since: Time
    assignee_id: int | None
    assignee: str | None = Field(description="The name of the person it’s assigned to.")
    due_at: Time | None = Field(description="When a first reply is due.")
    first_contact_at: Time | None
    consult_at: Time | None
    follow_up_on: date | None
    won_amount: float | None
    won_currency: str | None
    archetype: str
    separation: float = Field(description="From 0 to 100.")
    handoff: float = Field(description="From 0 to 100.")
    source: str | None
    wants_consult: bool
    has_contact: bool
    contact: Contact | None = Field(
        description="Null without the scope `contact`, and for leads without a contact."
    )
    anonymized_at: Time | None = Field(description="When its personal data was deleted.")


class LeadDetails(Lead):
    """A lead with its scorecard, as `consult score` prints it."""

    scorecard: dict[str, Any]


class LeadPage(BaseModel):
    """A page of leads, newest first."""

    leads: list[Lead]
    next: str | None = Field(description="The address of the next page; null on the last.")


class Edition(BaseModel):
    """An edition of the questionnaire, as `consult questionnaire show` prints it."""

    edition: str
    facts: dict[str, Any]
    parts: list[dict[str, Any]]
    dimensions: list[dict[str, Any]]
    contradictions: dict[str, str]
    flags: dict[str, str]
    archetypes: list[str]


class StageChange(BaseModel):
    """Where to move a lead. What goes with one stage only is refused with others."""

    model_config = ConfigDict(extra="forbid", strict=True)

    stage: Stage = Field(
        description="`taken` assigns the lead to the person who made the token. "
        "Which stage may follow which is the same as in the staff area."
    )
    reason: str | None = Field(
        None,
        max_length=32,
        description="Required for a lead that’s lost or not a fit: "
        + "; ".join(f"`{stage}`: {', '.join(ids)}" for stage, ids in CLOSING_REASONS.items()),
    )
    consult_at: Annotated[AwareDatetime, AfterValidator(_can_be_stored), _DATE_TIME] | None = Field(
        None, description="Required for `consult_booked`: the time, with its zone."
    )
    won_amount: Annotated[Decimal, Field(ge=0, le=AMOUNT_MAX, decimal_places=2)] | None = Field(
        None, description="Optional, for `won`: the amount, in the currency of your settings."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, stages in (
            ("reason", tuple(CLOSING_REASONS)),
            ("consult_at", ("consult_booked",)),
            ("won_amount", ("won",)),
        ):
            if getattr(self, name) is not None and self.stage not in stages:
                raise ValueError(f"{name} goes with {' and '.join(stages)} only.")
        reasons = CLOSING_REASONS.get(self.stage, {})
        if reasons and self.reason not in reasons:
            raise ValueError(f"{self.stage} needs a reason: {', '.join(reasons)}.")
        if self.stage == "consult_booked" and self.consult_at is None:
            raise ValueError("consult_booked needs a consult_at.")
        return self


class StageChanged(BaseModel):
    """A lead after its stage changed. `ETag` has its new tag."""

    id: int
    version: int
    stage: Stage
    stage_since: Time


class ProblemDetail(BaseModel):
    """One thing that is wrong, and where: in the body, the query or a header."""

    detail: str
    pointer: str | None = Field(None, description="A JSON Pointer into the body.")
    parameter: str | None = None
    header: str | None = None


class Problem(BaseModel):
    """An error, as in RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemDetail] = []


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

    def __call__(self, view: _View) -> _View:
        """Describe a view, as its decorator."""
        view.__dict__[_OPERATION] = self
        return view

    @property
    def query_names(self) -> list[str]:
        return [one["name"] for one in self.parameters if one["in"] == "query"]


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
