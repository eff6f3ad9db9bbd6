"""The calendar file, read back line by line as RFC 5545 has it."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from consult.delivery.mail.owner_mail import calendar_file

CREATED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def calendar(title: str, text: str, created_at: datetime = CREATED_AT) -> str:
    return calendar_file("abc@check.example", created_at, date(2026, 5, 31), title, text)


def properties(file: str) -> dict[str, str]:
    """The properties of the one entry, unfolded and with their texts unescaped."""
    assert file.endswith("\r\n")
    lines = file.removesuffix("\r\n").replace("\r\n ", "").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VEVENT", "END:VCALENDAR"]
    read = {}
    for line in lines[1:-2]:
        assert re.match(r"[A-Z-]+[;:]", line), line
        name, _, value = line.partition(":")
        read[name] = re.sub(
            r"\\(.)", lambda mark: "\n" if mark[1] == "n" else mark[1], value, flags=re.S
        )
    return read


def test_it_is_an_entry_for_a_whole_day_that_stays_free() -> None:
    entry = calendar("Look again", "See what has changed: https://check.example")
    read = properties(entry)
    assert read["VERSION"] == "2.0"
    assert read["UID"] == "abc@check.example"
    assert read["DTSTAMP"] == "20260302T093000Z"
    assert read["DTSTART;VALUE=DATE"] == "20260531"
    assert read["DTEND;VALUE=DATE"] == "20260601"
    assert read["TRANSP"] == "TRANSPARENT"
    assert read["SUMMARY"] == "Look again"
    assert read["DESCRIPTION"] == "See what has changed: https://check.example"
    local = CREATED_AT.astimezone(timezone(timedelta(hours=-8)))
    assert calendar(read["SUMMARY"], read["DESCRIPTION"], local) == entry, "its time is in UTC"


ONE_LINE = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029")


@given(st.text(ONE_LINE, min_size=1))
def test_any_text_comes_back_from_lines_that_are_short_enough(text: str) -> None:
    file = calendar(text, f"{text}\n{text}")
    assert all(len(line.encode()) <= 75 for line in file.split("\r\n"))
    assert "\n" not in file.replace("\r\n", "")
    read = properties(file)
    assert (read["SUMMARY"], read["DESCRIPTION"]) == (text, f"{text}\n{text}")
