"""A data export about one person as a document to read: names on the left, values on the right."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from consult.questionnaire.questions import DEPTH_LABELS
from consult.report.display import clock_time, month_day, number_of, safe_text
from consult.report.html_document import Paper, staff_html
from consult.settings.brand import Brand
from consult.workflow.calendars import BOOKING_STATES, CALENDAR_NAMES
from consult.workflow.stages import (
    CLOSING_REASONS,
    DECLINE_REASONS,
    NAMES,
    SOURCE_LABELS,
)

# A note is one line of so many letters, or as many lines.
_LONGEST_LINE = 4_000
_MOST_LINES = 4_000
_UNPRINTED = "(This PDF doesn’t have all the letters of this line. It’s in the JSON.)"
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[0-9:.]*\+00:00")

TABLE_LABELS = {
    "contacts": "Contact and consent",
    "leads": "Pipeline status",
    "bookings": "Consults booked",
    "calendar_events": "Reports by calendars",
    "lead_events": "Timeline entries",
    "notes": "Notes",
    "deliveries": "Emails and webhooks",
    "call_assessments": "Call findings",
    "documents": "PDFs",
    "notifications": "Staff notifications",
    "response_stats": "Statistics",
    "page_visits": "Time on each page",
    "jobs": "Background jobs",
    "lead_words": "Search index",
    "api_answers": "Changes by other programs",
}
"""The tables in the order in which a person would ask about them; others come after these."""

_WITHOUT_LEAD = {
    "reminder_consents": "Permission for one email about an unfinished check",
    "unmatched_bookings": "Bookings at a calendar without a lead",
}
"""What is stored of the person beside the leads."""

_LINES = {
    "lead_events": ("at", ("kind", "data", "by_id")),
    "notes": (
        "created_at",
        ("text", "author_id", "edited_at", "resolved_at", "resolved_by_id"),
    ),
    "call_assessments": ("at", ("dimension", "assessment", "by_id")),
    "documents": ("rendered_at", ("kind",)),
    "notifications": ("created_at", ("kind",)),
    "jobs": ("created_at", ("kind", "state", "last_error")),
}
"""Tables of which each row is one line: its left column, and what is on its right."""

# What only the application needs, or what is elsewhere in full.
_ELSEWHERE = frozenset({"id", "submission_id", "draft_id", "version", "handed_to", "answers"})
# Copies of what the result says, for the list of leads.
_COPIES = frozenset(
    {"submitted_at", "demo", "archetype", "separation", "handoff", "source", "wants_consult"}
)
_USERS = frozenset({"by_id", "author_id", "resolved_by_id", "assignee_id", "offered_to_id"})
_WHAT = {
    "render_report": "Make the report",
    "render_brief": "Make the call brief",
    "notify": "Notify staff and other apps",
    "webhook": "Notify another app",
    "contact": "Contacted",
    "contact_left": "Left contact info",
}
"""Labels of stored kinds that do not say it themselves."""

_STAGES = {str(stage): name for stage, name in NAMES.items()}
_REASONS = [DECLINE_REASONS, *CLOSING_REASONS.values()]
_VALUES: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("stage", "from", "to"), _STAGES),
    **dict.fromkeys(("provider", "calendar"), CALENDAR_NAMES),
    "reason": {id: text for texts in _REASONS for id, text in texts.items()},
    "state": BOOKING_STATES,
}
"""What pages call the values of a column or fact."""

_NAMES = {
    "consent_text": "Agreed to",
    "consented_at": "Agreed on",
    "wants_consult": "Consult requested",
    "signs": "Signs of spam",
    "assignee_id": "Assigned to",
    "due_at": "Reply due",
    "consult_at": "Consult on",
    "first_contact_at": "First contact",
    "created_at": "Requested",
    "granted_at": "Agreed on",
    "requested_at": "Email requested",
    **SOURCE_LABELS,
}

Row = tuple[str, str]
Groups = Sequence[Sequence[Row]]
Json = Mapping[str, Any]


class Section(NamedTuple):
    """Rows of a name and a text, in groups; where the names are times, they need little room."""

    title: str
    groups: Groups
    of_times: bool = False


def record_html(record: Json, made_at: datetime, brand: Brand, paper: Paper) -> str:
    """A data export as one HTML document for print, with times in the zone of ``made_at``."""
    zone = made_at.tzinfo or UTC
    writer = _Writer(zone)
    return staff_html(
        "record.html",
        safe_text(_title(record), 80, f"lead {record['leads'][0]['lead']}"),
        made_at,
        brand,
        paper,
        leads=[
            (lead["lead"], writer.text(lead["submission"]["submitted_at"]), writer.sections(lead))
            for lead in record["leads"]
        ],
        others=[
            section
            for name, title in _WITHOUT_LEAD.items()
            if (section := Section(title, writer.groups(record[name]))).groups
        ],
        zone=str(zone),
    )


def _title(record: Json) -> str:
    for lead in reversed(record["leads"]):
        for contact in lead.get("contacts", ()):
            return str(contact["name"])
    return f"lead {record['leads'][0]['lead']}"


class _Writer:
    """Writes stored values as text, with times in one zone."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def sections(self, lead: Json) -> list[Section]:
        """The parts of the record of one response; empty ones are left out."""
        answers = [
            (one["question"], self.text(one["answer"]) or "No answer") for one in lead["answers"]
        ]
        tables = [
            name for name, rows in lead.items() if isinstance(rows, list) and name != "answers"
        ]
        known = [name for name in TABLE_LABELS if name in tables and name != "contacts"]
        sections = [
            Section(TABLE_LABELS["contacts"], self.groups(lead.get("contacts", ()))),
            Section("Answers", [answers]),
            Section("Result", [self._result(lead["submission"], lead["draft"])]),
            *(self._table(name, lead[name]) for name in known),
            *(self._table(name, lead[name]) for name in tables if name not in TABLE_LABELS),
        ]
        return [section for section in sections if any(section.groups)]

    def _table(self, name: str, rows: Sequence[Json]) -> Section:
        title = TABLE_LABELS.get(name, _label(name))
        if name == "lead_words":
            words = [row["word"] for row in rows]
            written = [word for word in words if not word.startswith("~")]
            sounds = len(words) - len(written)
            lines = [("Words", ", ".join(written)), ("Other spellings", str(sounds or "None"))]
            return Section(title, [lines])
        if name == "page_visits":
            times = [(_label(row["page"]), _page_time(row)) for row in rows]
            return Section(title, [times] if times else [])
        if name in _LINES:
            return Section(title, [self._lines(rows, *_LINES[name])], of_times=True)
        if name == "leads":
            rows = [{key: row[key] for key in row if key not in _COPIES} for row in rows]
        return Section(title, self.groups(rows))

    def _result(self, frozen: Json, draft: Json) -> list[Row]:
        rows = [
            ("Started", self.text(draft["created_at"])),
            ("Submitted", self.text(frozen["submitted_at"])),
            ("Time taken", number_of(frozen["seconds_taken"], "second")),
            ("Questions", f"{DEPTH_LABELS[frozen['depth']]}, edition {frozen['edition']}"),
            *[(_name(key), self.text(value)) for key, value in draft["source"].items()],
            ("Separation", _score(frozen, "separation")),
            ("Handoff", _score(frozen, "handoff")),
            ("Archetype", _in_report(frozen, "archetype", "name") or _label(frozen["archetype"])),
            ("Consult advised", _label(frozen["consult"])),
        ]
        return [(name, safe_text(text, _LONGEST_LINE, _UNPRINTED)) for name, text in rows if text]

    def _lines(self, rows: Sequence[Json], left: str, right: Sequence[str]) -> list[Row]:
        """Each row as one line: a time, and what happened then."""
        return [
            (
                self.text(row[left]),
                " · ".join(self._right_column(name, row[name]) for name in right if row[name]),
            )
            for row in rows
        ]

    def _right_column(self, name: str, value: Any) -> str:
        if name in _USERS:
            return f"{'resolved ' if name == 'resolved_by_id' else ''}by account {value}"
        if isinstance(value, Mapping):
            return ", ".join(self._fact(key, inner) for key, inner in value.items())
        if name in ("kind", "state", "dimension", "assessment"):
            return _WHAT.get(value) or _label(value)
        return self.text(value) if name == "text" else f"{_name(name)}: {self.text(value)}"

    def _fact(self, key: str, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and key in ("to", "by"):
            return f"{_label(key)} account {value}"
        return f"{_label(key)}: {_said(key, value) or self.text(value)}"

    def groups(self, rows: Sequence[Json]) -> Groups:
        groups = (
            [
                (_name(name), text)
                for name, value in row.items()
                if name not in _ELSEWHERE and (text := self._value(name, value))
            ]
            for row in rows
        )
        return [group for group in groups if group]

    def _value(self, name: str, value: Any) -> str:
        if name in _USERS:
            return f"Account {value}" if value else ""
        if said := _said(name, value):
            return said
        if name in ("state", "archetype", "depth", "kind"):
            return _label(str(value))
        return self.text(round(value, 1) if isinstance(value, float) else value)

    def text(self, value: Any) -> str:
        """A value as text that the fonts can print; empty for none at all."""
        if value is None or value in ("", [], {}):
            return ""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, Mapping):
            return "\n".join(f"{_name(key)}: {self.text(inner)}" for key, inner in value.items())
        if isinstance(value, list):
            return "\n".join(self.text(inner) for inner in value)
        text = str(value)
        if _TIMESTAMP.fullmatch(text):
            at = datetime.fromisoformat(text).astimezone(self._zone)
            return f"{month_day(at)}, {at.year}, {clock_time(at)}"
        lines = text.splitlines()[:_MOST_LINES]
        return "\n".join(safe_text(line, _LONGEST_LINE, _UNPRINTED) for line in lines)


def _page_time(row: Json) -> str:
    time = "not known" if row["seconds"] is None else number_of(row["seconds"], "second")
    saved, refused = number_of(row["saves"], "time"), number_of(row["refused"], "time")
    return f"{time}, saved {saved}, sent back {refused}"


def _name(name: str) -> str:
    return _NAMES.get(name) or _label(name)


def _said(name: str, value: Any) -> str:
    return _VALUES.get(name, {}).get(value, "") if isinstance(value, str) else ""


def _label(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ").capitalize()


def _score(frozen: Json, axis: str) -> str:
    band = _in_report(frozen, axis, "band_name")
    return f"{frozen[axis]:.1f}" + (f", {band}" if band else "")


def _in_report(frozen: Json, part: str, name: str) -> str:
    """A text of the report; empty where a report of another shape has none."""
    found = frozen["report"].get(part)
    return str(found.get(name, "")) if isinstance(found, Mapping) else ""
