"""From the result to a time in our own calendar: two taps and one form; then moved and canceled."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import update

from consult.crypto import booking_token
from consult.owner.contact_pages import screen_contact
from consult.owner.form_guard import HONEYPOT
from consult.storage.privacy import erasure
from consult.storage.tables.booking_tables import BookingRow, BusyFeedRow
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow, NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, ResponseStatsRow
from tests.support.apps import deliver, mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.concurrency import at_once
from tests.support.databases import Clock, rows, write
from tests.support.page import Form, Page
from tests.support.personas import ADA
from tests.support.results import submit_check
from tests.support.staff_client import make_user
from tests.support.submissions import CONTACT, save_contact
from tests.web.test_embed import check_stays

PLACE = "We’ll call you."


@dataclass
class Site:
    """An app whose clock stands still: it's Monday, March 2, 4:30 AM in New York."""

    app: Flask
    clock: Clock
    client: PageClient

    @property
    def database(self) -> Any:
        return services_of(self.app).database

    def result(self, *, contact: bool = False) -> str:
        path = submit_check(self.app)
        if contact:
            save_contact(self.database, path.rsplit("/", 1)[1], wants_consult=False)
        return path

    def bookings(self) -> list[BookingRow]:
        return rows(self.database, BookingRow)

    def booked(self, path: str, at: int = 0) -> tuple[BookingRow, str]:
        """Book one of the free times for a result; the booking, and the path of its page."""
        form = self.client.get(f"{path}/book").form("/book")
        self.client.submit(form.fill(slot=form.fields["slot"].offered[at], **who(form)))
        booking = self.bookings()[-1]
        key = services_of(self.app).settings.signing_key()
        return booking, f"/book/{booking_token(key, booking.id)}"  # as in the email


def who(form: Form) -> dict[str, str]:
    return ADA if "name" in form.fields else {}


def make_site(folder: Path, **settings: Any) -> Site:
    given = {"time_zone": "America/New_York", "booking_place": PLACE, **settings}
    app, clock = make_app(folder, **given), Clock()
    services_of(app).database.clock = clock
    return Site(app, clock, PageClient(app))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path)
    yield made
    made.database.close()


def legends(page: Page) -> list[str]:
    return ["".join(e.itertext()) for e in page.document.all("legend")]


def labels(page: Page) -> list[str]:
    """The times that are offered on the first day."""
    first = page.document.all("fieldset")[0]
    return ["".join(e.itertext()) for e in page.document.all("label", within=first)]


# --- From the result to a consult ---------------------------------------------------------------


def test_two_taps_and_one_form_lead_from_the_result_to_a_consult(site: Site) -> None:
    path = site.result()
    result = site.client.get(path)
    page = site.client.get(result.link("free consult"))  # the first tap
    assert legends(page)[:2] == ["Tuesday, March 3", "Wednesday, March 4"]
    assert labels(page)[0] == "9:00 AM"
    assert "Times are in New York time" in page.text
    assert f"How we meet: {PLACE}" in page.text
    form = page.form("/book").fill(slot="2026-03-03T19:30Z", **ADA)
    thanks = site.client.follow(site.client.submit(form))  # the second tap
    assert thanks.path == path
    says = "Tuesday, March 3, 2:30 PM, New York time"
    assert f"Your consult is booked: {says}" in thanks.text
    again = site.client.get(path)
    assert f"Your consult {says} {PLACE}" in again.text
    assert "free consult" not in again.links, "what is booked is not offered"
    (booking,) = site.bookings()
    assert booking.starts_at == datetime(2026, 3, 3, 19, 30, tzinfo=UTC)
    (lead,) = rows(site.database, LeadRow)
    assert (lead.stage, lead.wants_consult, lead.consult_at) == (
        *("consult_booked", True),
        booking.starts_at,
    )
    assert site.client.get(f"{path}/book", status=303).location == again.link("Move or cancel")


