"""The audit log, for admins: who did what, to which lead, when."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from consult.staff import audit_views
from consult.staff.blueprint import blueprint
from consult.staff.rights import for_admins
from consult.storage import audit, staff
from consult.web.services import services
from consult.web.text import number_in

PAGE_SIZE = 100


@blueprint.get("/settings/audit-log")
@for_admins
def audit_log() -> ResponseReturnValue:
    """Show the newest entries that the filters leave, one page at a time."""
    made, asked = services(), request.args
    by, lead_id, before = (asked.get(name, type=number_in) for name in ("by", "lead", "before"))
    with made.database.reading() as session:
        actions = audit.known_actions(session)
        action = asked["action"] if asked.get("action") in actions else ""
        found = audit.newest(
            session, limit=PAGE_SIZE + 1, before=before, by=by, action=action, lead_id=lead_id
        )
        users = staff.all_users(session)
    names = {user.id: user.name for user in users}
    entries, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    zone = made.settings.office.zone
    return render_template(
        "staff/audit_log.html",
        entries=[audit_views.row(entry, names, zone) for entry in entries],
        people=[(audit.NOBODY, audit_views.NOBODY_WORDS), *names.items()],
        actions=[(name, audit_views.action_words(name)) for name in actions],
        filters={"by": by, "action": action, "lead": lead_id},
        zone=made.settings.time_zone,
        older=entries[-1].id if more else None,
        is_first=before is None,
    )
