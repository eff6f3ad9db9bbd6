"""Today: where staff land. What waits for them, the one next action of each lead, and its number.

What is pressed here goes to the same views as on the page of a lead, which lead back here.
"""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.report.display import phone_link
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.settings.settings_fields import first_steps, placeholders
from consult.staff.times import agency_time, ago, near_day, near_time
from consult.storage.leads.changes import can_undo
from consult.storage.search import find_leads, today
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.settings.setting_overrides import SEEN
from consult.storage.tables.lead_tables import LeadRow
from consult.web.services import services
from consult.web.text import parse_id
from consult.workflow.office_hours import follow_up_days
from consult.workflow.stages import CLOSED, CLOSING_REASONS, DECLINE_REASONS, MOVES, NAMES

TITLES: Mapping[str, str] = {
    "first_reply": "Waiting for a first reply",
    "follow_up": "Follow up today",
    "consult": "Consults today",
    "handed": "Handed to me",
    "no_answer": "No answer yet",
    "unconfirmed": "Did the consult happen?",
}
_OWN = frozenset({"done", "lead"})
"""What may be in the address of Today; anything else is a filter of the list."""


@blueprint.get("/")
@for_staff
def today_page() -> ResponseReturnValue:
    """Show what waits today. Filters in the address lead to the list."""
    if request.args.keys() - _OWN:
        query = urlencode(list(request.args.items(multi=True)))
        return redirect(f"{url_for('.lead_list')}?{query}", 303)
    office, provider = services().settings.office, services().settings_provider
    me = signed_in_user()
    viewer = Viewer(me.id, office.zone)
    with services().database.reading() as session:
        groups = today.groups_of(session, viewer)
        called = today.attempts(session, (lead for group in groups for lead in group.leads))
        people = find_leads.colleagues(session)
        lead_id = request.args.get("lead", 0, type=parse_id) or 0
        changed = session.get(LeadRow, lead_id)
        shown = find_leads.by_ids(session, [lead_id])
        any_leads = bool(groups or find_leads.next_ids(session, LeadFilter(), viewer, 1)[0])
        left_out = find_leads.how_many(session, LeadFilter(spam="only"), viewer)
        now = agency_time(session.now())
    asks_first_steps = me.is_admin and SEEN + "first-day" not in provider.overridden
    return render_template(
        "staff/search/today.html",
        groups=groups,
        any_leads=any_leads,
        left_out=left_out,
        titles=TITLES,
        next_of={
            lead.id: next_in_words(lead, viewer.id, now, called.get(lead.id))
            for group in groups
            for lead in group.leads
        },
        phone_link=phone_link,
        now=now,
        days=follow_up_days(office, now.date()),
        people=[person for person in people if person[0] != me.id],
        can_book=[stage for stage in MOVES if "consult_booked" in MOVES[stage]],
        stages=NAMES,
        reasons=CLOSING_REASONS,
        declining=DECLINE_REASONS,
        done=request.args.get("done", ""),
        changed=shown[0] if shown else None,
        can_undo=changed is not None and can_undo(changed, me.id, now),
        first_steps=first_steps(provider, len(people)) if asks_first_steps else [],
        placeholders=placeholders(provider),
    )


Attempts = tuple[int, datetime]
"""How often nobody answered, and when last."""


def next_in_words(lead: Any, me: int, now: datetime, called: Attempts | None) -> tuple[str, bool]:
    """What is to be done next with a lead of a list, and when; and whether it is late.

    `now` is a time in the agency's zone. A lead that is closed, or of which there is no contact,
    has nothing ("").
    """
    zone, today = now.tzinfo, now.date()
    if lead.offered_to_id == me:
        return "Accept or return", False
    if lead.stage in CLOSED:
        return "", False
    again = lead.follow_up_on
    if again and again > today:
        return f"Follow up {near_day(again, today)}", False
    if lead.first_contact_at is None and lead.due_at:
        verb = "Call" if lead.phone else "Email"
        if lead.due_at <= now:
            return f"{verb}: overdue {ago(lead.due_at, now).removesuffix(' ago')}", True
        return f"{verb}: due {near_time(lead.due_at.astimezone(zone), now)}", False
    if lead.stage == "consult_booked" and lead.consult_at:
        at = lead.consult_at.astimezone(zone)
        if at <= now:
            return f"Consult was {near_time(at, now)}", False
        if not again or at.date() == today:
            return f"Consult {near_time(at, now)}", False
    if again:
        day = near_day(again, today)
        return f"Follow up{': due' if again < today else ''} {day}", again < today
    return _without_date(lead, today, called, zone), False


def _without_date(lead: Any, today: date, called: Attempts | None, zone: tzinfo | None) -> str:
    match lead.stage:
        case "taken" if called:
            count, last = called
            times = f" {count}×" if count > 1 else ""
            return f"No answer{times}, {near_day(last.astimezone(zone).date(), today)}"
        case "reached":
            return "Schedule the consult"
        case "consult_held":
            return "Record the outcome"
    return ""
