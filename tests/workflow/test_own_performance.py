"""From the agency's records to the rungs that it asks of others: the table, row by row."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.questionnaire.editions import newest
from consult.questionnaire.questions import BASE
from consult.workflow.office_hours import Office, read_hours
from consult.workflow.own_performance import MINIMUM, Contact, Measure, Record, Records, measure
from consult.workflow.stages import STAGES

OFFICE = Office()
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def measured(
    id: str,
    recent: Sequence[Record] = (),
    older: Sequence[Record] = (),
    won: Sequence[str] = (),
    now: datetime = NOW,
) -> Measure:
    found = measure(Records(recent, older, won), OFFICE, now)
    assert [one.id for one in found] == list(MINIMUM)
    return next(one for one in found if one.id == id)


def answered(after: timedelta, start: datetime = MONDAY) -> Record:
    return Record(start, "reached", first_contact_at=start + after)


def tried(*days: int, stage: str = "lost", reached_on: int | None = None) -> Record:
    """A lead that went silent: contacted on these days, reached on one of them if at all."""
    contacts = [Contact(MONDAY + day * DAY, day == reached_on) for day in days]
    return Record(MONDAY, stage, "no_answer" if stage == "lost" else "", contacts=contacts)


@pytest.mark.parametrize(
    ("after", "rung"),
    [
        (timedelta(minutes=5), 4),
        (HOUR, 4),
        (2 * HOUR, 3),
        (13 * HOUR, 3),  # in the evening of the same day
        (DAY, 2),
        (2 * DAY, 1),
        (3 * DAY, 0),
        (60 * DAY, 0),
    ],
)
def test_a_first_reply_is_on_the_rung_of_its_day(after: timedelta, rung: int) -> None:
    assert measured("reply_time", [answered(after)] * 5).rung == rung


def test_a_weekend_does_not_make_a_reply_late() -> None:
    friday = MONDAY + 4 * DAY
    assert measured("reply_time", [answered(3 * DAY - HOUR, friday)] * 5).rung == 2
    saturday = MONDAY + 5 * DAY
    assert measured("reply_time", [answered(2 * DAY - HOUR / 2, saturday)] * 5).rung == 4


def test_who_still_waits_counts_once_that_is_overdue() -> None:
    waits = Record(MONDAY, "new", due_at=MONDAY + HOUR)
    good = [answered(HOUR)] * 5
    assert measured("reply_time", [*good, waits], now=MONDAY + HOUR).count == 6, "due is due"
    assert measured("reply_time", [*good, waits], now=MONDAY + HOUR / 2).count == 5
    assert measured("reply_time", [*good, waits], now=MONDAY + 2 * HOUR).count == 6
    assert measured("reply_time", [waits] * 5, now=MONDAY + DAY).rung == 2
    closed = Record(MONDAY, "not_a_fit", "not_real")
    assert measured("reply_time", [closed] * 5).rung is None


def test_a_first_reply_is_measured_by_the_hours_under_which_it_was_promised() -> None:
    nights = Office(week=read_hours("mon-sun 18:00-24:00")).hours_from(MONDAY.date())
    by_night = replace(answered(8 * HOUR + HOUR / 2), hours=nights)
    assert measured("reply_time", [by_night] * 5).rung == 4
    assert measured("reply_time", [replace(by_night, hours=None)] * 5).rung == 3


def test_the_usual_reply_is_what_half_of_the_leads_get() -> None:
    fast, slow = answered(HOUR), answered(9 * DAY)
    assert measured("reply_time", [fast] * 3 + [slow] * 3).rung == 4
    assert measured("reply_time", [fast] * 2 + [slow] * 3).rung == 0


@pytest.mark.parametrize(
    ("silent", "rung"),
    [
        (tried(0), 0),
        (tried(0, 2), 1),
        (tried(0, 2, 5), 2),
        (tried(0, 2, 5, 10), 2),
        (tried(0, 2, 5, 10, 20), 3),
        (tried(0, 1, 2, 3, 4), 2),  # often, but not over some weeks
        (tried(0, 2, 5, 10, 20, stage="taken"), 2),  # nobody asked whether to stop
        (tried(0, 3, reached_on=3, stage="reached"), 0),  # talked to, then left alone
        (tried(0, 3, 8, reached_on=3, stage="reached"), 1),
    ],
)
def test_a_silent_lead_is_on_the_rung_of_how_often_somebody_asked_again(
    silent: Record, rung: int
) -> None:
    assert measured("tries", older=[silent] * 5).rung == rung


@pytest.mark.parametrize(
    "not_silent",
    [
        Record(MONDAY, "won", contacts=[Contact(MONDAY, reached=True)]),
        Record(MONDAY, "lost", "price", contacts=[Contact(MONDAY, reached=True)]),
        Record(MONDAY, "reached", contacts=[Contact(NOW - 20 * DAY, reached=True)]),
        Record(MONDAY, "reached", contacts=[Contact(MONDAY, reached=True)], planned=True),
        Record(MONDAY, "new"),
    ],
)
def test_who_answered_or_has_a_day_ahead_is_not_silent(not_silent: Record) -> None:
    assert measured("tries", older=[not_silent] * 9).count == 0


@pytest.mark.parametrize(
    ("clear", "rung"), [(0, 0), (3, 0), (4, 1), (6, 1), (7, 2), (8, 2), (9, 3), (10, 3)]
)
def test_of_the_last_ten_leads_a_yes_or_no_is_clear_and_silence_is_not(
    clear: int, rung: int
) -> None:
    kinds = [Record(MONDAY, "won"), Record(MONDAY, "lost", "price"), Record(MONDAY, "not_a_fit")]
    silence = [Record(MONDAY, "lost", "no_answer"), Record(MONDAY, "reached")]
    last_ten = (kinds * 4)[:clear] + (silence * 5)[: 10 - clear]
    earlier = [Record(MONDAY, "won")] * 20
    assert measured("outcomes", older=[*last_ten, *earlier]).rung == rung


def dated(day: date, kept_after: int | None) -> Record:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    kept = [] if kept_after is None else [Contact(at + kept_after * DAY, False, follow_up_on=day)]
    return Record(MONDAY, "reached", contacts=kept, dates=[day])


@pytest.mark.parametrize(
    ("kept", "rung"), [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (10, 3)]
)
def test_a_date_to_ask_again_is_kept_or_it_is_a_pile(kept: int, rung: int) -> None:
    day = date(2026, 4, 1)
    all_ten = [dated(day, 0 if number < kept else 20) for number in range(10)]
    assert measured("dates_kept", all_ten).rung == rung


def test_a_date_that_has_not_come_or_was_put_off_says_nothing_yet() -> None:
    ahead = [dated(NOW.date() + DAY, None), dated(NOW.date() - 3 * DAY, None)]
    put_off = Record(MONDAY, "reached", dates=[date(2026, 4, 1), date(2026, 8, 1)])
    assert measured("dates_kept", [*ahead, put_off]).count == 0
    forgotten = [dated(date(2026, 4, day), None) for day in (1, 2, 3)]
    assert measured("dates_kept", forgotten).rung == 0


@pytest.mark.parametrize(("known", "rung"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 3)])
def test_of_the_last_five_customers_the_source_is_known(known: int, rung: int) -> None:
    sources = ["letter"] * known + [""] * (5 - known)
    assert measured("known_sources", won=sources).rung == rung


def test_too_few_records_say_nothing() -> None:
    assert {one.rung for one in measure(Records([], [], []), OFFICE, NOW)} == {None}
    assert measured("reply_time", [answered(HOUR)] * 4) == Measure("reply_time", None, 4)


@given(
    st.lists(
        st.builds(
            Record,
            reachable_at=st.integers(0, 60).map(lambda days: MONDAY + days * DAY),
            stage=st.sampled_from(STAGES),
            reason=st.sampled_from(["", "price", "no_answer"]),
            first_contact_at=st.none() | st.integers(60, 90).map(lambda days: MONDAY + days * DAY),
            contacts=st.lists(
                st.builds(
                    Contact,
                    at=st.integers(0, 90).map(lambda days: MONDAY + days * DAY),
                    reached=st.booleans(),
                    follow_up_on=st.none() | st.dates(date(2026, 3, 1), date(2026, 5, 1)),
                ),
                max_size=6,
            ),
            dates=st.lists(st.dates(date(2026, 3, 1), date(2026, 5, 1)), max_size=3),
            planned=st.booleans(),
        ),
        max_size=15,
    ),
    st.lists(st.sampled_from(["", "letter"]), max_size=7),
)
def test_whatever_the_records_each_rung_is_one_of_the_questionnaire(
    records: list[Record], won: list[str]
) -> None:
    edition = newest()
    items = edition.structure.roles.own_performance
    assert set(items) == set(MINIMUM)
    for one in measure(Records(records, records, won), OFFICE, NOW):
        choices = edition.wording(items[one.id], BASE).choices
        assert one.rung is None or 0 <= one.rung < len(choices)
        assert (one.rung is None) == (one.count < MINIMUM[one.id])
