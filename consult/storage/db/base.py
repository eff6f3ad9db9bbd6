"""What all tables share: one declarative base, names for constraints, and times in UTC."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

HIGHEST_ID = 2**31 - 1
"""The highest number that both engines count to for an id; a higher one is nothing's."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in time: aware, in UTC, to the microsecond, the same on every engine.

    PostgreSQL keeps the zone itself. SQLite keeps text without a zone, so UTC goes in bare and
    gets its zone back on the way out.

    Raises:
        ValueError: a naive datetime is given; its zone would be a guess.
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


# None means "no value" (SQL NULL), so NOT NULL really refuses a missing document. Plain JSON, not
# PostgreSQL's JSONB: it keeps the order of keys and takes any text an owner can type.
Json = JSON(none_as_null=True)


class Base(DeclarativeBase):
    """The base of every table. Constraints get predictable names, so migrations can name them."""

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
