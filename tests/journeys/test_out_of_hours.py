"""Nobody is on duty: the visitor is told so truly, keeps their company and their hotlines, and leaves a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import RASA_TOKEN
from tests.journeys.people import People
from tests.journeys.stations import Station, running

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("known", [True, False], ids=["opening known", "opening unknown"])
async def test_out_of_hours_a_visitor_is_told_when_people_are_back_and_leaves_a_message(
    people: People, station: Station, tmp_path: Path, known: bool
) -> None:
    opens = (datetime.now(UTC) + timedelta(hours=3)).replace(minute=0)
    hours = f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M}" if known else "closed"
    rasa = f"http://127.0.0.1:{station.facts()['rasa_port']}"
    async with running(tmp_path, HOURS=hours, TIMEZONE="UTC", RASA_URL=rasa, RASA_TOKEN=RASA_TOKEN) as closed:
        visitor = await people.visitor("en", station=closed, timezone_id="UTC")
        back = f"{opens:%H:%M}"
        greeting = visitor.messages("bot").last
        await expect(greeting).to_contain_text(back if known else "No counsellor is on duty right now")
        if known:
            await expect(visitor.get("phase-text")).to_contain_text(back)
        else:
            await expect(visitor.get("phase-text")).not_to_contain_text("back")

        told = await visitor.messages().count()
        await visitor.get("ask-human").click()
        await expect(visitor.messages()).to_have_count(told + 1)
        await expect(visitor.messages().last).to_contain_text(back if known else "can't say")
        await visitor.phase("bot")
        # The first voice keeps them company meanwhile.
        await visitor.say("I feel lonely.")
        await visitor.answered()

        await visitor.get("leave-message").click()
        await visitor.get("leave-text").fill("Could somebody write to me about my exams?")
        await visitor.get("leave-contact").fill("a-visitor@example.org")
        await visitor.get("leave-send").click()
        await expect(visitor.get("word")).to_contain_text("counsellor")
        await expect(visitor.get("unsent")).to_have_count(0)
        await visitor.get("hotline-button").click()
        await expect(visitor.get("hotlines")).to_be_visible()
        await people.go_home()  # a server that ends waits for open pages
