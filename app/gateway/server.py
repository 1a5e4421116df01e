"""The Socket.IO server: python-socketio's engine and protocol, with one dispatch of ours around every event.

What it does differently, and why (``docs/decisions/``): events are dispatched in the order in which they came,
without a task each; every event that asks for it is acknowledged, the unknown, the malformed and the failed too;
the snapshot is the first event after the namespace is connected; nothing is compressed; nothing that anybody
wrote is logged.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import orjson
import socketio
import structlog
from aiohttp import WSMsgType, web
from engineio.async_drivers import aiohttp as engine
from engineio.exceptions import SocketIsClosedError, UnknownPacketError
from engineio.packet import MESSAGE, Packet
from socketio import packet as protocol

from app.gateway.payloads import Payload, read
from app.gateway.wire import Client, Rooms, ack_packet, event_packet
from app.pages.catalogue import negotiate
from data.kinds import ErrorCode, Refusal

log = structlog.get_logger()

Reply = Callable[[Any, BaseException | None], None]
Handler = Callable[[Client, Any, Reply], None]

_SURROGATES = re.compile("[\ud800-\udfff]")

PING_S = 15
"""How often a socket is asked whether it is there; an unheard one is closed after as long again."""


class Space(Protocol):
    """A namespace: how its clients connect and leave, and one method an event, ``on_<event>``."""

    name: str
    events: Mapping[str, type[Payload]]

    async def connect(
        self, client: Client, environ: Mapping[str, Any], auth: Any
    ) -> Callable[[], Awaitable[None]]:
        """Say who the client is, or refuse. The result sends the snapshot once CONNECT is on the wire."""

    async def disconnect(self, client: Client) -> None:
        """The client's socket is gone."""

    def allows(self, client: Client, event: str) -> bool:
        """Whether this client may send this event."""


