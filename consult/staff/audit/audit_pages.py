"""The audit log, for admins: who did what, to which lead, when."""

from datetime import date, datetime, time, timedelta, tzinfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

from consult.staff.audit import audit_labels, audit_presenter
from consult.staff.blueprint import blueprint, for_admins
from consult.storage.accounts import accounts
from consult.storage.audit.audit_log import NO_USER, known_actions, newest
from consult.storage.leads import leads
from consult.web.services import services
from consult.web.text import parse_id

PAGE_SIZE = 100


@blueprint.get("/settings/audit-log")
@for_admins
def audit_log() -> ResponseReturnValue:
    """Show the newest entries that the filters leave, one page at a time."""
    made, asked = services(), request.args
    zone = made.settings.office.zone
    by, lead_id, before = (asked.get(name, type=parse_id) for name in ("by", "lead", "before"))
    since, until = (asked.get(name, type=_day) for name in ("since", "until"))
    with made.database.reading() as session:
        actions = known_actions(session)
        action = asked["action"] if asked.get("action") in actions else ""
        found = newest(
            session,
            limit=PAGE_SIZE + 1,
            before=before,
            since=_start_of(since, zone) if since else None,
            until=_start_of(until + timedelta(days=1), zone) if until else None,
            by=by,
            action=action,
            lead_id=lead_id,
        )
        users = accounts.all_users(session)
        there = leads.still_there(session, {entry.lead_id for entry in found if entry.lead_id})
    names = {user.id: user.name for user in users}
    entries, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    words = [(name, audit_labels.action_words(name)) for name in actions]
    return render_template(
        "staff/audit/audit_log.html",
        entries=[audit_presenter.row(entry, names, there, zone) for entry in entries],
        people=[(NO_USER, audit_labels.NOBODY), *names.items()],
        actions=sorted(words, key=lambda one: one[1]),
        filters={
            "by": by,
            "action": action or None,
            "lead": lead_id,
            "since": since,
            "until": until,
        },
        zone=made.settings.time_zone,
        older=entries[-1].id if more else None,
        is_first=before is None,
    )


def _start_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 2000 <= day.year < 3000:
        raise ValueError(text)  # and no day before or after which there is none
    return day
