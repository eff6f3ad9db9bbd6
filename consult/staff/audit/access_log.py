"""What the audit log notes about reading: that somebody looked at a lead or at a paper about it."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import make_response
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.storage.audit import audit_log
from consult.web.services import services

# Going back and forth between the pages of a lead is one visit. On SQLite a write waits for the
# disk and for every other writer, so a visit costs one write and not one for each page.
_ONE_VISIT = timedelta(minutes=10)

_View = Callable[..., ResponseReturnValue]


def noted(action: str) -> Callable[[_View], _View]:
    """Note in the audit log that somebody used a view of a lead; nothing where it shows nothing.

    It goes nearest to the function, whose argument `lead_id` says which lead it is about.
    """

    def around(view: _View) -> _View:
        @wraps(view)
        def noting(*args: Any, lead_id: int, **kwargs: Any) -> ResponseReturnValue:
            response = make_response(view(*args, lead_id=lead_id, **kwargs))
            # A part of a PDF (206) tells as much as the whole.
            if response.status_code < 300:
                note(lead_id, action)
            return response

        return noting

    return around


def note(lead_id: int, action: str) -> None:
    """Write down what who is signed in does to a lead, unless the log said so just now."""
    database, me = services().database, signed_in_user().id
    with database.reading() as session:
        if audit_log.recorded_within(session, _ONE_VISIT, action, by=me, lead_id=lead_id):
            return
    with database.writing() as session:
        audit_log.record(session, action, by=me, lead_id=lead_id)
