"""What SQLAlchemy says differently for each database, in one place: both SQLite and PostgreSQL take these."""

from __future__ import annotations

from sqlalchemy import Table
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
