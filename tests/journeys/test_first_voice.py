"""Talking with the first voice on a phone: the real Rasa answers, and the hotlines are one tap away."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.lines import load
from tests.journeys.people import People
from tests.journeys.stations import Station

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]

SAID = {
    "zh": ("最近工作压力很大，晚上总是睡不着", "我觉得很孤单"),
    "en": ("I cannot sleep, my thoughts keep turning", "I feel so lonely"),
}


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_visitor_on_a_phone_is_greeted_and_answered_by_rasa_in_their_language(
    people: People, station: Station, language: str
) -> None:
    await station.ready(bot="ok")
    visitor = await people.visitor(language, locale={"zh": "zh-CN", "en": "en-GB"}[language])
    await expect(visitor.page.locator("html")).to_have_attribute(
        "lang", {"zh": "zh-Hans", "en": "en"}[language]
    )
    await expect(visitor.get("notice")).to_be_visible()
    greeting = await visitor.messages("bot").locator(".bubble-text").all_inner_texts()
    assert all(is_chinese(line) == (language == "zh") for line in greeting)

    # A quick reply is said as if it had been written.
    choices = visitor.get("choices").get_by_role("button")
    await choices.first.click()
    await expect(visitor.messages("visitor")).to_have_count(1)
    await visitor.answered()
    said = list(greeting)
    for text in SAID[language]:
        await visitor.say(text)
        await expect(visitor.saying(text).get_by_test_id("state")).to_be_visible()
        said = await visitor.answered()
    answers = said[len(greeting) :]
    assert all(is_chinese(line) == (language == "zh") for line in answers)
    # Only Rasa's own project holds these lines; the built-in script's are not among them.
    known = load()
    assert all(known.find(line) is not None for line in answers), answers
    assert all(known.find(line) is None for line in greeting)
    assert len(set(answers)) == len(answers)

    await visitor.get("hotline-button").click()
    await expect(visitor.get("hotlines")).to_be_visible()
    numbers = await visitor.get("hotlines").locator('a[href^="tel:"]').all_inner_texts()
    assert {"120", "110"} < set(numbers)
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.get("hotlines")).to_be_hidden()

    for width in (390, 320):
        await visitor.page.set_viewport_size({"width": width, "height": 640})
        scrolls, window = await visitor.screen_width()
        assert scrolls <= window == width
        await expect(visitor.get("hotline-button")).to_be_in_viewport()
        await expect(visitor.get("composer")).to_be_in_viewport()


async def test_a_half_written_message_is_kept_over_a_reload(people: People) -> None:
    visitor = await people.visitor("en")
    await visitor.get("composer").fill("only half of a thou")
    await visitor.page.reload()
    await expect(visitor.get("composer")).to_have_value("only half of a thou")
    await visitor.say("only half of a thought")
    await expect(visitor.saying("only half of a thought").get_by_test_id("state")).not_to_have_attribute(
        "data-state", "waiting"
    )


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
