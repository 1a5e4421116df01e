"""Databases for the tests of what is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import postgres_url


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """A throw-away PostgreSQL cluster; the test is skipped where none is installed."""
    with postgres_url() as url:
        if url is None:
            pytest.skip("no PostgreSQL installed")
        yield url
