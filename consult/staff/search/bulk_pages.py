"""Actions on many leads at once: assign, hand over, snooze, change the stage, undo, export."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.search.list_filters import (
    current_viewer,
    filter_in_address,
    list_address,
    unknown_filters,
)
from consult.staff.times import agency_today, colleagues_of
from consult.storage.accounts import accounts
from consult.storage.db.database import Session
from consult.storage.leads import actions, changes, handovers
from consult.storage.leads.changes import ConflictError, NotAllowedError, UnknownLeadError
from consult.storage.search import find_leads
from consult.storage.tables.lead_tables import LeadRow
from consult.web.services import services
from consult.web.text import parse_id
from consult.workflow.office_hours import follow_up_days
from consult.workflow.stages import CLOSING_REASONS, DECLINE_REASONS, NAMES, STAGES

MAX_LEADS = 500
"""So many leads can be changed at once; exports have no such limit."""

BATCH_SIZE = 25
"""So many are changed in one transaction, so that colleagues need not wait for all of them."""

NAMED = 20
STAGES_FOR_MANY = tuple(stage for stage in STAGES if stage not in ("new", "consult_booked"))
"""A new lead is new by itself, and a consult is scheduled for one date."""

Action = Callable[[Session, int], LeadRow]


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
    except _IncompleteError as error:
        return _bulk_page(ids, all_matching=False, errors=[error.args]), 422
    refused, changed = _apply(action, ids)
    return _done_page(len(ids) - len(refused), refused, changed)


@blueprint.post("/leads/bulk/undo")
@for_staff
def undo_bulk() -> ResponseReturnValue:
    """Undo what was just done with many leads, except for those that changed since."""
    versions: dict[int, int] = {}
    for pair in request.form.getlist("changed")[:MAX_LEADS]:
        lead, _, version = pair.partition("-")
        try:
            versions[parse_id(lead)] = parse_id(version)
        except ValueError:
            abort(400)
    by = signed_in_user().id

    def undo(session: Session, lead_id: int) -> LeadRow:
        return changes.undo(session, lead_id, by=by, version=versions[lead_id])

    refused, _ = _apply(undo, list(versions))
    return _done_page(len(versions) - len(refused), refused, {}, undone=True)


def _done_page(
    done: int, refused: Mapping[int, str], changed: Mapping[int, int], *, undone: bool = False
) -> str:
    with services().database.reading() as session:
        names = {lead.id: lead.business for lead in find_leads.by_ids(session, list(refused))}
    return render_template(
        "staff/search/lead_bulk_done.html",
        done=done,
        refused=refused,
        names=names,
        changed=changed,
        undone=undone,
        query=filter_in_address().query(),
        back=list_address(filter_in_address()),
    )


def _limited(ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(id for id in ids if id))[:MAX_LEADS]


def _bulk_page(
    ids: Sequence[int], *, all_matching: bool, errors: Sequence[tuple[str, ...]] = ()
) -> str:
    with services().database.reading() as session:
        shown = find_leads.by_ids(session, ids[:NAMED])
        users = accounts.all_users(session)
        now = session.now()
    wanted, me, office = filter_in_address(), signed_in_user(), services().settings.office
    return render_template(
        "staff/search/lead_bulk.html",
        ids=ids,
        too_many=len(ids) > MAX_LEADS,
        max_leads=MAX_LEADS,
        all_matching=all_matching,
        shown=shown,
        people=colleagues_of(users, me.id, now),
        may_answer=any(lead.offered_to_id == me.id for lead in shown),
        declining=DECLINE_REASONS.items(),
        days=follow_up_days(office, office.today(now)),
        stages=[(stage, NAMES[stage]) for stage in STAGES_FOR_MANY],
        reasons=[(NAMES[stage], reasons.items()) for stage, reasons in CLOSING_REASONS.items()],
        errors=errors,
        sent=request.form,
        unknown=unknown_filters(),
        query=wanted.query(),
        back=list_address(wanted),
    )


class _IncompleteError(Exception):
    """Something is missing: the id of its field, and what to do about it."""


def _chosen_action() -> Action:
    """What the form says to do with a lead. Raises _IncompleteError."""
    by, reason = signed_in_user().id, request.form.get("reason", "")
    match request.form.get("do"):
        case "take":
            return partial(handovers.claim, by=by)
        case "accept":
            return partial(handovers.accept, by=by)
        case "decline":
            if reason not in DECLINE_REASONS:
                raise _IncompleteError("declining", "Choose a reason for returning them.")
            return partial(handovers.decline, by=by, reason=reason)
        case "hand_over":
            return partial(handovers.hand_over, to=_colleague(), by=by)
        case "assign" if signed_in_user().is_admin:
            return partial(handovers.assign, to=_colleague(), by=by)
        case "snooze":
            return _snooze(by)
        case "move":
            return _move(by, request.form.get("stage", ""), reason)
    raise _IncompleteError("main", "Choose an action.")


def _colleague() -> int:
    to = request.form.get("to", type=parse_id)
    if to is None:
        raise _IncompleteError("to", "Choose a colleague.")
    return to


def _snooze(by: int) -> Action:
    office = services().settings.office
    on = request.form.get("on", type=date.fromisoformat)
    if on is None or on < agency_today():
        raise _IncompleteError("snooze", "Choose today or a later date.")
    return partial(actions.schedule_follow_up, on=on, by=by, office=office)


def _move(by: int, stage: str, reason: str) -> Action:
    if stage not in STAGES_FOR_MANY:
        raise _IncompleteError("stage", "Choose a stage.")
    if stage in CLOSING_REASONS and reason not in CLOSING_REASONS[stage]:
        raise _IncompleteError("reason", f"Choose a reason for “{NAMES[stage]}.”")
    return partial(actions.move, stage=stage, by=by, reason=reason)


def _apply(action: Action, ids: Sequence[int]) -> tuple[dict[int, str], dict[int, int]]:
    """Apply an action to leads, in batches.

    Returns the reason for each lead that was skipped, and the new version of each that changed.
    """
    refused: dict[int, str] = {}
    changed: dict[int, int] = {}
    for start in range(0, len(ids), BATCH_SIZE):
        batch = ids[start : start + BATCH_SIZE]
        with services().database.writing() as session:
            before = {row.submission_id: row.version for row in changes.lock_leads(session, batch)}
            for lead_id in batch:
                try:
                    version = action(session, lead_id).version
                    if version != before[lead_id]:
                        changed[lead_id] = version
                except NotAllowedError as error:
                    refused[lead_id] = str(error)
                except UnknownLeadError:
                    refused[lead_id] = "It no longer exists."
                except ConflictError:
                    refused[lead_id] = "It was changed since."
    return refused, changed
