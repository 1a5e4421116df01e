"""The first voice: asks Rasa what to say, and falls back to the built-in script whenever that would take too long.

Whoever writes is answered within the time-out, whatever Rasa does. This module must never raise at its caller, decide
about risk, or write a visitor's words to a log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Literal

import aiohttp
import structlog

from bot import script, turn
from bot.breaker import Breaker, State
from bot.facts import SILENCE, Act, Answer, Facts
from bot.lines import load as load_lines
from bot.rasa_client import RasaClient
from bot.talk import History, before, not_recent
from data.kinds import Phase

Health = Literal["ok", "degraded", "down"]

REMEMBERED: Final = 40
"""Lines of the talk that are looked at, newest last."""
HEALTH_FOR_S: Final = 5.0
"""How long one look at Rasa's health serves, so that asking is cheap."""
HEALTH_WITHIN_S: Final = 1.0

_log = structlog.get_logger(__name__)
# What a Rasa that is away, dying, hung or talking nonsense can raise. JSON errors and Nonsense are ValueErrors.
_AWAY = (aiohttp.ClientError, OSError, TimeoutError, ValueError)

# What the built-in script calls what was asked for.
_TOPIC: Final = {Act.ASK_HUMAN: "ask_human", Act.LEAVE_MESSAGE: "leave_message", Act.END: "goodbye"}


class Dialogue:
    """The first voice of every conversation. One for each process; safe to ask from many tasks at once."""

    def __init__(
        self,
        url: str | None,
        token: str | None,
        *,
        timeout_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``url`` is Rasa's base address, ``None`` for the built-in script alone; ``token`` is its API's token."""
        self._rasa = RasaClient(url, token) if url else None
        self._timeout_s = timeout_s
        self._clock = clock
        self._lines = load_lines()
        self._breaker = Breaker()
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}
        self._looked: tuple[float, bool] | None = None

    async def start(self) -> None:
        """Open what it needs. Rasa need not be up yet: until then the built-in script serves."""
        if self._rasa:
            await self._rasa.start()

    async def close(self) -> None:
        """Close what it opened."""
        if self._rasa:
            await self._rasa.close()

    def greet(self, facts: Facts) -> Answer:
        """Return the first words. Built in: they are there before Rasa is."""
        return script.greet(facts)

    async def answer(self, conversation: str, text: str, facts: Facts, history: History) -> Answer:
        """Answer one message of a visitor.

        ``history`` is what was said before, oldest first (``text`` itself may stand at its end or not); its last
        lines suffice. Returns within the time-out. At least one line, and never the bot's last one again, except
        after a hand-over, when the answer is silence.
        """
        if facts.phase in (Phase.LIVE, Phase.CLOSED):
            return SILENCE
        talk = before(history, text)[-REMEMBERED:]
        try:
            asked = await self._ask(conversation, text, facts, talk)
        except Exception as error:
            # A fault of ours must not leave anybody without an answer. The kind alone: its words may be the visitor's.
            _log.error("bot_fault", kind=type(error).__name__)
            asked = None
        return asked or script.answer(text, facts, talk)

    async def health(self) -> Health:
        """Return whether Rasa answers (``ok``), is being avoided after failures (``degraded``) or is ``down``."""
        if self._rasa is None:
            return "down"
        now = self._clock()
        if self._looked is None or now - self._looked[0] >= HEALTH_FOR_S:
            try:
                async with asyncio.timeout(HEALTH_WITHIN_S):
                    await self._rasa.status()
                self._looked = (now, True)
            except _AWAY:
                self._looked = (now, False)
        if not self._looked[1]:
            return "down"
        return "ok" if self._breaker.state(now) is State.CLOSED else "degraded"

    async def _ask(self, conversation: str, text: str, facts: Facts, talk: History) -> Answer | None:
        """Return Rasa's answer, or ``None`` when the built-in script should speak."""
        if self._rasa is None:
            return None
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with self._one_at_a_time(conversation, deadline):
                return await self._take_turn(self._rasa, conversation, text, facts, talk, deadline)
        except TimeoutError:
            # Waited for an earlier message of the same visitor; that says nothing about Rasa that it has not said.
            return None

    async def _take_turn(
        self, rasa: RasaClient, conversation: str, text: str, facts: Facts, talk: History, deadline: float
    ) -> Answer | None:
        self._breaker, allowed = self._breaker.ask(self._clock())
        if not allowed:
            return None
        try:
            async with asyncio.timeout_at(deadline):
                intent = turn.intent(await rasa.parse(turn.readable(text)))
                if (
                    facts.level.is_crisis
                    and intent == "goodbye"
                    and script.heard(text, facts.spoken) != intent
                ):
                    # "I am going to end my life" sounds like a leave-taking; "before you go" would be cruel.
                    intent = turn.FALLBACK
                facts_given = turn.entities(facts, talk, self._lines)
                lines, acts = turn.spoken(await rasa.trigger(conversation, intent, facts_given))
        except _AWAY as error:
            self._breaker = self._breaker.failed(self._clock())
            _log.warning("rasa_away", kind=type(error).__name__, failures=self._breaker.failures)
            return None
        except BaseException:
            self._breaker = self._breaker.abandoned()
            raise
        self._breaker = self._breaker.succeeded()
        kept = not_recent(lines, talk)
        if not kept:
            # Said just now: the built-in script says it in other words, and what was asked for still happens.
            kept = script.answer(text, facts, talk, topic=_TOPIC.get(acts[0]) if acts else None).lines
        return Answer(kept, acts, "rasa") if kept else None

    @asynccontextmanager
    async def _one_at_a_time(self, conversation: str, deadline: float) -> AsyncIterator[None]:
        """Hold the conversation's turn. Its lock is dropped when nobody holds or awaits it."""
        lock, users = self._turns.get(conversation, (asyncio.Lock(), 0))
        self._turns[conversation] = (lock, users + 1)
        try:
            async with asyncio.timeout_at(deadline):
                await lock.acquire()
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, users = self._turns.pop(conversation)
            if users > 1:
                self._turns[conversation] = (lock, users - 1)
