"""One person's record as a document to read: names on the left, what is held on the right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from consult.report.brand import Brand
from consult.report.charts import print_palette
from consult.report.display import long_date
from consult.report.document import Paper, print_templates
from consult.report.files import BRIEF_STYLESHEET
from consult.report.safe_text import safe_text

_LONGEST_LINE = 2_000
_MOST_LINES = 200
_SECTIONS = {
    "contacts": "Contact and consent",
    "leads": "How it stands at the agency",
    "lead_events": "What was done, and when",
    "notes": "Notes of the agency",
    "mails": "Mails to this person",
    "verdicts": "Verdicts after the call",
    "documents": "PDFs that were made",
    "notices": "What staff were told",
    "outcomes": "How far it came, for the numbers",
    "jobs": "Jobs of the application",
    "exports": "Records that were made",
}
# Each stands in the sections above in full, or is a whole document of its own.
_ELSEWHERE = frozenset(
    {"answers", "wording", "scorecard", "report", "submission_id", "check_id", "trace"}
)

Row = tuple[str, str]
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A part of the record: rows of a name and a text, in groups that belong together."""

    title: str
    groups: Sequence[Sequence[Row]]


@dataclass(frozen=True)
class RecordedLead:
    """One check of the person."""

    number: int
    handed_in: str
    sections: Sequence[Section]


def record_html(record: Json, made_on: date, brand: Brand, paper: Paper) -> str:
    """A record, as `consult.storage.record` gives it, as one HTML document for print."""
    title = safe_text(_title(record), 80)
    return (
        print_templates()
        .get_template("record.html")
        .render(
            title=title,
            leads=[_lead(lead) for lead in record["leads"]],
            day=long_date(made_on),
            made_on=made_on,
            brand=brand,
            paper=paper,
            palette=print_palette(brand.colours),
            css=Markup(BRIEF_STYLESHEET.read_text(encoding="utf-8")),  # noqa: S704 - our own file
        )
    )


def _title(record: Json) -> str:
    for lead in reversed(record["leads"]):
        for contact in lead.get("contacts", ()):
            return str(contact["name"])
    return f"lead {record['leads'][0]['lead']}"


def _lead(lead: Json) -> RecordedLead:
    return RecordedLead(
        number=lead["lead"],
        handed_in=_text(lead["handed_in"]["submitted_at"]),
        sections=[section for section in _sections(lead) if section.groups],
    )


def _sections(lead: Json) -> Iterator[Section]:
    yield Section(_SECTIONS["contacts"], _groups(lead.get("contacts", ())))
    yield Section("Answers", [[(said["question"], _text(said["answer"])) for said in lead["said"]]])
    yield Section("Result", _groups([lead["handed_in"]]))
    yield Section("Before it was handed in", _groups([lead["draft"]]))
    for name, rows in lead.items():
        if isinstance(rows, list) and name not in ("said", "contacts"):
            yield Section(_SECTIONS.get(name, _words(name)), _groups(rows))


def _groups(rows: Sequence[Json]) -> list[list[Row]]:
    groups = [
        [
            (_words(name), text)
            for name, value in row.items()
            if name not in _ELSEWHERE and (text := _text(value))
        ]
        for row in rows
    ]
    return [group for group in groups if group]


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(value: Any) -> str:
    """A value in words that the fonts can print; empty for none at all."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        return "\n".join(f"{_words(name)}: {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "\n".join(_text(inner) for inner in value)
    lines = str(value).splitlines()[:_MOST_LINES]
    return "\n".join(safe_text(line, _LONGEST_LINE) for line in lines)
