"""Sockets and rooms: who is connected where, and how an event reaches them without a task of its own.

python-socketio starts a task for every recipient of every emit. A conversation's room has two or three sockets
and thousands of events, so this puts one encoded packet straight into each socket's queue. The queue is capped:
who does not read is dropped, and resumes later from the record. Rooms live in this process; the record is the
truth and a socket only a hint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
import structlog
from engineio.packet import MESSAGE, Packet

log = structlog.get_logger()

QUEUE_MAX = 1000  # packets that a client may leave unread


def event_packet(namespace: str, event: str, payload: bytes) -> Packet:
    """One event, encoded once for however many sockets. ``payload`` is its JSON."""
    return Packet(MESSAGE, f'2{namespace},["{event}",{payload.decode()}]')


def ack_packet(namespace: str, ack: int, payload: Any) -> Packet:
    """The answer to the event numbered ``ack``."""
    return Packet(MESSAGE, f"3{namespace},{ack}[{orjson.dumps(payload).decode()}]")


class Client:
    """One socket in one namespace: who it is, its rooms, and its gate.

    While the gate is shut (from joining the rooms until the snapshot is sent) packets wait behind it, so that the
    snapshot is the first that arrives and nothing published meanwhile is lost.
    """

    __slots__ = ("drop", "eio_sid", "gate", "gone", "language", "namespace", "rooms", "sid", "socket", "who")

    def __init__(
        self, sid: str, eio_sid: str, namespace: str, socket: Any, drop: Callable[[Client], None]
    ) -> None:
        self.sid = sid
        self.eio_sid = eio_sid
        self.namespace = namespace
        self.socket = socket
        self.who: Any = None
        self.language = "en"
        self.gone = False
        self.rooms: set[str] = set()
        self.gate: list[tuple[str | None, int, Packet]] | None = []
        self.drop = drop

    def put(self, packet: Packet, conversation: str | None = None, seq: int = 0) -> None:
        """Send, or keep behind the gate. ``seq`` is set for messages, so that the snapshot's are not sent twice."""
        if self.gate is not None:
            self.gate.append((conversation, seq, packet))
            return
        queue = self.socket.queue
        if queue.qsize() >= QUEUE_MAX:
            self.drop(self)
            return
        queue.put_nowait(packet)

    def shut(self) -> None:
        """Hold what is published from now on, until :meth:`open`."""
        if self.gate is None:
            self.gate = []

    def open(self, first: Packet, conversation: str | None = None, last_seq: int = 0) -> None:
        """Send the snapshot, then what came after it was taken."""
        held, self.gate = self.gate or [], None
        self.put(first)
        for of, seq, packet in held:
            if seq and of == conversation and seq <= last_seq:
                continue
            self.put(packet)


class Rooms:
    """Which clients of a namespace are in which room."""

    def __init__(self) -> None:
        self._rooms: dict[tuple[str, str], dict[str, Client]] = {}

    def join(self, client: Client, room: str) -> None:
        """Put a client into a room; one who has left meanwhile stays out, or would be sent to for ever."""
        if client.gone:
            return
        self._rooms.setdefault((client.namespace, room), {})[client.sid] = client
        client.rooms.add(room)

    def leave(self, client: Client, room: str) -> None:
        """Take a client out of a room."""
        members = self._rooms.get((client.namespace, room))
        if members is not None:
            members.pop(client.sid, None)
            if not members:
                del self._rooms[client.namespace, room]
        client.rooms.discard(room)

    def leave_all(self, client: Client) -> None:
        """Take a client out of every room, for good: its socket is gone."""
        client.gone = True
        for room in tuple(client.rooms):
            self.leave(client, room)

    def members(self, namespace: str, room: str) -> Iterable[Client]:
        """The clients in a room."""
        return tuple(self._rooms.get((namespace, room), {}).values())

    def occupied(self, namespace: str, room: str) -> bool:
        """Whether anybody is in a room."""
        return (namespace, room) in self._rooms

    def emit(
        self,
        namespace: str,
        room: str,
        event: str,
        payload: bytes,
        *,
        skip: str | None = None,
        conversation: str | None = None,
        seq: int = 0,
    ) -> int:
        """Send an event to a room, but for the socket ``skip``. Returns how many sockets it went to."""
        members = self._rooms.get((namespace, room))
        if not members:
            return 0
        packet = None
        count = 0
        for sid, client in tuple(members.items()):
            if sid == skip:
                continue
            if packet is None:
                packet = event_packet(namespace, event, payload)
            client.put(packet, conversation, seq)
            count += 1
        return count