def test_a_link_to_meet_is_shown_only_to_who_has_booked(tmp_path: Path) -> None:
    room = "https://video.example/maven"
    site = make_site(tmp_path, booking_place=room)
    path = site.result()
    page = site.client.get(f"{path}/book")
    assert "You get the link when you book" in page.text
    assert room not in page.html
    site.booked(path)
    assert room in site.client.get(path).html
    site.database.close()


def test_whose_contact_is_known_only_picks_a_time(site: Site) -> None:
    path = site.result(contact=True)
    form = site.client.get(f"{path}/book").form("/book")
    assert set(form.fields) == {"zone", "slot"}
    thanks = site.client.follow(site.client.submit(form.fill(slot="2026-03-03T19:30Z")))
    assert "Your consult is booked" in thanks.text
    assert "Ada" not in thanks.text
    (contact,) = rows(site.database, ContactRow)
    assert contact.wants_consult


def test_times_are_shown_in_the_zone_that_is_asked_for_and_kept_so(site: Site) -> None:
    path = site.result(contact=True)
    chooser = next(f for f in site.client.get(f"{path}/book").forms if f.method == "get")
    assert chooser.fields["zone"].values == ["America/New_York"]
    for zone, first, says in (
        ("America/Los_Angeles", "6:00 AM", "Los Angeles time"),
        ("Asia/Katmandu", "7:45 PM", "Kathmandu time"),  # as Chrome calls it
        ("Europe/Berlin", "3:00 PM", "Berlin time"),
        ("Pacific/Auckland", "3:00 AM", "Auckland time"),
    ):
        page = site.client.get(f"{path}/book?zone={zone}")
        assert labels(page)[0] == first
        assert f"Times are in {says}" in page.text
    assert legends(page)[0] == "Wednesday, March 4", "it is tomorrow there"
    site.client.submit(page.form("/book").fill(slot="2026-03-03T14:00Z"))
    assert "Wednesday, March 4, 3:00 AM, Auckland time" in site.client.get(path).text


UNKNOWN_ZONES = (
    *("", "x", "Etc/GMT+5", "../../etc/passwd", "America/../America/Denver", "posix/UTC"),
    *("a" * 10_000, "America/Nowhere", "\u202eAmerica/Denver", "<script>", "GMT"),
)


def test_an_unknown_zone_is_the_agencys(site: Site) -> None:
    path = f"{site.result()}/book"
    for zone in UNKNOWN_ZONES:
        page = site.client.send("GET", path, status=200, query_string={"zone": zone})
        assert "Times are in New York time" in page.text
    slots = page.form("/book").fields["slot"].offered[::4]
    for number, zone in enumerate(UNKNOWN_ZONES):
        someone = {**ADA, "email": f"ada{number}@example.com"}
        sent = {**someone, "zone": zone, "slot": slots[number]}
        site.client.post(f"{site.result()}/book", sent)
        assert site.bookings()[-1].zone == "America/New_York"
    assert len(site.bookings()) == len(UNKNOWN_ZONES)


def test_a_time_that_the_clock_shows_twice_says_which(tmp_path: Path) -> None:
    site = make_site(tmp_path, booking_hours="sat 09:00-13:00", booking_days_ahead=40)
    page = site.client.get(f"{site.result()}/book?zone=Australia/Sydney&day=2026-04-05")
    # 11:30 AM on Saturday in New York is 2:30 AM there, twice.
    assert legends(page)[0] == "Sunday, April 5"
    assert [label for label in labels(page) if "(" in label] == [
        *("2:00 AM (AEDT)", "2:30 AM (AEDT)", "2:00 AM (AEST)", "2:30 AM (AEST)")
    ]


NOT_OFFERED = [
    ("", 422),
    ("x" * 10_000, 422),
    ("2026-02-30T19:30Z", 422),
    ("2026-03-03T19:30", 422),
    ("2026-03-03T14:30-05:00", 422),
    ("２026-03-03T19:30Z", 422),  # noqa: RUF001
    ("2026-03-03T19:30Z\n", 422),
    ("9999-12-31T23:30Z", 409),
    ("0001-01-01T00:00Z", 409),
    ("2026-03-02T19:30Z", 409),  # sooner than a day ahead
    ("2026-03-03T19:10Z", 409),
    ("2026-03-03T03:00Z", 409),
    ("2026-03-07T19:30Z", 409),  # a Saturday
    ("2026-06-03T19:30Z", 409),
]


