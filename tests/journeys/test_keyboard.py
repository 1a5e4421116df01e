"""A counsellor works by keyboard alone: signs in, takes somebody, answers, ends the talk. No mouse, no touch."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.people import SCREEN, People, Person
from tests.journeys.stations import PASSWORD, Station

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]

MOST_TABS = 60


async def test_a_counsellor_signs_in_accepts_answers_and_closes_without_a_mouse(
    people: People, station: Station
) -> None:
    context = await people.context(viewport=SCREEN)
    counsellor = Person(await context.new_page(), station)
    counsellor.listen()
    people.all.append(counsellor)
    keys = counsellor.page.keyboard

    await counsellor.page.goto(f"{station.url}/login?lang=en")
    await tab_to(counsellor, "email")
    await keys.type("counsellor@demo")
    await tab_to(counsellor, "password")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await counsellor.page.wait_for_url("**/desk")
    await expect(counsellor.get("offline")).to_have_count(0)
    await tab_to_status(counsellor)
    await expect(counsellor.get("status")).to_have_attribute("data-status", "available")

    visitor = await people.visitor("en")
    await visitor.say("My exams frighten me.")
    await visitor.answered()
    await visitor.get("ask-human").click()
    await expect(counsellor.get("offer")).to_be_visible()
    await keys.press("Alt+a")
    await visitor.phase("live")
    await expect(counsellor.saying("My exams frighten me.")).to_be_visible()

    await tab_to(counsellor, "composer")
    await keys.type("Which one is next?")
    await keys.press("Enter")
    await expect(visitor.saying("Which one is next?")).to_have_attribute("data-by", "counsellor")

    await keys.press("Alt+c")
    await expect(counsellor.get("close-dialog")).to_be_visible()
    await tab_to(counsellor, "disposition")
    await keys.press("ArrowDown")
    await tab_to(counsellor, "asked-yes")
    await keys.press("Space")
    await tab_to(counsellor, "risk-answer")
    await keys.press("ArrowDown")
    await tab_to(counsellor, "form-submit")
    await keys.press("Enter")
    await expect(counsellor.get("close-dialog")).to_have_count(0)
    await visitor.phase("closed")


async def tab_to(person: Person, mark: str) -> None:
    """Press Tab until the element with this mark has the focus, as somebody without a mouse would."""
    for _ in range(MOST_TABS):
        if await person.page.evaluate("() => document.activeElement?.dataset.testid ?? ''") == mark:
            return
        await person.page.keyboard.press("Tab")
    raise AssertionError(f"{mark} cannot be reached with Tab")


async def tab_to_status(person: Person) -> None:
    """Reach the status switch and go to its first choice with the arrow keys."""
    for _ in range(MOST_TABS):
        await person.page.keyboard.press("Tab")
        if await person.page.evaluate("() => document.activeElement?.name === 'status'"):
            break
    while await person.page.evaluate("() => document.activeElement?.value") != "available":
        await person.page.keyboard.press("ArrowUp")
