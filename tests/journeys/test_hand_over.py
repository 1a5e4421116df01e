"""From the first voice to a person: the line, the offer, a talk both ways, the end, and how it was."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.gateway.peers import Peer
from tests.journeys.people import People, Person
from tests.journeys.stations import Station

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]


async def test_a_visitor_is_handed_to_a_counsellor_they_talk_and_the_first_voice_stays_silent(
    people: People, station: Station
) -> None:
    counsellor = await people.counsellor()
    visitor = await people.visitor("en")
    await visitor.say("Hello. Work has been too much lately.")
    await visitor.answered()
    await visitor.get("ask-human").click()
    await visitor.phase("waiting")
    await expect(visitor.get("phase-text")).to_contain_text("next")
    await expect(counsellor.get("offer")).to_contain_text("Messages: 1")
    await counsellor.get("offer-accept").click()
    await visitor.phase("live")
    await expect(visitor.get("phase-text")).to_contain_text("Lin")
    # The counsellor reads what was said before: nobody has to say it twice.
    await expect(counsellor.saying("Work has been too much")).to_have_count(1)
    handed_over = len(visitor.frames)

    await counsellor.get("composer").press_sequentially("I have read")
    await expect(visitor.get("typing")).not_to_be_empty()
    await counsellor.say("I have read what you wrote. What weighs most?")
    await expect(visitor.saying("What weighs most?")).to_have_attribute("data-by", "counsellor")
    await expect(visitor.get("typing")).to_be_empty()
    await expect(counsellor.saying("What weighs most?").locator(".bubble-state")).to_have_text("Read")

    await visitor.get("composer").press_sequentially("My boss")
    await expect(counsellor.get("typing")).not_to_be_empty()
    await visitor.say("My boss calls at night, I sleep badly.")
    await expect(counsellor.saying("My boss calls at night")).to_have_attribute("data-by", "visitor")
    await expect(visitor.saying("My boss calls at night").get_by_test_id("state")).to_have_attribute(
        "data-state", "read"
    )
    # Had the first voice meant to answer, it would have done so before it answers somebody who wrote later.
    await somebody_else_is_answered(station)
    said_since = [data for name, data in (frame.event for frame in visitor.frames[handed_over:]) if data]
    assert not [data for data in said_since if data.get("by") == "bot"]

    await close(counsellor)
    await visitor.phase("closed")
    await expect(counsellor.get("conversation")).to_have_count(0)
    rating = visitor.get("rating")
    await rating.get_by_test_id("rate-mood").get_by_role("radio").nth(3).check(force=True)
    await rating.get_by_test_id("rate-score").get_by_role("radio").nth(4).check(force=True)
    await rating.get_by_test_id("rate-comment").fill("Being heard helped.")
    await rating.get_by_test_id("rate-send").click()
    await expect(visitor.get("rated")).to_be_visible()
    # In words, once each and in order, over a reload too.
    await visitor.page.reload()
    await visitor.phase("closed")
    own = await visitor.messages("visitor").locator(".bubble-text").all_inner_texts()
    assert own == ["Hello. Work has been too much lately.", "My boss calls at night, I sleep badly."]


async def somebody_else_is_answered(station: Station) -> None:
    other = Peer("/visitor")
    await other.sio.connect(
        station.url, namespaces=["/visitor"], auth={"language": "en"}, transports=["websocket"]
    )
    try:
        conversation = (await other.wait("welcome"))["conversation"]
        assert (await other.call("say", {"id": "one", "text": "I feel lonely"}))["ok"]
        await other.wait("message", lambda m: m["conversation"] == conversation and m["by"] == "bot")
    finally:
        await other.close()


async def close(counsellor: Person) -> None:
    """The counsellor ends the talk."""
    await counsellor.get("close").click()
    await counsellor.get("disposition").select_option("eased")
    await counsellor.get("asked-yes").check()
    await counsellor.get("risk-answer").select_option("no")
    await counsellor.get("form-submit").click()
    await expect(counsellor.get("close-dialog")).to_have_count(0)
