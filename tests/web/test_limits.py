"""Rate limits: counted in the database, over restarts and processes, without naming anyone."""

from pathlib import Path

import pytest
from werkzeug.exceptions import TooManyRequests

from consult.settings.schema import Settings
from consult.storage.db.database import Database
from consult.storage.tables.submission_tables import RateLimitRow
from consult.web.limits import RateLimits, network_of
from tests.support.apps import make_app
from tests.support.databases import ON_SQLITE, Clock, rows
from tests.support.workers import SECRET_KEY


@pytest.fixture
def limits(database: Database, clock: Clock) -> RateLimits:
    return RateLimits(database, SECRET_KEY)


def consume(limits: RateLimits, times: int, who: str = "192.0.2.1") -> None:
    for _ in range(times):
        limits.consume("starts", "3 per hour", who)


def test_a_rate_can_be_used_up_until_its_time_is_over(limits: RateLimits, clock: Clock) -> None:
    consume(limits, 3)
    clock.go_on(minutes=20)
    with pytest.raises(TooManyRequests) as refused:
        consume(limits, 1)
    assert refused.value.retry_after == 40 * 60
    clock.go_on(minutes=40)
    consume(limits, 3)


def test_what_is_left_of_a_rate_is_told(limits: RateLimits, clock: Clock) -> None:
    seen = []
    for _ in range(3):
        seen.append(limits.quota("api", "2 per minute", "token"))
        clock.go_on(seconds=20.5)
    assert [(one.left, one.seconds, one.exceeded) for one in seen] == [
        (1, 60, False),
        (0, 40, False),
        (0, 19, True),
    ]
    assert limits.quota("api", "2 per minute", "token").left == 1


def test_networks_and_purposes_are_counted_separately(limits: RateLimits) -> None:
    consume(limits, 3)
    consume(limits, 3, "192.0.2.2")
    limits.consume("contacts", "3 per hour", "192.0.2.1")


def test_the_count_survives_a_restart_and_holds_for_all_processes(
    database: Database, limits: RateLimits, clock: Clock
) -> None:
    consume(limits, 3)
    with pytest.raises(TooManyRequests):
        consume(RateLimits(database, SECRET_KEY), 1)


def test_a_reset_starts_the_count_again(limits: RateLimits) -> None:
    consume(limits, 3)
    limits.reset("starts", "3 per hour", "192.0.2.1")
    consume(limits, 3)


def test_of_several_rates_each_has_to_allow_an_attempt(limits: RateLimits, clock: Clock) -> None:
    rates = "5 per hour; 2 per minute"

    def attempts() -> list[bool]:
        return [limits.allows("starts", rates, "ada") for _ in range(4)]

    assert attempts() == [True, True, False, False]
    clock.go_on(minutes=1)
    assert attempts() == [True, True, False, False]  # what the minute refused, the hour never saw
    clock.go_on(minutes=1)
    assert attempts() == [True, False, False, False]
    clock.go_on(minutes=1)
    with pytest.raises(TooManyRequests) as refused:
        limits.consume("starts", rates, "ada")
    assert refused.value.retry_after == 57 * 60
    limits.reset("starts", rates, "ada")
    assert attempts() == [True, True, False, False]


def test_the_table_names_no_one_and_expired_rows_are_deleted(
    database: Database, limits: RateLimits, clock: Clock
) -> None:
    consume(limits, 1, "ada@example.com")
    (one,) = rows(database, RateLimitRow)
    assert "ada" not in one.key
    clock.go_on(hours=2)
    consume(limits, 1, "192.0.2.9")
    assert one.key not in {row.key for row in rows(database, RateLimitRow)}


@ON_SQLITE
def test_a_class_passes_from_one_address_and_a_robot_does_not(
    limits: RateLimits, clock: Clock
) -> None:
    settings = Settings.model_fields
    for purpose, tries, an_hour in (("starts", 40, 300), ("contacts", 80, 100)):
        rate = settings[f"limit_{purpose}"].default
        assert all(limits.allows(purpose, rate, "a school") for _ in range(tries))
        clock.go_on(minutes=61)
        passed = 0
        for _ in range(60):
            passed += sum(limits.allows(purpose, rate, "a school") for _ in range(7))
            clock.go_on(seconds=59)
        assert passed == an_hour


@pytest.mark.parametrize(
    ("address", "headers", "hops", "warned"),
    [
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 0, True),
        ("10.0.0.7", {"Forwarded": "for=203.0.113.9"}, 0, True),
        ("fd00::7", {"X-Forwarded-Proto": "https"}, 0, True),
        ("", {"X-Forwarded-For": "203.0.113.9"}, 0, True),
        ("8.8.8.8", {"X-Forwarded-For": "203.0.113.9"}, 0, False),
        ("127.0.0.1", {}, 0, False),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 1, False),
    ],
)
def test_a_proxy_that_the_settings_do_not_name_is_logged_once(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    address: str,
    headers: dict[str, str],
    hops: int,
    warned: bool,
) -> None:
    client = make_app(tmp_path / "var", proxy_hops=hops).test_client()
    for _ in range(2):
        client.get("/health/live", headers=headers, environ_base={"REMOTE_ADDR": address})
    lines = [text for text in caplog.messages if "CONSULT_PROXY_HOPS is 0" in text]
    assert len(lines) == warned


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("[2001:db8:1:2:3:4:5:6]:50123", "2001:db8:1:2::"),
        ("[2001:db8:1:2::7]", "2001:db8:1:2::"),
        ("not an address", "unknown"),
        ("_hidden:7", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_network_is_one_customer_however_it_is_written(address: str | None, network: str) -> None:
    assert network_of(address) == network
