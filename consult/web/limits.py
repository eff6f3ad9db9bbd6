"""Rate limits, counted in the application's own database.

The counts hold across restarts and processes. Only a keyed hash identifies who is counted: the
table contains no address and no name.
"""

import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, request
from limits import RateLimitItem, parse_many
from sqlalchemy import Integer, bindparam, delete, select, text
from werkzeug.exceptions import TooManyRequests

from consult.crypto import Purpose, keyed_hash
from consult.storage.db.base import UtcDateTime
from consult.storage.db.database import Database, Session
from consult.storage.tables.submission_tables import RateLimitRow

# One statement, so that two simultaneous requests are never counted as one.
_SQL = """
    INSERT INTO rate_limits (key, hits, expires_at) VALUES (:key, 1, :expires_at)
    ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN rate_limits.expires_at <= :now THEN 1 ELSE rate_limits.hits + 1 END,
        expires_at = CASE WHEN rate_limits.expires_at <= :now THEN :expires_at
                          ELSE rate_limits.expires_at END
    RETURNING hits, expires_at
"""
_HIT = (
    text(_SQL)
    .bindparams(bindparam("now", type_=UtcDateTime), bindparam("expires_at", type_=UtcDateTime))
    .columns(hits=Integer, expires_at=UtcDateTime)
)

_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a rate in the current window, which ends in some `seconds`."""

    limit: int
    left: int
    seconds: int
    exceeded: bool


class RateLimits:
    """Counts attempts for a purpose (such as `starts`) of a person or network."""

    def __init__(self, database: Database, secret_key: str) -> None:
        self._database = database
        self._secret_key = secret_key

    def consume(self, purpose: str, rate: str, who: str) -> None:
        """Count an attempt of `who` against `rate`, such as `20 per hour`.

        Of several rates (`5 per minute; 20 per hour`) each has to allow it.
        Raises TooManyRequests (429), with the time to wait, once one is used up.
        """
        free_at = self._exceeded_until(purpose, rate, who)
        if free_at is not None:
            seconds = (free_at - self._database.clock()).total_seconds()
            raise TooManyRequests(retry_after=max(1, math.ceil(seconds)))

    def allows(self, purpose: str, rate: str, who: str) -> bool:
        """Count an attempt like `consume`; return whether the rate allows it."""
        return self._exceeded_until(purpose, rate, who) is None

    def quota(self, purpose: str, rate: str, who: str) -> Quota:
        """Count an attempt against one rate; return what is left, and whether this was too many."""
        (limit,) = parse_many(rate)
        with self._database.writing() as session:
            hits, ends = self._hit(session, self._key(limit, purpose, who), limit)
        seconds = max(1, math.ceil((ends - self._database.clock()).total_seconds()))
        return Quota(limit.amount, max(0, limit.amount - hits), seconds, hits > limit.amount)

    def used(self, purpose: str, rate: str, who: str) -> float:
        """How much of a rate is used up, from 0 to 1 and above; nothing is counted."""
        limits = parse_many(rate)
        keys = {self._key(limit, purpose, who): limit.amount for limit in limits}
        row = RateLimitRow
        query = select(row.key, row.hits).where(
            row.key.in_(keys), row.expires_at > self._database.clock()
        )
        with self._database.reading() as session:
            hits = session.execute(query).all()
        return max((count / keys[key] for key, count in hits), default=0.0)

    def reset(self, purpose: str, rate: str, who: str) -> None:
        """Delete the counts, for instance after a correct password."""
        keys = [self._key(limit, purpose, who) for limit in parse_many(rate)]
        with self._database.writing() as session:
            session.execute(delete(RateLimitRow).where(RateLimitRow.key.in_(keys)))

    def _exceeded_until(self, purpose: str, rate: str, who: str) -> datetime | None:
        """Count an attempt against each rate, the shortest first, up to one that is used up.

        Returns when that one's window ends; None when all allow the attempt.
        """
        with self._database.writing() as session:
            for limit in sorted(parse_many(rate), key=lambda limit: limit.get_expiry()):
                hits, expires_at = self._hit(session, self._key(limit, purpose, who), limit)
                if hits > limit.amount:
                    return expires_at
        return None

    def _hit(self, session: Session, key: str, limit: RateLimitItem) -> tuple[int, datetime]:
        """Count one more in the limit's window; return its count and end."""
        now = session.now()
        ends = now + timedelta(seconds=limit.get_expiry())
        values = {"key": key, "now": now, "expires_at": ends}
        hits, expires_at = session.execute(_HIT, values).one()
        if hits == 1:  # a new window: time to delete the expired ones
            session.execute(delete(RateLimitRow).where(RateLimitRow.expires_at <= now))
        return hits, expires_at

    def _key(self, limit: RateLimitItem, purpose: str, who: str) -> str:
        hashed = keyed_hash(self._secret_key, Purpose.RATE_LIMIT, f"{purpose}|{who}")
        return limit.key_for(hashed)


def warn_of_unknown_proxy(app: Flask) -> None:
    """Warn, once, when a proxy is in front of the app but the settings name none.

    Then all visitors have the proxy's address, and share one rate limit.
    """
    is_known = False

    @app.before_request
    def look() -> None:
        nonlocal is_known
        if is_known or not any(header in request.headers for header in _FORWARDED):
            return
        network = network_of(request.remote_addr)
        # From a public address, a visitor may have made it up.
        is_known = network == "unknown" or ip_address(network).is_private
        if is_known:
            log.warning(
                "a proxy on a neighboring machine forwards requests, but CONSULT_PROXY_HOPS is 0: "
                "all visitors count as one for the rate limits; set it to the number of proxies"
            )


def network_of(address: str | None) -> str:
    """The network that an address counts for: itself, or the /64 of an IPv6 address (a customer's).

    A port that some proxies append is ignored; anything else is the network "unknown".
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