def test_a_time_that_was_not_offered_brings_the_page_again(site: Site) -> None:
    path = site.result()
    for slot, status in NOT_OFFERED:
        page = site.client.post(f"{path}/book", {**ADA, "slot": slot}, status=status)
        assert list(page.errors) == ["slot"]
        form = page.form("/book")
        assert form.fields["name"].values == [ADA["name"]]
        assert form.fields["consent"].values == ["y"]
        assert (site.bookings(), rows(site.database, ContactRow)) == ([], [])


def test_without_a_name_or_consent_nothing_is_booked(site: Site) -> None:
    path = site.result()
    page = site.client.post(f"{path}/book", {"slot": "2026-03-10T19:30Z"}, status=422)
    assert list(page.errors) == ["name", "email", "consent"]
    assert page.form("/book").fields["slot"].values == ["2026-03-10T19:30Z"]
    folded = [e for e in page.document.all("details") if "open" in e.attrib]
    assert "Tuesday, March 10" in "".join(folded[0].itertext()), "what is chosen is in view"
    assert site.bookings() == []


def test_a_time_that_went_is_said_kindly_and_the_others_are_shown(site: Site) -> None:
    path = site.result()
    form = site.client.get(f"{path}/book").form("/book").fill(slot="2026-03-03T19:30Z", **ADA)
    site.booked(
        site.result(contact=True), at=form.fields["slot"].offered.index("2026-03-03T19:30Z")
    )
    page = site.client.submit(form, status=409)
    assert "That time isn’t free anymore. Pick another" in page.text
    again = page.form("/book")
    assert "2026-03-03T19:30Z" not in again.fields["slot"].offered
    site.client.submit(again.fill(slot="2026-03-03T14:00Z", consent="y"))
    assert len(site.bookings()) == 2


def test_two_taps_on_the_button_book_once_and_two_tabs_one_time(site: Site) -> None:
    path = site.result()
    data = {**ADA, "slot": "2026-03-03T19:30Z"}
    post = f"{path}/book"
    assert {
        page.status for page in at_once(*[lambda: PageClient(site.app).post(post, data)] * 4)
    } == {303}
    (booking,) = site.bookings()
    other = site.client.post(post, {"slot": "2026-03-03T14:00Z"})
    page = site.client.follow(other)
    assert "You’ve already booked a consult." in page.text
    assert "2:30 PM" in page.text
    assert [row.starts_at for row in site.bookings()] == [booking.starts_at]


def test_a_booking_replaces_no_contact_that_comes_at_once(site: Site) -> None:
    path = site.result()

    def leave_one_in_the_meantime(*form: Any) -> Any:
        save_contact(site.database, path.rsplit("/", 1)[1])
        return screen_contact(*form)

    with patch("consult.owner.booking_pages.screen_contact", leave_one_in_the_meantime):
        answer = site.client.post(f"{path}/book", {**ADA, "slot": "2026-03-03T19:30Z"})
    assert "name" not in site.client.follow(answer).form("/book").fields
    assert [row.name for row in rows(site.database, ContactRow)] == [CONTACT.name]
    assert site.bookings() == []


def test_while_a_calendar_can_not_be_read_a_time_is_to_be_confirmed(site: Site) -> None:
    path, says = site.result(), "confirm it by email"
    assert says not in site.client.get(f"{path}/book").text
    with site.database.writing() as session:
        session.add(BusyFeedRow(name="Ana", encrypted_url=b"x", busy=[], error="It didn’t answer."))
    assert says in site.client.get(f"{path}/book").text
    booking, link = site.booked(path)
    assert booking.state == "requested"
    for page in (site.client.get(path), site.client.get(link)):
        assert "We’ll check this time and confirm it by email." in page.text


