"""axe-core finds nothing serious or critical on the pages, light and dark, with people in them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from scripts.setup.places import NODE_MODULES
from tests.journeys.people import People, Person

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]

AXE = NODE_MODULES / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}


async def test_no_page_has_a_serious_or_critical_fault_in_light_or_dark(people: People) -> None:
    counsellor = await people.counsellor()
    visitor = await people.visitor("en")
    found = await faults(visitor, "chat with the first voice")
    await visitor.say("I am going to end my life tonight")
    await expect(visitor.get("help")).to_be_visible()
    await visitor.answered()
    await counsellor.get("offer-accept").click()
    await visitor.phase("live")
    await counsellor.say("I am with you.")
    await expect(visitor.saying("I am with you.")).to_be_visible()
    supervisor = await people.staff("supervisor@demo", "/watch")
    await supervisor.get("watch").first.click()
    await expect(supervisor.get("watched")).to_be_visible()
    responder = await people.staff("responder@demo", "/cases")
    await expect(responder.get("alarm")).to_be_visible()
    newcomer = await people.visitor("zh")
    await newcomer.get("hotline-button").click()
    signing_in = await people.visitor("en", java_script_enabled=True)
    await signing_in.page.goto(f"{signing_in.station.url}/login?lang=en")

    found += await faults(visitor, "chat with a person")
    found += await faults(newcomer, "hotlines")
    found += await faults(signing_in, "signing in")
    found += await faults(counsellor, "desk")
    found += await faults(supervisor, "watch")
    found += await faults(responder, "cases")
    await responder.get("alarm-open").first.click()
    await expect(responder.get("case-page")).to_be_visible()
    found += await faults(responder, "a case")
    await responder.get("step-acknowledge").click()
    await responder.get("form-assess").wait_for()
    found += await faults(responder, "assessing a case")
    await responder.get("false-alarm").check()
    await responder.get("assess-reason").fill("A test of the pages.")
    await responder.get("submit-assess").click()
    await expect(responder.get("case-status")).to_have_attribute("data-status", "closed")
    await visitor.end()
    found += await faults(visitor, "how it was")
    assert found == []


async def faults(person: Person, where: str) -> list[str]:
    """What axe finds on this page now, in both colour schemes."""
    found = []
    for scheme in ("light", "dark"):
        await person.page.emulate_media(color_scheme=scheme)
        # Colours that are still on their way from one scheme to the other are nobody's colours.
        await person.page.evaluate("() => Promise.all(document.getAnimations().map(each => each.finished))")
        await person.page.evaluate(AXE.read_text())
        result: dict[str, Any] = await person.page.evaluate("() => axe.run(document)")
        assert len(result["passes"]) > 5
        for fault in result["violations"]:
            if fault["impact"] in GRAVE:
                nodes = [" ".join(map(str, node["target"])) for node in fault["nodes"]]
                found.append(f"{where}, {scheme}: {fault['id']} ({fault['impact']}) at {nodes}")
    await person.page.emulate_media(color_scheme="light")
    return found
