"""The migrations lead to exactly the tables that the code expects, on both databases, whoever runs them at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from data import audit, migrate
from data.tables import metadata
from tests.postgres import fresh_database, shared_cluster

ROOT = Path(migrate.__file__).parent.parent


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/a folder with 100%/station.db"
        return
    cluster = shared_cluster()
    if cluster is None:
        pytest.skip("no PostgreSQL installed")
    with fresh_database(cluster) as fresh:
        yield fresh


@pytest.fixture
def engine(url: str, tmp_path: Path) -> Iterator[Engine]:
    """A plain engine on the same database."""
    (tmp_path / "a folder with 100%").mkdir()
    engine = create_engine(url, poolclass=NullPool)
    yield engine
    engine.dispose()


def triggers(engine: Engine) -> set[str]:
    """The definitions of the triggers and their functions."""
    query = (
        "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal "
        "UNION SELECT prosrc FROM pg_proc WHERE proname = 'audit_refuse'"
    )
    with engine.connect() as connection:
        return set(connection.execute(text(query)).scalars())


def test_the_migrated_database_equals_the_tables_of_the_code(engine: Engine, url: str) -> None:
    """A column, index or constraint that stands in one of the two alone is found here."""
    assert migrate.current(url) is None
    applied = migrate.upgrade(url)
    assert applied[-1] == migrate.head() == migrate.current(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    names = {table.name for table in metadata.sorted_tables} | {"alembic_version"}
    assert set(inspect(engine).get_table_names()) == names


def test_a_second_migration_has_nothing_to_do(engine: Engine, url: str) -> None:
    assert migrate.upgrade(url)
    assert migrate.upgrade(url) == []


def test_the_migrated_triggers_are_those_of_the_audit_log(engine: Engine, url: str) -> None:
    """A revision keeps its own copy of the triggers: it must not drift from what ``create_all`` makes."""
    migrate.upgrade(url)
    migrated = triggers(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP FUNCTION audit_refuse"))
        metadata.create_all(connection)
    assert migrated == triggers(engine)
    assert len(migrated) == len(audit.REFUSE[engine.dialect.name])


def test_of_processes_that_migrate_at_once_one_does_the_work(engine: Engine, url: str) -> None:
    """Two servers started together: one migrates, the others wait and find it done; none fails."""
    code = "import sys; from data.migrate import upgrade; print(len(upgrade(sys.argv[1])))"
    started = [
        subprocess.Popen([sys.executable, "-c", code, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    printed = [process.communicate(timeout=60)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert sorted(map(int, printed)) == [0, 0, len(list(ROOT.glob("data/migrations/versions/[0-9]*.py")))]


def test_a_migration_that_fails_changes_nothing(engine: Engine, url: str) -> None:
    """A table that stands in the way half-way through leaves no half-migrated database behind."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE visitor (id TEXT)"))
    with pytest.raises(Exception, match="already exists"):
        migrate.upgrade(url)
    assert inspect(engine).get_table_names() == ["visitor"]
    assert migrate.current(url) is None
