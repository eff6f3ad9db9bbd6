"""What is read of calendars' reports, and which are refused, by the bytes that come."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.workflow.calendar_reports import Kind, UnreadableReportError, read_report, why_refused
from consult.workflow.calendars import PROVIDERS, Provider
from tests.support.calendar_payloads import HALF_AN_HOUR, SECRET, Step, payload, signed, uid_at

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
STEP = Step("booked", "abc", NOW - timedelta(minutes=1), NOW + timedelta(days=2), key=KEY)
KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_few_facts_are_read_from_what_each_provider_sends(
    provider: Provider, kind: Kind
) -> None:
    body, _ = signed(provider, replace(STEP, kind=kind, previous="before"), NOW)
    report = read_report(provider, body, NOW)
    if (provider, kind) == ("savvycal", "no_show"):
        assert report is None
        return
    assert report is not None
    # A booking that Calendly's owner moves is one that is canceled, and another.
    calendly_has = {"requested": "booked", "moved": "booked"}
    assert report.kind == (calendly_has.get(kind, kind) if provider == "calendly" else kind)
    assert report.uid == uid_at(provider, "abc")
    assert report.at == STEP.at or (provider == "calendly" and kind == "requested")
    if (provider, kind) == ("cal", "no_show"):
        assert (report.starts_at, report.key) == (None, None)
        return
    assert (report.starts_at, report.ends_at) == (STEP.starts_at, STEP.starts_at + HALF_AN_HOUR)
    assert (report.zone, report.name, report.email) == (
        "Europe/Berlin",
        "Ada Okafor",
        "ada@example.com",
    )
    assert report.place.startswith("https://") or (provider == "cal" and kind == "canceled")
    assert report.previous_uid == (None if provider == "savvycal" else uid_at(provider, "before"))
    assert report.key == (None if provider == "cal" and kind in ("moved", "canceled") else KEY)


def test_a_repeated_report_has_the_same_id_and_no_other_has() -> None:
    later = replace(STEP, at=STEP.at + timedelta(minutes=1))
    for provider in PROVIDERS:
        steps = [STEP, replace(STEP, kind="canceled"), later, replace(STEP, uid="xyz")]
        reports = [read_report(provider, signed(provider, step, NOW)[0], NOW) for step in steps]
        assert len({one.event_id for one in reports if one}) == 4
        again = read_report(provider, signed(provider, STEP, NOW)[0] + b" ", NOW)
        assert again == reports[0]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_only_what_the_calendar_signed_just_now_is_accepted(provider: Provider) -> None:
    body, headers = signed(provider, STEP, NOW)

    (name,) = set(headers) - {"Content-Type"}
    right = headers[name]

    def why(header: str = right, body: bytes = body) -> str | None:
        return why_refused(provider, SECRET, {name: header}.__getitem__, body, NOW)

    assert why() is None
    # SavvyCal writes it in capitals.
    assert why(f"sha256={right[7:].upper()}" if provider == "savvycal" else right) is None
    assert why(body=body + b" ") == "signature"
    for wrong in ("", "no-secret-provided", right[:-1], right + "0", "é", "t=1,v1="):
        assert why(wrong) == "signature"
    assert why(signed(provider, STEP, NOW, "another")[1][name]) == "signature"
    for minutes in (-6, 6):
        stale = signed(provider, STEP, NOW + timedelta(minutes=minutes))[1][name]
        assert why(stale) == ("old" if provider == "calendly" else None)


def test_signatures_are_those_of_the_documentation() -> None:
    body = b'{"a":1}'
    mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    stamped = hmac.new(SECRET.encode(), b"1796126400." + body, hashlib.sha256).hexdigest()
    found = {
        provider: set(signed(provider, body, NOW)[1].items())
        - {("Content-Type", "application/json")}
        for provider in PROVIDERS
    }
    assert found == {
        "cal": {("X-Cal-Signature-256", mac)},
        "calendly": {("Calendly-Webhook-Signature", f"t=1796126400,v1={stamped}")},
        "savvycal": {("X-SavvyCal-Signature", f"sha256={mac}")},
    }


def _changed(**values: Any) -> bytes:
    sent = payload("cal", STEP)
    return json.dumps({**sent, "payload": {**sent["payload"], **values}}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe{",
        b'{"triggerEvent": "BOOKING_CREATED", "payload": NaN}',
        b'{"triggerEvent": "BOOKING_CREATED", "createdAt": ' + b"9" * 5_000 + b"}",
        b"[" * 30_000,
        b'{"triggerEvent": "BOOKING_CREATED"}',
        b'{"triggerEvent": "BOOKING_CREATED", "payload": []}',
        _changed(uid="x" * 10_000),
        _changed(uid=""),
        _changed(uid={"a": 1}),
        _changed(rescheduleUid="x" * 201),
        _changed(startTime="9999-12-31T23:59:59Z", endTime="9999-12-31T23:59:59Z"),
        _changed(startTime="2026-12-03T12:00:00"),
        _changed(startTime="soon"),
        _changed(endTime=json.loads(_changed())["payload"]["startTime"]),
        _changed(endTime="2028-01-01T00:00:00Z"),
        _changed(startTime="1990-01-01T00:00:00Z"),
        json.dumps({**payload("cal", STEP), "createdAt": ""}).encode(),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReportError):
        read_report("cal", body, NOW)


def test_texts_are_cut_and_have_nothing_in_them_that_no_page_should_get() -> None:
    person = {"name": "A\u202e\ud800\x00da" * 200, "email": "x" * 999, "timeZone": "../../etc"}
    report = read_report("cal", _changed(attendees=[person], location="y" * 9_999), NOW)
    assert report is not None
    assert (len(report.name), len(report.email), report.zone) == (200, 254, "UTC")
    assert report.name.startswith("AdaAda")
    odd = read_report("cal", _changed(attendees={"name": 1}, metadata=[KEY], location=7), NOW)
    assert odd is not None
    assert (odd.name, odd.key, odd.place) == ("", None, "")


def test_a_report_from_the_future_keeps_no_later_one_from_counting() -> None:
    sent = {**payload("cal", STEP), "createdAt": "2199-01-01T00:00:00Z"}
    report = read_report("cal", json.dumps(sent).encode(), NOW)
    assert report is not None
    assert report.at == NOW


def test_other_kinds_are_of_no_use() -> None:
    for provider, name in (("cal", "triggerEvent"), ("calendly", "event"), ("savvycal", "type")):
        for kind in ("PING", "MEETING_ENDED", "", "x" * 999, None, 1, ["BOOKING_CREATED"]):
            assert read_report(provider, json.dumps({name: kind}).encode(), NOW) is None  # type: ignore[arg-type]
    for body in (b"[]", b"1", b'"BOOKING_CREATED"', b"null", b"{}"):
        assert read_report("cal", body, NOW) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@given(provider=st.sampled_from(PROVIDERS), values=st.dictionaries(st.integers(0, 99), JSON))
def test_no_shape_does_more_than_being_refused(provider: Provider, values: dict[int, Any]) -> None:
    """Any value in any place: the report is read, or refused, and nothing else."""
    sent = payload(provider, STEP)
    places = [(of, name) for of in _objects(sent) for name in of]
    for at, value in values.items():
        of, name = places[at % len(places)]
        of[name] = value
    try:
        report = read_report(provider, json.dumps(sent).encode(), NOW)
    except UnreadableReportError:
        return
    if report:
        assert 0 < len(report.uid) <= 200
        assert report.at <= NOW


def _objects(of: Any) -> list[dict[str, Any]]:
    inner = of.values() if isinstance(of, dict) else of if isinstance(of, list) else ()
    return ([of] if isinstance(of, dict) else []) + [
        one for each in inner for one in _objects(each)
    ]
