"""What the list of leads shows of each: plain data in words."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from consult.questionnaire.editions import load
from consult.report.display import whole
from consult.staff.views import Moment, moment
from consult.storage.lead_finding import FoundLead


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `name` and `business` are empty when no contact was given."""

    id: int
    submitted: Moment
    name: str
    business: str
    separation: int
    handoff: int
    archetype: str
    wants_consult: bool
    source: str
    demo: bool


def row(lead: FoundLead, now: datetime) -> Row:
    """A lead as a line of the list."""
    return Row(
        id=lead.id,
        submitted=moment(lead.submitted_at, now),
        name=lead.name,
        business=lead.business,
        separation=whole(Fraction(lead.separation)),
        handoff=whole(Fraction(lead.handoff)),
        archetype=archetype_name(lead.edition, lead.archetype),
        wants_consult=lead.wants_consult,
        source=lead.source or "Direct",
        demo=lead.demo,
    )


def archetype_name(edition: str, archetype: str) -> str:
    """An archetype as the edition of a lead calls it."""
    name: str = load(edition).words.findings["archetypes"][archetype]["name"]
    return name
