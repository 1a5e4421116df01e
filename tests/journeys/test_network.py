"""The network goes and comes back: what was written meanwhile arrives once and in order, over a reload too."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.people import People
from tests.journeys.stations import Station

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]


async def test_what_is_written_without_a_network_arrives_once_and_in_order(
    people: People, station: Station
) -> None:
    visitor = await people.visitor("en")
    await visitor.say("Before the tunnel.")
    await visitor.answered()
    # The page's shell is kept for outages once its worker has it.
    kept = "async () => (await (await caches.open('station-chat')).match('/chat?lang=en')) !== undefined"
    await visitor.page.wait_for_function(kept)

    await visitor.page.context.set_offline(True)
    await expect(visitor.get("offline")).to_be_visible(timeout=60_000)
    written = [f"In the tunnel, line {number}." for number in range(1, 6)]
    for text in written[:3]:
        await visitor.say(text)
    await expect(visitor.get("unsent")).to_have_count(3)
    await visitor.get("composer").fill("A half of a line")

    # Reloaded with nothing but what the browser has kept: box, hotlines and every unsent line are there.
    await visitor.page.reload()
    await expect(visitor.get("unsent")).to_have_count(3)
    await expect(visitor.get("composer")).to_have_value("A half of a line")
    await visitor.get("hotline-button").click()
    await expect(visitor.get("hotlines")).to_contain_text("120")
    await visitor.page.keyboard.press("Escape")
    for text in written[3:]:
        await visitor.say(text)
    await expect(visitor.get("unsent")).to_have_count(5)

    await visitor.page.context.set_offline(False)
    await expect(visitor.get("unsent")).to_have_count(0, timeout=30_000)
    await expect(visitor.get("offline")).to_have_count(0)
    own = visitor.messages("visitor").locator(".bubble-text")
    await expect(own).to_have_text(["Before the tunnel.", *written])
    # What the page shows is what the record holds.
    await visitor.page.reload()
    await expect(own).to_have_text(["Before the tunnel.", *written])
    numbers = await visitor.messages().evaluate_all("all => all.map(one => Number(one.dataset.seq))")
    assert numbers == list(range(1, len(numbers) + 1))
