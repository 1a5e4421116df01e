"""The peer that the station is measured against: a bare python-socketio relay on aiohttp.

Rooms of two, every `say` acknowledged and passed on to the other side as a Message of the wire contract, nothing
screened and nothing stored. As it stands it runs on the stock event loop and JSON; ``--tuned`` puts it on uvloop
and orjson. It must never grow a convenience that the station would have to pay for.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

import orjson
import socketio
import uvloop
from aiohttp import web


class OrjsonCodec:
    """orjson with the two functions that python-socketio asks of a JSON module."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str) -> Any:
        return orjson.loads(text)


class Rooms(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio carries no types
    """The default namespace: one connects with the rooms it is in, and talks to the other one in a room."""

    def __init__(self) -> None:
        super().__init__("/")
        self._only_room: dict[str, str] = {}
        self._by: dict[str, str] = {}
        self._seq: dict[str, int] = {}

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: dict[str, Any]) -> None:
        self._by[sid] = auth["by"]
        self._only_room[sid] = auth["rooms"][0]
        for room in auth["rooms"]:
            await self.enter_room(sid, room)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        del self._by[sid], self._only_room[sid]

    async def on_say(self, sid: str, data: dict[str, Any]) -> dict[str, Any]:
        room = data.get("conversation") or self._only_room[sid]
        seq = self._seq[room] = self._seq.get(room, 0) + 1
        at = datetime.now(UTC).isoformat()
        message = {
            "conversation": room,
            "seq": seq,
            "id": data["id"],
            "by": self._by[sid],
            "name": "",
            "text": data["text"],
            "at": at,
        }
        await self.emit("message", message, room=room, skip_sid=sid)
        return {"ok": True, "conversation": room, "seq": seq, "at": at}


async def healthy(request: web.Request) -> web.Response:
    return web.Response(text="ok")


def main() -> None:
    """Serve on loopback until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tuned", action="store_true", help="uvloop and orjson")
    options = parser.parse_args()
    extra = {"json": OrjsonCodec} if options.tuned else {}
    server = socketio.AsyncServer(async_mode="aiohttp", **extra)
    server.register_namespace(Rooms())
    app = web.Application()
    app.router.add_get("/healthz", healthy)
    server.attach(app)
    loop = uvloop.new_event_loop() if options.tuned else None
    web.run_app(app, host="127.0.0.1", port=options.port, access_log=None, print=None, loop=loop)


if __name__ == "__main__":
    main()
