"""The record of a person as a document: everything is in it, in words and in one time zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pymupdf

from consult.report.pdf.render_pdf import html_to_pdf
from consult.report.person_record import record_html
from consult.settings.brand import Brand
from tests.report.samples import is_accessible

AT = "2026-11-26T00:03:36.735802+00:00"
RECORD: dict[str, Any] = {
    "leads": [
        {
            "lead": 7,
            "answers": [
                {"id": "a", "question": "Who sells?", "answer": ["I do", "Nobody"]},
                {"id": "b", "question": "Left out?", "answer": None},
            ],
            "submission": {
                "submitted_at": AT,
                "seconds_taken": 390,
                "depth": "quick",
                "edition": "2026-12",
                "separation": 73.717948,
                "handoff": 32.8,
                "archetype": "baton_on_the_floor",
                "consult": "not_now",
                "report": {"separation": {"band_name": "Marked"}},
            },
            "draft": {"created_at": AT, "source": {"utm_source": "radio"}},
            "contacts": [{"submission_id": 7, "name": "Zoë Groß", "wants_consult": True}],
            "lead_events": [
                {"at": AT, "kind": "moved", "data": {"from": "new", "to": "taken"}, "by_id": 3},
                {"at": AT, "kind": "assigned", "data": {"to": 4}, "by_id": None},
                {
                    "at": AT,
                    "kind": "moved",
                    "data": {"from": "taken", "to": "lost", "reason": "price"},
                    "by_id": 3,
                },
            ],
            "leads": [{"stage": "consult_held"}],
            "bookings": [{"state": "no_show", "calendar": "own"}],
            "lead_words": [{"word": "zoe"}, {"word": "gross"}, {"word": "~kros~"}],
            "tables_of_tomorrow": [{"id": 1, "submission_id": 7, "what_it_holds": "plumduff"}],
        }
    ],
    "reminder_consents": [
        {"address": "zoe@example.com", "consent_text": "Once.", "granted_at": AT}
    ],
    "unmatched_bookings": [{"provider": "calendly", "email": "z@groß.example", "starts_at": AT}],
}


def html_of(record: Mapping[str, object]) -> str:
    made_at = datetime(2026, 11, 26, 1, 0, tzinfo=ZoneInfo("UTC"))
    made_at = made_at.astimezone(ZoneInfo("America/New_York"))
    return record_html(record, made_at, Brand(), "letter")


def text_of(record: Mapping[str, object]) -> str:
    return " ".join(html_of(record).split("</head>")[1].split())


def test_long_notes_and_page_times_are_printed_whole() -> None:
    note = {"created_at": AT, "edited_at": AT, "resolved_at": AT, "resolved_by_id": 5}
    long = " ".join(f"word{number}" for number in range(400)) + " end"
    pages = [{"page": "first_reply", "seconds": 41, "saves": 2, "refused": 1}]
    notes = [{**note, "text": text, "author_id": 3} for text in (long, "ends\n" * 1000 + "last")]
    lead = {**RECORD["leads"][0], "notes": notes, "page_visits": pages}
    text = text_of({**RECORD, "leads": [lead]}).replace("\u200b", "")
    for told in (
        *(long, "ends last", "by account 3", "Edited at: Nov 25, 2026, 7:03 PM"),
        *("resolved by account 5", "390 seconds", "Quick check, edition 2026-12"),
        "First reply</th><td>41 seconds, saved 2 times, sent back 1 time",
    ):
        assert told in text, told


def test_a_long_text_begins_below_its_heading_and_goes_on_over_the_page() -> None:
    text = "\n".join(f"line {number}" for number in range(60))
    whens = dict.fromkeys(("created_at", "edited_at", "resolved_at"), AT)
    notes = [{**whens, "text": text, "author_id": 3, "resolved_by_id": 5}]
    pdf = html_to_pdf(html_of({**RECORD, "leads": [{**RECORD["leads"][0], "notes": notes}]}))
    assert is_accessible(pdf)
    with pymupdf.open(stream=pdf) as document:
        (begins,) = (page.get_text() for page in document if "\nNotes\n" in page.get_text())
    assert "line 0" in begins
    assert "line 59" not in begins


def test_what_no_font_can_print_is_said() -> None:
    contact = {"submission_id": 7, "name": "Giorgi გიორგი", "business": "Café"}
    lead = {**RECORD["leads"][0], "contacts": [contact]}
    text = text_of({**RECORD, "leads": [lead]})
    assert "<h1>Record: lead 7</h1>" in text
    assert "This PDF doesn’t have all the letters of this line. It’s in the JSON." in text
    assert "Giorgi" not in text


def test_it_tells_everything_in_words_and_in_the_zone_of_the_agency() -> None:
    text = text_of(RECORD)
    for told in (
        "Record: Zoë Groß",
        "Nov 25, 2026, 7:03 PM",
        "America/New_York",
        "73.7, Marked",
        "Baton on the floor",
        "Not now",
        "radio",
        "Moved · From: New, To: Assigned · by account 3",
        "Moved · From: Assigned, To: Lost, Reason: Too expensive for them · by account 3",
        "Stage</th><td>Consult done",
        "State</th><td>No-show",
        "Assigned · To account 4",
        "zoe, gross",
        "Tables of tomorrow",
        "plumduff",
        "zoe@example.com",
        "Bookings at a calendar without a lead",
        "Calendly",
        "z@groß.example",
    ):
        assert told in text
    assert "+00:00" not in text
    assert "~kros~" not in text
    assert "Left out?</th><td>No answer" in text


def test_it_is_printed_in_the_ink_of_the_brand() -> None:
    assert f"color: {Brand().colours.ink}" in html_of(RECORD)
