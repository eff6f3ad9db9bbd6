"""Audit entries about reading: a user opened a lead, or a document about it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import make_response
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.storage.audit import audit_log
from consult.web.services import services

# Repeat views in this period count once. On SQLite a write waits for the disk and for every other
# writer, so one entry instead of one per page view matters.
_REPEAT_PERIOD = timedelta(minutes=10)

_View = Callable[..., ResponseReturnValue]


def records_access(action: str) -> Callable[[_View], _View]:
    """Record in the audit log that a user opened a lead; not where the view shows nothing.

    The innermost decorator of a view with the argument `lead_id`.
    """

    def decorate(view: _View) -> _View:
        @wraps(view)
        def wrapper(*args: Any, lead_id: int, **kwargs: Any) -> ResponseReturnValue:
            response = make_response(view(*args, lead_id=lead_id, **kwargs))
            # A part of a PDF (206) counts like the whole.
            if response.status_code < 300:
                record_access(lead_id, action)
            return response

        return wrapper

    return decorate


def record_access(lead_id: int, action: str) -> None:
    """Record what the signed-in user opens, unless the log has it from just now."""
    query = audit_log.last_recorded(action, by=signed_in_user().id, lead_id=lead_id)
    with services().database.reading() as session:
        last = session.scalar(query)
    record_access_after(last, lead_id, action)


def record_access_after(last: datetime | None, lead_id: int, action: str) -> None:
    """Record what the signed-in user opens, when they last did so at `last`."""
    database = services().database
    if last is None or database.clock() - last >= _REPEAT_PERIOD:
        with database.writing() as session:
            audit_log.record(session, action, by=signed_in_user().id, lead_id=lead_id)
