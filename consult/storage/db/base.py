"""The base of all tables: names for constraints, common constraints, JSON, times, addresses."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    MetaData,
    column,
    func,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

HIGHEST_ID = 2**31 - 1
"""The highest id that both engines support."""


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware, in UTC, to the microsecond, the same on every engine.

    PostgreSQL stores the zone itself. SQLite stores text without a zone, which is added on reading.
    Raises ValueError for a naive datetime; its zone would be a guess.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time needs its zone before it is stored: {value!r}")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# None means SQL NULL, so NOT NULL refuses a missing document. Plain JSON, not PostgreSQL's JSONB:
# it preserves the order of keys and accepts any text an owner can type.
Json = JSON(none_as_null=True)


class Base(DeclarativeBase):
    """The base of every table; constraints get predictable names for migrations."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime, dict[str, Any]: Json}


def same_address(address: Any, other: Any) -> ColumnElement[bool]:
    """Whether two email addresses are the same but for capitals, as a condition of a query.

    The database alone folds both. SQLite leaves letters such as Å as they are, and Python doesn't.
    """
    return func.lower(address) == func.lower(other)


def belongs_to(table: str) -> ForeignKey:
    """The key of a row that is deleted with the one it refers to."""
    return ForeignKey(f"{table}.id", ondelete="CASCADE")


def one_of(name: str, values: Iterable[str]) -> CheckConstraint:
    return CheckConstraint(column(name).in_(values), name=f"{name}_known")


def between(name: str, low: float, high: float) -> CheckConstraint:
    return CheckConstraint(f"{name} BETWEEN {low} AND {high}", name=f"{name}_in_range")


def length(name: str, longest: int, shortest: int = 1) -> CheckConstraint:
    """A text is neither empty nor longer than its form allows; SQLite ignores VARCHAR lengths."""
    return CheckConstraint(
        f"length({name}) BETWEEN {shortest} AND {longest}", name=f"{name}_length"
    )


def present(name: str) -> CheckConstraint:
    """A document is neither NULL nor empty."""
    return CheckConstraint(f"CAST({name} AS TEXT) <> '{{}}'", name=f"{name}_present")