class _Json:
    """orjson, with the standard parser for what orjson is too strict for (half an emoji is not a lost message)."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str, **_: Any) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            lenient = json.dumps(json.loads(text), ensure_ascii=False)
            return orjson.loads(_SURROGATES.sub("\ufffd", lenient))


class _StationPacket(protocol.Packet):  # type: ignore[misc]
    """A Socket.IO packet read and written with our JSON. We send no bytes, so none are looked for."""

    json = _Json
    uses_binary_events = False


class _PlainWebSocket(engine.WebSocket):  # type: ignore[misc]
    """engine.io's aiohttp socket, declining compression (33 kB a connection instead of 123), with a plain loop.

    engine.io's own loop makes two tasks and two timers for every frame that comes in and keeps the last packet that
    went out; this makes none and keeps none. A connection that begins with polling is upgraded by engine.io's.
    """

    async def __call__(self, environ: Mapping[str, Any]) -> Any:
        self._sock = web.WebSocketResponse(max_msg_size=self.server.max_http_buffer_size, compress=False)
        request = environ["aiohttp.request"]
        await self._sock.prepare(request)
        self.environ = environ
        socket = self.handler.__self__
        if socket.connected:
            await self.handler(self)
        else:
            await self._talk(socket, request.transport)
        return self._sock

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self._sock.send_str(message)
        else:
            await self._sock.send_bytes(message)

    async def _talk(self, socket: Any, transport: asyncio.Transport | None) -> None:
        """Read until the socket is gone; write beside it. Who is silent for a ping and its answer is cut off."""
        socket.connected = socket.upgraded = True
        loop = asyncio.get_running_loop()
        patience = self.server.ping_interval + self.server.ping_timeout
        heard = loop.time()

        timers: list[asyncio.TimerHandle] = []

        def look() -> None:
            left = heard + patience - loop.time()
            if left > 0:
                timers[:] = [loop.call_later(left, look)]
            elif transport is not None:
                transport.abort()

        look()
        writer = asyncio.ensure_future(self._write(socket))
        on_message = self.server.handlers["message"]
        try:
            while True:
                frame = await self._sock.receive()
                if frame.type is not WSMsgType.TEXT and frame.type is not WSMsgType.BINARY:
                    return
                heard = loop.time()
                try:
                    packet = Packet(encoded_packet=frame.data)
                    if packet.packet_type == MESSAGE:
                        await on_message(socket.sid, packet.data)
                    else:
                        await socket.receive(packet)
                except SocketIsClosedError:
                    return
                except (UnknownPacketError, ValueError, IndexError):
                    continue  # no packet of this protocol: there is nobody to answer
        finally:
            for timer in timers:
                timer.cancel()
            socket.queue.put_nowait(None)
            await writer
            await socket.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)

    async def _write(self, socket: Any) -> None:
        queue = socket.queue
        try:
            while (packet := await queue.get()) is not None:
                queue.task_done()
                await self.send(packet.encode())
                del packet
        except (ConnectionError, RuntimeError):
            pass  # it closed while we wrote; the reader sees the same
        await self._sock.close()


class StationServer(socketio.AsyncServer):  # type: ignore[misc]
    """Socket.IO over aiohttp, with our dispatch."""

    def __init__(self, *, origins: list[str], rooms: Rooms, words: Callable[[Refusal, str], str]) -> None:
        super().__init__(
            async_mode="aiohttp",
            serializer=_StationPacket,
            cors_allowed_origins=origins,
            cors_credentials=True,
            logger=False,
            engineio_logger=False,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            http_compression=False,
            async_handlers=False,
            max_http_buffer_size=256 * 1024,
        )
        self.eio._async = {**self.eio._async, "websocket": _PlainWebSocket}
        self.rooms_ = rooms
        self._words = words
        self.clients: dict[tuple[str, str], Client] = {}
        self.spaces: dict[str, Space] = {}
        self._connecting: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, space: Space) -> None:
        """Serve a namespace. Every event it has a payload for must have its method."""
        for event in space.events:
            if not callable(getattr(space, f"on_{event}", None)):
                raise TypeError(f"{space.name} declares {event} and does not handle it")
        self.spaces[space.name] = space

    def background(self, work: Awaitable[None]) -> None:
        """Run something beside the dispatch, and hold on to it until it is done."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def send(self, client: Client, event: str, payload: Any) -> None:
        """One event to one client."""
        client.put(event_packet(client.namespace, event, orjson.dumps(payload)))

    def close_client(self, client: Client) -> None:
        """Close the whole connection of a client at once, whether it reads or not."""
        self.background(self._close(client.eio_sid))

    # What follows takes the place of python-socketio's own handling of packets.

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        if isinstance(data, bytes):
            return  # the attachment of a binary event, which was refused when it was announced
        try:
            packet = self.packet_class(encoded_packet=data)
        except (ValueError, TypeError, IndexError, AttributeError, KeyError, RecursionError):
            self._unreadable(eio_sid)
            return
        kind, namespace = packet.packet_type, packet.namespace or "/"
        if kind == protocol.EVENT:
            client = self.clients.get((eio_sid, namespace))
            if client is not None:
                self.dispatch(client, packet.id, packet.data)
        elif kind == protocol.CONNECT:
            await self._handle_connect(eio_sid, namespace, packet.data)
        elif kind == protocol.DISCONNECT:
            await self._handle_disconnect(eio_sid, namespace)
        elif kind == protocol.BINARY_EVENT:
            client = self.clients.get((eio_sid, namespace))
            if client is not None and packet.id is not None:
                client.put(ack_packet(namespace, packet.id, self._refused(_UNREADABLE, client.language)))
        elif kind not in (
            protocol.ACK,
            protocol.BINARY_ACK,
        ):  # we ask for no acknowledgement, so there is none to take
            self._unreadable(eio_sid)

    def _unreadable(self, eio_sid: str) -> None:
        """A packet that cannot be read. Whoever sent it hears so; nobody else is touched."""
        for name in self.spaces:
            client = self.clients.get((eio_sid, name))
            if client is not None:
                self.send(client, "error", self._refused(_UNREADABLE, client.language)["error"])

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        name = namespace or "/"
        space = self.spaces.get(name)
        socket = self.eio.sockets.get(eio_sid)
        if socket is None:
            return
        if space is None or (eio_sid, name) in self.clients or (eio_sid, name) in self._connecting:
            await self._turn_away(
                eio_sid, name, Refusal(ErrorCode.NOT_ALLOWED, "There is nothing to connect to here.")
            )
            return
        client = Client(secrets.token_urlsafe(12), eio_sid, name, socket, self.close_client)
        self._connecting.add((eio_sid, name))
        try:
            greet = await space.connect(client, self.environ.get(eio_sid, {}), data)
        except Exception as error:
            self.rooms_.leave_all(client)
            if not isinstance(error, Refusal):
                log.exception("gateway.connect_failed", namespace=name)
                error = _UNAVAILABLE
            await self._turn_away(eio_sid, name, error)
            return
        finally:
            self._connecting.discard((eio_sid, name))
        if eio_sid not in self.eio.sockets:  # it went away while we looked
            self.rooms_.leave_all(client)
            await space.disconnect(client)
            return
        self.clients[eio_sid, name] = client
        await self._send_packet(
            eio_sid, self.packet_class(protocol.CONNECT, {"sid": client.sid}, namespace=name)
        )
        try:
            await greet()
        except Exception:
            log.exception("gateway.snapshot_failed", namespace=name)
            self.close_client(client)

    async def _turn_away(self, eio_sid: str, namespace: str, refusal: Refusal) -> None:
        language = negotiate(accept=self.environ.get(eio_sid, {}).get("HTTP_ACCEPT_LANGUAGE"))
        error = self._refused(refusal, language)["error"]
        await self._send_packet(
            eio_sid, self.packet_class(protocol.CONNECT_ERROR, data=error, namespace=namespace)
        )

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: Any = None) -> None:
        client = self.clients.pop((eio_sid, namespace or "/"), None)
        if client is not None:
            await self._gone(client)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: Any) -> None:
        for name in self.spaces:
            client = self.clients.pop((eio_sid, name), None)
            if client is not None:
                await self._gone(client)
        self.environ.pop(eio_sid, None)

    def dispatch(self, client: Client, ack: int | None, data: Any) -> None:
        """One event from one client: validate, permit, handle, acknowledge. Never raises."""

        def reply(value: Any, error: BaseException | None) -> None:
            if ack is None:
                return
            if error is None:
                answer = {"ok": True, **(value or {})}
            elif isinstance(error, Refusal):
                answer = self._refused(error, client.language)
            else:
                log.error("gateway.failed", namespace=client.namespace, exc_info=error)
                answer = self._refused(_INTERNAL, client.language)
            try:
                packet = ack_packet(client.namespace, ack, answer)
            except TypeError:
                log.exception("gateway.unserialisable", namespace=client.namespace)
                packet = ack_packet(client.namespace, ack, self._refused(_INTERNAL, client.language))
            client.put(packet)

        space = self.spaces[client.namespace]
        try:
            event = data[0] if data and isinstance(data[0], str) else ""
            model = space.events.get(event)
            if model is None:
                raise Refusal(ErrorCode.UNKNOWN_EVENT, "The station does not know this event.")
            if not space.allows(client, event):
                raise Refusal(ErrorCode.NOT_ALLOWED, "Your role does not allow this.")
            payload = read(model, data[1] if len(data) > 1 and data[1] is not None else {})
            getattr(space, f"on_{event}")(client, payload, reply)
        except Exception as error:
            reply(None, error)

    def _refused(self, refusal: Refusal, language: str) -> dict[str, Any]:
        """A refusal as it goes out, in its reader's language."""
        error: dict[str, Any] = {"code": refusal.code.value, "message": self._words(refusal, language)}
        if refusal.retry_after is not None:
            error["retry_after"] = round(refusal.retry_after, 2)
        if "field" in refusal.extra:
            error["field"] = refusal.extra["field"]
        return {"ok": False, "error": error}

    async def _gone(self, client: Client) -> None:
        self.rooms_.leave_all(client)
        try:
            await self.spaces[client.namespace].disconnect(client)
        except Exception:
            log.exception("gateway.disconnect_failed", namespace=client.namespace)

    async def _close(self, eio_sid: str) -> None:
        socket = self.eio.sockets.get(eio_sid)
        request = self.environ.get(eio_sid, {}).get("aiohttp.request")
        if socket is not None:
            await socket.close(wait=False, abort=True)
        transport = getattr(request, "transport", None)
        if transport is not None:
            transport.abort()  # its writer may be stuck on a client that does not read


_UNREADABLE = Refusal(ErrorCode.INVALID_PAYLOAD, "This could not be read.")
_UNAVAILABLE = Refusal(
    ErrorCode.UNAVAILABLE, "The station cannot answer just now. Please try again.", retry_after=2.0
)
_INTERNAL = Refusal(
    ErrorCode.INTERNAL, "Something broke on our side. What you wrote is still yours: please send it again."
)
