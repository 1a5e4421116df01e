"""A running station for each test, on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway.peers import House, running
from tests.postgres import fresh_database, shared_cluster


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """A station that is open all day, with the built-in script for a first voice."""
    if request.param == "sqlite":
        async with running() as house:
            yield house
        return
    cluster = shared_cluster()
    if cluster is None:
        pytest.skip("no PostgreSQL installed")
    with fresh_database(cluster) as url:
        async with running(database_url=url.replace("+psycopg", "")) as house:
            yield house
