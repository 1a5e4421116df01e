"""A running station for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway.peers import House, running


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A station that is open all day, with the built-in script for a first voice."""
    async with running() as house:
        yield house