def test_more_days_follow_by_links(tmp_path: Path) -> None:
    site = make_site(tmp_path, booking_days_ahead=30)
    path = site.result()
    page = site.client.get(f"{path}/book")
    assert "Earlier days" not in page.links
    assert len(legends(page)) == 2 + 8
    later = site.client.get(page.link("Later days"))
    assert legends(later)[0] == "Tuesday, March 17"
    assert later.form("/book").action.endswith("?day=2026-03-17")
    assert legends(site.client.get(later.link("Earlier days"))) == legends(page)
    others = ("x", "2026-02-30", "20260317", "2026-W12-2", "9999-12-31", "0001-01-01")
    for day in (*others, "9" * 5000, "２026-03-17"):  # noqa: RUF001
        asked = site.client.send("GET", f"{path}/book", status=200, query_string={"day": day})
        assert legends(asked) == legends(page), day


def test_with_nothing_free_they_ask_and_we_write(tmp_path: Path) -> None:
    site = make_site(tmp_path, booking_hours="sun 09:00-09:10")
    path = site.result()
    page = site.client.get(f"{path}/book")
    assert "No times are free right now." in page.text
    page = site.client.post(f"{path}/book", {**ADA, "slot": "2026-03-03T19:30Z"}, status=409)
    thanks = site.client.follow(site.client.submit(page.form("/consult").fill(**ADA)))
    assert "We’ll be in touch about your free consult" in thanks.text


def test_where_booking_is_off_they_ask(tmp_path: Path) -> None:
    site = make_site(tmp_path, booking="off")
    path = site.result()
    asked = site.client.follow(site.client.get(f"{path}/book", status=303))
    assert asked.path == f"{path}/consult"
    site.client.post(f"{path}/book", {**ADA, "slot": "2026-03-03T19:30Z"}, status=404)
    assert site.bookings() == []


def test_the_press_is_counted_once_and_only_of_people(site: Site) -> None:
    path = site.result()

    def pressed() -> bool:
        (stats,) = rows(site.database, ResponseStatsRow)
        return stats.pressed

    for headers in ({"User-Agent": "Slackbot 1.0"}, {"Sec-Purpose": "prefetch"}):
        site.client.get(f"{path}/book", headers=headers)
    site.client.send("HEAD", f"{path}/book", status=200)
    site.client.get(f"{path}/book?zone=Europe/Berlin")
    assert not pressed()
    site.client.get(f"{path}/book")
    assert pressed()


def test_everything_works_in_a_frame(site: Site) -> None:
    path = f"/embed{site.result()}"
    page = site.client.get(f"{path}/book")
    check_stays(page, "/embed")
    form = page.form("/book").fill(slot="2026-03-03T19:30Z", **ADA)
    thanks = site.client.follow(site.client.submit(form))
    check_stays(thanks, "/embed")
    mine = site.client.get(thanks.link("Move or cancel"))
    check_stays(mine, "/embed")
    site.client.submit(mine.form("/cancel"))


def test_what_a_robot_books_is_held(site: Site) -> None:
    path = site.result()
    data = {**ADA, "slot": "2026-03-03T19:30Z", HONEYPOT: "x"}
    page = site.client.follow(site.client.post(f"{path}/book", data))
    assert "You asked for Tuesday, March 3, 2:30 PM" in page.text
    (booking,) = site.bookings()
    assert (booking.state, booking.slot_at) == ("requested", None)
    assert {row.kind for row in rows(site.database, NotificationRow)} == {"finished"}
    other = site.client.get(f"{site.result()}/book").form("/book")
    assert "2026-03-03T19:30Z" in other.fields["slot"].offered


def test_one_network_can_not_take_all_times(tmp_path: Path) -> None:
    site = make_site(tmp_path, limit_contacts="2 per hour")
    results = [site.result(contact=True) for _ in range(3)]
    offered = site.client.get(f"{results[0]}/book").form("/book").fields["slot"].offered
    for path, slot, status in zip(results, offered[::4], (303, 303, 429), strict=False):
        site.client.post(f"{path}/book", {"slot": slot}, status=status)


