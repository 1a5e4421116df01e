"""The bot's turns: one at a time for each conversation, owed from the record, stored like any other message.

What a visitor wrote and the bot has not answered stands in the record (``answered_seq`` behind ``visitor_seq``),
so a restart forgets nobody. The dialogue answers within its deadline or its built-in script does. The command that
stores the answer checks the phase again: whoever has been handed over meanwhile hears nothing from the bot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection, select

from app.desk import line, talk, views
from app.desk.opening import written
from app.desk.terms import Terms
from app.gateway.publisher import VISITOR, conversation_room
from app.gateway.wire import Rooms
from bot.dialogue import Dialogue
from bot.facts import Act, Facts
from data.kinds import About, By, Help, Level, Phase
from data.store import Store
from data.tables import Conversation, Message, table

log = structlog.get_logger()

HISTORY = 40
"""How many of the last messages the dialogue is given, to rebuild a talk that it has forgotten."""

C = table(Conversation)
M = table(Message)


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that is due: to what, up to which message, and what the bot needs to know."""

    upto: int
    text: str
    facts: Facts
    history: tuple[tuple[By, str], ...]
    visitor: str


def owed(conn: Connection, terms: Terms, *, now: datetime, conversation: str) -> Owed | None:
    """What the bot should answer now in a conversation; nothing when it has, or may not speak."""
    row = views.conversation(conn, conversation)
    if row is None or row.phase not in (Phase.BOT.value, Phase.WAITING.value):
        return None
    if row.answered_seq >= row.visitor_seq:
        return None
    recent = conn.execute(
        select(M.c.seq, M.c.by, M.c.text)
        .where(M.c.conversation_id == conversation)
        .order_by(M.c.seq.desc())
        .limit(HISTORY)
    ).all()[::-1]
    fresh = [r for r in recent if r.by == By.VISITOR.value and r.seq > row.answered_seq]
    before = [r for r in recent if not (r.by == By.VISITOR.value and r.seq > row.answered_seq)]
    desk = terms.desk(now)
    phase = views.phase(conn, terms, now, row)
    facts = Facts(
        language=row.language,
        phase=Phase(row.phase),
        level=Level(row.level),
        help=Help(row.help),
        desk_open=desk.open,
        opens_at=desk.opens_at,
        closes_at=desk.closes_at,
        position=phase.get("position"),
        wait_s=phase.get("wait_s"),
        about=About(row.about),
    )
    text = "\n".join(r.text for r in fresh)
    return Owed(row.visitor_seq, text, facts, tuple((By(r.by), r.text) for r in before), row.visitor_id)


class Voice:
    """Pays what the bot owes."""

    def __init__(
        self, store: Store, terms: Terms, dialogue: Dialogue, clock: Callable[[], datetime], rooms: Rooms
    ) -> None:
        self._store = store
        self._terms = terms
        self._dialogue = dialogue
        self._clock = clock
        self._rooms = rooms
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def owe(self, conversation: str) -> None:
        """The bot should answer in this conversation. While a turn is under way, it will see this one too."""
        if conversation in self._turns:
            self._again.add(conversation)
            return
        self._turns[conversation] = asyncio.ensure_future(self._pay(conversation))

    async def settled(self, conversation: str) -> None:
        """Wait for the turn that is under way in a conversation, if one is."""
        task = self._turns.get(conversation)
        if task is not None:
            await asyncio.shield(task)

    async def close(self) -> None:
        """Stop in the middle; the record keeps what is owed."""
        self._again.clear()
        for task in tuple(self._turns.values()):
            task.cancel()
        await asyncio.gather(*self._turns.values(), return_exceptions=True)

    async def _pay(self, conversation: str) -> None:
        try:
            failures = 0
            while True:
                try:
                    self._again.discard(conversation)
                    if not await self._turn(conversation):
                        return
                    failures = 0
                except Exception:
                    failures += 1
                    log.exception("voice.turn_failed", conversation=conversation)
                    if failures >= 5:
                        return  # still owed in the record: the next message or start takes it up
                    await asyncio.sleep(failures)
        finally:
            self._turns.pop(conversation, None)
            if conversation in self._again:
                # Written while the last look found nothing more: without another look nobody would answer it.
                self._again.discard(conversation)
                self.owe(conversation)

    async def _turn(self, conversation: str) -> bool:
        """One turn; whether there may be another."""
        due = await self._store.read(owed, self._terms, now=self._clock(), conversation=conversation)
        if due is None:
            return False
        self._typing(conversation, on=True)
        try:
            answer = await self._dialogue.answer(conversation, due.text, due.facts, due.history)
        finally:
            self._typing(conversation, on=False)
        stored = await self._store.run(
            talk.answer_as_bot,
            self._terms,
            now=self._clock(),
            conversation=conversation,
            upto=due.upto,
            lines=written(answer),
            lane=due.visitor,
        )
        if stored:
            await self._carry_out(conversation, due.visitor, answer.acts, due.upto)
        return True

    async def _carry_out(self, conversation: str, visitor: str, acts: tuple[Act, ...], upto: int) -> None:
        """What the visitor asked for in words, up to the message ``upto``."""
        commands: dict[Act, Any] = {Act.ASK_HUMAN: line.ask_human, Act.END: partial(line.end, upto=upto)}
        for act in acts:
            command = commands.get(act)
            if command is not None:
                await self._store.run(
                    command,
                    self._terms,
                    now=self._clock(),
                    visitor=visitor,
                    conversation=conversation,
                    lane=visitor,
                )

    def _typing(self, conversation: str, *, on: bool) -> None:
        data = {"conversation": conversation, "by": "bot", "on": on}
        self._rooms.emit(VISITOR, conversation_room(conversation), "typing", orjson.dumps(data))
