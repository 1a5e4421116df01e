"""A cheap Socket.IO client: raw WebSocket frames on an asyncio protocol, one namespace a socket.

It exists so that one core of load can saturate a server on another core; python-socketio's own client cannot.
It speaks Engine.IO 4 over WebSocket from the first byte, text packets only, and answers pings. It offers
compression as browsers do when asked to, and then really compresses.

It must never be used by the product: it trusts its server, masks with zeros and keeps no backlog.
"""

from __future__ import annotations

import asyncio
import base64
import os
import zlib
from collections.abc import Callable, Mapping
from typing import Any, cast

import orjson

Answer = Callable[[Any], None]
"""Takes what the server acknowledged: the first argument of the ack, or None when it sent none."""

Heard = Callable[[str, Any], None]
"""Takes an event's name and its first argument."""

_BROWSER_OFFER = "permessage-deflate; client_max_window_bits"
_DEFLATE_TAIL = b"\x00\x00\xff\xff"


class Refused(Exception):
    """The server refused the upgrade or the namespace, or went away before the answer."""


class Socket(asyncio.Protocol):
    """One client on one namespace. Make it with :func:`connect`."""

    def __init__(self, namespace: str, auth: Mapping[str, Any] | None, heard: Heard | None) -> None:
        self.heard = heard
        self.compressed = False
        """Whether the server took the offer to compress."""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        prefix = b"" if namespace == "/" else namespace.encode() + b","
        self._connect_packet = b"40" + prefix + orjson.dumps(auth or {})
        self._event_head = b"42" + prefix
        self._ack_from = len(b"43" + prefix)
        self._answers: dict[int, Answer] = {}
        self._last_id = 0
        self._rest = b""
        self._upgraded = False
        self._transport: asyncio.Transport | None = None
        self._deflate: Any = None
        self._inflate: Any = None

    async def ready(self) -> None:
        """Wait until the namespace is connected; raises :class:`Refused`."""
        await self._connected

    def emit(self, event: str, payload: Any, answer: Answer | None = None) -> None:
        """Send one event; ``answer`` is called with its acknowledgement."""
        body = orjson.dumps((event, payload))
        if answer is None:
            self._send(self._event_head + body)
            return
        self._last_id += 1
        self._answers[self._last_id] = answer
        self._send(self._event_head + str(self._last_id).encode() + body)

    async def call(self, event: str, payload: Any, wait_s: float = 10.0) -> Any:
        """Send one event and return its acknowledgement; raises TimeoutError."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.emit(event, payload, lambda value: None if done.done() else done.set_result(value))
        return await asyncio.wait_for(done, wait_s)

    def close(self) -> None:
        """Say goodbye as a browser does and drop the connection; harmless when already closed."""
        if self._transport is not None and not self._transport.is_closing():
            self._write(b"\x88\x82\x00\x00\x00\x00\x03\xe8")
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; :func:`connect` sends the upgrade."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits; acknowledgements that were not given stay not given."""
        if not self._connected.done():
            self._connected.set_exception(Refused("the server closed the connection"))
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Cut frames out of the stream. Servers do not mask, and these do not fragment."""
        if self._rest:
            data = self._rest + data
        if not self._upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if not self._upgrade_taken(head):
                return
        at, size = 0, len(data)
        while size - at >= 2:
            kind, length, body = data[at], data[at + 1], at + 2
            if length == 126:
                body += 2
                if size < body:
                    break
                length = int.from_bytes(data[body - 2 : body], "big")
            elif length == 127:
                body += 8
                if size < body:
                    break
                length = int.from_bytes(data[body - 8 : body], "big")
            if size < body + length:
                break
            at = body + length
            self._frame(kind, data[body:at])
        self._rest = data[at:]

    # below the frames

    def _upgrade_taken(self, head: bytes) -> bool:
        if not head.startswith(b"HTTP/1.1 101"):
            self._connected.set_exception(Refused(head.split(b"\r\n", 1)[0].decode("latin-1")))
            if self._transport is not None:
                self._transport.close()
            return False
        self._upgraded = True
        if b"permessage-deflate" in head.lower():
            self.compressed = True
            self._deflate = zlib.compressobj(wbits=-15)
            self._inflate = zlib.decompressobj(wbits=-15)
        return True

    def _frame(self, kind: int, payload: bytes) -> None:
        if kind & 0x40:
            payload = self._inflate.decompress(payload + _DEFLATE_TAIL)
        opcode = kind & 0x0F
        if opcode == 1 and kind & 0x80:
            self._packet(payload)
        elif opcode == 8 and self._transport is not None:
            self._transport.close()
        elif opcode == 9:
            self._write(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif opcode != 10:
            raise ValueError("a frame that this client does not read")

    def _packet(self, packet: bytes) -> None:
        kind = packet[:2]
        if kind == b"42":
            if self.heard is not None:
                event = orjson.loads(packet[packet.index(b"[") :])
                self.heard(event[0], event[1] if len(event) > 1 else None)
        elif kind == b"43":
            start = packet.index(b"[")
            answer = self._answers.pop(int(packet[self._ack_from : start]))
            values = orjson.loads(packet[start:])
            answer(values[0] if values else None)
        elif kind == b"2":
            self._send(b"3")
        elif kind[:1] == b"0":
            self._send(self._connect_packet)
        elif kind == b"40":
            self._connected.set_result(None)
        elif kind == b"44":
            self._connected.set_exception(Refused(packet.decode()))

    def _send(self, packet: bytes) -> None:
        first = 0x81
        if self._deflate is not None:
            packet = self._deflate.compress(packet) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
            packet, first = packet[:-4], 0xC1
        length = len(packet)
        # A mask of zeros is a mask: the server unmasks as ever, and this side saves the work.
        if length < 126:
            self._write(bytes((first, 0x80 | length, 0, 0, 0, 0)) + packet)
        elif length < 65536:
            self._write(bytes((first, 0xFE)) + length.to_bytes(2, "big") + b"\0\0\0\0" + packet)
        else:
            self._write(bytes((first, 0xFF)) + length.to_bytes(8, "big") + b"\0\0\0\0" + packet)

    def _write(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)


async def connect(
    port: int,
    namespace: str = "/",
    auth: Mapping[str, Any] | None = None,
    *,
    heard: Heard | None = None,
    headers: Mapping[str, str] | None = None,
    offer_compression: bool = False,
    wait_s: float = 30.0,
) -> Socket:
    """Connect to a Socket.IO server on loopback and return when the namespace is connected.

    ``heard`` is called for every event, also for those that come together with the connection. Raises
    :class:`Refused` on a refusal and TimeoutError after ``wait_s`` seconds.
    """
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: Socket(namespace, auth, heard), "127.0.0.1", port)
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Origin": f"http://127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **({"Sec-WebSocket-Extensions": _BROWSER_OFFER} if offer_compression else {}),
        **(headers or {}),
    }
    request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    request += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    socket._write(request.encode() + b"\r\n")
    try:
        await asyncio.wait_for(socket.ready(), wait_s)
    except BaseException:
        socket.close()
        raise
    return socket
