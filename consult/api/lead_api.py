"""The routes of the API: leads and editions to read, and a lead's stage to change."""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request, url_for
from pydantic import BaseModel, ValidationError

from consult.api.api_access import (
    ApiProblem,
    api,
    problems_of,
    record_read,
    signed_in_token,
)
from consult.api.lead_query import QUERY, read_query
from consult.api.openapi import (
    Edition,
    Lead,
    LeadDetails,
    LeadPage,
    Operation,
    ProblemDetail,
    StageChange,
    StageChanged,
    document,
    parameter,
)
from consult.questionnaire import editions
from consult.questionnaire.describe import edition_json
from consult.storage.api import api_tokens
from consult.storage.audit import audit_log
from consult.storage.db.base import HIGHEST_ID
from consult.storage.db.database import Session
from consult.storage.exports import lead_export
from consult.storage.leads import actions, changes
from consult.storage.search.find_leads import next_ids
from consult.storage.search.lead_filter import Viewer
from consult.web.services import services

_JSON = "application/json"
_BODIES = frozenset({_JSON, "application/merge-patch+json"})
_KEY = "^[!-~]{1,255}$"
_ONE = "/leads/<int:lead_id>"  # not with a maximum: above it, the router says 405
_BY_ID = parameter("lead_id", "path", "The number of the lead.", {"type": "integer", "minimum": 0})


@api.get("/leads", provide_automatic_options=False)
@Operation("List leads, newest first", LeadPage, parameters=QUERY)
def lead_list() -> Response:
    """Return a page of leads. With contact info, it is recorded like an export."""
    made, token = services(), signed_in_token()
    wanted, limit, cursor = read_query()
    viewer = Viewer(token.user_id, made.settings.office.zone)
    with made.database.reading() as session:
        ids, following = next_ids(session, wanted, viewer, limit, cursor)
        found = lead_export.read_many(session, ids, made.settings.base_url)
    leads = [Lead(**_readable(one)) for one in found]
    if any(lead.contact for lead in leads):
        record_read("token.leads_read", filters=wanted.recorded)
    page = LeadPage(leads=leads, next=None)
    if following:
        kept = [pair for pair in request.args.items(multi=True) if pair[0] != "cursor"]
        query = urlencode([*kept, ("cursor", following)])
        page.next = f"{made.settings.base_url}{url_for('api.lead_list')}?{query}"
    return _answer(page)


@api.get(_ONE, provide_automatic_options=False)
@Operation(
    "Read a lead",
    LeadDetails,
    parameters=(
        _BY_ID,
        parameter("If-None-Match", "header", "The ETag that you have.", {"type": "string"}),
    ),
    problems=(404,),
    has_etag=True,
)
def lead(lead_id: int) -> Response:
    """Return a lead with its scorecard; 304 if the program has it already."""
    with services().database.reading() as session:
        details = _details(session, lead_id)
    response = _answer(details)
    response.set_etag(_tag(details))
    response.make_conditional(request)
    if details.contact and response.status_code == 200:
        record_read("token.lead_read", lead_id)
    return response


@api.patch(_ONE, provide_automatic_options=False)
@Operation(
    "Move a lead to another stage",
    StageChanged,
    scope="write",
    takes=StageChange,
    parameters=(
        _BY_ID,
        parameter(
            "If-Match",
            "header",
            "The ETag that you read: nothing is changed if the lead has changed since. "
            "`*` changes it in any case.",
            {"type": "string"},
            required=True,
        ),
        parameter(
            "Idempotency-Key",
            "header",
            "Any text of your own. With the same one, the same change is made once in 24 "
            "hours, and answered alike.",
            {"type": "string", "pattern": _KEY},
        ),
    ),
    problems=(403, 404, 412, 413, 415, 422, 428),
    has_etag=True,
)
def change_stage(lead_id: int) -> Response:
    """Move a lead as in the staff area, by the person who made the token."""
    change, key, token = _read_change(), _read_key(), signed_in_token()
    content = b"%d %s" % (lead_id, request.get_data())
    with services().database.writing() as session:
        before = _details(session, lead_id, locked=True)
        earlier = _earlier_answer(session, key, content) if key else None
        if earlier is not None:
            return _changed(earlier)
        # A proxy that compresses makes a tag weak, and so do we.
        if not request.if_match.contains_weak(_tag(before)):
            raise ApiProblem(412, "The lead has changed. Read it again, then decide.")
        _move(session, before, change)
        after = _details(session, lead_id)
        changed = StageChanged(**dict(after)).model_dump(mode="json")
        answer = {"body": changed, "etag": _tag(after)}
        if key:
            api_tokens.store_answer(session, token.id, key, content, lead_id, answer)
        audit_log.record(
            session, "token.stage_changed", by=token.user_id, lead_id=lead_id, token=token.id
        )
    return _changed(answer)


