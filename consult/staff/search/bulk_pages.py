"""Actions on many leads at once: assign, hand over, change the stage, export."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.search.list_pages import current_viewer, filter_in_address, list_address
from consult.storage.db.database import Session
from consult.storage.leads import actions, changes, handovers
from consult.storage.leads.changes import NotAllowedError, UnknownLeadError
from consult.storage.search import find_leads
from consult.storage.search.find_leads import by_ids
from consult.storage.search.lead_filter import LeadFilter
from consult.web.services import services
from consult.web.text import parse_id, unknown_values
from consult.workflow.stages import CLOSING_REASONS, NAMES, STAGES

MAX_LEADS = 500
"""So many leads can be changed at once; exports have no such limit."""

BATCH_SIZE = 25
"""So many are changed in one transaction, so that colleagues need not wait for all of them."""

NAMED = 20
STAGES_FOR_MANY = tuple(stage for stage in STAGES if stage not in ("new", "consult_booked"))
"""A new lead is new by itself, and a consult is scheduled for one date."""

Action = Callable[[Session, int], object]


@blueprint.get("/leads/bulk")
@for_staff
def lead_bulk() -> ResponseReturnValue:
    """Show the selected leads, or all that the address selects, and the actions for them."""
    wanted, all_matching = filter_in_address(), request.args.get("do") == "all"
    if all_matching:
        with services().database.reading() as session:
            ids, _ = find_leads.next_ids(session, wanted, current_viewer(), MAX_LEADS + 1)
    else:
        ids = _limited(request.args.getlist("lead", type=parse_id))
    if not ids:
        return redirect(list_address(wanted, selected="none"), 303)
    return _bulk_page(ids, all_matching=all_matching)


@blueprint.post("/leads/bulk")
@for_staff
def change_leads() -> ResponseReturnValue:
    """Apply the chosen action to each lead, and list the leads that were skipped."""
    ids = _limited(request.form.getlist("lead", type=parse_id))
    if not ids:
        return redirect(list_address(filter_in_address(), selected="none"), 303)
    try:
        action = _chosen_action()
    except ValueError as error:
        return _bulk_page(ids, all_matching=False, error=str(error)), 422
    refused = _apply(action, ids)
    with services().database.reading() as session:
        names = {lead.id: lead.business for lead in by_ids(session, list(refused))}
    return render_template(
        "staff/search/lead_bulk_done.html",
        done=len(ids) - len(refused),
        refused=refused,
        names=names,
        back=list_address(filter_in_address()),
    )


def _limited(ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(id for id in ids if id))[:MAX_LEADS]


def _bulk_page(ids: Sequence[int], *, all_matching: bool, error: str = "") -> str:
    with services().database.reading() as session:
        shown = by_ids(session, ids[:NAMED])
        people = find_leads.colleagues(session)
    wanted = filter_in_address()
    return render_template(
        "staff/search/lead_bulk.html",
        ids=ids,
        too_many=len(ids) > MAX_LEADS,
        max_leads=MAX_LEADS,
        all_matching=all_matching,
        shown=shown,
        people=[person for person in people if person[0] != signed_in_user().id],
        stages=[(stage, NAMES[stage]) for stage in STAGES_FOR_MANY],
        reasons=[(NAMES[stage], reasons.items()) for stage, reasons in CLOSING_REASONS.items()],
        error=error,
        unknown=unknown_values(request.args, LeadFilter.readers()),
        query=wanted.query(),
        back=list_address(wanted),
    )


def _chosen_action() -> Action:
    """What the form says to do with a lead. Raises ValueError with what is missing."""
    by, form = signed_in_user().id, request.form
    match form.get("do"):
        case "take":
            return partial(handovers.claim, by=by)
        case "hand_over":
            to = form.get("to", type=parse_id)
            if to is None:
                raise ValueError("Choose a colleague to hand them over to.")
            return partial(handovers.hand_over, to=to, by=by)
        case "move":
            stage, reason = form.get("stage", ""), form.get("reason", "")
            if stage not in STAGES_FOR_MANY:
                raise ValueError("Choose a stage.")
            if stage in CLOSING_REASONS and reason not in CLOSING_REASONS[stage]:
                raise ValueError(f"Choose a reason for “{NAMES[stage]}”.")
            return partial(actions.move, stage=stage, by=by, reason=reason)
    raise ValueError("Choose an action.")


def _apply(action: Action, ids: Sequence[int]) -> dict[int, str]:
    """Apply an action to leads, in batches; the reason for each lead that was skipped."""
    refused: dict[int, str] = {}
    for start in range(0, len(ids), BATCH_SIZE):
        batch = ids[start : start + BATCH_SIZE]
        with services().database.writing() as session:
            changes.lock_leads(session, batch)
            for lead_id in batch:
                try:
                    action(session, lead_id)
                except NotAllowedError as error:
                    refused[lead_id] = str(error)
                except UnknownLeadError:
                    refused[lead_id] = "It no longer exists."
    return refused
