"""The one publisher: what commands report, after the commit and in its order, to the sockets that may have it.

Who may have what is decided here and nowhere else: visitors never receive an assessment, a supervisor's reading
reaches nobody, the queue and the board carry no words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from app.gateway.wire import Client, Rooms
from data.kinds import Event, EventKind, Role

VISITOR, DESK, WATCH = "/visitor", "/desk", "/watch"
DELIVERED_S = 0.25
"""Delivered marks are gathered for this long: one for a burst of messages, not one for each."""

_RING = (Role.RESPONDER.value, Role.SUPERVISOR.value)


def conversation_room(id_: str) -> str:
    """Everybody in one conversation; in ``/watch``, who reads along."""
    return f"c:{id_}"


class Publisher:
    """Turns events into packets.

    ``changed`` is called when the queue or the board may look different, ``bot_turn`` with a conversation that
    waits for the bot, ``opened`` with each socket of a visitor whose conversation is a new one.
    """

    def __init__(
        self,
        rooms: Rooms,
        *,
        changed: Callable[[bool], None],
        bot_turn: Callable[[str], None],
        opened: Callable[[Client, str], None],
        close: Callable[[Client], None],
    ) -> None:
        self._rooms = rooms
        self._changed = changed
        self._bot_turn = bot_turn
        self._opened = opened
        self._close = close
        self._delivered: dict[tuple[str, str], int] = {}
        self._by_kind: dict[EventKind, Callable[[Event], None]] = {
            EventKind.MESSAGE: self._message,
            EventKind.PHASE: self._phase,
            EventKind.TYPING: self._typing,
            EventKind.SEEN: self._seen,
            EventKind.RISK: self._risk,
            EventKind.CASE: self._case,
            EventKind.QUEUE: lambda event: self._changed(True),
            EventKind.BOARD: lambda event: self._changed(False),
            EventKind.OFFER: self._offer,
            EventKind.OPENED: self._opened_conversation,
            EventKind.OWNED: self._owned,
            EventKind.BOT_TURN: self._turn,
            EventKind.STAFF_CLOSED: self._staff_closed,
        }

    def publish(self, events: Sequence[Event]) -> None:
        """Send what one command reported. Runs on the event loop and never waits."""
        for event in events:
            self._by_kind[event.kind](event)

    def _message(self, event: Event) -> None:
        id_ = str(event.conversation)
        seq = event.data["seq"]
        room = conversation_room(id_)
        payload = orjson.dumps(event.data)
        rooms = self._rooms
        to_visitor = rooms.emit(VISITOR, room, "message", payload, skip=event.skip, conversation=id_, seq=seq)
        if event.staff is not None:
            payload = orjson.dumps({**event.data, **event.staff})
        to_desk = rooms.emit(DESK, room, "message", payload, skip=event.skip, conversation=id_, seq=seq)
        rooms.emit(WATCH, room, "message", payload, conversation=id_, seq=seq)
        by = event.data["by"]
        if by == "visitor" and to_desk:
            self._deliver(id_, "counsellor", seq)
        elif by == "counsellor" and to_visitor:
            self._deliver(id_, "visitor", seq)
        if rooms.occupied(WATCH, "all"):
            self._changed(False)

    def _deliver(self, conversation: str, by: str, seq: int) -> None:
        if not self._delivered:
            asyncio.get_running_loop().call_later(DELIVERED_S, self._send_delivered)
        self._delivered[conversation, by] = seq

    def _send_delivered(self) -> None:
        marks, self._delivered = self._delivered, {}
        for (conversation, by), seq in marks.items():
            data = {"conversation": conversation, "by": by, "seq": seq, "state": "delivered"}
            namespace = VISITOR if by == "counsellor" else DESK
            self._rooms.emit(namespace, conversation_room(conversation), "seen", orjson.dumps(data))

    def _to_conversation(self, name: str, event: Event, *namespaces: str) -> None:
        payload = orjson.dumps(event.data)
        for namespace in namespaces:
            self._rooms.emit(
                namespace, conversation_room(str(event.conversation)), name, payload, skip=event.skip
            )

    def _phase(self, event: Event) -> None:
        self._to_conversation("phase", event, VISITOR, DESK, WATCH)
        self._changed(False)

    def _typing(self, event: Event) -> None:
        namespaces = (DESK, WATCH) if event.data["by"] == "visitor" else (VISITOR, WATCH)
        self._to_conversation("typing", event, *namespaces)

    def _seen(self, event: Event) -> None:
        namespaces = (DESK, WATCH) if event.data["by"] == "visitor" else (VISITOR, WATCH)
        self._to_conversation("seen", event, *namespaces)

    def _risk(self, event: Event) -> None:
        self._to_conversation("risk", event, DESK)
        self._rooms.emit(WATCH, "all", "risk", orjson.dumps(event.data))
        self._changed(False)

    def _case(self, event: Event) -> None:
        payload = orjson.dumps(event.data)
        for role in _RING:
            self._rooms.emit(DESK, f"role:{role}", "case", payload)
        self._rooms.emit(WATCH, "all", "case", payload)
        self._changed(False)

    def _offer(self, event: Event) -> None:
        self._rooms.emit(DESK, f"s:{event.to}", "offer", orjson.dumps(event.data))

    def _opened_conversation(self, event: Event) -> None:
        for client in self._rooms.members(VISITOR, f"v:{event.data['visitor']}"):
            self._opened(client, str(event.conversation))

    def _owned(self, event: Event) -> None:
        room = conversation_room(str(event.conversation))
        if event.data["was"] is not None:
            for client in self._rooms.members(DESK, f"s:{event.data['was']}"):
                self._rooms.leave(client, room)
        if event.data["owner"] is not None:
            for client in self._rooms.members(DESK, f"s:{event.data['owner']}"):
                self._rooms.join(client, room)

    def _turn(self, event: Event) -> None:
        self._bot_turn(str(event.conversation))

    def _staff_closed(self, event: Event) -> None:
        session: Any = event.data.get("session")
        for namespace in (DESK, WATCH):
            for client in self._rooms.members(namespace, f"s:{event.to}"):
                if session is None or client.who.session == session:
                    self._close(client)
