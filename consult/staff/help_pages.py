"""Help for staff: what the words on the pages mean, and the keys."""

from flask import render_template

from consult.questionnaire.editions import newest
from consult.staff.blueprint import blueprint, for_staff
from consult.web.services import services
from consult.workflow.stages import MEANINGS, NAMES


@blueprint.get("/help")
@for_staff
def help_page() -> str:
    """Explain stages, scores, bands, archetypes and the other terms of the staff area."""
    findings = newest().texts.findings
    settings = services().settings
    return render_template(
        "staff/help.html",
        stages=[(NAMES[stage], MEANINGS[stage]) for stage in NAMES],
        bands=findings["bands"],
        archetypes=findings["archetypes"],
        hours=settings.reply_within_hours,
        drafts_days=settings.retention_days_drafts,
    )
