"""What the list of leads shows of each lead."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import cast

from consult.questionnaire.editions import load
from consult.report.display import whole
from consult.staff.presenters import DisplayTime, display_time
from consult.staff.times import ago, ahead
from consult.storage.documents import PdfState
from consult.storage.search.find_leads import FoundLead
from consult.workflow.stages import CLOSED, NAMES, Stage


@dataclass(frozen=True, slots=True)
class Reply:
    """The first reply to a lead: in words, whether it is late, and `iso`, when it was or is due."""

    words: str
    late: bool
    iso: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list. `name` and `business` are empty when no contact was given."""

    id: int
    submitted: DisplayTime
    name: str
    business: str
    stage: str
    assignee: str
    assigned_to_me: bool
    offered_to: str
    offered_to_me: bool
    reply: Reply
    separation: int
    handoff: int
    archetype: str
    wants_consult: bool
    source: str
    demo: bool
    failed: bool

    @property
    def title(self) -> str:
        """What to call the lead by."""
        return self.business or f"Lead {self.id}"


def row(lead: FoundLead, pdfs: Mapping[int, PdfState], viewer_id: int, now: datetime) -> Row:
    """A lead as a row of the list."""
    return Row(
        id=lead.id,
        submitted=display_time(lead.submitted_at, now),
        name=lead.name,
        business=lead.business,
        stage=NAMES[cast(Stage, lead.stage)],
        assignee=lead.assignee,
        assigned_to_me=lead.assignee_id == viewer_id,
        offered_to=lead.offered_to,
        offered_to_me=lead.offered_to_id == viewer_id,
        reply=_reply(lead, now),
        separation=_whole(lead.separation),
        handoff=_whole(lead.handoff),
        archetype=archetype_name(lead.edition, lead.archetype),
        wants_consult=lead.wants_consult,
        source=lead.source or "Direct",
        demo=lead.demo,
        failed=pdfs.get(lead.id) == "failed",
    )


@lru_cache(maxsize=4_096)
def _whole(score: float) -> int:
    """A score as a whole number. Exact fractions are slow, and many leads have the same scores."""
    return whole(Fraction(score))


def _reply(lead: FoundLead, now: datetime) -> Reply:
    if lead.first_contact_at is not None:
        return Reply("Replied", late=False, iso=_iso(lead.first_contact_at))
    if lead.stage in CLOSED or lead.due_at is None:
        return Reply("–", late=False, iso="")
    if lead.due_at < now:
        return Reply(
            f"Overdue {ago(lead.due_at, now).removesuffix(' ago')}",
            late=True,
            iso=_iso(lead.due_at),
        )
    return Reply(f"Due {ahead(lead.due_at, now)}", late=False, iso=_iso(lead.due_at))


def _iso(then: datetime) -> str:
    return then.isoformat(timespec="seconds")


def archetype_name(edition: str, archetype: str) -> str:
    """An archetype as the edition of a lead calls it."""
    name: str = load(edition).texts.findings["archetypes"][archetype]["name"]
    return name
