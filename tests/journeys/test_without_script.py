"""Without script the chat is a form: what is written is answered on the page, and the hotlines are there."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.people import PHONE, People

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]


async def test_a_visitor_without_script_writes_is_answered_and_finds_the_hotlines(people: People) -> None:
    visitor = await people.visitor("en", java_script_enabled=False, viewport=PHONE)
    page = visitor.page
    bubbles = page.locator(".messages .bubble")
    for text in ("I feel lonely.", "I cannot sleep."):
        before = await bubbles.count()
        await page.locator("#message").fill(text)
        await page.get_by_role("button", name="Send").click()
        await expect(bubbles.filter(has_text=text)).to_have_attribute("data-by", "visitor")
        assert await bubbles.count() > before + 1
        await expect(bubbles.last).to_have_attribute("data-by", "bot")
    own = page.locator('.messages .bubble[data-by="visitor"] .bubble-text')
    await expect(own).to_have_text(["I feel lonely.", "I cannot sleep."])
    await visitor.get("hotline-button").click()
    await expect(visitor.get("hotlines")).to_be_visible()
    await expect(visitor.get("hotlines").locator('a[href="tel:120"]')).to_be_visible()
    scrolls, window = await visitor.screen_width()
    assert scrolls <= window
