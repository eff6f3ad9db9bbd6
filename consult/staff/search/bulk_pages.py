"""One thing done with many leads: take them, hand them over, move them on, export them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.search.list_pages import list_address, searched, viewer
from consult.storage.db.database import Session
from consult.storage.leads import actions
from consult.storage.leads.actions import NotAllowedError, UnknownLeadError
from consult.storage.search import filter_options
from consult.storage.search.find_leads import FoundLead, by_ids, every_id
from consult.web.services import services
from consult.web.text import parse_id
from consult.workflow.stages import CLOSING_REASONS, NAMES, STAGES

MOST = 500
"""So many leads can be changed at once; exports have no such limit."""

AT_ONCE = 25
"""So many are changed in one transaction, so that colleagues need not wait for all of them."""

SHOWN = 20
STAGES_FOR_MANY = tuple(stage for stage in STAGES if stage not in ("new", "consult_booked"))
"""A new lead is new by itself, and a consult is booked for one date."""

Verb = Callable[[Session, int], object]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Leads with which something could not be done, and why; `gone` are no longer there."""

    why: str
    leads: Sequence[FoundLead]
    gone: Sequence[int]


@blueprint.get("/leads/bulk")
@for_staff
def lead_bulk() -> ResponseReturnValue:
    """Show the leads that were ticked, or all that the address selects, and what can be done."""
    search, every = searched(), request.args.get("do") == "all"
    with services().database.reading() as session:
        if every:
            ids = list(islice(every_id(session, search, viewer()), MOST + 1))
        else:
            ids = _few(request.args.getlist("lead", type=parse_id))
    return _bulk_page(ids, every=every) if ids else redirect(list_address(search), 303)


@blueprint.post("/leads/bulk")
@for_staff
def change_leads() -> ResponseReturnValue:
    """Do what was chosen with each lead, and say with which it could not be done."""
    ids = _few(request.form.getlist("lead", type=parse_id))
    verb, error = _chosen()
    if verb is None:
        return _bulk_page(ids, every=False, error=error), 422
    refused = list(_do(verb, ids))
    with services().database.reading() as session:
        reasons = dict.fromkeys(why for _, why in refused)
        skipped = [
            _skipped(session, why, [id for id, said in refused if said == why]) for why in reasons
        ]
    return render_template(
        "staff/search/lead_bulk_done.html",
        done=len(ids) - len(refused),
        refused=len(refused),
        skipped=skipped,
        back=list_address(searched()),
    )


def _skipped(session: Session, why: str, ids: Sequence[int]) -> Skipped:
    leads = by_ids(session, ids)
    there = {lead.id for lead in leads}
    return Skipped(why, leads, [id for id in ids if id not in there])


def _few(ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(id for id in ids if id))[:MOST]


def _bulk_page(ids: Sequence[int], *, every: bool, error: str = "") -> str:
    with services().database.reading() as session:
        shown = by_ids(session, ids[:SHOWN])
        people = filter_options.colleagues(session)
    search = searched()
    return render_template(
        "staff/search/lead_bulk.html",
        ids=ids,
        too_many=len(ids) > MOST,
        most=MOST,
        every=every,
        shown=shown,
        people=[person for person in people if person[0] != signed_in_user().id],
        stages=[(stage, NAMES[stage]) for stage in STAGES_FOR_MANY],
        reasons=[(NAMES[stage], reasons.items()) for stage, reasons in CLOSING_REASONS.items()],
        error=error,
        query=search.query(),
        back=list_address(search),
    )


def _chosen() -> tuple[Verb | None, str]:
    """What the form says to do with a lead; or None, and what is missing."""
    by, form = signed_in_user().id, request.form
    match form.get("do"):
        case "take":
            return lambda session, lead: actions.claim(session, lead, by=by), ""
        case "hand_over":
            to = form.get("to", type=parse_id)
            if to is None:
                return None, "Choose a colleague to hand them over to."
            return lambda session, lead: actions.hand_over(session, lead, to, by=by), ""
        case "move":
            stage, reason = form.get("stage", ""), form.get("reason", "")
            if stage not in STAGES_FOR_MANY:
                return None, "Choose a stage."
            if stage in CLOSING_REASONS and reason not in CLOSING_REASONS[stage]:
                return None, f"Choose a reason for “{NAMES[stage]}”."
            return (
                lambda session, lead: actions.move(session, lead, stage, by=by, reason=reason),
                "",
            )
    return None, "Choose what to do."


def _do(verb: Verb, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Do it with some leads after the other; those with which it could not be done, and why."""
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        with services().database.writing() as session:
            actions.lock_leads(session, some)
            for lead_id in some:
                try:
                    verb(session, lead_id)
                except NotAllowedError as refused:
                    yield lead_id, str(refused)
                except UnknownLeadError:
                    yield lead_id, "It is not there any more."