def sent(site: Site, recipient: str) -> list[str]:
    """The kinds of mails that were asked for so far, but for reports and what was finished."""
    found = [row.kind for row in rows(site.database, DeliveryRow) if row.recipient == recipient]
    return [kind for kind in found if kind not in ("report", "finished")]


def test_staff_get_one_mail_about_a_contact_that_books(site: Site) -> None:
    make_user(site.app, admin=True)
    site.booked(site.result())
    deliver(site.app)
    assert sent(site, "staff") == ["consult_booked"]
    assert sent(site, "owner") == ["booked"]


def test_an_address_that_is_to_be_confirmed_gets_no_invitation_before(tmp_path: Path) -> None:
    site = make_site(tmp_path, confirm_mail="always", **mail_settings())
    path = site.result()
    form = site.client.get(f"{path}/book").form("/book")
    page = site.client.follow(site.client.submit(form.fill(slot="2026-03-03T19:30Z", **ADA)))
    assert "Your consult is booked" in page.text, "and it is"
    assert "Check your inbox. We emailed a link to ada@example.com." in page.text
    assert "your report and invitation are on their way" in page.text
    assert sent(site, "owner") == ["confirm"]
    (job,) = rows(site.database, JobRow, JobRow.kind == "email_confirm")
    link = job.payload["link"].removeprefix(services_of(site.app).settings.base_url)
    site.client.submit(site.client.get(link).form("/confirm"))
    assert sent(site, "owner") == ["confirm", "booked"]


def test_nobody_is_flooded_by_what_others_book_in_their_name(site: Site) -> None:
    """From whatever results and spellings: bookings and moves of one address count together."""
    for number in range(5):
        path = site.result()
        form = site.client.get(f"{path}/book").form("/book")
        email = "ada@example.com" if number % 2 else f"a.da+{number}@example.com"
        slots = form.fields["slot"].offered
        site.client.submit(form.fill(**{**ADA, "email": email, "slot": slots[0]}))
        link = site.client.get(path).link("Move or cancel")
        site.client.post(link, {"slot": slots[1]})
        site.client.post(f"{link}/cancel")
    again = {**ADA, "slot": "2026-03-05T15:00Z"}
    site.client.post(f"{site.result()}/book", again, status=429)
    site.client.post(link, {"slot": "2026-03-05T15:00Z"}, status=429)
    site.client.post(f"{link}/cancel")  # what is booked can always be canceled
    assert sent(site, "owner").count("canceled") == 5


# --- Moved and canceled ---------------------------------------------------------------------------


def test_a_consult_is_moved_and_canceled_and_booked_again_by_its_link(site: Site) -> None:
    path = site.result()
    booking, link = site.booked(path)
    page = site.client.get(link)
    assert "Tuesday, March 3, 9:00 AM, New York time" in page.text
    assert PLACE in page.text
    site.clock.go_on(seconds=1)
    # Half an hour later overlaps only itself.
    form = page.form(link).fill(slot="2026-03-03T14:30Z", zone="America/New_York")
    moved = site.client.follow(site.client.submit(form))
    assert "Moved." in moved.text
    assert "9:30 AM" in moved.text
    site.clock.go_on(seconds=1)
    for _ in range(2):
        canceled = site.client.follow(site.client.post(f"{link}/cancel"))
        assert canceled.h1 == "This consult is canceled"
    assert "free consult" in " ".join(site.client.get(path).links), "it is offered again"
    assert "Moved." not in site.client.get(f"{link}?done=moved").text, "as Back would say"
    again = site.client.submit(canceled.form(link).fill(slot="2026-03-04T15:00Z"))
    assert again.location != link
    new = site.client.follow(again)
    assert (new.h1, "Booked." in new.text) == ("Your consult", True)
    # The old link leads to the new one, and does nothing of its own.
    old = site.client.get(link)
    assert old.link("Move or cancel it") == again.location.partition("?")[0]
    site.client.post(link, {"slot": "2026-03-05T15:00Z"}, status=409)
    assert [row.state for row in site.bookings()] == ["canceled", "booked"]
    assert booking.id == site.bookings()[0].id


