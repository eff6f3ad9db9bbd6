"""What the pages about a person's data show: how much is held, what goes, what stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from consult.staff.presenters import DisplayTime, display_time
from consult.staff.times import agency_time
from consult.storage.db.database import Session
from consult.storage.leads import leads
from consult.storage.privacy import erasure
from consult.storage.privacy.deletion_log import Receipt

REASONS: Mapping[str, str] = {
    "asked": "They asked for it",
    "not_needed": "It is no longer needed",
    "test": "It was a test or a mistake",
}
"""Why a lead goes, by the word that the audit log keeps."""

WHY = {**REASONS, "retention": "Its time was over"}
_KINDS = {
    "leads": "How it stands at the agency",
    "contacts": "Contact and consent",
    "documents": "PDFs",
    "mails": "Mails to them",
    "jobs": "Jobs of the worker",
    "lead_events": "Lines of the timeline",
    "notes": "Notes",
    "lead_words": "Words by which it is found",
    "call_assessments": "Assessments after the call",
    "notices": "News to staff about it",
    "response_stats": "How far it came, for the numbers",
}


@dataclass(frozen=True, slots=True)
class OneLead:
    """A lead of the person."""

    id: int
    title: str
    submitted: DisplayTime


@dataclass(frozen=True, slots=True)
class About:
    """What is held about the owner of a lead.

    Attributes:
        title: the business, or the lead's number.
        address: the mail address; empty if none was left.
        leads: all of the person, the last first; this lead is among them.
        held: how much there is of each kind, over all of them.
        held_here: the same of this lead alone.
        anonymous: whether this lead was made anonymous before.
    """

    lead_id: int
    title: str
    address: str
    leads: Sequence[OneLead]
    held: Sequence[tuple[str, int]]
    held_here: Sequence[tuple[str, int]]
    anonymous: bool

    @property
    def lead_ids(self) -> list[int]:
        return [lead.id for lead in self.leads]


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt in words."""

    lead_id: int
    when: DisplayTime
    what: str
    by: str
    why: str
    rows: Sequence[tuple[str, int]]


def about(session: Session, lead_id: int, ids: Sequence[int]) -> About:
    """What is held about the owner of a lead whose leads are these."""
    now = agency_time(session.now())
    found = {lead.id: lead for id in ids if (lead := leads.by_id(session, id))}
    this = found[lead_id]
    return About(
        lead_id=lead_id,
        title=this.contact.business if this.contact else f"Lead {lead_id}",
        address=this.contact.email if this.contact else "",
        leads=[
            OneLead(
                lead.id,
                lead.contact.business if lead.contact else f"Lead {lead.id}",
                display_time(lead.submitted_at, now),
            )
            for lead in found.values()
        ],
        held=_in_words(erasure.held_of(session, ids)),
        held_here=_in_words(erasure.held_of(session, [lead_id])),
        anonymous=erasure.is_anonymous(session, lead_id),
    )


def receipt_view(receipt: Receipt, now: datetime) -> ReceiptView:
    """A receipt as its page shows it."""
    return ReceiptView(
        lead_id=receipt.lead_id,
        when=display_time(receipt.at, now),
        what="Deleted" if receipt.action == "lead.deleted" else "Made anonymous",
        by=receipt.by or "The application, when its time was over",
        why=WHY.get(receipt.why, receipt.why),
        rows=_in_words(receipt.rows),
    )


def kind_words(table: str) -> str:
    """What the rows of a table are called on the pages."""
    return _KINDS.get(table, table.replace("_", " ").capitalize())


def _in_words(rows: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(kind_words(name), count) for name, count in rows.items()]
