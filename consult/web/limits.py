"""How often something may be tried, counted in the app's own database.

The counts hold over restarts and over several processes. Who tried is kept as a keyed hash only:
the table holds no address and no name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import bindparam, delete, func, select, text
from werkzeug.exceptions import TooManyRequests

from consult.crypto import Purpose, keyed_hash
from consult.storage.db.base import UtcDateTime
from consult.storage.db.database import Database, utc_now
from consult.storage.tables.submission_tables import RateLimitRow

# One statement, so that two requests at once can never both count as the same hit.
_HIT = text(
    """
    INSERT INTO rate_limits (key, hits, expires_at) VALUES (:key, :amount, :expires_at)
    ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN rate_limits.expires_at <= :now THEN :amount
                    ELSE rate_limits.hits + :amount END,
        expires_at = CASE WHEN rate_limits.expires_at <= :now THEN :expires_at
                          ELSE rate_limits.expires_at END
    RETURNING hits
    """
).bindparams(bindparam("now", type_=UtcDateTime), bindparam("expires_at", type_=UtcDateTime))


class SqlStorage(Storage):
    """Counters for the `limits` library, kept in the `rate_limits` table."""

    # Not to be found by a URL: it needs the app's own engine.
    STORAGE_SCHEME = None

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self._database = database
        self._clock = clock

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Return the errors to wrap: none, a broken database is not this module's to explain."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter that lasts `expiry` seconds from its first hit; return its value."""
        now = self._clock()
        values = {
            "key": key,
            "amount": amount,
            "now": now,
            "expires_at": now + timedelta(seconds=expiry),
        }
        with self._database.writing() as session:
            hits = int(session.execute(_HIT, values).scalar_one())
            if hits == amount:  # a new window: a good moment to clear away those long over
                session.execute(delete(RateLimitRow).where(RateLimitRow.expires_at <= now))
        return hits

    def get(self, key: str) -> int:
        """Return a counter's value, 0 when its window is over."""
        with self._database.reading() as session:
            query = select(RateLimitRow.hits).where(
                RateLimitRow.key == key, RateLimitRow.expires_at > self._clock()
            )
            return session.scalar(query) or 0

    def get_expiry(self, key: str) -> float:
        """Return when a counter's window ends, in seconds since 1970."""
        with self._database.reading() as session:
            query = select(RateLimitRow.expires_at).where(RateLimitRow.key == key)
            return (session.scalar(query) or self._clock()).timestamp()

    def check(self) -> bool:
        """Say whether the table can be read."""
        with self._database.reading() as session:
            session.scalar(select(func.count()).select_from(RateLimitRow))
        return True

    def reset(self) -> int:
        """Forget all counters; return how many there were."""
        with self._database.writing() as session:
            forgotten = session.scalar(select(func.count()).select_from(RateLimitRow)) or 0
            session.execute(delete(RateLimitRow))
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._database.writing() as session:
            session.execute(delete(RateLimitRow).where(RateLimitRow.key == key))


class RateLimits:
    """Spends from the allowance of a purpose (such as `starts`) and a person or network."""

    def __init__(
        self, database: Database, secret_key: str, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._limiter = FixedWindowRateLimiter(SqlStorage(database, clock))
        self._secret_key = secret_key
        self._clock = clock

    def consume(self, purpose: str, rate: str, who: str) -> None:
        """Count one try of `who` against `rate` (such as `20 per hour`).

        Of several rates (`5 per minute; 20 per hour`) each has to allow it.
        Raises TooManyRequests (429), saying when to come back, once one is used up.
        """
        used_up = self._used_up(purpose, rate, who)
        if used_up is None:
            return
        stats = self._limiter.get_window_stats(used_up, self._key(purpose, who))
        seconds = stats.reset_time - self._clock().timestamp()
        raise TooManyRequests(retry_after=max(1, math.ceil(seconds)))

    def allows(self, purpose: str, rate: str, who: str) -> bool:
        """Count one try as `consume` does, and say whether the rate allowed it."""
        return self._used_up(purpose, rate, who) is None

    def reset(self, purpose: str, rate: str, who: str) -> None:
        """Give the whole allowance back, for instance after a right password."""
        for limit in parse_many(rate):
            self._limiter.clear(limit, self._key(purpose, who))

    def _used_up(self, purpose: str, rate: str, who: str) -> RateLimitItem | None:
        """Count a try against each rate, the shortest first, up to one that does not allow it."""
        key = self._key(purpose, who)
        for limit in sorted(parse_many(rate), key=lambda limit: limit.get_expiry()):
            if not self._limiter.hit(limit, key):
                return limit
        return None

    def _key(self, purpose: str, who: str) -> str:
        return keyed_hash(self._secret_key, Purpose.RATE_LIMIT, f"{purpose}|{who}")


def network_of(address: str | None) -> str:
    """Return whom an address belongs to: itself, or for IPv6 its /64, which is one customer's.

    Some proxies write the port beside it, which changes with each connection and so does not count.
    What is no address at all is one network, whatever it says.
    """
    written = address or ""
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        parsed = ip_address(written)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed.packed, 64), strict=False).network_address)
    return str(parsed)
