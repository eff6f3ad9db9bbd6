"""Rate limits: counted in the database, over restarts and processes, without naming anybody."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.exceptions import TooManyRequests

from consult.storage.db.database import Database
from consult.storage.tables.submission_tables import RateLimitRow
from consult.web.limits import RateLimits, network_of
from tests.support.apps import SECRET_KEY, make_app, services_of


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return services_of(make_app(tmp_path / "var")).database


@pytest.fixture
def limits(database: Database, clock: Clock) -> RateLimits:
    return RateLimits(database, SECRET_KEY, clock)


def consume(limits: RateLimits, times: int, who: str = "192.0.2.1") -> None:
    for _ in range(times):
        limits.consume("starts", "3 per hour", who)


def test_the_rate_can_be_used_up_and_then_it_says_when_to_come_back(
    limits: RateLimits, clock: Clock
) -> None:
    consume(limits, 3)
    clock.move(minutes=20)
    with pytest.raises(TooManyRequests) as refused:
        consume(limits, 1)
    assert refused.value.retry_after == 40 * 60


def test_a_new_hour_is_a_new_allowance(limits: RateLimits, clock: Clock) -> None:
    consume(limits, 3)
    clock.move(hours=1)
    consume(limits, 3)


def test_networks_and_purposes_do_not_share_an_allowance(limits: RateLimits) -> None:
    consume(limits, 3)
    consume(limits, 3, "192.0.2.2")
    limits.consume("contacts", "3 per hour", "192.0.2.1")


def test_the_count_survives_a_restart_and_holds_for_all_processes(
    database: Database, limits: RateLimits, clock: Clock
) -> None:
    consume(limits, 3)
    with pytest.raises(TooManyRequests):
        consume(RateLimits(database, SECRET_KEY, clock), 1)


def test_a_right_password_gives_the_allowance_back(limits: RateLimits) -> None:
    consume(limits, 3)
    limits.reset("starts", "3 per hour", "192.0.2.1")
    consume(limits, 3)


def test_of_several_rates_each_has_to_allow_a_try(limits: RateLimits, clock: Clock) -> None:
    rates = "5 per hour; 2 per minute"

    def tries() -> list[bool]:
        return [limits.allows("starts", rates, "ada") for _ in range(4)]

    assert tries() == [True, True, False, False]
    clock.move(minutes=1)
    assert tries() == [True, True, False, False]  # what the minute refused, the hour never saw
    clock.move(minutes=1)
    assert tries() == [True, False, False, False]
    clock.move(minutes=1)
    with pytest.raises(TooManyRequests) as refused:
        limits.consume("starts", rates, "ada")
    assert refused.value.retry_after == 57 * 60
    limits.reset("starts", rates, "ada")
    assert tries() == [True, True, False, False]


def test_the_table_names_nobody_and_forgets_what_is_over(
    database: Database, limits: RateLimits, clock: Clock
) -> None:
    consume(limits, 1, "ada@example.com")
    with database.reading() as session:
        (key,) = session.scalars(select(RateLimitRow.key))
    assert "ada" not in key
    clock.move(hours=2)
    consume(limits, 1, "192.0.2.9")
    with database.reading() as session:
        assert key not in session.scalars(select(RateLimitRow.key)).all()


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
