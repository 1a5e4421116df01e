"""A running station: the store, the terms, the publisher and the loops, joined.

The loops are these: the desk's turn (what time does: offers, vanished counsellors, closing time, case clocks), the
refresh (queue, places and board, a few times a second at most and only when something changed), the heartbeat
of presence, what is owed an answer, and what has passed its time. None of them holds state that matters: each reads
the record and can be killed at any moment.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection, select

from app.desk import line, presence, views, visits
from app.desk.terms import Terms
from app.flood import Flood
from app.gateway.publisher import DESK, VISITOR, WATCH, Publisher, conversation_room
from app.gateway.server import StationServer
from app.gateway.wire import Client, Rooms, event_packet
from app.proxies import address_of
from app.settings import Settings
from app.staff.sessions import slide_all
from app.tokens import Tickets, make_resume
from app.voice import Voice
from bot.dialogue import Dialogue
from bot.hotlines import hotlines_for
from data.kinds import Phase, Refusal
from data.retention import sweep
from data.store import Store
from data.tables import Conversation, table

log = structlog.get_logger()

REFRESH_S = 0.25
TURN_S = 1.0
HEARTBEAT_S = 5.0
SWEEP_S = 3600.0
DEBTS_S = 15.0

C = table(Conversation)


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


class Station:
    """Everything that is alive in one process. Built by ``build_app``, started and stopped with it."""

    def __init__(
        self,
        settings: Settings,
        terms: Terms,
        dialogue: Dialogue,
        words: Callable[[Refusal, str], str],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.terms = terms
        self.clock = clock
        self.dialogue = dialogue
        self.tickets = Tickets(settings.ticket_jwks, settings.ticket_audience)
        self.rooms = Rooms()
        self.server = StationServer(
            origins=settings.own_origins + settings.host_origins, rooms=self.rooms, words=words
        )
        self.publisher = Publisher(
            self.rooms,
            changed=self.changed,
            bot_turn=lambda conversation: self.voice.owe(conversation),
            opened=self._conversation_opened,
            close=self.server.close_client,
        )
        self.flood = Flood(settings.say_rate, settings.open_rate, time.monotonic)
        self.store: Store
        self.voice: Voice
        self._line_changed = asyncio.Event()
        self._view_changed = asyncio.Event()
        self._queue_dirty = False
        self._beat_at = clock()
        self._places: dict[str, tuple[int, int | None]] = {}
        self._loops: list[asyncio.Task[None]] = []

    def start(self, store: Store) -> None:
        """Begin to serve from a store. The record's debts (owed answers, due clocks) are taken up at once."""
        self.store = store
        self.voice = Voice(store, self.terms, self.dialogue, self.clock, self.rooms)
        self._loops = [
            asyncio.ensure_future(self._keep(self._turns, "turn")),
            asyncio.ensure_future(self._keep(self._refreshes, "refresh")),
            asyncio.ensure_future(self._keep(self._heartbeats, "heartbeat")),
            asyncio.ensure_future(self._keep(self._sweeps, "sweep")),
            asyncio.ensure_future(self._keep(self._debts, "debts")),
        ]

    async def stop(self) -> None:
        """Stop the loops and finish what was begun."""
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.voice.close()
        await self.server.shutdown()
        await self.store.close()

    def changed(self, queue: bool) -> None:
        """Something that the queue (and who takes from it) or only the board shows has changed."""
        if queue:
            self._queue_dirty = True
            self._line_changed.set()
        self._view_changed.set()

    def address(self, request: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """The client's address behind our own proxies."""
        return address_of(request, self.settings)

    def hotlines(self, language: str) -> list[dict[str, Any]]:
        """The hotlines for a reader, those open now first."""
        return [hotline.payload() for hotline in hotlines_for(language, self.clock())]

    def welcome_packet(self, welcome: dict[str, Any], *, resumed: bool, epoch: int) -> dict[str, Any]:
        """The contract's welcome from a snapshot."""
        out = {key: value for key, value in welcome.items() if key != "visitor"}
        out["resume"] = make_resume(self.settings.signing_key, welcome["visitor"], epoch)
        out["resumed"] = resumed
        out["hotlines"] = self.hotlines(welcome["language"])
        return out

    async def send_welcome(self, client: Client, *, resumed: bool, after: int) -> None:
        """Take the snapshot of a visitor's conversation, send it, and open the gate."""
        who = client.who
        snapshot = await self.store.read(
            visits.welcome, self.terms, now=self.clock(), conversation=who.conversation, after=after
        )
        welcome = self.welcome_packet(snapshot, resumed=resumed, epoch=who.epoch)
        last = max((m["seq"] for m in snapshot["messages"]), default=after)
        client.open(
            event_packet(VISITOR, "welcome", orjson.dumps(welcome)),
            conversation=who.conversation,
            last_seq=last,
        )

    def _conversation_opened(self, client: Client, conversation: str) -> None:
        """A visitor's socket moves to their new conversation; the gate keeps what is published meanwhile."""
        if client.who.conversation == conversation:
            return
        client.shut()
        self.rooms.leave(client, conversation_room(client.who.conversation))
        client.who.conversation = conversation
        self.rooms.join(client, conversation_room(conversation))
        self.server.background(self._move(client))

    async def _move(self, client: Client) -> None:
        try:
            await self.send_welcome(client, resumed=True, after=0)
        except Exception:
            # Behind a shut gate they would hear nothing more: they come back and are welcomed anew.
            log.exception("station.welcome_failed")
            self.server.close_client(client)

    async def _keep(self, loop: Callable[[], Awaitable[None]], name: str) -> None:
        """A loop that outlives its own failures: a fault in one turn must not end the alarms."""
        while True:
            try:
                await loop()
                return
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("station.loop_failed", loop=name)
                await asyncio.sleep(1.0)

    async def _turns(self) -> None:
        while True:
            self._line_changed.clear()
            if self.clock() - self._beat_at > 2 * timedelta(seconds=HEARTBEAT_S):
                # The machine slept, or its clock was set: nobody has vanished whose socket is here.
                await self._beat()
            now = self.clock()
            due = await self.store.run(line.ring, self.terms, now=now)
            await self.store.run(line.turn, self.terms, now=now)
            wait = TURN_S
            if due is not None:
                wait = min(wait, max(0.02, (due - self.clock()).total_seconds()))
            # Not wait_for: on Python 3.11 it can swallow a cancellation, and then a station never stops.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._line_changed.wait()

    async def _refreshes(self) -> None:
        while True:
            await self._view_changed.wait()
            self._view_changed.clear()
            queue, self._queue_dirty = self._queue_dirty, False
            if queue:
                await self._refresh_queue()
            if self.rooms.occupied(WATCH, "all"):
                await self._refresh_board()
            await asyncio.sleep(REFRESH_S)

    async def _refresh_queue(self) -> None:
        view, phases = await self.store.read(self._look)
        payload = orjson.dumps(view)
        self.rooms.emit(DESK, "all", "queue", payload)
        for id_, phase in phases.items():
            place = (phase.get("position", 0), phase.get("wait_s"))
            if self._places.get(id_) != place:
                self.rooms.emit(VISITOR, conversation_room(id_), "phase", orjson.dumps(phase))
                self.rooms.emit(WATCH, conversation_room(id_), "phase", orjson.dumps(phase))
        self._places = {i: (p.get("position", 0), p.get("wait_s")) for i, p in phases.items()}

    def _look(self, conn: Connection) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        now = self.clock()
        view = views.queue_view(conn, self.terms, now)
        places = {w["conversation"]: (w["position"], w["wait_s"]) for w in view["waiting"]}
        rows = conn.execute(select(C).where(C.c.phase == Phase.WAITING.value)).all()
        return view, {r.id: views.phase(conn, self.terms, now, r, places.get(r.id)) for r in rows}

    async def board(self) -> dict[str, Any]:
        """The supervisors' board, with the state of the parts."""
        view = await self.store.read(views.board, self.terms, self.clock())
        view["service"]["bot"] = await self.dialogue.health()
        return view

    async def _refresh_board(self) -> None:
        payload = orjson.dumps(await self.board())
        self.rooms.emit(WATCH, "all", "board", payload)

    async def _heartbeats(self) -> None:
        while True:
            await self._beat()
            await asyncio.sleep(HEARTBEAT_S)

    async def _beat(self) -> None:
        """Write down when everybody at a console was last heard."""
        now = self._beat_at = self.clock()
        at: dict[str, datetime] = {}
        for client in (*self.rooms.members(DESK, "all"), *self.rooms.members(WATCH, "all")):
            asked = client.socket.last_ping  # when a ping went out that is not answered yet, in Unix time
            when = now if asked is None else min(now, datetime.fromtimestamp(asked, UTC))
            at[client.who.id] = max(when, at.get(client.who.id, when))
        if at:
            await self.store.run(presence.heard, at=at)
        sessions = {c.who.session for ns in (DESK, WATCH) for c in self.rooms.members(ns, "all")}
        if sessions:
            await self.store.run(slide_all, now=now, sessions=sessions)

    async def _sweeps(self) -> None:
        while True:
            while swept := await self.store.run(sweep, now=self.clock()):
                log.info("station.swept", **swept)
            await asyncio.sleep(SWEEP_S)

    async def _debts(self) -> None:
        """Whoever was not answered, because we died or something failed, is answered at the next look."""
        while True:
            for conversation in await self.store.read(views.owed_answers):
                self.voice.owe(conversation)
            await asyncio.sleep(DEBTS_S)
