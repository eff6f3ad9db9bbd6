"""Behind the result: where each point went, what another answer would change, and going on."""

from __future__ import annotations

import json

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from consult.owner.full_depth import deeper_than, start_deeper
from consult.owner.result_access import open_result
from consult.owner.what_if import what_if
from consult.report.explanations import reasons_of, walk_again
from consult.report.report import from_json
from consult.web.limits import network_of
from consult.web.services import services

explanation_pages = Blueprint("explanations", __name__, url_prefix="/result/<token>")


@explanation_pages.get("/why")
def why(token: str) -> str:
    """Show every answer with its points and reasons, and what each finding read."""
    lead = open_result(token)
    return render_template(
        "owner/why.html",
        token=token,
        report=from_json(json.dumps(lead.report)),
        reasons=reasons_of(lead.edition, lead.depth, lead.answers),
    )


@explanation_pages.get("/what-if")
def try_answers(token: str) -> str:
    """Show what the scores would be with other answers, as the query names them; keep nothing."""
    lead = open_result(token)
    way = walk_again(lead.edition, lead.depth, lead.answers)
    return render_template(
        "owner/what_if.html", token=token, shown=what_if(way, request.args.to_dict())
    )


@explanation_pages.post("/more")
def more(token: str) -> Response:
    """Go on from a quick look, in a new check that keeps its answers, where it is still open."""
    made = services()
    lead = open_result(token)
    if deeper_than(lead) is None:
        return redirect(url_for("results.result", token=token), 303)
    made.limits.spend("starts", made.settings.limit_starts, network_of(request.remote_addr))
    with made.database.writing() as session:
        draft = start_deeper(session, lead)
    return redirect(f"{draft.url_of(draft.walk.first_open_page)}&more=1", 303)
