"""Rasa dies in the middle of a talk: the visitor is answered all the same, and Rasa comes back by itself."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import expect

from bot.lines import load
from tests.journeys.people import People
from tests.journeys.stations import Station

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]

WITHIN_S = 3.0
"""The dialogue's two seconds, and one for the way there and back."""


async def test_rasa_killed_in_mid_talk_leaves_nobody_without_an_answer_and_is_started_again(
    people: People, station: Station
) -> None:
    await station.ready(bot="ok")
    visitor = await people.visitor("en")
    await visitor.say("I feel lonely.")
    before = await visitor.answered()
    assert load().find(before[-1]) is not None

    dead = station.kill("rasa")
    asked = time.monotonic()
    await visitor.say("Are you still there? My thoughts keep turning.")
    said = await visitor.answered()
    took_s = time.monotonic() - asked
    print(f"Without Rasa the answer took {took_s:.2f} s.")
    assert took_s < WITHIN_S
    assert load().find(said[-1]) is None, "this line is Rasa's, which is dead"
    assert said[-1] not in before
    await expect(visitor.get("hotline-button")).to_be_visible()

    await station.changes(lambda facts: facts["rasa_pid"] not in (None, dead) and facts["rasa_up"])
    await station.ready(bot="ok")
    await visitor.say("I cannot sleep at night.")
    said = await visitor.answered()
    assert load().find(said[-1]) is not None