def _move(session: Session, lead: LeadDetails, change: StageChange) -> None:
    try:
        actions.move(
            session,
            lead.id,
            change.stage,
            by=signed_in_token().user_id,
            version=lead.version,
            reason=change.reason or "",
            consult_at=change.consult_at,
            amount=None if change.won_amount is None else int(change.won_amount * 100),
            currency=services().brand.currency,
        )
    except changes.NotAllowedError as refusal:
        raise ApiProblem(422, str(refusal)) from refusal


def _earlier_answer(session: Session, key: str, content: bytes) -> Mapping[str, Any] | None:
    try:
        return api_tokens.earlier_answer(session, signed_in_token().id, key, content)
    except api_tokens.OtherRequestError as error:
        wrong = ProblemDetail(detail="Use a new key.", header="Idempotency-Key")
        detail = "This Idempotency-Key was used for another change."
        raise ApiProblem(422, detail, [wrong]) from error


@api.get("/editions/<name>", provide_automatic_options=False)
@Operation(
    "Read an edition: its questions, choices, conditions and weights",
    Edition,
    parameters=(parameter("name", "path", "Such as 2026-12.", {"type": "string"}),),
    problems=(404,),
)
def edition(name: str) -> Response:
    if name not in editions.names():
        raise ApiProblem(404, "There’s no edition with this name.")
    return _answer(_edition(name))


@api.get("/openapi.json", provide_automatic_options=False)
@Operation("Read this document", None, scope=None)
def openapi_document() -> Response:
    """Return what the API can do, to anyone: it is the same everywhere."""
    made = services()
    return Response(_document(made.settings.base_url, made.brand.product), mimetype=_JSON)


def _read_change() -> StageChange:
    if not request.headers.get("If-Match", "").strip():
        missing = ProblemDetail(detail="Send the ETag of the lead.", header="If-Match")
        raise ApiProblem(428, "Read the lead first, and send its ETag as If-Match.", [missing])
    if request.mimetype not in _BODIES:
        raise ApiProblem(
            415,
            f"Send JSON, as Content-Type: {_JSON}.",
            headers={"Accept-Patch": ", ".join(sorted(_BODIES))},
        )
    try:
        return StageChange.model_validate_json(request.get_data())
    except ValidationError as error:
        errors = problems_of(error)
        if any(one["type"] == "json_invalid" for one in error.errors()):
            raise ApiProblem(400, "The body isn’t JSON.", errors) from error
        raise ApiProblem(422, "The body doesn’t fit.", errors) from error


def _read_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(_KEY, key):
        wrong = ProblemDetail(
            detail="Use 1 to 255 letters, digits or signs, without spaces.",
            header="Idempotency-Key",
        )
        raise ApiProblem(400, "A header isn’t valid.", [wrong])
    return key


def _details(session: Session, lead_id: int, *, locked: bool = False) -> LeadDetails:
    found = None
    if lead_id <= HIGHEST_ID:
        if locked:
            changes.lock_if_there(session, lead_id)
        found = lead_export.read_one(session, lead_id, services().settings.base_url)
    if found is None or found["suspect"] or found["demo"]:
        raise ApiProblem(404, "There’s no such lead, or it was deleted.")
    return LeadDetails(**_readable(found))


def _readable(found: lead_export.Lead) -> dict[str, Any]:
    """A lead with its contact only for tokens that may read it."""
    may_read = "contact" in signed_in_token().scopes
    return {**found, "contact": found["contact"] if may_read else None}


def _tag(details: LeadDetails) -> str:
    """The version, and a hash: a contact that an owner corrects is no change by staff."""
    content = details.model_dump_json().encode()
    return f"{details.version}-{hashlib.sha256(content).hexdigest()[:16]}"


def _answer(content: BaseModel) -> Response:
    return Response(content.model_dump_json(), mimetype=_JSON)


def _changed(answer: Mapping[str, Any]) -> Response:
    response = Response(json.dumps(answer["body"]), mimetype=_JSON)
    response.set_etag(answer["etag"])
    return response


@lru_cache(maxsize=4)
def _document(base_url: str, product: str) -> bytes:
    rules = [one for one in current_app.url_map.iter_rules() if one.endpoint.startswith("api.")]
    described = document(rules, current_app.view_functions, base_url, product)
    return json.dumps(described, ensure_ascii=False).encode()


@cache
def _edition(name: str) -> Edition:
    return Edition.model_validate(edition_json(editions.load(name)))
