"""Today: where staff land. What waits for them, the one next action of each lead, and its number.

What is pressed here goes to the same views as on the page of a lead, which lead back here.
"""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.report.display import clock_time
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.search.list_filters import current_viewer
from consult.staff.settings.settings_pages import first_steps, placeholders
from consult.staff.times import (
    agency_time,
    ago,
    attempts_text,
    colleagues_of,
    follow_up_text,
    near_day,
    near_time,
)
from consult.storage.accounts import accounts
from consult.storage.booking import calendar_setup
from consult.storage.leads.changes import can_undo
from consult.storage.search import find_leads, today
from consult.storage.search.lead_filter import LeadFilter
from consult.storage.settings.setting_overrides import SEEN
from consult.storage.tables.lead_tables import LeadRow
from consult.web.services import services
from consult.web.text import parse_id
from consult.workflow.office_hours import follow_up_days
from consult.workflow.stages import (
    CALLED_OFF,
    CLOSED,
    CLOSING_REASONS,
    DECLINE_REASONS,
    MOVES,
    NAMES,
    NO_SHOW,
    is_overdue,
    to_do,
)

TITLES: Mapping[str, str] = {
    "first_reply": "Waiting for a first reply",
    "follow_up": "Follow up today",
    "confirm": "Times to confirm",
    "consult": "Consults today",
    "handed": "Handed to me",
    "no_answer": "Nothing planned yet",
    "unconfirmed": "How did the consult go?",
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
    viewer = current_viewer()
    with services().database.reading() as session:
        groups = today.groups_of(session, viewer)
        facts = today.next_facts(session, (lead for group in groups for lead in group.leads))
        users = accounts.all_users(session)
        lead_id = request.args.get("lead", 0, type=parse_id) or 0
        changed = session.get(LeadRow, lead_id)
        shown = find_leads.by_ids(session, [lead_id])
        any_leads = bool(groups or find_leads.next_ids(session, LeadFilter(), viewer, 1)[0])
        without_lead = len(calendar_setup.unmatched(session))
        left_out = find_leads.how_many(session, LeadFilter(spam="only"), viewer)
        now = agency_time(session.now())
    people = colleagues_of(users, me.id, now)
    asks_first_steps = me.is_admin and SEEN + "first-day" not in provider.overridden
    return render_template(
        "staff/search/today.html",
        groups=groups,
        any_leads=any_leads,
        left_out=left_out,
        without_lead=without_lead,
        titles=TITLES,
        next_of={
            lead.id: next_in_words(lead, viewer.id, now, facts.get(lead.id))
            for group in groups
            for lead in group.leads
        },
        facts=facts,
        now=now,
        days=follow_up_days(office, now.date()),
        people=people,
        can_book=[stage for stage in MOVES if "consult_booked" in MOVES[stage]],
        stages=NAMES,
        reasons=CLOSING_REASONS,
        no_show=NO_SHOW,
        declining=DECLINE_REASONS,
        changed=shown[0] if shown else None,
        can_undo=changed is not None and can_undo(changed, me.id, now),
        first_steps=list(first_steps(provider, has_colleague=bool(people)))
        if asks_first_steps
        else [],
        placeholders=placeholders(provider),
    )


def next_in_words(lead: Any, me: int, now: datetime, facts: Any) -> tuple[str, bool]:
    """What is to be done next with a lead of a list, and when; and whether it is late.

    `now` is a time in the agency's zone, and `facts` what ``today.next_facts`` has of the lead. A
    lead that is closed, anonymized, or of which there is no contact, has nothing ("").
    """
    zone, today, again = now.tzinfo, now.date(), lead.follow_up_on
    if lead.stage in CLOSED or lead.anonymised_at:
        return "", False
    if lead.suspect:
        return "Is it spam?", False
    if lead.offered_to_id == me:
        return "Accept or return", False
    what = to_do(lead, now, is_requested=bool(facts and facts.state == "requested"))
    if what == "first_reply":
        verb = "Call" if lead.phone else "Email"
        if is_overdue(lead, now):
            return f"{verb}: overdue {ago(lead.due_at, now).removesuffix(' ago')}", True
        return f"{verb}: due {near_time(lead.due_at.astimezone(zone), now)}", False
    if what == "follow_up":
        why = CALLED_OFF.get(facts.because, "") if facts else ""
        return follow_up_text(again, today, why), again < today
    if what is None and again:
        return follow_up_text(again, today), False
    if lead.stage == "consult_booked" and lead.consult_at:
        said = _CONSULT.get(what or "", "Consult")
        return f"{said} {_meeting_time(lead.consult_at, now)}", is_overdue(lead, now)
    return _without_date(lead, today, facts, zone), False


_CONSULT = {"confirm": "Confirm the consult:", "unconfirmed": "Consult was"}


def _meeting_time(at: datetime, now: datetime) -> str:
    """As in "Wed, 2:30 PM", in the zone of `now`."""
    local = at.astimezone(now.tzinfo)
    return f"{near_day(local.date(), now.date())}, {clock_time(local)}"


def _without_date(lead: Any, today: date, facts: Any, zone: tzinfo | None) -> str:
    match lead.stage:
        case "taken" if facts and facts.attempts:
            return attempts_text(facts.attempts, facts.attempted_at.astimezone(zone).date(), today)
        case "reached":
            return "Schedule the consult"
        case "consult_held":
            return "Record the outcome"
    return ""
