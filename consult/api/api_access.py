"""Who may call the API, how often, and what they get if it fails: `application/problem+json`.

A program sends its token with each request, as `Authorization: Bearer rc_…`. There is no session
and no cookie, so no other site has anything to misuse, and no CORS: pages of other sites can't call
it. What is wrong is said in words; what was sent is not repeated, except for names of fields.

Each request is counted, which is one small write. Beyond that, reading stores that contact info was
read, and at most once an hour that a token was used.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.http import HTTP_STATUS_CODES

from consult.api.openapi import PROBLEM, RATE_HEADERS, Problem, ProblemDetail, operation_of
from consult.storage.api import api_tokens
from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.tables.account_tables import ApiTokenRow
from consult.web.limits import Quota, network_of
from consult.web.monitoring import RETRY_SECONDS
from consult.web.services import services

RATE = "60 per minute"
"""Requests with one token."""

WRONG_TOKENS = "30 per hour"
"""Requests with wrong tokens from one network. Right ones are let through: integration services
share their networks."""

REPEAT_PERIOD = timedelta(minutes=10)
"""Reading the same contact info again in this time is recorded once, as in the staff area."""

_RECENT = 600
_CHALLENGE = 'Bearer realm="relay-check"'

api = Blueprint("api", __name__, url_prefix="/api/v1")


class ApiProblem(HTTPException):
    """A request that is refused, and why; `errors` name the places."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[ProblemDetail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.errors = errors
        self.headers = headers or {}


def problem(error: HTTPException) -> Response:
    """The answer to a request that failed, wherever it did."""
    code = error.code or 500
    detail = _DETAILS.get(code) or _DETAILS[500 if code >= 500 else 400]
    errors: Sequence[ProblemDetail] = ()
    headers = {name: text for name, text in error.get_headers() if name in _KEPT_HEADERS}
    if isinstance(error, ApiProblem):
        detail, errors = str(error.description), error.errors
        headers |= error.headers
    if code == 503:
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    said = Problem(
        title=HTTP_STATUS_CODES.get(code, "Error"), status=code, detail=detail, errors=list(errors)
    )
    return Response(said.model_dump_json(exclude_none=True), code, headers, mimetype=PROBLEM)


_KEPT_HEADERS = frozenset({"Allow", "Retry-After", "WWW-Authenticate"})
_DETAILS = {
    400: "This request isn’t valid here.",
    403: "A browser sent this from another site.",
    404: "There’s nothing at this address.",
    405: "This address doesn’t take this method. Allow lists those it takes.",
    413: "The body is too long. Send at most 64 kB.",
    429: "Too many requests. Retry-After says how many seconds to wait.",
    500: "Something went wrong on our end. Include X-Request-Id when you contact us.",
    503: "Nothing can be saved or recorded right now. Try again in a moment.",
}


def signed_in_token() -> ApiTokenRow:
    token: ApiTokenRow = g.api_token
    return token


@api.before_request
def authorize() -> None:
    """Require a token with the scope of the operation (401, 403), and count the request (429)."""
    described = operation_of(current_app.view_functions[request.endpoint or ""])
    if described.scope is None:
        return
    token = g.api_token = _token()
    g.account = token.user_id  # for the request log
    quota = g.api_quota = services().limits.quota("api", RATE, str(token.id))
    if quota.exceeded:
        raise TooManyRequests(retry_after=quota.seconds)
    if described.scope not in token.scopes:
        needed = f'{_CHALLENGE}, error="insufficient_scope", scope="{described.scope}"'
        detail = f"This token doesn’t have the scope {described.scope}."
        raise ApiProblem(403, detail, headers={"WWW-Authenticate": needed})
    unknown = [name for name in request.args if name not in described.query_names]
    if unknown:
        errors = [
            ProblemDetail(detail="There’s no such parameter.", parameter=name[:100])
            for name in unknown
        ]
        raise ApiProblem(400, "The address has a parameter that isn’t known.", errors)


def _token() -> ApiTokenRow:
    made, sent = services(), request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        detail = (
            "Send a token in the header, as Authorization: Bearer rc_… "
            "A token in the address doesn’t count."
        )
        raise ApiProblem(401, detail, headers={"WWW-Authenticate": _CHALLENGE})
    with made.database.reading() as session:
        token, now = api_tokens.find(session, sent.token), session.now()
    if token is None:
        made.limits.consume("api-wrong-token", WRONG_TOKENS, network_of(request.remote_addr))
        raise ApiProblem(
            401,
            "This token is wrong, has expired or was revoked.",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
        )
    if token.last_used_at is None or now - token.last_used_at >= api_tokens.USE_STEP:
        used = partial(api_tokens.touch, token_id=token.id)
        made.database.write_if_free(used, "when a token was last used")
    return token


@api.after_request
def add_rate_headers(response: Response) -> Response:
    quota: Quota | None = g.get("api_quota")
    if quota:
        values = (quota.limit, quota.left, quota.seconds)
        response.headers.extend(zip(RATE_HEADERS, map(str, values), strict=True))
    return response


def record_read(action: str, lead_id: int | None = None, **facts: Fact) -> None:
    """Record that contact info was read, unless the log has the same from just now.

    An error that keeps it from being stored is the answer (503): what is not recorded, no one gets
    to see.
    """
    token, database = signed_in_token(), services().database
    facts = {"token": token.id, **facts}
    with database.reading() as session:
        recent = audit_log.newest(
            session,
            limit=_RECENT,
            since=session.now() - REPEAT_PERIOD,
            by=token.user_id,
            action=action,
            lead_id=lead_id,
        )
    if all(entry.facts != facts for entry in recent):
        with database.writing() as session:
            audit_log.record(session, action, by=token.user_id, lead_id=lead_id, **facts)


def problems_of(error: ValidationError) -> list[ProblemDetail]:
    """What is wrong with a body, with a JSON Pointer to each place."""
    return [
        ProblemDetail(
            detail=one["msg"].removeprefix("Value error, "),
            pointer="".join(f"/{_escaped(part)}" for part in one["loc"]),
        )
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _escaped(part: Any) -> str:
    return str(part)[:100].replace("~", "~0").replace("/", "~1")
