"""The server dies by SIGKILL while 50 people write; nothing that it acknowledged is lost, doubled or reordered."""

from __future__ import annotations

import pytest

from tests.journeys.kills import report, run
from tests.journeys.people import People
from tests.journeys.stations import Station

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]

TIMES = 3
"""``make kills`` does twenty."""


async def test_a_server_killed_in_mid_stream_has_lost_nothing_that_it_acknowledged(
    people: People, station: Station
) -> None:
    outcome = await run(station, await people.visitor("en"), TIMES, print)
    print(report(outcome))
    assert outcome.findings.none, report(outcome)
    assert outcome.refused == 0
    # Otherwise the kills struck between the messages and have shown nothing.
    assert outcome.on_the_way > 0
