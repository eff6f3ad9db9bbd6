"""Behind the result: where each point went, and what another answer would change."""

from __future__ import annotations

import json

from flask import Blueprint, render_template, request

from consult.owner.gate import open_result
from consult.owner.what_if import what_if
from consult.report.reasons import reasons_of, walk_again
from consult.report.report import from_json
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
        reasons=reasons_of(lead.edition, lead.depth, lead.answers, services().brand.currency),
    )


@explanation_pages.get("/what-if")
def try_answers(token: str) -> str:
    """Show what the scores would be with other answers, as the query names them; keep nothing."""
    lead = open_result(token)
    way = walk_again(lead.edition, lead.depth, lead.answers)
    return render_template(
        "owner/what_if.html", token=token, shown=what_if(way, request.args.to_dict())
    )
