"""Fixtures for the tests of staff."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.databases import conn, database, engine, keys, shared_engine

__all__ = ["conn", "engine", "keys", "shared_engine"]


@pytest.fixture(scope="module")
def engine_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty SQLite for property tests, which roll back each example."""
    with database("sqlite", tmp_path_factory.mktemp("module")) as made:
        yield made
