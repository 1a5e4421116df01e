"""People at real browsers: a Chromium, and for each person a profile of their own with everything they received.

Knows the pages by their marks (web/README.md) and nothing of what is behind them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, WebSocket, async_playwright, expect

from scripts.setup.browser import find_chromium
from scripts.setup.progress import Progress
from tests.journeys.stations import PASSWORD, Station

PHONE = {"width": 390, "height": 844}
SCREEN = {"width": 1280, "height": 800}
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 15_000
"""How long something may take to appear on a machine that does much else."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Frame:
    """One WebSocket frame that a page received, and when (monotonic seconds)."""

    at: float
    text: str

    @property
    def is_ping(self) -> bool:
        """Whether it is Engine.IO's heartbeat, which says nothing of anybody."""
        return self.text == "2"

    @property
    def event(self) -> tuple[str, Any]:
        """The event's name and data; empty for anything that is no event."""
        head, bracket, rest = self.text.partition("[")
        if not head.startswith("42/") or not bracket:
            return "", None
        name, *data = json.loads(bracket + rest)
        return name, data[0] if data else None


@dataclass
class Person:
    """Somebody at a page, and all that this page received or asked for."""

    page: Page
    station: Station
    frames: list[Frame] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _said: str = ""

    def listen(self) -> None:
        """Begin to record; before the page is opened."""
        self.page.on("websocket", self._opened)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _opened(self, socket: WebSocket) -> None:
        def received(payload: str | bytes) -> None:
            text = payload if isinstance(payload, str) else payload.decode(errors="replace")
            self.frames.append(Frame(time.monotonic(), text))

        socket.on("framereceived", received)

    def get(self, mark: str) -> Locator:
        """An element by its mark."""
        return self.page.get_by_test_id(mark)

    def messages(self, by: str | None = None) -> Locator:
        """The messages shown, of everybody or of one side."""
        return self.page.locator('[data-testid="message"]' + (f'[data-by="{by}"]' if by else ""))

    def saying(self, text: str) -> Locator:
        """The messages shown that hold these words."""
        return self.messages().filter(has_text=text)

    async def say(self, text: str) -> None:
        """Write into the box and press the button."""
        self._said = text
        await self.get("composer").fill(text)
        await self.get("send").click()

    async def phase(self, name: str) -> None:
        """Wait until the talk is in this phase."""
        await expect(self.get("phase")).to_have_attribute("data-phase", name)

    async def answered(self, text: str | None = None) -> list[str]:
        """Wait until the bot has spoken after this message, by default the last one said; all of the bot's lines."""
        text = text or self._said
        own = (self.messages("visitor").filter(has_text=text) if text else self.messages("visitor")).last
        await expect(own).to_be_visible()
        seq = await own.get_attribute("data-seq")
        after = f'[data-testid="message"][data-by="visitor"][data-seq="{seq}"] ~ [data-by="bot"]'
        await expect(self.page.locator(after).first).to_be_visible()
        return await self.messages("bot").locator(".bubble-text").all_inner_texts()

    async def end(self) -> None:
        """End the talk, so that nobody is offered it in the next journey."""
        await self.get("end").click()
        await self.get("end-confirm").click()
        await self.phase("closed")

    async def screen_width(self) -> tuple[int, int]:
        """The page's scrolling width and the window's, in CSS pixels."""
        wide = "() => [document.scrollingElement.scrollWidth, innerWidth]"
        scrolls, window = await self.page.evaluate(wide)
        return scrolls, window


class People:
    """Brings people in front of a station, and sends them home at the end of a test."""

    def __init__(self, browser: Browser, station: Station) -> None:
        self._browser = browser
        self._station = station
        self._contexts: list[BrowserContext] = []
        self.all: list[Person] = []

    async def context(self, **options: Any) -> BrowserContext:
        """A profile of its own, with nothing kept from anybody."""
        context = await self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return context

    async def visitor(
        self, language: str = "en", *, station: Station | None = None, **options: Any
    ) -> Person:
        """A visitor on a phone, with the chat open and greeted."""
        person = await self._person(station, {"viewport": PHONE, "has_touch": True, **options})
        await person.page.goto(f"{person.station.url}/chat?lang={language}")
        if options.get("java_script_enabled", True):
            await expect(person.messages("bot").first).to_be_visible()
        return person

    async def staff(
        self, email: str, path: str, *, language: str = "en", station: Station | None = None, **options: Any
    ) -> Person:
        """A member of staff, signed in through the page, on one of the staff's pages."""
        person = await self._person(station, {"viewport": SCREEN, **options})
        await person.page.goto(f"{person.station.url}/login?lang={language}")
        await person.get("email").fill(email)
        await person.get("password").fill(PASSWORD)
        await person.get("login").click()
        await expect(person.get("me")).to_be_visible()
        if not person.page.url.endswith(path):
            await person.page.goto(person.station.url + path)
        await expect(person.get("offline")).to_have_count(0)
        return person

    async def counsellor(self, email: str = "counsellor@demo", **options: Any) -> Person:
        """A counsellor at the console who takes people."""
        person = await self.staff(email, "/desk", **options)
        await person.get("status").get_by_role("radio").first.check(force=True)
        await expect(person.get("status")).to_have_attribute("data-status", "available")
        return person

    async def _person(self, station: Station | None, options: dict[str, Any]) -> Person:
        context = await self.context(**options)
        person = Person(await context.new_page(), station or self._station)
        person.listen()
        self.all.append(person)
        return person

    async def go_home(self) -> None:
        """Close every profile. Whoever still waits or talks ends it first: the next journey begins with nobody."""
        for person in self.all:
            if person.page.is_closed():
                continue
            talk = person.get("phase")
            if await talk.count() and await talk.get_attribute("data-phase") in ("waiting", "live"):
                await person.end()
        await asyncio.gather(*(context.close() for context in self._contexts))
        self._contexts.clear()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium with a new profile."""
    with Progress() as progress:
        program = find_chromium(progress)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(SWITCHES))
        yield browser
        await browser.close()
