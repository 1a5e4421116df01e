"""``/desk``: counsellors, clinicians, responders and supervisors. Validates, runs one command, acknowledges."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from app.desk import crisis, line, presence, talk
from app.gateway import payloads
from app.gateway.publisher import conversation_room
from app.gateway.server import Reply
from app.gateway.spaces import StaffSocket, StaffSpace, still_signed_in
from app.gateway.wire import Client, event_packet
from app.pages.catalogue import negotiate
from app.permissions import DESK
from app.staff.sessions import session_id
from data.kinds import ErrorCode, Event, EventKind, Refusal


class DeskSpace(StaffSpace):
    """Consoles' sockets."""

    name = "/desk"
    roles = DESK
    events: Mapping[str, type[payloads.Payload]] = MappingProxyType(
        {
            "status": payloads.SetStatus,
            "accept": payloads.One,
            "decline": payloads.One,
            "open": payloads.Open,
            "say": payloads.StaffSay,
            "escalate": payloads.Escalate,
            "close": payloads.Close,
            "typing": payloads.StaffTyping,
            "seen": payloads.StaffSeen,
            "note": payloads.WriteNote,
        }
    )

    async def connect(
        self, client: Client, environ: Mapping[str, Any], auth: Any
    ) -> Callable[[], Awaitable[None]]:
        """Sign in by the session cookie; the roster follows."""
        station = self.station
        staff, secret = await self.sign_in(environ)
        client.language = negotiate(accept=environ.get("HTTP_ACCEPT_LANGUAGE"))
        client.who = StaffSocket(staff.id, staff.desk_name, staff.role, session_id(secret))
        for room in ("all", f"s:{staff.id}", f"role:{staff.role.value}"):
            station.rooms.join(client, room)
        roster = await station.store.run(
            still_signed_in,
            now=station.clock(),
            secret=secret,
            then=presence.arrive,
            terms=station.terms,
            staff=staff.id,
        )
        for one in roster["conversations"]:
            station.rooms.join(client, conversation_room(one["conversation"]))

        async def greet() -> None:
            alarms = roster.pop("alarms")
            client.open(event_packet(self.name, "roster", orjson.dumps(roster)))
            for alarm in alarms:
                station.server.send(client, "case", alarm)

        return greet

    async def disconnect(self, client: Client) -> None:
        """The console is gone: the time it was last heard stands in the record."""
        if client.who is not None:
            await self.station.store.run(presence.leave, now=self.station.clock(), staff=client.who.id)

    def on_status(self, client: Client, p: payloads.SetStatus, reply: Reply) -> None:
        """Available, busy or away."""
        self.command(reply, presence.set_status, staff=client.who.id, status=p.status)

    def on_accept(self, client: Client, p: payloads.One, reply: Reply) -> None:
        """Take a conversation."""
        self.command(
            reply,
            line.accept,
            lane=p.conversation,
            terms=self.station.terms,
            staff=client.who.id,
            conversation=p.conversation,
        )

    def on_decline(self, client: Client, p: payloads.One, reply: Reply) -> None:
        """Pass an offer on."""
        self.command(reply, line.decline, staff=client.who.id, conversation=p.conversation)

    def on_open(self, client: Client, p: payloads.Open, reply: Reply) -> None:
        """One's own conversation again. The room is joined with the snapshot, so that nothing falls between."""

        def opened(value: Any, error: BaseException | None) -> None:
            if error is None and value["phase"]["phase"] == "live":
                self.station.rooms.join(client, conversation_room(p.conversation))
            reply(value, error)

        self.command(
            opened,
            line.open_own,
            terms=self.station.terms,
            staff=client.who.id,
            conversation=p.conversation,
            after=p.after,
        )

    def on_say(self, client: Client, p: payloads.StaffSay, reply: Reply) -> None:
        """Answer a visitor."""
        self.command(
            reply,
            talk.say_as_staff,
            lane=p.conversation,
            terms=self.station.terms,
            staff=client.who.id,
            name=client.who.name,
            conversation=p.conversation,
            id=p.id,
            text=p.text,
            socket=client.sid,
        )

    def on_escalate(self, client: Client, p: payloads.Escalate, reply: Reply) -> None:
        """Open or raise a case."""
        self.command(
            reply,
            crisis.escalate,
            lane=p.conversation,
            terms=self.station.terms,
            staff=client.who.id,
            conversation=p.conversation,
            level=p.level,
            reason=p.reason,
        )

    def on_close(self, client: Client, p: payloads.Close, reply: Reply) -> None:
        """Close a conversation."""
        self.command(
            reply,
            line.close,
            lane=p.conversation,
            terms=self.station.terms,
            staff=client.who.id,
            conversation=p.conversation,
            disposition=p.disposition,
            risk_asked=p.risk.asked,
            risk_answer=p.risk.answer,
            note=p.note,
            agreed_by=p.agreed_by,
        )

    def on_typing(self, client: Client, p: payloads.StaffTyping, reply: Reply) -> None:
        """Typing, or not: only in one's own conversation, which its room says."""
        if conversation_room(p.conversation) not in client.rooms:
            raise Refusal(ErrorCode.NOT_ALLOWED, "This conversation is not yours.")
        data = {"conversation": p.conversation, "by": "counsellor", "on": p.on}
        self.station.publisher.publish((Event(EventKind.TYPING, p.conversation, data, skip=client.sid),))
        reply({}, None)

    def on_seen(self, client: Client, p: payloads.StaffSeen, reply: Reply) -> None:
        """Read up to here."""
        self.command(
            reply,
            talk.seen_by_staff,
            lane=p.conversation,
            staff=client.who.id,
            conversation=p.conversation,
            seq=p.seq,
        )

    def on_note(self, client: Client, p: payloads.WriteNote, reply: Reply) -> None:
        """Write a note for the staff."""
        self.command(
            reply,
            line.add_note,
            terms=self.station.terms,
            staff=client.who.id,
            conversation=p.conversation,
            text=p.text,
        )
