"""Databases for tests of commands: an empty SQLite or PostgreSQL with every table, and a key ring.

A folder's ``conftest.py`` imports the fixtures that it wants.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

import data.audit
from data import crypto
from data.crypto import KeyRing
from data.store import sqlite_engine
from data.tables import metadata
from tests.postgres import fresh_database, shared_cluster

NOW = datetime(2027, 2, 16, 21, 0, tzinfo=UTC)
"""When the tests take place."""


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Engine]:
    """An engine on an empty database with every table, the audit log's triggers included."""
    assert data.audit.REFUSE, "importing it is what gives the audit table its triggers"
    if kind == "sqlite":
        engine = sqlite_engine(f"sqlite:///{folder}/station.db", writer=True)
        metadata.create_all(engine)
        yield engine
        engine.dispose()
        return
    cluster = shared_cluster()
    if cluster is None:
        pytest.skip("no PostgreSQL installed")
    with fresh_database(cluster) as url:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture(autouse=True)
def keys() -> Iterator[KeyRing]:
    """A key ring of this test's own, installed."""
    before = crypto._ring
    ring = KeyRing({"k1": os.urandom(32)}, os.urandom(32))
    crypto.install(ring)
    yield ring
    crypto._ring = before


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database, once of each kind."""
    with database(request.param, tmp_path) as engine:
        yield engine


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database for all tests that need a single transaction, each of which is rolled back."""
    with database(request.param, tmp_path_factory.mktemp("shared")) as engine:
        yield engine


@pytest.fixture
def conn(shared_engine: Engine) -> Iterator[Connection]:
    """A transaction on an empty database, once of each kind, rolled back at the end."""
    with shared_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()
