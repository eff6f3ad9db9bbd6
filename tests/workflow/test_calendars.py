"""Where owners book: known by the address of the calendar, which gets no more than it may."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.workflow.calendars import (
    MAX_URL,
    PROVIDERS,
    BookingOffer,
    calendar_url,
    offer_of,
    provider_of,
)

CALENDLY = "https://calendly.com/northside/consult"
KEY = "k" * 22


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://cal.com/northside/30min", "cal"),
        ("https://CAL.com./northside", "cal"),
        ("https://app.cal.eu/northside", "cal"),
        ("https://northside.cal.com/consult", "cal"),
        (CALENDLY, "calendly"),
        ("https://savvycal.com/northside/chat", "savvycal"),
        ("https://notcal.com/northside", None),
        ("https://cal.com.evil.example/x", None),
        ("https://evil.example/cal.com", None),
        ("https://calendly.com@evil.example/", None),
        ("https://meetings.hubspot.com/northside", None),
    ],
)
def test_a_calendar_is_known_by_its_host(url: str, provider: str | None) -> None:
    assert provider_of(url) == provider


@pytest.mark.parametrize(
    ("setting", "url", "offer", "firm"),
    [
        ("auto", "", "own", ""),
        ("auto", CALENDLY, "provider", "Calendly"),
        ("auto", "https://www.northside.example/book", "link", "northside.example"),
        ("own", CALENDLY, "own", ""),
        ("off", CALENDLY, "off", ""),
        ("cal", "https://cal.northside.example/x", "provider", "cal.northside.example"),
        ("cal", "", "off", ""),
        ("other", CALENDLY, "link", "calendly.com"),
        ("other", "", "off", ""),
    ],
)
def test_an_agency_has_one_way_to_book(setting: str, url: str, offer: str, firm: str) -> None:
    found = offer_of(setting, url)
    assert (found.how, found.firm) == (offer, firm)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://cal.com/northside/30min?duration=30&name=#book",
            "https://cal.com/northside/30min?duration=30&name="
            f"&metadata%5Bkey%5D={KEY}&email=ada%40example.com#book",
        ),
        (CALENDLY, f"{CALENDLY}?utm_content={KEY}&email=ada%40example.com&name=Ada%20%26%20Co"),
        (
            f"{CALENDLY}?utm_content=site&month=2026-12",
            f"{CALENDLY}?utm_content=site&month=2026-12"
            f"&salesforce_uuid={KEY}&email=ada%40example.com&name=Ada%20%26%20Co",
        ),
        (
            "https://savvycal.com/northside/chat",
            f"https://savvycal.com/northside/chat?metadata%5Bkey%5D={KEY}"
            "&email=ada%40example.com&display_name=Ada%20%26%20Co",
        ),
        ("https://northside.example/book?a=%20+b#c", "https://northside.example/book?a=%20+b#c"),
    ],
)
def test_a_calendar_gets_the_key_and_what_the_owner_gave(url: str, expected: str) -> None:
    assert calendar_url(offer_of("auto", url), KEY, name="Ada & Co", email="ada@example.com") == (
        expected
    )
    bare = calendar_url(offer_of("auto", url), KEY)
    assert "example.com" not in bare


@given(
    provider=st.sampled_from(PROVIDERS),
    query=st.text(st.sampled_from("ab=&%20+"), max_size=40),
    name=st.text(max_size=400),
    email=st.text(max_size=300),
)
def test_no_address_is_too_long_or_loses_anything(
    provider: str, query: str, name: str, email: str
) -> None:
    name, email = name.encode(errors="ignore").decode(), email.encode(errors="ignore").decode()
    given = f"https://calendar.example/x?{query}" if query else "https://calendar.example/x"
    offer = BookingOffer("provider", f"{given}#top", provider)  # type: ignore[arg-type]
    made = calendar_url(offer, KEY, name=name, email=email)
    assert len(made) <= MAX_URL
    assert made.startswith(given)
    assert made.endswith("#top")
    assert made.isascii()
    added = parse_qsl(urlsplit(made).query.removeprefix(query).lstrip("&"))
    assert KEY in dict(added).values()
    assert max(len(value) for _, value in added) <= 200
