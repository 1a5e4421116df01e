"""The server killed with SIGKILL in the middle of many visitors' messages, and what the record holds afterwards.

``python -m tests.journeys.kills --times 20`` starts a station of its own as ``make run`` does, has 50 visitors write
(one of them in a real browser), kills the server again and again while messages are on their way, and prints how many
acknowledged messages were lost, doubled or out of order. The exit status is 1 unless all are zero.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import expect

from scripts.bench.engine import Refused, Socket, connect
from tests.journeys.checker import Findings, History, Stored, check
from tests.journeys.people import People, Person, chromium
from tests.journeys.stations import Station, running

VISITORS = 50
OUTSTANDING = 3
"""How many messages a visitor sends before the first of them must be acknowledged."""
UNSENT = 5
"""How many lines somebody at a page writes into an outage before they wait."""
BETWEEN_KILLS = (200, 900)
"""How many acknowledgements lie between two kills, at random."""
ANSWER_WITHIN_S = 15.0
BACK_WITHIN_S = 60.0


@dataclass
class Tally:
    """What all visitors together have reached; wakes whoever waits for it."""

    acknowledged: int = 0
    refused: int = 0
    _goal: int = 0
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self) -> None:
        """One more message is acknowledged."""
        self.acknowledged += 1
        if self.acknowledged >= self._goal:
            self._reached.set()

    async def reach(self, more: int) -> None:
        """Wait until so many more are acknowledged."""
        self._goal, self._reached = self.acknowledged + more, asyncio.Event()
        await asyncio.wait_for(self._reached.wait(), BACK_WITHIN_S)


class Talker:
    """A visitor whose program says each message again until it is acknowledged, in order, as the chat page does."""

    def __init__(self, station: Station, number: int, tally: Tally) -> None:
        self.history = History()
        self.findings = Findings()
        """What was wrong each time that this visitor came back, and at the end."""
        self._port = urlsplit(station.url).port or 80
        self._number = number
        self._tally = tally
        self._resume: str | None = None
        self._conversation: str | None = None
        self._waiting: dict[str, str] = {}

    @property
    def waiting(self) -> int:
        """Messages sent and not yet acknowledged."""
        return len(self._waiting)

    async def talk(self, enough: asyncio.Event) -> None:
        """Write until it is enough and everything is acknowledged; then look at the record."""
        while not (enough.is_set() and not self._waiting):
            with contextlib.suppress(OSError, Refused, TimeoutError):
                await self._visit(enough)
        await self._look_until_seen()

    async def _visit(self, enough: asyncio.Event) -> None:
        """One connection, to its end."""
        socket = await self._arrive()
        try:
            await self._look(socket)
            again = list(self._waiting.items())
            answers = {asyncio.ensure_future(self._say(socket, id, text)) for id, text in again}
            closed = asyncio.ensure_future(asyncio.shield(socket.closed))
            try:
                while not socket.closed.done():
                    while len(answers) < OUTSTANDING and not enough.is_set():
                        answers.add(asyncio.ensure_future(self._say(socket, *self._next())))
                    if not answers:
                        return
                    await asyncio.wait({*answers, closed}, return_when=asyncio.FIRST_COMPLETED)
                    answers = {answer for answer in answers if not answer.done()}
            finally:
                closed.cancel()
                for answer in answers:
                    answer.cancel()
                await asyncio.gather(*answers, closed, return_exceptions=True)
        finally:
            socket.close()

    async def _arrive(self) -> Socket:
        welcomed: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def heard(event: str, data: Any) -> None:
            if event == "welcome" and not welcomed.done():
                welcomed.set_result(data)

        auth = {"language": "en", **({"resume": self._resume} if self._resume else {})}
        socket = await connect(self._port, "/visitor", auth, heard=heard, wait_s=ANSWER_WITHIN_S)
        welcome = await asyncio.wait_for(welcomed, ANSWER_WITHIN_S)
        # A lost visitor would look like a conversation without anything lost in it.
        assert welcome["resumed"] == (self._resume is not None)
        self._resume = welcome["resume"]
        self._conversation = self._conversation or welcome["conversation"]
        return socket

    def _next(self) -> tuple[str, str]:
        place = len(self.history.sent) + 1
        id, text = (
            f"{self._number}-{place}",
            f"This is part {place} of the long story that visitor {self._number} tells.",
        )
        self.history.ask(id, text)
        self._waiting[id] = text
        return id, text

    async def _say(self, socket: Socket, id: str, text: str) -> None:
        answer = await socket.call("say", {"id": id, "text": text}, ANSWER_WITHIN_S)
        if not answer["ok"]:
            self._tally.refused += 1
            return
        self.history.acknowledge(id, answer["seq"])
        del self._waiting[id]
        self._tally.count()

    async def _look_until_seen(self) -> None:
        while True:
            with contextlib.suppress(OSError, Refused, TimeoutError):
                socket = await self._arrive()
                await self._look(socket)
                socket.close()
                return

    async def _look(self, socket: Socket) -> None:
        """The whole record of this conversation against all that was sent so far."""
        answer = await socket.call("sync", {"after": 0}, ANSWER_WITHIN_S)
        # Ended by mistake, it would go on in another, and what was said before would only seem to be lost.
        assert answer["phase"]["conversation"] == self._conversation, "the conversation was ended under way"
        stored = [Stored(m["seq"], m["id"], m["text"], m["by"]) for m in answer["messages"]]
        self.findings += check(self.history, stored)


@dataclass
class Outcome:
    """What a run came to."""

    kills: int
    on_the_way: int
    """Messages that were unacknowledged at the moments of the kills, together."""
    acknowledged: int
    refused: int
    findings: Findings


async def run(
    station: Station, person: Person, times: int, tell: Callable[[str], None] = lambda line: None
) -> Outcome:
    """Kill the station's server so many times while 50 visitors write, ``person`` at a browser among them."""
    tally, enough = Tally(), asyncio.Event()
    talkers = [Talker(station, number, tally) for number in range(1, VISITORS)]
    tasks = [asyncio.ensure_future(talker.talk(enough)) for talker in talkers]
    page = asyncio.ensure_future(_write_on_the_page(person, enough))
    on_the_way = 0
    try:
        for kill in range(1, times + 1):
            await tally.reach(random.randint(*BETWEEN_KILLS))
            dead = station.kill("server")
            caught = sum(talker.waiting for talker in talkers)
            on_the_way += caught
            await station.changes(lambda facts, dead=dead: facts["server_pid"] not in (None, dead))  # type: ignore[misc]
            await station.ready()
            # The page is in the middle of it again too, before the next.
            seen = await person.messages("visitor").count()
            await expect(person.messages("visitor").nth(seen)).to_be_attached(timeout=BACK_WITHIN_S * 1000)
            tell(
                f"kill {kill}: {caught} messages were on their way; {tally.acknowledged} acknowledged so far"
            )
        await tally.reach(VISITORS)
        enough.set()
        written = await page
        await asyncio.gather(*tasks)
    finally:
        for task in (page, *tasks):
            task.cancel()
        await asyncio.gather(page, *tasks, return_exceptions=True)
    findings = sum((talker.findings for talker in talkers), Findings())
    findings += await _read_on_the_page(person, written)
    return Outcome(times, on_the_way, tally.acknowledged + len(written), tally.refused, findings)


