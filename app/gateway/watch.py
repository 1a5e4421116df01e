"""``/watch``: supervisors, who read along unseen. Nothing here reaches anybody in a conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from app.desk import presence, watching
from app.gateway import payloads
from app.gateway.publisher import conversation_room
from app.gateway.server import Reply
from app.gateway.spaces import StaffSocket, StaffSpace, still_signed_in
from app.gateway.wire import Client, event_packet
from app.pages.catalogue import negotiate
from app.permissions import SUPERVISORS
from app.staff.sessions import session_id


class WatchSpace(StaffSpace):
    """Supervisors' sockets."""

    name = "/watch"
    roles = SUPERVISORS
    events: Mapping[str, type[payloads.Payload]] = MappingProxyType(
        {"watch": payloads.Watch, "unwatch": payloads.One}
    )

    async def connect(
        self, client: Client, environ: Mapping[str, Any], auth: Any
    ) -> Callable[[], Awaitable[None]]:
        """Sign in by the session cookie; the board follows."""
        station = self.station
        staff, secret = await self.sign_in(environ)
        client.language = negotiate(accept=environ.get("HTTP_ACCEPT_LANGUAGE"))
        client.who = StaffSocket(staff.id, staff.desk_name, staff.role, session_id(secret))
        for room in ("all", f"s:{staff.id}"):
            station.rooms.join(client, room)
        # A supervisor at the board is at a screen that alarms ring on: what visitors are told counts them.
        await station.store.run(
            still_signed_in,
            now=station.clock(),
            secret=secret,
            then=presence.arrive,
            terms=station.terms,
            staff=staff.id,
        )

        async def greet() -> None:
            client.open(event_packet(self.name, "board", orjson.dumps(await station.board())))

        return greet

    async def disconnect(self, client: Client) -> None:
        """The board is closed: what was being read is no longer read, and the record says how long it was."""
        if client.who is not None:
            await self.station.store.run(presence.leave, now=self.station.clock(), staff=client.who.id)
            await self.station.store.run(
                watching.unwatch, now=self.station.clock(), staff=client.who.id, socket=client.sid
            )

    def on_watch(self, client: Client, p: payloads.Watch, reply: Reply) -> None:
        """Read along. The room is joined with the snapshot, so that nothing falls between."""

        def watching_now(value: Any, error: BaseException | None) -> None:
            if error is None:
                self.station.rooms.join(client, conversation_room(p.conversation))
            reply(value, error)

        self.command(
            watching_now,
            watching.watch,
            terms=self.station.terms,
            staff=client.who.id,
            socket=client.sid,
            conversation=p.conversation,
            reason=p.reason,
        )

    def on_unwatch(self, client: Client, p: payloads.One, reply: Reply) -> None:
        """Stop reading along."""
        self.station.rooms.leave(client, conversation_room(p.conversation))
        self.command(
            reply, watching.unwatch, staff=client.who.id, socket=client.sid, conversation=p.conversation
        )
