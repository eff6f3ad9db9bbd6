"""What the pages of exports show, and what the audit log keeps of them."""

from dataclasses import dataclass
from datetime import datetime

from consult.staff.presenters import DisplayTime, display_time
from consult.storage.exports.exports import Export, State
from consult.storage.privacy.retention import KEEP_EXPORTS
from consult.storage.search.lead_filter import LeadSearch

_FORMATS = {"csv": "CSV", "xlsx": "Excel (XLSX)", "pdf": "PDF"}
_NAMES = {
    "text": "Search",
    "stage": "Stage",
    "assignee": "Assignee",
    "archetype": "Archetype",
    "separation": "Separation",
    "handoff": "Handoff",
    "source": "Source",
    "consult": "Wants a consult",
    "due": "Reply",
    "since": "From",
    "until": "To",
    "demo": "Demo leads",
    "sort": "Order",
}
# Their values are what somebody typed, an owner or a colleague who looked for one.
_NOT_RECORDED = frozenset({"text", "source"})


@dataclass(frozen=True, slots=True)
class ExportView:
    """An export: what it is, how far it is, and until when it is kept."""

    id: int
    what: str
    format: str
    state: State
    done: int
    total: int
    asked: DisplayTime
    kept_until: DisplayTime


def view(export: Export, now: datetime) -> ExportView:
    """An export as its own page and the list show it."""
    leads = "1 lead" if export.total == 1 else f"{export.total:,} leads"
    return ExportView(
        id=export.id,
        what=f"Record of lead {export.lead_id}" if export.lead_id else leads,
        format=_FORMATS[export.format],
        state=export.state,
        done=export.done,
        total=export.total,
        asked=display_time(export.asked_at, now),
        kept_until=display_time(export.asked_at + KEEP_EXPORTS, now),
    )


def filters_shown(search: LeadSearch) -> list[tuple[str, str]]:
    """What a search selects by, for whoever is about to export it."""
    return [
        (_NAMES[name], value.replace("_", " ") or "direct")
        for name, value in search.pairs()
        if name != "sort"
    ]


def filters_recorded(search: LeadSearch) -> str:
    """What a search selects by, without anything that somebody typed; for the audit log."""
    told = [
        _NAMES[name] if name in _NOT_RECORDED else f"{_NAMES[name]}: {value}"
        for name, value in search.pairs()
        if name != "sort"
    ]
    return "; ".join(told) or "none"
