"""The query of the API's list of leads: filters, the length of a page, and where it begins."""

import re
from dataclasses import replace
from typing import get_args

from flask import request

from consult.api.api_access import ApiProblem
from consult.api.openapi import Json, ProblemDetail, parameter
from consult.storage.search.find_leads import is_place
from consult.storage.search.lead_filter import LeadFilter
from consult.workflow.stages import STAGES, ToDo

PAGE, PAGE_MAX = 50, 100
_DAY = {
    "type": "string",
    "format": "date",
    "pattern": "^(19[7-9][0-9]|[2-8][0-9]{3}|9000)-[0-9]{2}-[0-9]{2}$",
}
_LIMIT = re.compile(r"[1-9][0-9]?|100")

FILTERS = (
    parameter(
        "stage",
        "query",
        "Leads in this stage, or in any of several: repeat it. `open` are all that aren’t closed.",
        {"type": "array", "items": {"enum": [*STAGES, "open"]}, "minItems": 1},
    ),
    parameter(
        "assignee",
        "query",
        "Leads of the person with this id; `me` made the token; or those `unassigned`.",
        {"type": "string", "pattern": "^(me|unassigned|[1-9][0-9]{0,8})$"},
    ),
    parameter(
        "archetype",
        "query",
        "Leads with this archetype.",
        {"type": "string", "pattern": "^[a-z0-9_]{1,64}$"},
    ),
    parameter(
        "due",
        "query",
        "Leads that wait for this today; for a first reply; or for one that’s overdue.",
        {"enum": [*get_args(ToDo), "waiting", "overdue"]},
    ),
    parameter("since", "query", "Submitted on this day or later, in the agency’s time zone.", _DAY),
    parameter("until", "query", "Submitted on this day or earlier.", _DAY),
)
"""Those filters of the list in the staff area that name no one, as this address is in logs."""

QUERY = (
    *FILTERS,
    parameter(
        "limit",
        "query",
        f"How many leads a page has; {PAGE} without it.",
        {"type": "integer", "minimum": 1, "maximum": PAGE_MAX},
    ),
    parameter(
        "cursor",
        "query",
        "Where the page begins: follow `next`.",
        {"type": "string", "pattern": "^[0-9]{1,17}_[0-9]{1,9}$"},
    ),
)


def read_query() -> tuple[LeadFilter, int, str]:
    """The filter, the length of the page and where it begins; says what makes no sense (400)."""
    readers = LeadFilter.readers()
    errors = [
        ProblemDetail(detail="This isn’t a valid value.", parameter=one["name"])
        for one in FILTERS
        for value in request.args.getlist(one["name"])
        if not _fits(one, value) or readers[one["name"]](value) in (None, ())
    ]
    errors += [
        ProblemDetail(detail="Send this once.", parameter=name)
        for name, values in request.args.lists()
        if len(values) > 1 and name != "stage"
    ]
    limit, cursor = request.args.get("limit", str(PAGE)), request.args.get("cursor", "")
    if not _LIMIT.fullmatch(limit):
        detail = f"Use a number from 1 to {PAGE_MAX}."
        errors.append(ProblemDetail(detail=detail, parameter="limit"))
    if "cursor" in request.args and not (_fits(QUERY[-1], cursor) and is_place(cursor)):
        detail = "Use the address in next as it is."
        errors.append(ProblemDetail(detail=detail, parameter="cursor"))
    if errors:
        raise ApiProblem(400, "The address has a value that isn’t valid.", errors)
    query = {name: values for name, values in request.args.lists() if name in readers}
    return replace(LeadFilter.from_query(query), demo="without"), int(limit), cursor


def _fits(described: Json, value: str) -> bool:
    """Whether a value fits the pattern in the document, which may take less than the list does."""
    return re.search(described["schema"].get("pattern", ""), value) is not None
