"""``/visitor``: people who write. Validates, runs one command, acknowledges; nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.desk import line, talk, visits
from app.gateway import payloads
from app.gateway.publisher import conversation_room
from app.gateway.server import Reply
from app.gateway.spaces import Space
from app.gateway.wire import Client
from app.pages.catalogue import negotiate
from app.tokens import read_resume
from data.kinds import Event, EventKind, Refusal


@dataclass(slots=True)
class VisitorSocket:
    """Who is behind a visitor's socket, and the conversation it is in."""

    id: str
    conversation: str
    epoch: int
    language: str


class VisitorSpace(Space):
    """Visitors' sockets."""

    name = "/visitor"
    events: Mapping[str, type[payloads.Payload]] = MappingProxyType(
        {
            "say": payloads.Say,
            "sync": payloads.Sync,
            "ask_human": payloads.Nothing,
            "leave_queue": payloads.Nothing,
            "end": payloads.Nothing,
            "leave_message": payloads.LeaveMessage,
            "typing": payloads.Typing,
            "seen": payloads.Seen,
            "consent": payloads.Consent,
            "rate": payloads.Rate,
        }
    )

    def allows(self, client: Client, event: str) -> bool:
        """A visitor may do everything that this namespace has, in their own conversation, and not in a flood."""
        if event != "say":  # messages have a limit of their own, which lets a cry for help through
            self.station.flood.event(client.who.id)
        return True

    async def connect(
        self, client: Client, environ: Mapping[str, Any], auth: Any
    ) -> Callable[[], Awaitable[None]]:
        """Find the visitor by their secret or ticket, or welcome a new one."""
        station = self.station
        wish = payloads.read(payloads.Connect, auth if isinstance(auth, dict) else {})
        resume = read_resume(station.settings.signing_key, wish.resume)
        host_user = None
        if wish.ticket:
            try:
                host_user = station.tickets.subject(wish.ticket)
            except Refusal:
                if resume is None:  # the secret outlives an expired ticket and a locked account
                    raise
        if resume is None and host_user is None:
            station.flood.arrival(station.address(environ.get("aiohttp.request")))
        language = client.language = negotiate(wish.language, accept=environ.get("HTTP_ACCEPT_LANGUAGE"))
        arrived = await station.store.run(
            visits.arrive,
            station.terms,
            now=station.clock(),
            language=language,
            resume=resume,
            host_user=host_user,
            lane=None if resume is None else resume[0],
        )
        visitor, resumed = arrived["visitor"], arrived["resumed"]
        client.who = VisitorSocket(visitor, arrived["conversation"], arrived["epoch"], arrived["language"])
        station.rooms.join(client, f"v:{visitor}")
        station.rooms.join(client, conversation_room(arrived["conversation"]))
        after = wish.after if resumed else 0

        async def greet() -> None:
            await station.send_welcome(client, resumed=resumed, after=after)

        return greet

    async def disconnect(self, client: Client) -> None:
        """Leaving changes nothing: the conversation stays, and so does a case."""
        if client.who is not None and not self.station.rooms.occupied(self.name, f"v:{client.who.id}"):
            self.station.flood.forget(client.who.id)

    def on_say(self, client: Client, p: payloads.Say, reply: Reply) -> None:
        """Say something: acknowledged once it is on disk."""
        self._limit(client, p.text)
        who, station = client.who, self.station
        now, terms, conversation, sid = station.clock(), station.terms, who.conversation, client.sid
        station.store.submit(
            lambda conn: talk.say(
                conn,
                terms,
                now=now,
                visitor=who.id,
                conversation=conversation,
                id=p.id,
                text=p.text,
                socket=sid,
            ),
            reply,
            who.id,
        )

    def on_sync(self, client: Client, p: payloads.Sync, reply: Reply) -> None:
        """What was missed."""
        self.query(
            reply,
            visits.sync,
            terms=self.station.terms,
            visitor=client.who.id,
            conversation=client.who.conversation,
            after=p.after,
        )

    def on_ask_human(self, client: Client, p: payloads.Nothing, reply: Reply) -> None:
        """Ask for a person."""
        self._own(client, reply, line.ask_human)

    def on_leave_queue(self, client: Client, p: payloads.Nothing, reply: Reply) -> None:
        """Stop waiting."""
        self._own(client, reply, line.leave_queue)

    def on_end(self, client: Client, p: payloads.Nothing, reply: Reply) -> None:
        """End the conversation."""
        self._own(client, reply, line.end)

    def on_leave_message(self, client: Client, p: payloads.LeaveMessage, reply: Reply) -> None:
        """Leave a message for a counsellor."""
        self._limit(client, p.text)
        self._own(client, reply, visits.leave_message, id=p.id, text=p.text, contact=p.contact)

    def on_typing(self, client: Client, p: payloads.Typing, reply: Reply) -> None:
        """Typing, or not. Kept nowhere."""
        id_ = client.who.conversation
        data = {"conversation": id_, "by": "visitor", "on": p.on}
        self.station.publisher.publish((Event(EventKind.TYPING, id_, data, skip=client.sid),))
        reply({}, None)

    def on_seen(self, client: Client, p: payloads.Seen, reply: Reply) -> None:
        """Read up to here."""
        who = client.who
        self.command(
            reply, talk.seen_by_visitor, lane=who.id, visitor=who.id, conversation=who.conversation, seq=p.seq
        )

    def on_consent(self, client: Client, p: payloads.Consent, reply: Reply) -> None:
        """An answer to the notice. Never needed to write."""
        self.command(
            reply,
            visits.consent,
            lane=client.who.id,
            visitor=client.who.id,
            version=p.version,
            agreed=p.agreed,
            age_band=p.age_band,
        )

    def on_rate(self, client: Client, p: payloads.Rate, reply: Reply) -> None:
        """Mood, score and comment."""
        self._limit(client, p.comment or "")
        self._own(client, reply, visits.rate, mood=p.mood, score=p.score, comment=p.comment)

    def _own(self, client: Client, reply: Reply, command: Any, **named: Any) -> None:
        who = client.who
        self.command(
            reply,
            command,
            lane=who.id,
            terms=self.station.terms,
            visitor=who.id,
            conversation=who.conversation,
            **named,
        )

    def _limit(self, client: Client, text: str) -> None:
        who, screen = client.who, self.station.terms.screen
        self.station.flood.message(who.id, lambda: screen(text, who.language).level.is_crisis)
