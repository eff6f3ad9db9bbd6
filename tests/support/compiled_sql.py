"""SQL compiled once for all databases of a test run.

SQLAlchemy caches compiled statements per engine. Nearly every test has an engine of its own, and
compiling the same statements for each of them took a third of the time of many tests.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event


class _Compiled(dict[tuple[Any, ...], Any]):
    """Compiled statements, by statement and type of dialect; SQLAlchemy uses the dialect itself."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        dialect, *statement = key
        return super().get((type(dialect), *statement), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        dialect, *statement = key
        super().__setitem__((type(dialect), *statement), compiled)


_COMPILED = _Compiled()


def share_statements() -> None:
    """Have all engines of this process share compiled statements."""
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED)