def test_a_link_that_is_only_opened_changes_nothing(site: Site) -> None:
    booking, link = site.booked(site.result())
    before = [vars(row) for row in site.bookings()]
    for method in ("GET", "HEAD"):
        site.client.send(method, link, status=200)
        site.client.send(method, f"{link}?done=canceled&other=1", status=200)
    site.client.get(f"{link}/cancel", status=405)
    after = [vars(row) for row in site.bookings()]
    for one, other in zip(before, after, strict=True):
        assert {k: v for k, v in one.items() if k[0] != "_"} == {
            k: v for k, v in other.items() if k[0] != "_"
        }
    assert booking.state == "booked"


def test_a_consult_is_a_file_for_calendars_while_it_is_to_come(site: Site) -> None:
    path = site.result()
    booking, link = site.booked(path)
    file = site.client.get(site.client.get(path).link("Add to calendar"))
    assert file.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "attachment" in file.headers["Content-Disposition"]
    (event,) = Calendar.from_ical(file.body).walk("VEVENT")
    assert (event["UID"], event.decoded("DTSTART"), event.decoded("DTEND")) == (
        *(booking.uid, booking.starts_at),
        booking.ends_at,
    )
    site.client.post(f"{link}/cancel")
    site.client.get(f"{link}/consult.ics", status=404)


def test_when_its_time_has_passed_the_page_says_so(site: Site) -> None:
    path = site.result()
    _, link = site.booked(path)
    site.clock.go_on(days=3)
    page = site.client.get(link)
    assert page.h1 == "This consult is over"
    assert "It was on Tuesday, March 3" in page.text
    site.client.post(f"{link}/cancel")
    assert [row.state for row in site.bookings()] == ["booked"]
    new = site.client.submit(page.form(link).fill(slot=page.form(link).fields["slot"].offered[0]))
    assert new.location != link
    assert len(site.bookings()) == 2


def test_a_consult_is_not_moved_to_what_was_not_offered(site: Site) -> None:
    booking, link = site.booked(site.result())
    for slot, status in NOT_OFFERED:
        page = site.client.post(link, {"slot": slot}, status=status)
        assert list(page.errors) == ["slot"]
        assert site.bookings()[0].starts_at == booking.starts_at


def test_without_our_own_calendar_any_more_a_consult_can_only_be_canceled(
    site: Site, tmp_path: Path
) -> None:
    _, link = site.booked(site.result())
    app = make_app(tmp_path, booking="off", time_zone="America/New_York")
    services_of(app).database.clock = site.clock
    client = PageClient(app)
    page = client.get(link)
    assert [form.action for form in page.forms] == [f"{link}/cancel"]
    client.post(link, {"slot": "2026-03-04T15:00Z"}, status=404)
    client.submit(page.form("/cancel"))
    services_of(app).database.close()


@pytest.mark.parametrize("method", ["delete", "anonymise"])
def test_the_links_of_a_lead_that_is_gone_open_nothing(site: Site, method: Any) -> None:
    path = site.result()
    booking, link = site.booked(path)
    write(
        site.database, erasure.erase, [booking.submission_id], method, by=None, reason="requested"
    )
    for gone in (link, f"{path}/book"):
        page = site.client.get(gone, status=404)
        assert "you asked us to delete your answers" in page.text
        site.client.post(gone, {"slot": "2026-03-04T15:00Z"}, status=404)
    site.client.post(f"{link}/cancel", status=404)
    assert site.bookings() == []


def test_how_to_meet_is_said(site: Site) -> None:
    path = site.result()
    _, link = site.booked(path)
    for place, shown in (
        ("", "We’ll be in touch before then about how we meet."),
        ("https://meet.example/ana", "We’ll meet at https://meet.example/ana."),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ):
        with site.database.writing() as session:
            session.execute(update(BookingRow).values(place=place))
        for page in (site.client.get(path), site.client.get(link)):
            assert shown in page.text
            assert not re.search("href=.javascript", page.html)
