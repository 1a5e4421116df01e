"""Takes the README's pictures from a real run: ``python -m tests.journeys.pictures``.

A station of its own, the real first voice and real pages; what people say in them is made up for the picture and
names nobody. Writes ``docs/pictures/`` and refuses a picture that is too heavy for a README.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import expect

from scripts.setup.places import ROOT
from tests.journeys.people import PHONE, People, Person, chromium
from tests.journeys.stations import running

FOLDER = ROOT / "docs" / "pictures"
MOST_BYTES = 200 * 1024


async def take(people: People, folder: Path) -> list[Path]:
    """The three screens, in the order in which the talks in them come about."""
    return [await chat(people, folder), *await desk_and_board(people, folder)]


async def chat(people: People, folder: Path) -> Path:
    """A visitor and the first voice, on a phone, in Chinese."""
    visitor = await people.visitor("zh", locale="zh-CN", viewport=PHONE, device_scale_factor=2)
    await visitor.get("consent").click()
    for text in ("快期末考试了，晚上总是睡不着", "嗯，怕考不好，家里会失望"):
        await visitor.say(text)
        await expect(visitor.saying(text).get_by_test_id("state")).to_be_visible()
        await visitor.answered()
    return await shot(visitor, folder / "chat.png")


async def desk_and_board(people: People, folder: Path) -> list[Path]:
    """A counsellor with two people and one in line; and the supervisor who sees all of it."""
    lin = await people.counsellor()
    ning = await people.counsellor("counsellor2@demo")
    first = await talk(people, lin, "My best friend moved away in September.")
    await lin.say("That leaves a gap. What do you miss most?")
    await expect(first.saying("What do you miss most?")).to_be_visible()
    await first.say("Walking home together. Now I walk alone and don't know who to talk to.")
    await expect(lin.saying("Walking home together")).to_be_visible()
    await lin.say("Thank you for trusting me with that. Who else has been kind to you lately?")
    await expect(first.saying("been kind to you lately")).to_be_visible()
    await first.say("A girl in my class, maybe. She asked me about the choir.")
    await expect(lin.saying("asked me about the choir")).to_be_visible()
    conversation = await lin.get("open-conversation").get_attribute("data-conversation")

    second = await talk(people, ning, "我和室友总是吵架，不想回宿舍", "zh")
    await ning.say("听起来每天回去都很累。最近一次是因为什么？")
    await expect(second.saying("最近一次是因为什么")).to_be_visible()
    third = await talk(people, lin, "I failed my driving test twice.")
    await third.say("Everybody else passed at once.")
    await expect(lin.saying("passed at once")).to_be_visible()
    fourth = await people.visitor("en")
    await fourth.say("I cannot sleep, work follows me home.")
    await fourth.answered()
    await ning.get("status").get_by_role("radio").nth(1).check(force=True)
    await fourth.get("ask-human").click()
    await fourth.phase("waiting")
    await people.visitor("zh")

    await lin.page.locator(f'[data-testid="conversation"][data-conversation="{conversation}"]').click()
    await lin.get("note").fill("Goes to choir practice on Thursday; ask how it went.")
    await lin.get("note-save").click()
    await expect(lin.get("notes")).to_contain_text("choir practice")
    await lin.get("composer").fill("What would it be like to go once and only listen?")
    await expect(lin.get("waiting")).to_have_count(1)
    desk = await shot(lin, folder / "desk.png")

    # Somebody worries their counsellor: a case on the board, taken by a responder.
    await ning.get("escalate").click()
    await ning.get("level-high").check()
    await ning.get("reason").fill("Sounds more hopeless than the words say; please look along.")
    await ning.get("form-submit").click()
    responder = await people.staff("responder@demo", "/cases")
    await responder.get("alarm-acknowledge").click()
    await expect(responder.get("alarm")).to_have_count(0)
    supervisor = await people.staff("supervisor@demo", "/watch")
    tile = supervisor.page.locator(f'[data-testid="tile"][data-conversation="{conversation}"]')
    await tile.get_by_test_id("watch").click()
    await expect(supervisor.saying("asked me about the choir")).to_be_visible()
    return [desk, await shot(supervisor, folder / "watch.png")]


async def talk(people: People, counsellor: Person, text: str, language: str = "en") -> Person:
    """A visitor who writes this and is taken by this counsellor."""
    visitor = await people.visitor(language)
    await visitor.say(text)
    await visitor.answered()
    await visitor.get("ask-human").click()
    await counsellor.get("accept").click()
    await visitor.phase("live")
    return visitor


async def shot(person: Person, path: Path) -> Path:
    """The window as it is, without a blinking cursor."""
    await person.page.screenshot(path=path, animations="disabled", caret="hide")
    return path


async def main() -> None:
    """Take all pictures anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="station") as folder:
        async with running(Path(folder)) as station, chromium() as browser:
            await station.ready(bot="ok")
            people = People(browser, station)
            pictures = await take(people, FOLDER)
            await people.go_home()
    for picture in pictures:
        size = picture.stat().st_size
        print(f"{picture.relative_to(ROOT)}  {size // 1024} KB")
        if size > MOST_BYTES:
            raise SystemExit(f"{picture.name} is heavier than {MOST_BYTES // 1024} KB.")


if __name__ == "__main__":
    asyncio.run(main())
