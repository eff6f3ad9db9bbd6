"""What lies behind the link to a result, and whether it may be shown already."""

from __future__ import annotations

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from consult.storage.leads import leads
from consult.storage.leads.leads import Lead
from consult.web.services import services


def lead_behind(token: str) -> Lead:
    """Return the lead of a result link; answers 404 where there is none."""
    with services().database.reading() as session:
        return leads.by_result_token(session, token) or abort(404)


def open_result(token: str) -> Lead:
    """Return the lead, or redirect to the contact form where that has to come first."""
    lead = lead_behind(token)
    if must_ask_first(lead.contact is not None, "result"):
        abort(to_contact(token))
    return lead


def must_ask_first(has_contact: bool, *before: str) -> bool:
    """Say whether the agency asks who an owner is before what they want to see."""
    return not has_contact and services().settings.contact_before in before


def to_contact(token: str) -> Response:
    """Return the redirect to the contact form."""
    return redirect(url_for("results.contact", token=token), 303)
