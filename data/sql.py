"""What SQLAlchemy says differently for each database, in one place: both SQLite and PostgreSQL take these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement, Connection, Table
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as _insert


def insert_if_absent(table: Table, *keys: str) -> Insert:
    """``INSERT … ON CONFLICT (keys) DO NOTHING``: a row that is already there is kept, and ``rowcount`` is 0.

    The clause is the same words in both databases and both compilers know it under one name.
    """
    return _insert(table).on_conflict_do_nothing(index_elements=list(keys))


def upsert(table: Table, keys: list[str], update: list[str]) -> Insert:
    """``INSERT … ON CONFLICT (keys) DO UPDATE``, setting the ``update`` columns to the new row's values."""
    statement = _insert(table)
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in update}
    )


class Prepared:
    """A Core statement compiled once for each database and run on the driver's own cursor.

    SQLAlchemy spends 30 to 50 µs on each execution that is not the database's (events, contexts, result objects).
    On the path of every message that is more than all else, so its three statements are run through this; nothing
    else should be. Values go through the columns' types as ever, results come as the driver gives them.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._ready: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[str] | None]] = {}

    def execute(self, conn: Connection, values: Mapping[str, Any]) -> Any:
        """Run it with ``values`` by parameter name. Returns the driver's cursor (``fetchone``, ``rowcount``)."""
        ready = self._ready.get(conn.dialect.name)
        if ready is None:
            ready = self._compile(conn)
        sql, given, processors, order = ready
        bound = {**given, **values}
        for name, process in processors.items():
            bound[name] = process(bound[name])
        cursor = conn.connection.dbapi_connection.cursor()  # type: ignore[union-attr]
        cursor.execute(sql, bound if order is None else [bound[name] for name in order])
        return cursor

    def _compile(self, conn: Connection) -> tuple[str, dict[str, Any], dict[str, Any], list[str] | None]:
        compiled: Any = self._statement.compile(dialect=conn.dialect)
        processors = {}
        for bind, name in compiled.bind_names.items():
            process = bind.type.dialect_impl(conn.dialect).bind_processor(conn.dialect)
            if process is not None:
                processors[name] = process
        order = list(compiled.positiontup) if compiled.positional else None
        ready = (compiled.string, dict(compiled.params), processors, order)
        self._ready[conn.dialect.name] = ready
        return ready
