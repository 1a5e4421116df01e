"""Migrations: brings a database to the tables this code expects, and says which revision it is at.

One transaction for everything, behind a lock, so that of two processes started at once one migrates and the other
finds the work done; a migration that fails leaves the database as it was. Never touches another database than the
one whose URL it is given, and never prints that URL, which may hold a password.

``python -m data.migrate "what changed"`` writes a new revision from the difference to ``data/tables.py``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

_LOCK = 0x656E6572  # "ener": the advisory lock that migrating processes take on PostgreSQL
_WAIT = 120  # seconds that a second process waits on SQLite for the first to finish


def upgrade(url: str) -> list[str]:
    """Bring the database at ``url`` to the newest revision.

    Returns the revisions applied, oldest first: none when there was nothing to do. Safe when run by several
    processes at once. Raises what the database raises; nothing is then changed.
    """
    with _locked(url) as connection:
        applied = list(reversed(_pending(connection)))
        if applied:
            command.upgrade(_config(connection), "head")
        return applied


def current(url: str) -> str | None:
    """The revision that the database at ``url`` is at; nothing when it has never been migrated."""
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return _revision(connection)
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision that this code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("there are no migrations")
    return revision


def write_revision(message: str) -> Path:
    """Write a new revision: the difference between the last one and ``data/tables.py``, to be read and mended."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/now.db"
        upgrade(url)
        with _locked(url) as connection:
            script = command.revision(_config(connection), message, autogenerate=True, rev_id=_next_id())
    if not isinstance(script, Script):
        raise RuntimeError("no revision was written")
    return Path(script.path)


def _next_id() -> str:
    return f"{len(list(ScriptDirectory.from_config(_config()).walk_revisions())) + 1:04d}"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    # A % in the folder's name would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _pending(connection: Connection) -> list[str]:
    """The revisions between the database's and the newest, newest first."""
    script = ScriptDirectory.from_config(_config())
    return [r.revision for r in script.iterate_revisions("head", _revision(connection) or "base")]


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    """A transaction that no other migrating process can be in at the same time."""
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
    finally:
        engine.dispose()


def _engine(url: str) -> Engine:
    target = make_url(url)
    if target.drivername in ("postgresql", "postgres"):
        target = target.set(drivername="postgresql+psycopg")
    if target.get_backend_name() != "sqlite":
        return create_engine(target, poolclass=NullPool, hide_parameters=True)
    engine = create_engine(target, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": _WAIT})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # pysqlite would commit before each DDL statement; and foreign keys stay off here, because SQLite changes
        # a table by copying it and dropping the old one.
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('usage: python -m data.migrate "what changed"')
    print(write_revision(sys.argv[1]))
