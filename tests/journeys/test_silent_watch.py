"""A supervisor reads along, and neither side's browser receives one byte because of it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.people import People, Person

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]


async def test_watching_unwatching_and_watching_again_sends_nothing_to_either_side(people: People) -> None:
    counsellor = await people.counsellor()
    visitor = await people.visitor("en")
    await visitor.say("Things are hard at home.")
    await visitor.answered()
    await visitor.get("ask-human").click()
    await counsellor.get("offer-accept").click()
    await visitor.phase("live")
    await counsellor.say("I am here. What happened?")
    await expect(counsellor.saying("What happened?").locator(".bubble-state")).to_have_text("Read")
    conversation = await counsellor.get("open-conversation").get_attribute("data-conversation")

    supervisor = await people.staff("supervisor@demo", "/watch")
    tile = supervisor.page.locator(f'[data-testid="tile"][data-conversation="{conversation}"]')
    await expect(tile).to_have_attribute("data-phase", "live")
    # An answer that each side asked for itself: whatever was on its way to them before has come by now.
    await visitor.get("consent").click()
    await expect(visitor.get("consented")).to_be_visible()
    await counsellor.get("note").fill("Quarrel at home.")
    await counsellor.get("note-save").click()
    await expect(counsellor.get("notes")).to_contain_text("Quarrel at home.")

    before = {id(person): (len(person.frames), len(person.requests)) for person in (visitor, counsellor)}
    await tile.get_by_test_id("watch").click()
    await expect(supervisor.get("watched")).to_have_attribute("data-conversation", conversation or "")
    await expect(supervisor.saying("Things are hard at home.")).to_be_visible()
    await supervisor.get("unwatch").click()
    await expect(supervisor.get("watched")).to_have_count(0)
    await tile.get_by_test_id("watch").click()
    await expect(supervisor.saying("What happened?")).to_be_visible()

    # Then a word from either side: sockets keep their order, so what the watching had caused would stand before it.
    await visitor.say("My parents shout all night.")
    await expect(counsellor.saying("shout all night")).to_be_visible()
    await expect(supervisor.saying("shout all night")).to_be_visible()
    await counsellor.say("That must be frightening.")
    await expect(visitor.saying("That must be frightening.")).to_be_visible()
    for person, first_word in ((visitor, '"ok":true'), (counsellor, '["typing"')):
        frames, requests = before[id(person)]
        assert received_before(person, frames, first_word) == []
        assert person.requests[requests:] == []
    # The supervisor did read along, and could not have been heard.
    await expect(supervisor.saying("That must be frightening.")).to_be_visible()
    await expect(supervisor.get("composer")).to_have_count(0)
    await supervisor.get("unwatch").click()
    await visitor.end()


def received_before(person: Person, since: int, words: str) -> list[str]:
    """Every frame but the heartbeat that came before the first with these words."""
    frames = [frame.text for frame in person.frames[since:] if not frame.is_ping]
    end = next(at for at, text in enumerate(frames) if words in text)
    return frames[:end]
