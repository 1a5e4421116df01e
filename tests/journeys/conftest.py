"""One station and one browser for all journeys; a profile of their own for each person of a journey."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from scripts.setup.places import ROOT
from tests.journeys.people import People, chromium
from tests.journeys.stations import Station, running

PICTURES = ROOT / "build" / "journeys"
"""What the pages looked like when a journey failed."""
RASA_TOKEN = "only for these journeys"
_failed = pytest.StashKey[bool]()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def station(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Station]:
    """A station that is open all day, with its Rasa up."""
    var = tmp_path_factory.mktemp("station")
    async with running(var, RASA_TOKEN=RASA_TOKEN, RATE_SAY="1000/1s") as station:
        await station.ready(bot="ok")
        yield station


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium."""
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def people(request: pytest.FixtureRequest, browser: Browser, station: Station) -> AsyncIterator[People]:
    """Whoever a journey needs. No page of theirs may have met a fault in its script."""
    people = People(browser, station)
    yield people
    if request.node.stash.get(_failed, False):
        PICTURES.mkdir(parents=True, exist_ok=True)
        for number, person in enumerate(people.all):
            if not person.page.is_closed():
                await person.page.screenshot(path=PICTURES / f"{request.node.name}-{number}.png")
    await people.go_home()
    assert [fault for person in people.all for fault in person.faults] == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report