async def _write_on_the_page(person: Person, enough: asyncio.Event) -> list[str]:
    """Write and send in the page, whatever happens to the server; what was written, once all of it has left."""
    written: list[str] = []
    while not enough.is_set():
        written.append(f"This is line {len(written) + 1} from a real page.")
        await person.say(written[-1])
        # A person's pace: one line seen on the page before the next is typed, and not a whole book into an outage.
        shown = person.saying(written[-1]).or_(person.get("unsent").filter(has_text=written[-1]))
        await expect(shown.first).to_be_visible()
        await expect(person.get("unsent").nth(UNSENT - 1)).to_have_count(0, timeout=BACK_WITHIN_S * 1000)
    await expect(person.get("unsent")).to_have_count(0, timeout=BACK_WITHIN_S * 1000)
    return written


async def _read_on_the_page(person: Person, written: list[str]) -> Findings:
    """What the page shows after a reload, which is what the record holds, against what was written in it."""
    await person.page.reload()
    await expect(person.saying(written[-1])).to_be_visible()
    rows = await person.messages().evaluate_all(
        "all => all.map(one => [Number(one.dataset.seq), one.dataset.by, "
        "one.querySelector('.bubble-text').textContent])"
    )
    history = History()
    for text in written:
        history.ask(text, text)
    stored = [Stored(seq, text if by == "visitor" else "", text, by) for seq, by, text in rows]
    for message in stored:
        if message.by == "visitor" and message.id in written:
            history.acknowledge(message.id, message.seq)
    missing = [text for text in written if text not in {message.text for message in stored}]
    return check(history, stored) + Findings(lost=len(missing), words=tuple(missing))


def report(outcome: Outcome) -> str:
    """The figures, in words."""
    found = outcome.findings
    lines = [
        f"{outcome.kills} kills (SIGKILL), {outcome.on_the_way} messages on their way when they struck",
        f"acknowledged messages  {outcome.acknowledged}",
        f"lost                   {found.lost}",
        f"doubled                {found.doubled}",
        f"out of order           {found.out_of_order}",
        f"gaps in the numbers    {found.gaps}",
        f"never asked for        {found.foreign}",
        f"acknowledged twice otherwise  {found.contradicted}",
        *found.words[:20],
    ]
    return "\n".join(lines)


async def main(times: int) -> int:
    """A station, a browser, the kills; the exit status."""
    with tempfile.TemporaryDirectory(prefix="station") as folder:
        async with running(Path(folder), RATE_SAY="1000/1s") as station, chromium() as browser:
            people = People(browser, station)
            outcome = await run(station, await people.visitor("en"), times, print)
            await people.go_home()
    print(report(outcome))
    return 0 if outcome.findings.none else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often to kill the server")
    sys.exit(asyncio.run(main(parser.parse_args().times)))
