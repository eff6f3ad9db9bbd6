"""The base of all tables: names for constraints, JSON, and times in UTC."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

HIGHEST_ID = 2**31 - 1
"""The highest id that both engines support."""


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware, in UTC, to the microsecond, the same on every engine.

    PostgreSQL stores the zone itself. SQLite stores text without a zone, which is added on reading.

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
